"""Recipes and baselines beside each other, as `python -m tests.benchmarks.training` last measured them."""

import json
from pathlib import Path

import numpy as np

COMPARISON = Path(__file__).parent.parent / "assets" / "benchmarks" / "training.json"
MEANS = (
    "train_accuracy",
    "validation_accuracy",
    "test_accuracy",
    "classic_epochs",
    "classic_epochs_by_processor",
    "total_seconds",
    "peak_memory_gb",
    "busy_cores",
)


def summarise_runs(rows: list[dict]) -> list[dict]:
    """Average over the seeds, and sort.

    Parameters
    ----------
    rows : list of dict
        One a run, see `tests.benchmarks.training`.

    Returns
    -------
    list of dict
        One a recipe or baseline, the most accurate first: `name`, `title`, `runs`, `parameters` and `images` (None
        where unknown), the means named in `MEANS`, `plain_test_accuracy` (without mirror averaging; None where there is
        none), and `test_spread`, the standard deviation (None of one run).
    """
    summaries = []
    for name in dict.fromkeys(row["name"] for row in rows):
        runs = [row for row in rows if row["name"] == name]
        accuracies = [run["test_accuracy"] for run in runs]
        plain = [run["plain_test_accuracy"] for run in runs if run.get("plain_test_accuracy")]
        summaries.append(
            {"name": name, "runs": len(runs), "title": runs[0].get("title", name)}
            | {key: runs[0].get(key) for key in ("parameters", "images")}
            | {key: float(np.mean([run[key] for run in runs])) for key in MEANS}
            | {"plain_test_accuracy": float(np.mean(plain)) if plain else None}
            | {"test_spread": float(np.std(accuracies, ddof=1)) if len(runs) > 1 else None}
        )
    return sorted(summaries, key=lambda summary: -summary["test_accuracy"])


def load_comparison() -> list[dict]:
    """Read the committed measurement; see `summarise_runs`."""
    return summarise_runs(json.loads(COMPARISON.read_text())["rows"])
