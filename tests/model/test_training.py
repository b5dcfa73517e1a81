"""Learning: it learns, it can be stopped and continued, and one seed gives one run."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

from data.fashion_mnist import FashionMNIST
from model.cache import CacheError, load_checkpoint, locate_checkpoint, locate_snapshot
from model.learner import learn_recipe
from model.recipes import RECIPES
from tests.server import ROOT

TINY = RECIPES["tiny"]


def stop_after(count):
    """A `should_stop` that says yes at its count-th call."""
    calls = []

    def should_stop():
        calls.append(1)
        return len(calls) >= count

    return should_stop


def test_a_stopped_run_goes_on_to_the_same_weights(small_dataset, tiny_checkpoint, tmp_path):
    from model.training import CHUNKS_PER_EPOCH

    assert learn_recipe(TINY, small_dataset, tmp_path, should_stop=stop_after(CHUNKS_PER_EPOCH + 3)) is None
    assert locate_snapshot(tmp_path, TINY).exists()
    assert not locate_checkpoint(tmp_path, TINY).exists()
    seen = []
    resumed = learn_recipe(TINY, small_dataset, tmp_path, on_progress=lambda progress: seen.append(progress.share))
    assert seen[0] == 0.5  # one of two epochs was kept
    for mine, theirs in zip(resumed.weights, tiny_checkpoint.weights, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)
    assert not locate_snapshot(tmp_path, TINY).exists()


def test_a_snapshot_of_another_seed_is_set_aside(small_dataset, tmp_path, caplog):
    from model.training import CHUNKS_PER_EPOCH

    learn_recipe(TINY, small_dataset, tmp_path, seed=1, should_stop=stop_after(CHUNKS_PER_EPOCH + 1))
    checkpoint = learn_recipe(TINY, small_dataset, tmp_path, seed=2)
    assert "learnt with seed 1" in caplog.text
    assert checkpoint.card["seed"] == 2


def test_a_broken_snapshot_is_set_aside(small_dataset, tmp_path, caplog):
    locate_snapshot(tmp_path, TINY).write_bytes(b"broken")
    assert learn_recipe(TINY, small_dataset, tmp_path) is not None
    assert "cannot be read" in caplog.text


def test_one_seed_gives_one_run_and_another_seed_another(small_dataset, tiny_checkpoint, tmp_path):
    again = learn_recipe(TINY, small_dataset, tmp_path / "same")
    np.testing.assert_allclose(again.test_logits, tiny_checkpoint.test_logits, atol=1e-3)
    other = learn_recipe(TINY, small_dataset, tmp_path / "other", seed=5)
    assert not np.allclose(other.test_logits, tiny_checkpoint.test_logits, atol=1e-3)


def test_progress_only_grows_and_ends_at_one(small_dataset, tmp_path):
    seen = []
    learn_recipe(TINY, small_dataset, tmp_path, on_progress=seen.append)
    shares = [progress.share for progress in seen]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    assert [record["epoch"] for record in seen[-1].history] == list(range(1, TINY.epochs + 1))
    assert all(np.isfinite(list(record.values())).all() for record in seen[-1].history)


def test_the_cached_metrics_are_those_of_the_cached_network(small_dataset, tiny_models, tiny_classifier):
    checkpoint = load_checkpoint(locate_checkpoint(tiny_models, TINY), TINY, small_dataset.fingerprint)
    answers = tiny_classifier.classify(small_dataset.test_images)
    guesses = np.array([answer.probabilities.argmax() for answer in answers])
    assert np.mean(guesses == small_dataset.test_labels) == pytest.approx(checkpoint.metrics["test"]["accuracy"])


@pytest.mark.parametrize("low_precision", [False, True], ids=["float32", "low precision"])
@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_learns(name, low_precision, small_dataset, tmp_path):
    """The contract of a recipe: in two epochs of small batches it beats guessing, and its checkpoint answers."""
    from model.classifier import Classifier

    settings = {"epochs": 2, "hard_epochs": 1, "batch_size": 32, "low_precision": low_precision}
    recipe = dataclasses.replace(RECIPES[name], **settings)
    checkpoint = learn_recipe(recipe, small_dataset, tmp_path)
    assert checkpoint.metrics["validation_accuracy"] > 0.25
    assert checkpoint.metrics["parameters"] == sum(weights.size for weights in checkpoint.weights)
    assert np.isfinite(checkpoint.test_logits).all()
    prediction = Classifier.from_checkpoint(checkpoint).classify(small_dataset.test_images[:1])[0]
    assert prediction.probabilities.sum() == pytest.approx(1)


def test_fewer_images_than_a_batch_still_learn(small_dataset, tmp_path):
    few = FashionMNIST(
        small_dataset.train_images[:60],
        small_dataset.train_labels[:60],
        small_dataset.test_images[:20],
        small_dataset.test_labels[:20],
        "few",
    )
    assert learn_recipe(TINY, few, tmp_path).card["epochs_done"] == TINY.epochs


def test_one_cycle_rises_to_its_peak_and_falls_to_nearly_nothing():
    from model.training import OneCycle

    schedule = OneCycle(2.0, 10, 100)
    rates = [float(schedule(step)) for step in range(100)]
    assert max(rates) == pytest.approx(2.0)
    assert int(np.argmax(rates)) == 9
    assert rates[0] == pytest.approx(0.2)
    assert rates[-1] == pytest.approx(2 / 91, rel=1e-3)
    assert (np.diff(rates[:10]) > 0).all() and (np.diff(rates[10:]) < 0).all()


def test_weights_that_do_not_fit_are_refused(tiny_checkpoint):
    from model.networks import build_network
    from model.training import set_weights

    with pytest.raises(CacheError):
        set_weights(build_network("tiny"), tiny_checkpoint.weights[:-1])


def test_hard_epochs_learn_from_the_images_of_highest_loss(small_dataset):
    from model.training import Trainer

    recipe = dataclasses.replace(TINY, epochs=3, hard_epochs=1, hard_share=0.4)
    trainer = Trainer(recipe, small_dataset)
    shares = []
    for _ in range(2):
        shares += [trainer.compute_share(share) for share in trainer.run_epoch()]
    losses = trainer._losses.copy()
    count = trainer._count_steps(2) * trainer.batch_size
    chosen = trainer._choose_images(count)
    left_out = np.setdiff1d(trainer.train_indices, chosen)
    assert len(set(chosen)) == count == 448  # 40% of 1,197, in whole batches
    assert losses[chosen].min() >= losses[left_out].max()
    shares += [trainer.compute_share(share) for share in trainer.run_epoch()]
    assert shares == sorted(shares) and shares[-1] == 1


def test_the_kernel_gradient_of_small_maps_is_the_library_s():
    import keras
    import tensorflow as tf

    from model.networks import SmallMapConv2D

    images = tf.random.stateless_normal((8, 7, 7, 5), (1, 2))
    weights = tf.random.stateless_normal((8, 7, 7, 6), (3, 4))
    mine, theirs = (layer(6, 3, padding="same", use_bias=False) for layer in (SmallMapConv2D, keras.layers.Conv2D))
    gradients = []
    for layer in (mine, theirs):
        layer.build(images.shape)
        layer.set_weights(mine.get_weights())
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = layer(images)
            value = tf.reduce_sum(outputs * weights)
        gradients.append((outputs, *tape.gradient(value, [images, layer.kernel.value])))
    for ours, library in zip(*gradients, strict=True):
        np.testing.assert_allclose(ours, library, atol=1e-4)


def test_a_mirrored_image_gets_the_same_answer_from_a_recipe_that_flips(small_dataset):
    from model.networks import build_network, compile_inference

    network = build_network("tiny")
    network.layers[-1].set_weights([np.random.default_rng(0).normal(size=w.shape) for w in network.layers[-1].weights])
    images = small_dataset.test_images[:4]
    both = [compile_inference(network, mirror=True)(one).numpy() for one in (images, images[:, :, ::-1])]
    np.testing.assert_allclose(*both, atol=1e-4)
    plain = compile_inference(network, mirror=False)
    np.testing.assert_allclose(both[0], (plain(images) + plain(images[:, :, ::-1])) / 2, atol=1e-4)


def test_what_one_recipe_validates_on_no_recipe_learns_from(small_dataset):
    from model.training import split_images

    common_train, common_validation = split_images(TINY, small_dataset)
    train, validation = split_images(dataclasses.replace(TINY, validation_images=5), small_dataset)
    assert len(validation) == 5 and set(validation) <= set(common_validation)
    assert set(train) > set(common_train) and not set(train) & set(validation)
    assert len(train) + len(validation) == len(small_dataset.train_images)


def test_several_devices_learn_together(tmp_path):
    """Two devices, each from half of a batch, learn about as well as one: in a process of its own."""
    answer = subprocess.run([sys.executable, "-m", "tests.model.two_devices"], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr[-2000:]
    result = json.loads(answer.stdout.splitlines()[-1])
    assert result["replicas"] == 2
    assert result["together"] == pytest.approx(result["alone"], abs=0.1) and result["together"] > 0.4
    # Both devices hold the same network after learning.
    assert result["weights_differ"] < 1e-5
