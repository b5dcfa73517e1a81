"""How long a phone's photo takes: `python -m tests.benchmarks.reading`.

The whole answer as the page gives it, from the file to both readers' guesses and heatmaps, to a photo of 12 megapixels.
Needs a trained model. Prints a table and writes `assets/benchmarks/reading.json`.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import psutil

from explain.methods import DEFAULT_METHOD
from explain.overlay import DEFAULT_OPACITY
from model.cache import DEFAULT_DIRECTORY as MODELS_DIRECTORY
from model.classify import load_classifier
from model.learner import READY
from model.machine import describe_machine
from model.photo import load_photo_reader
from model.recipes import DEFAULT_RECIPE, RECIPES
from tabs import classify
from tests.server import ROOT

OUTPUT = ROOT / "assets" / "benchmarks" / "reading.json"
WIDTH_PX, HEIGHT_PX = 4000, 3000
UNMENDED = (False, False, classify.TURNS[0], classify.PIECES[0], *classify.WHOLE_PICTURE)


def write_photo(path: Path) -> None:
    """Make a T-shirt on a carpet, with the noise of a phone's sensor."""
    generator = np.random.default_rng(0)
    small = generator.normal(0, 12, (HEIGHT_PX // 8, WIDTH_PX // 8, 3)) + (110, 140, 150)
    photo = cv2.resize(small.astype(np.float32), (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
    outline = [(1500, 500), (1100, 700), (800, 1300), (1150, 1500), (1300, 1250), (1300, 2600)]
    outline += [(WIDTH_PX - x, y) for x, y in reversed(outline)]
    cv2.fillPoly(photo, [np.array(outline, np.int32)], (140, 50, 40))
    photo += generator.normal(0, 4, (HEIGHT_PX, WIDTH_PX, 1)).astype(np.float32)
    cv2.imwrite(str(path), np.clip(photo, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])


def load_readers(models: Path) -> SimpleNamespace:
    """What `tabs.classify` needs of a learner that is ready."""
    classifier = load_classifier(models, RECIPES[DEFAULT_RECIPE])
    return SimpleNamespace(classifier=classifier, photo_reader=load_photo_reader(models), state=READY)


def time_answers(learner, path: Path, reader: str, times: int) -> dict:
    """Milliseconds of the whole answer, p50 and p95, after one that nobody waits for."""
    times_ms = []
    for _ in range(times + 1):
        started = time.perf_counter()
        classify.show_answer(
            learner, "picture", path, None, classify.RANKS[0], DEFAULT_METHOD, DEFAULT_OPACITY, reader, *UNMENDED
        )
        times_ms.append(1000 * (time.perf_counter() - started))
    return {f"p{q}_ms": float(np.percentile(times_ms[1:], q)) for q in (50, 95)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reading", description=__doc__.split("\n")[0])
    parser.add_argument("--models", type=Path, default=MODELS_DIRECTORY, help="where trained models lie")
    parser.add_argument("--picture", type=Path, help="a photo of your own, instead of one made here")
    parser.add_argument("--times", type=int, default=30, help="answers to time")
    parser.add_argument("--out", type=Path, default=OUTPUT, help="JSON file to write")
    options = parser.parse_args()
    learner = load_readers(options.models)
    result = describe_machine() | {"times": options.times, "readers": 1 + (learner.photo_reader is not None)}
    with tempfile.TemporaryDirectory() as folder:
        path = options.picture or Path(folder) / "photo.jpg"
        if options.picture is None:
            write_photo(path)
        result["both"] = time_answers(learner, path, "auto", options.times)
        learner.photo_reader = None
        result["cnn"] = time_answers(learner, path, "auto", options.times)
    result["memory_gb"] = psutil.Process().memory_info().rss / 1e9
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
