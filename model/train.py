"""Train a recipe from the command line: `python -m model.train --recipe startup`.

Learns the recipe's network, then its specialists for uploads. Shows a progress bar, keeps the newest snapshot when
stopped with Ctrl-C, and ends with one line of JSON on stdout.
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
from model.learner import learn_recipe, learn_specialist
from model.recipes import DEFAULT_RECIPE, RECIPES, Recipe
from model.specialists import list_specialists

BAR_FORMAT = "{l_bar}{bar}| {elapsed} gone, {remaining} left{postfix}"
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
    try:
        checkpoint = learn_with_bar(recipe, dataset, options, stop_asked)
        specialists = checkpoint and learn_specialists_with_bar(recipe, checkpoint, dataset, options, stop_asked)
    finally:
        signal.signal(signal.SIGINT, previous_handler)

    if checkpoint is None:
        snapshot = locate_snapshot(options.models, recipe)
        kept = f"The last whole epoch is kept in {snapshot}" if snapshot.exists() else "No epoch was finished yet"
        print(f"Stopped. {kept}; the same command goes on from there.", file=sys.stderr)
        return STOPPED_EXIT_CODE
    path = locate_checkpoint(options.models, recipe)
    print(f"The model is in {path}.", file=sys.stderr)
    if specialists is None:
        print("Stopped before all was learnt for uploads; the page goes on with it.", file=sys.stderr)
        return STOPPED_EXIT_CODE
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
                "specialists": specialists,
            }
        )
    )
    return 0


def learn_with_bar(recipe: Recipe, dataset, options: argparse.Namespace, stop_asked: list):
    """Learn a recipe as `model.learner.learn_recipe` does, showing how far it is."""
    from tqdm import tqdm

    with tqdm(total=100, unit="%", bar_format=BAR_FORMAT) as bar:

        def show_progress(progress):
            bar.update(round(100 * progress.share, 1) - bar.n)
            if progress.history:
                bar.set_postfix_str(f" validation {progress.history[-1]['validation_accuracy']:.1%}")

        return learn_recipe(
            recipe,
            dataset,
            options.models,
            options.seed,
            on_progress=show_progress,
            should_stop=lambda: bool(stop_asked),
        )


def learn_specialists_with_bar(
    recipe: Recipe, checkpoint, dataset, options: argparse.Namespace, stop_asked: list
) -> list[dict] | None:
    """Learn a recipe's specialists for uploads; give what the last line says of each, or None when stopped."""
    from tqdm import tqdm

    lines = []
    for specialist in list_specialists(recipe.name):
        with tqdm(total=100, unit="%", bar_format=BAR_FORMAT, desc=specialist.name) as bar:
            learnt = learn_specialist(
                specialist,
                checkpoint,
                dataset,
                options.models,
                options.seed,
                on_share=lambda share, bar=bar: bar.update(round(100 * share, 1) - bar.n),
                should_stop=lambda: bool(stop_asked),
                anew=True,
            )
        if learnt is None:
            return None
        lines.append(
            {
                "name": specialist.name,
                "kinds": learnt.metrics["kinds"],
                "auroc": learnt.metrics["auroc"],
                "train_seconds": round(learnt.card["train_seconds"], 2),
                "path": str(locate_checkpoint(options.models, specialist)),
            }
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())
