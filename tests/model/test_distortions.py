"""Distorted training images: what was asked for happens, nothing else, and one seed gives one outcome."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.fashion_mnist import SIDE_PX
from model.distortions import LEAST_COVER_PX, MOST_COVER_PX, cover_images, shift_images


def make_images(count, seed=0):
    """Noise without zeros, so that what came in from outside can be told."""
    noise = np.random.default_rng(seed).uniform(0.1, 0.9, (count, SIDE_PX, SIDE_PX, 1))
    return noise.astype(np.float32)


@settings(max_examples=20, deadline=None)
@given(most_px=st.integers(1, 5), seed=st.integers(0, 2**31 - 1))
def test_a_shifted_image_is_the_image_moved_by_whole_pixels(most_px, seed):
    images = make_images(8)
    moves = range(-most_px, most_px + 1)
    padded = np.pad(images[..., 0], ((0, 0), (most_px, most_px), (most_px, most_px)))
    for n, moved in enumerate(shift_images(images, most_px, np.array([seed, 1])).numpy()[..., 0]):
        wanted = [
            padded[n, most_px + dy : most_px + dy + SIDE_PX, most_px + dx : most_px + dx + SIDE_PX]
            for dy in moves
            for dx in moves
        ]
        assert any(np.array_equal(moved, one) for one in wanted)


def test_shifts_reach_every_side():
    images = make_images(400)
    moved = shift_images(images, 2, np.array([3, 4])).numpy()[..., 0]
    black_rows = [(one.max(axis=1) == 0).nonzero()[0].tolist() for one in moved]
    assert {tuple(rows) for rows in black_rows} == {(), (0,), (0, 1), (27,), (26, 27)}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31 - 1))
def test_a_covered_image_differs_in_one_even_rectangle(seed):
    images = make_images(8)
    covered = cover_images(images, 1.0, np.array([seed, 1])).numpy()
    for image, one in zip(images[..., 0], covered[..., 0], strict=True):
        rows, columns = (image != one).nonzero()
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert LEAST_COVER_PX <= height <= MOST_COVER_PX and LEAST_COVER_PX <= width <= MOST_COVER_PX
        patch = one[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert np.ptp(patch) == 0 and 0 <= patch[0, 0] <= 1


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_of_covered_images_is_as_asked(share):
    images = make_images(1000)
    changed = (cover_images(images, share, np.array([5, 6])).numpy() != images).any(axis=(1, 2, 3))
    assert changed.mean() == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("distort", [lambda x, s: shift_images(x, 3, s), lambda x, s: cover_images(x, 0.9, s)])
def test_one_seed_gives_one_outcome(distort):
    images = make_images(16)
    first, again, other = (distort(images, np.array(seed)).numpy() for seed in ([1, 2], [1, 2], [1, 3]))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
