"""The comparison: means over seeds, the most accurate first."""

import pytest

from model.comparison import MEANS, load_comparison, summarise_runs
from model.recipes import RECIPES


def make_run(name, seed, accuracy, **more):
    return dict.fromkeys(MEANS, 1.0) | {"name": name, "seed": seed, "test_accuracy": accuracy} | more


def test_runs_are_averaged_and_sorted():
    runs = [make_run("a", 0, 0.5), make_run("a", 1, 0.7), make_run("b", 0, 0.9, title="Bee", parameters=7)]
    first, second = summarise_runs(runs)
    assert (first["name"], first["title"], first["parameters"], first["runs"]) == ("b", "Bee", 7, 1)
    assert first["test_spread"] is None
    assert (second["title"], second["runs"], second["parameters"]) == ("a", 2, None)
    assert second["test_accuracy"] == pytest.approx(0.6)
    assert second["test_spread"] == pytest.approx(0.1 * 2**0.5)


def test_the_committed_comparison_holds_the_default_recipe_over_three_seeds():
    row = next(row for row in load_comparison() if row["name"] == "startup")
    assert row["runs"] == 3 and row["name"] in RECIPES
