"""Every recipe and baseline beside each other: `python -m tests.benchmarks.training`.

The unit of time is the classic epoch: one epoch of `classic-64-dropout`'s network over 48,000 images at batch 512 with
Keras' own `fit`, timed before and after each run. Prints a table, writes `assets/benchmarks/training.json` and the
figure beside it. `--only` measures some rows anew and keeps the others.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

from data.fashion_mnist import load_fashion_mnist
from model.cache import Checkpoint, load_checkpoint, locate_checkpoint
from model.comparison import COMPARISON
from model.learner import import_tensorflow
from model.machine import describe_machine
from model.recipes import RECIPES
from tests.benchmarks.baselines import BASELINES, SPLIT_SEED, measure_baseline
from tests.server import ROOT

UNIT_NETWORK, UNIT_BATCH, UNIT_EPOCHS = "classic-64-dropout", 512, 2
# The default recipe is what visitors meet, so its spread matters.
SEEDS = {"startup": 3}
LEFT_OUT = {"tiny"}


def time_classic_epoch() -> dict:
    """Time one classic epoch, not counting the first one, which compiles.

    Returns
    -------
    dict
        `classic_epoch_seconds` by the clock, `classic_epoch_processor_seconds` over all cores.
    """
    import_tensorflow()
    import keras

    from model.networks import build_network

    dataset = load_fashion_mnist()
    train, _ = dataset.split_train(SPLIT_SEED)
    images, labels = dataset.train_images[train], keras.utils.to_categorical(dataset.train_labels[train])
    network = build_network(UNIT_NETWORK)
    network.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    network.fit(images[: 4 * UNIT_BATCH], labels[: 4 * UNIT_BATCH], UNIT_BATCH, verbose=0)
    started, processor_started = time.perf_counter(), time.process_time()
    network.fit(images, labels, UNIT_BATCH, epochs=UNIT_EPOCHS, verbose=0)
    return {
        "classic_epoch_seconds": (time.perf_counter() - started) / UNIT_EPOCHS,
        "classic_epoch_processor_seconds": (time.process_time() - processor_started) / UNIT_EPOCHS,
    }


def run_alone(arguments: list[str]) -> tuple[dict, dict]:
    """Run a module in a process of its own.

    Returns
    -------
    answer : dict
        The JSON of its last line.
    usage : dict
        `peak_memory_gb`, `processor_seconds`, and `busy_cores`, the mean over the run.
    """
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    lines = process.stdout.read().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}")
    processor_seconds = usage.ru_utime + usage.ru_stime
    return json.loads(lines[-1]), {
        "peak_memory_gb": usage.ru_maxrss / 2**20,
        "processor_seconds": processor_seconds,
        "busy_cores": processor_seconds / (time.monotonic() - started),
    }


def measure_unit() -> dict:
    return run_alone(["tests.benchmarks.training", "--unit"])[0]


def measure_plain_accuracy(checkpoint: Checkpoint) -> float:
    """Test accuracy, 0..1, of a network's answers without mirror averaging."""
    import_tensorflow()
    from model.networks import build_network, compile_inference
    from model.training import compute_logits, set_weights

    dataset = load_fashion_mnist()
    network = build_network(RECIPES[checkpoint.card["recipe"]].network)
    set_weights(network, checkpoint.weights)
    logits = compute_logits(compile_inference(network, mirror=False), dataset.test_images)
    return float((logits.argmax(axis=1) == dataset.test_labels).mean())


def measure_recipe(name: str, seed: int) -> dict:
    """Train a recipe from nothing and give its row."""
    with tempfile.TemporaryDirectory() as models:
        answer, usage = run_alone(["model.train", "--alone", "--recipe", name, "--seed", str(seed), "--models", models])
        checkpoint = load_checkpoint(locate_checkpoint(models, RECIPES[name]), RECIPES[name])
    last = checkpoint.card["history"][-1]
    keys = ("test_accuracy", "validation_accuracy", "parameters")
    return (
        usage
        | {key: answer[key] for key in keys}
        | {
            "seed": seed,
            "train_accuracy": last["train_accuracy"],
            "plain_test_accuracy": measure_plain_accuracy(checkpoint) if RECIPES[name].flip else None,
            "total_seconds": checkpoint.metrics["total_seconds"],
            "calibration_error": checkpoint.metrics["test"]["calibration_error"],
            "history": checkpoint.card["history"],
        }
    )


def measure_row(name: str, seed: int, before: dict) -> tuple[dict, dict]:
    """Measure one recipe or baseline, and the unit after it; `before` is the unit as it was before."""
    if name in RECIPES:
        row = measure_recipe(name, seed)
    else:
        answer, usage = run_alone(["tests.benchmarks.training", "--baseline", name])
        row = usage | answer | {"seed": seed, "title": BASELINES[name].title}
    after = measure_unit()
    unit = {key: (before[key] + after[key]) / 2 for key in before}
    row |= unit | {
        "name": name,
        "classic_epochs": row["total_seconds"] / unit["classic_epoch_seconds"],
        "classic_epochs_by_processor": row["processor_seconds"] / unit["classic_epoch_processor_seconds"],
    }
    return row | describe_machine(), after


def print_table(rows: list[dict]) -> None:
    print(f"{'':22} seed  train  valid   test  parameters  classic epochs  seconds   GB  cores")
    for row in rows:
        print(
            f"{row['name']:22} {row['seed']:4} {row['train_accuracy']:6.2%} {row['validation_accuracy']:6.2%} "
            f"{row['test_accuracy']:6.2%} {row.get('parameters', 0):11,} {row['classic_epochs']:15.1f} "
            f"{row['total_seconds']:8.0f} {row['peak_memory_gb']:4.2f} {row['busy_cores']:6.2f}"
        )


def parse_options() -> argparse.Namespace:
    names = [name for name in (*RECIPES, *BASELINES) if name not in LEFT_OUT]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.training", description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="measure these, keep the other rows")
    parser.add_argument("--unit", action="store_true", help="only time a classic epoch, and print it as JSON")
    parser.add_argument("--baseline", choices=BASELINES, help="only measure this baseline, and print it as JSON")
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    if options.unit:
        print(json.dumps(time_classic_epoch()))
        return
    if options.baseline:
        print(json.dumps(measure_baseline(options.baseline, load_fashion_mnist())))
        return
    unit = measure_unit()
    for name in options.only:
        new = []
        for seed in range(SEEDS.get(name, 1)):
            row, unit = measure_row(name, seed, unit)
            new.append(row)
        rows = json.loads(COMPARISON.read_text())["rows"] if COMPARISON.exists() else []
        rows = [row for row in rows if row["name"] != name] + new
        write_rows(rows)
    print_table(rows)


def write_rows(rows: list[dict]) -> None:
    from model.figures import draw_accuracy_against_time

    COMPARISON.parent.mkdir(parents=True, exist_ok=True)
    COMPARISON.write_text(json.dumps({"rows": rows}, indent=1) + "\n")
    draw_accuracy_against_time(rows, COMPARISON.with_suffix(".png"))


if __name__ == "__main__":
    main()
