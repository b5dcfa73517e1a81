"""Classify pictures from the command line: `python -m model.classify --json photo.jpg folder/`.

One line a picture, in order. A file that cannot be used is named with the reason, the others are still answered, and
the exit code is 1.
"""

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

from data.decoding import PictureError
from model.cache import DEFAULT_DIRECTORY as MODELS_DIRECTORY
from model.cache import CacheError, load_checkpoint, locate_checkpoint
from model.learner import import_tensorflow
from model.readers import READERS, ReaderMissingError, read_picture
from model.recipes import DEFAULT_RECIPE, RECIPES, Recipe
from model.specialists import list_specialists

log = logging.getLogger(__name__)


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m model.classify",
        description="Say which of the ten garments each picture shows. "
        "Needs a trained model: `python -m model.train`, or start the page once.",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files, or folders of files")
    parser.add_argument("--json", action="store_true", help="one JSON object a picture instead of a sentence")
    parser.add_argument("--models", type=Path, default=MODELS_DIRECTORY, help="where trained models lie")
    parser.add_argument("--recipe", choices=RECIPES, default=DEFAULT_RECIPE, help="which trained model answers")
    parser.add_argument(
        "--reader", choices=READERS, default="auto", help="who answers; auto goes by the kind of picture"
    )
    return parser.parse_args(arguments)


def list_files(paths: list[Path]) -> Iterator[Path]:
    """Give the files in the order of the arguments; a folder's files, however deep, by name."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
        else:
            yield path


def classify_file(classifier, photo_reader, reader: str, path: Path) -> dict:
    """Give what one output line says: `file` and a reading's summary, or `file` and `error`."""
    try:
        return {"file": str(path), **read_picture(classifier, path, photo_reader, reader).summarise()}
    except PictureError as error:
        return {"file": str(path), "error": str(error)}


def format_line(answer: dict) -> str:
    if "error" in answer:
        return f"{answer['file']}: {answer['error']}"
    guesses = ", ".join(f"{label} {probability:.1%}" for label, probability in answer["top3"])
    doubt = "" if answer["recognised"] else " (none of the ten, it seems)"
    return f"{answer['file']}: {guesses}{doubt} [{answer['kind']}, {answer['reader']}]"


def load_classifier(models_directory: Path, recipe: Recipe):
    """Load the trained network of a recipe, and its specialists as far as they have learnt.

    Raises
    ------
    CacheError, FileNotFoundError
        When the recipe's network cannot be used, or there is none.
    """
    checkpoint = load_checkpoint(locate_checkpoint(models_directory, recipe), recipe)
    import_tensorflow()
    from model.classifier import Classifier

    classifier = Classifier.from_checkpoint(checkpoint)
    for specialist in list_specialists(recipe.name):
        path = locate_checkpoint(models_directory, specialist)
        try:
            found = load_checkpoint(path, specialist, checkpoint.card["data_fingerprint"])
            classifier.add_specialist(specialist, found)
        except FileNotFoundError:
            log.warning("%s is not there: `python -m model.train` learns to read uploads better.", path)
        except CacheError as error:
            log.warning("%s %s; answering without it. `python -m model.train` learns it anew.", path, error)
    return classifier


def load_photo_reader(options: argparse.Namespace):
    """Load the photo reader where it may answer; None where it is not asked for, or missing (the log says why).

    Raises
    ------
    ReaderMissingError
        When it was asked for by name and is missing.
    """
    from model import photo

    if options.reader == "cnn":
        return None
    photo_reader = photo.load_photo_reader(options.models)
    if photo_reader is None and options.reader == "photo":
        raise ReaderMissingError("There is no photo reader here: choose another one with --reader.")
    return photo_reader


def main(arguments: list[str] | None = None) -> int:
    """Classify, and give the exit code."""
    options = parse_options(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        classifier = load_classifier(options.models, RECIPES[options.recipe])
        photo_reader = load_photo_reader(options)
    except FileNotFoundError as error:
        print(f"{error.filename}: no trained model; run `python -m model.train` first.", file=sys.stderr)
        return 2
    except CacheError as error:
        print(f"The model in {options.models} {error}; run `python -m model.train`.", file=sys.stderr)
        return 2
    except ReaderMissingError as error:
        print(error, file=sys.stderr)
        return 2
    failed = False
    for path in list_files(options.paths):
        answer = classify_file(classifier, photo_reader, options.reader, path)
        failed |= "error" in answer
        print(json.dumps(answer) if options.json else format_line(answer), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
