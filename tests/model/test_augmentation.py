"""Images made to look like uploads stay images, are the same for the same seed, and every effect keeps its contract."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.fashion_mnist import LABELS
from model.augmentation import STYLES, augment_image, augment_images
from model.augmentation_canvas import CANVAS_PX, LEAST_GARMENT_PX, find_garment
from model.augmentation_details import DETAILS
from model.augmentation_drawings import sketch_lines
from model.outliers import MAKER_SHARES, make_outliers

EFFECTS = [(style, effect) for style, effects in STYLES.items() for effect in effects]
SAMPLES = 3


def take_images(dataset, count):
    return np.rint(255 * dataset.train_images[:count]).astype(np.uint8), dataset.train_labels[:count]


def name_effect(value) -> str:
    apply = getattr(value, "apply", None)
    return value if isinstance(value, str) else getattr(apply, "func", apply).__name__


@pytest.mark.parametrize(("style", "effect"), EFFECTS, ids=name_effect)
def test_every_effect_gives_tones_and_a_mask_for_each_of_its_labels(style, effect, small_dataset):
    assert 0 < effect.share <= 1
    assert set(effect.labels) <= set(LABELS)
    images, labels = take_images(small_dataset, 300)
    generator = np.random.default_rng(0)
    for label in effect.labels:
        for image in images[labels == LABELS.index(label)][:SAMPLES, ..., 0]:
            tones, mask = effect.apply(*find_garment(image), label, generator)
            assert tones.shape == mask.shape == (CANVAS_PX, CANVAS_PX)
            assert tones.dtype == np.float32 and mask.dtype == np.uint8
            assert np.isfinite(tones).all()
            assert set(np.unique(mask)) <= {0, 1}


@pytest.mark.parametrize("style", STYLES)
def test_the_same_seed_gives_the_same_images_and_another_seed_others(style, small_dataset):
    images, labels = take_images(small_dataset, 40)
    first, second, third = (augment_images(images, labels, seed, style) for seed in (1, 1, 2))
    assert first.shape == images.shape and first.dtype == np.uint8
    np.testing.assert_array_equal(first, second)
    assert (first != third).any()


@pytest.mark.parametrize("style", STYLES)
def test_outliers_are_images_too_and_the_same_for_the_same_seed(style, small_dataset):
    images, labels = take_images(small_dataset, 60)
    first, second = (make_outliers(images, labels, 1, style) for _ in range(2))
    assert first.shape == images.shape and first.dtype == np.uint8
    np.testing.assert_array_equal(first, second)
    assert (first.max(axis=(1, 2, 3)) > 0).all()


def test_the_shares_of_outliers_sum_to_one():
    assert sum(MAKER_SHARES) == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    label=st.sampled_from(LABELS),
    style=st.sampled_from(sorted(STYLES)),
    share_lit=st.floats(0, 1),
)
def test_any_image_whatever_stays_an_image(seed, label, style, share_lit):
    generator = np.random.default_rng(seed)
    image = (generator.integers(0, 256, (28, 28)) * (generator.random((28, 28)) < share_lit)).astype(np.uint8)
    augmented = augment_image(image, label, generator, STYLES[style])
    assert augmented.shape == (28, 28) and augmented.dtype == np.uint8


def test_an_image_with_nothing_in_it_is_left_alone():
    black = np.zeros((28, 28), np.uint8)
    for effects in STYLES.values():
        np.testing.assert_array_equal(augment_image(black, "Bag", np.random.default_rng(0), effects), black)


def test_every_label_has_a_row_of_details():
    assert set(DETAILS) == set(LABELS)


def test_lines_lie_inside_the_garment(small_dataset):
    images, labels = take_images(small_dataset, 50)
    generator = np.random.default_rng(0)
    for image, label in zip(images[..., 0], labels, strict=True):
        tones, mask = find_garment(image)
        if mask.sum() >= LEAST_GARMENT_PX:
            lines, kept = sketch_lines(tones, mask, LABELS[label], generator)
            assert not lines[mask == 0].any()
            np.testing.assert_array_equal(kept, mask)
