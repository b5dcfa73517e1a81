"""The README's figures are those of the JSON files, and what it names is there."""

import json
import re

import numpy as np

from explain.methods import METHODS
from model.comparison import load_comparison
from model.recipes import DEFAULT_RECIPE
from tests.server import ROOT

README = (ROOT / "README.md").read_text()


def read_json(name: str) -> dict:
    return json.loads((ROOT / "assets" / name).read_text())


def format_times(times_ms: dict, *keys: str) -> str:
    half, most = (f"{times_ms[key]:.0f} ms" for key in keys)
    return f"{half} ({most})"


def make_rows() -> dict[str, str]:
    """What the table of figures has to say."""
    report, serving = read_json("report/report.json"), read_json("benchmarks/serving.json")
    reading, uploads = read_json("benchmarks/reading.json"), read_json("benchmarks/uploads.json")
    both, alone = reading["both"], reading["cnn"]
    test, first, second = report["metrics"]["test"], serving["first_start"], serving["second_start"]
    assert report["recipe"] == DEFAULT_RECIPE
    return {
        f"Test accuracy of `{report['recipe']}` (one run, seed {report['seed']})": f"{test['accuracy']:.2%}",
        "Macro F1": f"{test['macro_f1']:.2%}",
        "Expected calibration error": f"{test['calibration_error']:.1%}",
        "Parameters": f"{report['metrics']['parameters']:,}",
        "Page up, first start": f"{first['page_up_seconds']:.1f} s",
        "First answer while learning": f"{first['first_answer_while_learning_seconds']:.1f} s",
        "Ready, from no network at all": f"{first['ready_seconds']:.0f} s",
        "Peak memory while learning": f"{first['peak_memory_while_learning_gb']:.2f} GB",
        "First answer, second start": f"{second['first_answer_seconds']:.1f} s",
        "An answer, half of the time within": f"{second['/classify']['p50_ms']:.0f} ms",
        "An explanation with its picture, half of the time within": f"{second['/explain']['p50_ms']:.0f} ms",
        "A 12-megapixel photo, both readers with heatmaps, p50 (p95)": format_times(both, "p50_ms", "p95_ms"),
        "The same, the small CNN alone": format_times(alone, "p50_ms", "p95_ms"),
        "Preparing an upload, p50 (p95)": format_times(uploads["milliseconds"]["prepare"], "p50", "p95"),
        "Memory with both readers": f"{reading['memory_gb']:.2f} GB",
        "Measured on": f"{serving['processor']}, {serving['cores']} cores, {serving['date']}",
    }


def test_the_table_of_figures_is_that_of_the_json_files():
    section = README.split("## Figures")[1].split("\n### ")[0]
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", section, re.MULTILINE))
    del rows["figure"]
    assert rows == make_rows()


def make_training_rows() -> list[list[str]]:
    """One row a recipe or baseline that was measured, the mean over its seeds."""
    table = []
    for row in load_comparison():
        spread = f" ± {100 * row['test_spread']:.2f}" if row["test_spread"] is not None else ""
        table.append(
            [
                f"`{row['name']}`",
                str(row["runs"]),
                f"{row['train_accuracy']:.1%}",
                f"{row['validation_accuracy']:.2%}",
                f"{row['test_accuracy']:.2%}{spread}",
                f"{row['plain_test_accuracy']:.2%}" if row["plain_test_accuracy"] else "",
                f"{row['parameters']:,}" if row["parameters"] else "",
                f"{row['classic_epochs']:.1f}",
                f"{row['classic_epochs_by_processor']:.1f}",
                f"{row['total_seconds']:.0f} s",
                f"{row['peak_memory_gb']:.2f} GB",
                f"{row['busy_cores']:.2f}",
            ]
        )
    return table


def test_the_table_of_recipes_is_that_of_the_json_file():
    assert read_rows("Learning") == make_training_rows()


def make_ablation_rows() -> list[list[str]]:
    """One row a variant: accuracy and time, the mean over its seeds, less those of the whole recipe."""
    rows = read_json("benchmarks/ablation.json")["rows"]

    def mean(name, key):
        return float(np.mean([row[key] for row in rows if row["name"] == name]))

    return [
        [
            next(row["title"] for row in rows if row["name"] == name),
            f"{mean(name, 'validation_accuracy'):.2%}",
            f"{100 * (mean(name, 'validation_accuracy') - mean('whole', 'validation_accuracy')):+.2f}",
            f"{mean(name, 'processor_seconds') / mean('whole', 'processor_seconds'):.2f}",
        ]
        for name in dict.fromkeys(row["name"] for row in rows)
    ]


def test_the_table_of_tricks_is_that_of_the_json_file():
    assert read_rows("What each trick buys") == make_ablation_rows()


def make_upload_rows() -> list[list[str]]:
    groups = read_json("benchmarks/uploads.json")["groups"]
    ways = ("naive", "inverted", "cnn", "photo", "auto")
    return [
        [name, str(group["pictures"]), *(f"{group[way]['top1']:.0%} ({group[way]['top3']:.0%})" for way in ways)]
        for name, group in groups.items()
    ]


def make_recognition_rows() -> list[list[str]]:
    recognition = read_json("benchmarks/uploads.json")["recognition"]
    return [
        [f"`{way}`", f"{one['auroc']:.2f}", f"{one['garments_recognised']:.0%}", f"{one['others_recognised']:.0%}"]
        for way, one in recognition.items()
    ]


def test_the_table_of_doubt_is_that_of_the_json_file():
    assert read_rows("None of the ten") == make_recognition_rows()


def read_rows(section: str) -> list[list[str]]:
    """Cells of the first table in a section, without its head."""
    text = README.split(f"### {section}")[1].split("\n#")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_of_uploads_is_that_of_the_json_file():
    assert read_rows("Uploads") == make_upload_rows()


def test_every_picture_and_file_that_is_linked_is_there():
    links = re.findall(r"\]\(([^)]+)\)", README)
    local = [link for link in links if not link.startswith("http")]
    assert local and all((ROOT / link).exists() for link in local)


def test_every_method_on_the_menu_is_named():
    assert all(method.title in README for method in METHODS.values())


def test_the_front_matter_starts_this_page_with_the_pinned_gradio():
    front = dict(re.findall(r"^(\w+): (.+)$", README.split("---")[1], re.MULTILINE))
    assert (ROOT / front["app_file"]).exists()
    assert f"gradio[mcp]=={front['sdk_version']}" in (ROOT / "requirements.txt").read_text()


def test_the_project_speaks_of_itself_alone():
    """No path of a machine and no registry's host in any text of the repository."""
    for path in ROOT.rglob("*"):
        skipped = {".git", ".venv", "cache", "__pycache__"} & set(path.parts)
        if path.suffix in {".py", ".md", ".toml", ".txt", ".css", ".json"} and not skipped and path.is_file():
            text = path.read_text()
            assert not re.search(r"(?<![\w.])/(work|root|home)/\w|pypi\.org/simple", text), path
