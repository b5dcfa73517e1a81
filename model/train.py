"""Train a recipe from the command line: `python -m model.train --recipe startup`.

Shows a progress bar, keeps the newest snapshot when stopped with Ctrl-C, and ends with one line of JSON on stdout.
"""

import argparse
import json
import logging
import signal
import sys
from pathlib import Path

from data.fashion_mnist import DEFAULT_DIRECTORY as DATA_DIRECTORY
from data.fashion_mnist import DataError, load_fashion_mnist
from model.cache import DEFAULT_DIRECTORY as MODELS_DIRECTORY
from model.cache import locate_checkpoint, locate_snapshot
from model.learner import learn_recipe
from model.recipes import DEFAULT_RECIPE, RECIPES

STOPPED_EXIT_CODE = 130  # as a shell reports Ctrl-C


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    listing = "\n".join(f"  {recipe.name:20} {recipe.summary}" for recipe in RECIPES.values())
    parser = argparse.ArgumentParser(
        prog="python -m model.train",
        description="Train a network on Fashion-MNIST, or go on where the last run was stopped.",
        epilog=f"recipes:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--recipe", choices=RECIPES, default=DEFAULT_RECIPE, help="what to train, and how")
    parser.add_argument("--models", type=Path, default=MODELS_DIRECTORY, help="where trained models lie")
    parser.add_argument("--data", type=Path, default=DATA_DIRECTORY, help="folder with Fashion-MNIST, IDX or CSV")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same run")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Train, and give the exit code."""
    from tqdm import tqdm

    options = parse_options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    recipe = RECIPES[options.recipe]
    try:
        dataset = load_fashion_mnist(options.data)
    except DataError as error:
        print(error, file=sys.stderr)
        return 2

    stop_asked = []
    previous_handler = signal.signal(signal.SIGINT, lambda *_: stop_asked.append(True))
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed} gone, {remaining} left{postfix}") as bar:

        def show_progress(progress):
            bar.update(round(100 * progress.share, 1) - bar.n)
            if progress.history:
                bar.set_postfix_str(f" validation {progress.history[-1]['validation_accuracy']:.1%}")

        try:
            checkpoint = learn_recipe(
                recipe,
                dataset,
                options.models,
                options.seed,
                on_progress=show_progress,
                should_stop=lambda: bool(stop_asked),
            )
        finally:
            signal.signal(signal.SIGINT, previous_handler)

    if checkpoint is None:
        snapshot = locate_snapshot(options.models, recipe)
        kept = f"The last whole epoch is kept in {snapshot}" if snapshot.exists() else "No epoch was finished yet"
        print(f"Stopped. {kept}; the same command goes on from there.", file=sys.stderr)
        return STOPPED_EXIT_CODE
    path = locate_checkpoint(options.models, recipe)
    print(f"The model is in {path}.", file=sys.stderr)
    print(
        json.dumps(
            {
                "recipe": recipe.name,
                "seed": options.seed,
                "test_accuracy": checkpoint.metrics["test"]["accuracy"],
                "validation_accuracy": checkpoint.metrics["validation_accuracy"],
                "train_seconds": round(checkpoint.card["train_seconds"], 2),
                "parameters": checkpoint.metrics["parameters"],
                "path": str(path),
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
