"""Make the evaluation figures and tables in `assets/report/`: `python -m model.report`.

Needs a trained model; everything is computed from its checkpoint, without TensorFlow.
"""

import argparse
import json
import sys
from pathlib import Path

from data.fashion_mnist import DEFAULT_DIRECTORY as DATA_DIRECTORY
from data.fashion_mnist import DataError, FashionMNIST, load_fashion_mnist
from model.cache import DEFAULT_DIRECTORY as MODELS_DIRECTORY
from model.cache import CacheError, Checkpoint, load_checkpoint, locate_checkpoint
from model.evaluation import compute_probabilities
from model.machine import describe_machine
from model.recipes import DEFAULT_RECIPE, RECIPES

REPORT_DIRECTORY = Path(__file__).parent.parent / "assets" / "report"


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m model.report", description="Make the evaluation figures and tables of a trained model."
    )
    parser.add_argument("--recipe", choices=RECIPES, default=DEFAULT_RECIPE, help="which trained model")
    parser.add_argument("--models", type=Path, default=MODELS_DIRECTORY, help="where trained models lie")
    parser.add_argument("--data", type=Path, default=DATA_DIRECTORY, help="folder with Fashion-MNIST, IDX or CSV")
    parser.add_argument("--out", type=Path, default=REPORT_DIRECTORY, help="folder for the figures")
    return parser.parse_args(arguments)


def write_report(checkpoint: Checkpoint, dataset: FashionMNIST, directory: Path) -> None:
    """Write `report.json` and the figures that show it."""
    from model import figures

    directory.mkdir(parents=True, exist_ok=True)
    card, test = checkpoint.card, checkpoint.metrics["test"]
    probabilities = compute_probabilities(checkpoint.test_logits, checkpoint.metrics["temperature"])
    report = {key: card[key] for key in ("recipe", "seed", "train_seconds", "history", "metrics", "versions")}
    (directory / "report.json").write_text(json.dumps(describe_machine() | report, indent=1) + "\n")
    figures.draw_confusion(test, directory / "confusion_matrix.png")
    figures.draw_curves(card["history"], directory / "curves.png")
    figures.draw_samples(dataset, probabilities, directory / "samples.png")
    figures.draw_distribution(dataset, directory / "class_distribution.png")
    figures.draw_reliability(test, directory / "reliability.png")


def main(arguments: list[str] | None = None) -> int:
    """Report, and give the exit code."""
    options = parse_options(arguments)
    recipe = RECIPES[options.recipe]
    path = locate_checkpoint(options.models, recipe)
    try:
        dataset = load_fashion_mnist(options.data)
        checkpoint = load_checkpoint(path, recipe, dataset.fingerprint)
    except FileNotFoundError:
        print(f"{path}: no trained model; run `python -m model.train --recipe {recipe.name}` first.", file=sys.stderr)
        return 2
    except CacheError as error:
        print(f"{path} {error}; run `python -m model.train --recipe {recipe.name}`.", file=sys.stderr)
        return 2
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    write_report(checkpoint, dataset, options.out)
    for row in checkpoint.metrics["test"]["per_class"]:
        print(f"{row['label']:12} precision {row['precision']:.3f}  recall {row['recall']:.3f}  F1 {row['f1']:.3f}")
    print(f"test accuracy {checkpoint.metrics['test']['accuracy']:.4f}; the figures are in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
