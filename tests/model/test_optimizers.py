"""Muon: a step is orthogonal, and a kernel keeps its norm."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from model.networks import FusedBatchNormalization
from model.optimizers import ADAM_BETAS, ADAM_RATE_SHARE, EPSILON, Muon, orthogonalise


@pytest.mark.parametrize("shape", [(3, 3, 4, 8), (3, 3, 1, 32), (5, 5, 16, 128)])
def test_all_singular_values_come_near_one(shape):
    gradient = tf.constant(np.random.default_rng(0).normal(size=shape).astype(np.float32))
    result = orthogonalise(gradient)
    assert result.shape == gradient.shape
    singular = np.linalg.svd(result.numpy().reshape(-1, shape[-1]), compute_uv=False)
    assert singular.min() > 0.3 and singular.max() < 1.4


def test_the_direction_is_that_of_the_nearest_orthogonal_matrix():
    gradient = np.random.default_rng(1).normal(size=(3, 3, 4, 8)).astype(np.float32)
    left, _, right = np.linalg.svd(gradient.reshape(-1, 8), full_matrices=False)
    ours = orthogonalise(tf.constant(gradient)).numpy().reshape(-1, 8)
    cosine = np.sum(ours * (left @ right)) / np.linalg.norm(ours) / np.linalg.norm(left @ right)
    assert cosine > 0.97


def test_a_kernel_keeps_its_norm_and_moves_by_the_rate():
    kernel = keras.Variable(np.random.default_rng(2).normal(size=(3, 3, 8, 16)).astype(np.float32))
    before = kernel.numpy()
    optimizer = Muon(0.01)
    optimizer.build([kernel])
    optimizer.apply([tf.random.stateless_normal(kernel.shape, (1, 2))], [kernel])
    assert np.linalg.norm(kernel) == pytest.approx(np.linalg.norm(before), rel=1e-5)
    assert np.linalg.norm(kernel - before) / np.linalg.norm(before) == pytest.approx(0.01, rel=0.25)


def test_everything_else_learns_by_adam_as_keras_has_it():
    start = np.random.default_rng(3).normal(size=(20, 10)).astype(np.float32)
    mine, theirs = keras.Variable(start), keras.Variable(start)
    muon = Muon(0.1)
    adam = keras.optimizers.Adam(0.1 * ADAM_RATE_SHARE, *ADAM_BETAS, epsilon=EPSILON)
    for optimizer, variable in ((muon, mine), (adam, theirs)):
        optimizer.build([variable])
        for seed in range(5):
            optimizer.apply([tf.random.stateless_normal((20, 10), (seed, 1))], [variable])
    np.testing.assert_allclose(mine.numpy(), theirs.numpy(), atol=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_fused_batch_normalisation_agrees_with_keras(training):
    inputs = np.random.default_rng(4).normal(2, 3, size=(16, 5, 5, 6)).astype(np.float32)
    fused, plain = FusedBatchNormalization(), keras.layers.BatchNormalization(scale=False, momentum=0.95, epsilon=1e-3)
    np.testing.assert_allclose(fused(inputs, training=training), plain(inputs, training=training), atol=1e-4)
    np.testing.assert_allclose(fused.moving_mean, plain.moving_mean, atol=1e-5)
    # The fused kernel keeps the unbiased variance, Keras the biased one: 400 values a channel, 0.25% apart.
    np.testing.assert_allclose(fused.moving_variance, plain.moving_variance, rtol=3e-3)
