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
from data.wardrobe import WardrobeError, list_pictures
from model.cache import DEFAULT_DIRECTORY as MODELS_DIRECTORY
from model.cache import locate_checkpoint, locate_snapshot
from model.learner import import_tensorflow, learn_recipe, learn_specialist
from model.recipes import DEFAULT_RECIPE, RECIPES, Recipe
from model.specialists import list_specialists

BAR_FORMAT = "{l_bar}{bar}| {elapsed} gone, {remaining} left{postfix}"
# Not a row of `RECIPES`: it learns from other pictures, and answers beside the network that a recipe makes.
PHOTO_RECIPE = "photo"
PHOTO_SUMMARY = "the photo reader's head, from your own pictures: needs --pictures"
STOPPED_EXIT_CODE = 130  # as a shell reports Ctrl-C


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    summaries = {recipe.name: recipe.summary for recipe in RECIPES.values()} | {PHOTO_RECIPE: PHOTO_SUMMARY}
    listing = "\n".join(f"  {name:20} {summary}" for name, summary in summaries.items())
    parser = argparse.ArgumentParser(
        prog="python -m model.train",
        description="Train a network on Fashion-MNIST, or go on where the last run was stopped.",
        epilog=f"recipes:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--recipe", choices=summaries, default=DEFAULT_RECIPE, help="what to train, and how")
    parser.add_argument("--pictures", type=Path, help="for the recipe photo: a folder with one subfolder a class")
    parser.add_argument("--models", type=Path, default=MODELS_DIRECTORY, help="where trained models lie")
    parser.add_argument("--data", type=Path, default=DATA_DIRECTORY, help="folder with Fashion-MNIST, IDX or CSV")
    parser.add_argument(
        "--alone", action="store_true", help="learn the recipe's network only, no specialists for uploads"
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same run")
    options = parser.parse_args(arguments)
    if (options.recipe == PHOTO_RECIPE) != (options.pictures is not None):
        parser.error("the recipe photo, and only that, needs --pictures DIR")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Train, and give the exit code."""
    options = parse_options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        dataset = load_fashion_mnist(options.data)
        return train_photo_head(options, dataset) if options.recipe == PHOTO_RECIPE else train_recipe(options, dataset)
    except (DataError, WardrobeError) as error:
        print(error, file=sys.stderr)
        return 2


def train_photo_head(options: argparse.Namespace, dataset) -> int:
    """Learn the photo reader's head, and give the exit code."""
    from tqdm import tqdm

    pictures = list_pictures(options.pictures)
    import_tensorflow()
    from model.backbone import FEATURES
    from model.photo_training import learn_photo_head
    from model.torch_weights import WeightsError

    try:
        with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed} gone, {remaining} left") as bar:
            head, path = learn_photo_head(
                pictures,
                dataset,
                options.models,
                options.seed,
                on_progress=lambda share: bar.update(round(100 * share, 1) - bar.n),
            )
    except WeightsError as error:
        print(f"The photo reader cannot be learnt: {error}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. What was seen of the pictures is kept; the same command goes on from there.", file=sys.stderr)
        return STOPPED_EXIT_CODE
    validation = head.card["validation"]
    if head.card["split"] == "picture":
        print("No labels.csv names senders: pictures of one person may lie on both sides.", file=sys.stderr)
    print(f"The head is in {path}.", file=sys.stderr)
    summary = {
        "recipe": PHOTO_RECIPE,
        "seed": options.seed,
        # There is no test set: each picture was answered by a head that saw none of its sender's.
        "test_accuracy": validation["accuracy"],
        "macro_top1": validation["macro_top1"],
        "garment_auroc": validation["garment_auroc"],
        "split": head.card["split"],
        "broken_files": head.card["broken_files"],
        "train_seconds": head.card["train_seconds"],
        "parameters": int(FEATURES * head.bias.size + head.bias.size),
        "path": str(path),
    }
    print(json.dumps(summary))
    return 0


def train_recipe(options: argparse.Namespace, dataset) -> int:
    """Train a recipe's network on Fashion-MNIST, and give the exit code."""
    recipe = RECIPES[options.recipe]
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
    for specialist in [] if options.alone else list_specialists(recipe.name):
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
