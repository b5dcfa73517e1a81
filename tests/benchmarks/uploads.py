"""How real uploads come out: `python -m tests.benchmarks.uploads --set DIR`.

DIR holds pictures and a `labels.csv` with at least the columns file, class and group; a class that is none of the ten
is to be told from them. Prints tables, writes `assets/benchmarks/uploads.json` and, to `--sheets`, contact sheets with
every picture, its 28×28 pixels and its guess.
"""

import argparse
import csv
import json
import time
from pathlib import Path

import cv2
import numpy as np
from sklearn.metrics import roc_auc_score

from data.decoding import decode
from data.fashion_mnist import LABELS
from data.preparation import Prepared, prepare
from model.cache import DEFAULT_DIRECTORY as MODELS_DIRECTORY
from model.classify import load_classifier
from model.machine import describe_machine
from model.photo import load_photo_reader
from model.readers import choose_reader, mix_opinions
from model.recipes import DEFAULT_RECIPE, RECIPES
from tests.server import ROOT

OUTPUT = ROOT / "assets" / "benchmarks" / "uploads.json"
TILE_PX, SHEET_COLUMNS, SHEET_ROWS = 96, 12, 8


def read_labels(directory: Path) -> list[dict]:
    with (directory / "labels.csv").open(newline="") as file:
        return list(csv.DictReader(file))


# The ways of others, to compare with ------------------------------------------------------------


def shrink_only(path: Path, invert: bool) -> np.ndarray:
    """What most demos do: the whole picture, grey, squashed to 28×28, perhaps inverted: (28, 28, 1) float32."""
    picture = decode(path).convert("RGBA")
    white = picture.copy()
    white.paste((255, 255, 255, 255), (0, 0, *picture.size))
    white.alpha_composite(picture)
    pixels = np.asarray(white.convert("L").resize((28, 28)), np.float32)[..., None] / 255
    return 1 - pixels if invert else pixels


# Measuring --------------------------------------------------------------------------------------


def score_group(rows: list[dict], probabilities: np.ndarray) -> dict:
    """Top-1 and top-3 averaged over the classes that the group has, and the share right of each class."""
    per_class = {}
    ranks = np.argsort(-probabilities, axis=1)
    for label in LABELS:
        members = [n for n, row in enumerate(rows) if row["class"] == label]
        if members:
            number = LABELS.index(label)
            per_class[label] = {
                "count": len(members),
                "top1": float(np.mean(ranks[members, 0] == number)),
                "top3": float(np.mean((ranks[members, :3] == number).any(axis=1))),
            }
    return {
        "top1": float(np.mean([share["top1"] for share in per_class.values()])),
        "top3": float(np.mean([share["top3"] for share in per_class.values()])),
        "per_class": per_class,
    }


def score_recognition(rows: list[dict], scores: np.ndarray, recognised: np.ndarray) -> dict:
    """How well garments are told from other things: AUROC, and the share of each that is called recognised."""
    garment = np.array([row["class"] in LABELS for row in rows])
    result = {"garments": int(garment.sum()), "others": int((~garment).sum())}
    if garment.any():
        result["garments_recognised"] = float(recognised[garment].mean())
    if (~garment).any():
        result["others_recognised"] = float(recognised[~garment].mean())
    if garment.any() and (~garment).any():
        result["auroc"] = float(roc_auc_score(garment, scores))
    return result


def rate_recognition(rows: list[dict], predictions: list, members) -> dict:
    """Do `score_recognition` for some of the pictures."""
    chosen = [predictions[n] for n in members]
    scores, recognised = np.array([one.score for one in chosen]), np.array([one.recognised for one in chosen])
    return score_recognition([rows[n] for n in members], scores, recognised)


def time_steps(paths: list[Path], classifier, photo_reader) -> dict:
    """Milliseconds of each step, p50 and p95."""
    steps = {"prepare": prepare, "cnn": lambda prepared: classifier.classify(prepared.pixels[None], prepared.kind)}
    if photo_reader is not None:
        steps["photo"] = photo_reader.classify
    times_ms = {step: [] for step in steps}
    for path in paths:
        prepared = path
        for step, run in steps.items():
            started = time.perf_counter()
            answer = run(prepared)
            times_ms[step].append(1000 * (time.perf_counter() - started))
            prepared = answer if step == "prepare" else prepared
    return {step: {f"p{q}": float(np.percentile(values, q)) for q in (50, 95)} for step, values in times_ms.items()}


def answer_all(prepared: list[Prepared], classifier, photo_reader) -> dict[str, list]:
    """Let each reader answer for every picture, then choose as `auto` does."""
    answers = {"cnn": [classifier.classify(one.pixels[None], one.kind)[0] for one in prepared]}
    if photo_reader is None:
        return answers | {"auto": answers["cnn"]}
    answers["photo"] = [photo_reader.classify(one) for one in prepared]
    answers["auto"] = [
        mix_opinions(one.kind, cnn, photo) if choose_reader(one.kind, "auto", True)[0] == "mix" else cnn
        for one, cnn, photo in zip(prepared, answers["cnn"], answers["photo"], strict=True)
    ]
    return answers


def measure_set(directory: Path, classifier, photo_reader) -> tuple[dict, list[dict], list[Prepared], list]:
    """Answer for every picture in every way, and score each group."""
    rows = read_labels(directory)
    paths = [directory / row["file"] for row in rows]
    prepared = [prepare(path) for path in paths]
    ours = answer_all(prepared, classifier, photo_reader)
    answers = {
        "naive": classifier.classify(np.stack([shrink_only(path, False) for path in paths])),
        "inverted": classifier.classify(np.stack([shrink_only(path, True) for path in paths])),
        **ours,
    }
    result = {}
    for group in dict.fromkeys(row["group"] for row in rows):
        members = [n for n, row in enumerate(rows) if row["group"] == group]
        ways = {
            way: score_group([rows[n] for n in members], np.stack([found[n].probabilities for n in members]))
            for way, found in answers.items()
        }
        result[group] = ways | {"pictures": len(members)}
        result[group]["recognition"] = rate_recognition(rows, ours["auto"], members)
    recognition = {way: rate_recognition(rows, found, range(len(rows))) for way, found in ours.items()}
    return (
        {"groups": result, "recognition": recognition, "milliseconds": time_steps(paths, classifier, photo_reader)},
        rows,
        prepared,
        ours["auto"],
    )


# Looking ----------------------------------------------------------------------------------------


def draw_tile(row: dict, prepared: Prepared, prediction) -> np.ndarray:
    """The picture and its 28×28 pixels side by side, the truth and the guess below: green right, red wrong."""
    height, width = prepared.picture.shape[:2]
    scale = TILE_PX / max(height, width)
    small = cv2.resize(prepared.picture, (max(1, int(width * scale)), max(1, int(height * scale))))
    tile = np.full((TILE_PX + 30, 2 * TILE_PX + 4, 3), 255, np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small
    seen = cv2.resize(prepared.pixels[..., 0], (TILE_PX, TILE_PX), interpolation=cv2.INTER_NEAREST)
    tile[:TILE_PX, TILE_PX + 2 : 2 * TILE_PX + 2] = (255 * seen[..., None]).astype(np.uint8)
    right = row["class"] == (prediction.label if prediction.recognised else "other")
    guess = f"{prediction.label} {prediction.top3[0][1]:.0%}" + ("" if prediction.recognised else " (other)")
    for line, words in enumerate((row["class"], guess)):
        colour = (0, 0, 0) if line == 0 else ((0, 130, 0) if right else (200, 0, 0))
        cv2.putText(tile, words, (2, TILE_PX + 12 + 14 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)
    return tile


def draw_sheets(rows: list[dict], prepared: list[Prepared], predictions: list, directory: Path) -> None:
    """Contact sheets of each group, by class."""
    directory.mkdir(parents=True, exist_ok=True)
    for group in dict.fromkeys(row["group"] for row in rows):
        members = sorted((n for n, row in enumerate(rows) if row["group"] == group), key=lambda n: rows[n]["class"])
        tiles = [draw_tile(rows[n], prepared[n], predictions[n]) for n in members]
        size = SHEET_COLUMNS * SHEET_ROWS
        for page, start in enumerate(range(0, len(tiles), size)):
            part = tiles[start : start + size]
            part += [np.full_like(part[0], 255)] * (-len(part) % SHEET_COLUMNS)
            sheet = np.vstack([np.hstack(part[n : n + SHEET_COLUMNS]) for n in range(0, len(part), SHEET_COLUMNS)])
            cv2.imwrite(str(directory / f"{group}_{page}.png"), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def print_tables(result: dict) -> None:
    ways = [way for way in next(iter(result["groups"].values())) if way not in ("pictures", "recognition")]
    print(f"{'macro top-1 / top-3':20} {'n':>4}   " + "   ".join(f"{way:11}" for way in ways))
    for group, found in result["groups"].items():
        shares = "   ".join(f"{found[way]['top1']:5.1%} {found[way]['top3']:5.1%}" for way in ways)
        print(f"{group:20} {found['pictures']:4}   {shares}")
        per_class = found["auto"]["per_class"].items()
        print("     recognition", {key: round(value, 3) for key, value in found["recognition"].items()})
        print("     " + ", ".join(f"{label} {share['top1']:.0%} of {share['count']}" for label, share in per_class))
    for way, figures in result["recognition"].items():
        print(f"recognition {way:6}", {key: round(value, 3) for key, value in figures.items()})
    print("milliseconds", {step: {q: round(ms) for q, ms in v.items()} for step, v in result["milliseconds"].items()})


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.uploads", description=__doc__.split("\n")[0])
    parser.add_argument("--set", type=Path, required=True, help="folder with pictures and labels.csv")
    parser.add_argument("--models", type=Path, default=MODELS_DIRECTORY, help="where trained models lie")
    parser.add_argument("--recipe", choices=RECIPES, default=DEFAULT_RECIPE, help="which trained model answers")
    parser.add_argument("--sheets", type=Path, help="folder for contact sheets")
    parser.add_argument("--out", type=Path, default=OUTPUT, help="JSON file to write")
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    recipe = RECIPES[options.recipe]
    classifier = load_classifier(options.models, recipe)
    photo_reader = load_photo_reader(options.models)
    result, rows, prepared, predictions = measure_set(options.set, classifier, photo_reader)
    print_tables(result)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(describe_machine() | {"recipe": recipe.name} | result, indent=1) + "\n")
    if options.sheets:
        draw_sheets(rows, prepared, predictions, options.sheets)


if __name__ == "__main__":
    main()
