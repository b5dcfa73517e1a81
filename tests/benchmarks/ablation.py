"""What each trick of the default recipe buys: `python -m tests.benchmarks.ablation`.

The recipe is learnt once as it is and once without each trick, in a process of its own, on the same machine in one run.
Accuracy is that of the validation split, with the same seed throughout: the test set is not looked at. Prints a table
and writes `assets/benchmarks/ablation.json`.
"""

import argparse
import json
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from unittest import mock

import numpy as np

from data.fashion_mnist import load_fashion_mnist
from model.learner import import_tensorflow
from model.machine import describe_machine
from model.recipes import DEFAULT_RECIPE, RECIPES
from tests.benchmarks.training import measure_unit, run_alone
from tests.server import ROOT

OUTPUT = ROOT / "assets" / "benchmarks" / "ablation.json"
SEEDS = (0,)
# Steps to tell what preparing a batch costs.
TIMED_STEPS = 100


@contextmanager
def _with_mean_pooling_only():
    import keras

    from model import networks

    def answer(features):
        means = keras.layers.GlobalAveragePooling2D(dtype="float32")(networks._mark_feature_map(features))
        return keras.layers.Dense(10, kernel_initializer="zeros", dtype="float32", name="logits")(means)

    with mock.patch("model.networks._pool_and_answer", answer):
        yield


@dataclass(frozen=True)
class Variant:
    """The recipe without one of its tricks.

    Attributes
    ----------
    title : str
        What is changed.
    settings : dict
        Of the recipe, that are different.
    patch : callable, optional
        Gives a context in which the network is built otherwise.
    """

    title: str
    settings: dict = field(default_factory=dict)
    patch: Callable | None = None


VARIANTS = {
    "whole": Variant("nothing: the recipe as it is"),
    "adam": Variant("Adam at 0.003 instead of Muon", {"optimizer": "adam", "peak_learning_rate": 0.003}),
    "mean-pooling": Variant("only the mean of the feature map, not its maximum", patch=_with_mean_pooling_only),
    "no-flip": Variant("neither mirrored images to learn from nor mirror averaging", {"flip": False}),
    "no-smoothing": Variant("no label smoothing", {"label_smoothing": 0.0}),
    "no-hard-epochs": Variant("five whole epochs instead of hard ones", {"epochs": 5, "hard_epochs": 0}),
}


def learn_variant(name: str, seed: int) -> dict:
    """Learn without one trick.

    Returns
    -------
    dict
        `validation_accuracy` as the recipe answers, `plain_accuracy` without mirror averaging (0..1);
        `total_seconds` with compilation and the validation, `processor_seconds`; `data_share`, the share of learning
        that goes into fetching and distorting images.
    """
    import_tensorflow()
    from model.networks import compile_inference
    from model.training import Trainer, compute_logits

    variant, dataset = VARIANTS[name], load_fashion_mnist()
    started, processor_started = time.monotonic(), time.process_time()
    with ExitStack() as stack:
        if variant.patch:
            stack.enter_context(variant.patch())
        trainer = Trainer(replace(RECIPES[DEFAULT_RECIPE], **variant.settings), dataset, seed)
        while trainer.epochs_done < trainer.recipe.epochs:
            for _ in trainer.run_epoch():
                pass
    seconds = {
        "total_seconds": time.monotonic() - started,
        "processor_seconds": time.process_time() - processor_started,
    }
    validation = trainer.validation_indices
    plain = compute_logits(compile_inference(trainer.network, mirror=False), dataset.train_images[validation])
    steps = trainer._count_steps_before(trainer.recipe.epochs)
    return seconds | {
        "validation_accuracy": trainer.history[-1]["validation_accuracy"],
        "plain_accuracy": float(np.mean(plain.argmax(axis=1) == dataset.train_labels[validation])),
        "data_share": time_data(trainer) * steps / trainer.train_seconds,
    }


def time_data(trainer) -> float:
    """Seconds that fetching and distorting one batch takes, the network left out."""
    import tensorflow as tf

    batches = tf.constant(np.resize(trainer.train_indices, (TIMED_STEPS, trainer.batch_size)), tf.int32)
    mirrored, seed = tf.ones(trainer.batch_size, bool), tf.constant([0, 0])

    @tf.function
    def fetch():
        total = 0.0
        for batch in batches:
            total += tf.reduce_sum(trainer._distort(tf.gather(trainer._images, batch), mirrored, seed))
        return total

    fetch()
    started = time.perf_counter()
    fetch().numpy()
    return (time.perf_counter() - started) / TIMED_STEPS


def measure_variant(name: str, seed: int) -> dict:
    answer, usage = run_alone(["tests.benchmarks.ablation", "--learn", name, "--seed", str(seed)])
    return {"name": name, "title": VARIANTS[name].title, "seed": seed} | usage | answer


def print_table(rows: list[dict]) -> None:
    whole = next(row for row in rows if row["name"] == "whole")
    print(f"{'without it:':68} seed  valid  plain  processor time")
    for row in rows:
        accuracies = f"{row['validation_accuracy']:6.2%} {row['plain_accuracy']:6.2%}"
        ratio = row["processor_seconds"] / whole["processor_seconds"]
        print(f"{row['title']:68} {row['seed']:4} {accuracies} {ratio:7.2f}")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ablation", description=__doc__.split("\n")[0])
    parser.add_argument("--learn", choices=VARIANTS, help="only learn this variant, and print it as JSON")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    if options.learn:
        print(json.dumps(learn_variant(options.learn, options.seed)))
        return
    unit = measure_unit()
    rows = []
    for seed in SEEDS:
        rows += [measure_variant(name, seed) for name in VARIANTS]
        OUTPUT.write_text(
            json.dumps(describe_machine() | unit | {"recipe": DEFAULT_RECIPE, "rows": rows}, indent=1) + "\n"
        )
    print_table(rows)


if __name__ == "__main__":
    main()
