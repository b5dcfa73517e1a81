"""Learning the photo reader's head: from a small folder of made-up pictures, and the loss against a known answer."""

import json

import numpy as np
import pytest
from PIL import Image

from data.fashion_mnist import LABELS
from data.wardrobe import OTHER, WardrobeError, list_pictures
from model import backbone, photo_training
from model.backbone import FEATURES
from model.photo import CLASSES, HEAD_NAME, load_head
from model.photo_features import CACHE_NAME, Lessons, enlarge_garments
from model.photo_training import exclude_unseen, find_temperature, fit_head, split_senders, weigh

needs_backbone = pytest.mark.skipif(not backbone.is_available(), reason="the package with the weights is not installed")


@pytest.fixture
def wardrobe(tmp_path):
    """Three classes of flat shapes, other counts each, with two broken files and an empty folder among them."""
    generator = np.random.default_rng(0)
    shapes = {"Trouser": (20, 90, 4), "Bag": (60, 40, 3), "other": (30, 30, 2)}
    for folder, (width, height, count) in shapes.items():
        (tmp_path / "pictures" / folder).mkdir(parents=True)
        for number in range(count):
            picture = generator.integers(90, 110, (100, 100, 3), np.uint8)
            top, left = (100 - height) // 2, (100 - width) // 2
            picture[top : top + height, left : left + width] = generator.integers(0, 80, 3)
            Image.fromarray(picture).save(tmp_path / "pictures" / folder / f"{number}.png")
    (tmp_path / "pictures" / "Bag" / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "pictures" / "Trouser" / "empty.png").write_bytes(b"")
    (tmp_path / "pictures" / "Coat").mkdir()
    return tmp_path / "pictures"


@needs_backbone
def test_a_folder_with_broken_files_is_learnt_and_the_same_seed_gives_the_same(
    wardrobe, small_dataset, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr("model.photo_features.STAND_INS_PER_CLASS", 2)
    monkeypatch.setattr(photo_training, "ROUNDS", 8)
    heads, shares = [], []
    for run in ("first", "second"):
        head, path = photo_training.learn_photo_head(
            list_pictures(wardrobe), small_dataset, tmp_path / run, seed=3, on_progress=shares.append
        )
        assert path == tmp_path / run / HEAD_NAME
        assert load_head(path).card["validation"] == head.card["validation"]
        heads.append(head)
    assert "broken.jpg is left out" in caplog.text and "empty.png is left out" in caplog.text
    assert shares[-1] == 1
    first, second = heads
    np.testing.assert_array_equal(first.kernel, second.kernel)
    assert first.card | {"train_seconds": 0} == second.card | {"train_seconds": 0}
    assert first.card["broken_files"] == 2 and first.card["split"] == "picture"
    assert {name: n for name, n in first.card["pictures"].items() if n} == {"Trouser": 4, "Bag": 3, "other": 2}
    json.dumps(first.card)
    # What was computed once is not computed again.
    monkeypatch.setattr("model.photo_features.prepare", lambda path: pytest.fail("was cached"))
    (wardrobe / "Bag" / "broken.jpg").unlink()
    (wardrobe / "Trouser" / "empty.png").unlink()
    again, _ = photo_training.learn_photo_head(list_pictures(wardrobe), small_dataset, tmp_path / "first", seed=3)
    np.testing.assert_array_equal(first.kernel, again.kernel)
    assert (tmp_path / "first" / CACHE_NAME).exists()


@needs_backbone
def test_pictures_that_cannot_be_read_at_all_are_said(tmp_path, small_dataset, monkeypatch):
    monkeypatch.setattr("model.photo_features.STAND_INS_PER_CLASS", 1)
    for folder in ("Bag", "Coat"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(WardrobeError, match="can be read"):
        photo_training.learn_photo_head(list_pictures(tmp_path), small_dataset, tmp_path / "models")


def make_lessons(classes, per_class=6):
    """Pictures whose class stands in their first features."""
    generator = np.random.default_rng(0)
    labels = np.repeat(classes, per_class)
    features = generator.normal(0, 0.1, (len(labels), 2, FEATURES)).astype(np.float32)
    features[np.arange(len(labels)), :, labels] += 2
    stand_in_labels = np.arange(len(LABELS))
    stand_ins = generator.normal(0, 0.1, (len(LABELS), FEATURES)).astype(np.float32)
    stand_ins[stand_in_labels, stand_in_labels] += 2
    senders = np.array([str(n) for n in range(len(labels))])
    return Lessons(features, labels, senders, stand_ins, stand_in_labels, 0)


def test_the_head_learns_what_there_is_and_the_stand_ins_teach_the_rest(monkeypatch):
    monkeypatch.setattr(photo_training, "build_prior", lambda: np.zeros((FEATURES, len(CLASSES)), np.float32))
    lessons = make_lessons([0, 3, CLASSES.index(OTHER)])
    kernel, bias = fit_head(lessons, np.arange(len(lessons.labels)))
    logits = lessons.features[:, 0] @ kernel + bias
    assert (logits.argmax(axis=1) == lessons.labels).all()
    unseen = LABELS.index("Bag")
    # Of the bag there was no picture, but a stand-in.
    assert (lessons.stand_ins[unseen] @ kernel + bias)[: len(LABELS)].argmax() == unseen


def test_nothing_speaks_against_a_class_without_pictures():
    labels, is_photo = np.array([0, 0, 3, 8, 5]), np.array([True, True, True, False, False])
    offsets = exclude_unseen(labels, is_photo)
    assert (offsets[:3, [0, 3]] == 0).all() and (offsets[:3, [1, 8, 10]] < 0).all()
    assert (offsets[3:, :10] == 0).all() and (offsets[3:, 10] < 0).all()
    weights = weigh(labels, is_photo)
    assert weights.sum() == pytest.approx(1) and (weights > 0).all()
    assert weights[2] > weights[0]  # the rarer class


def test_no_sender_is_on_both_sides():
    senders = np.array(list("aaaabbbccdefgh"))
    folds = split_senders(senders, 0)
    assert all(len(set(folds[senders == sender])) == 1 for sender in senders)
    assert len(set(folds)) == photo_training.FOLDS
    np.testing.assert_array_equal(folds, split_senders(senders, 0))


def test_the_temperature_of_overconfident_logits_is_found():
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 1, (4000, len(CLASSES)))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([generator.choice(len(CLASSES), p=row) for row in shares])
    assert find_temperature((2 * logits).astype(np.float32), labels) == pytest.approx(2, rel=0.1)


def test_stand_ins_are_dark_on_white(small_dataset):
    images = enlarge_garments(small_dataset.train_images[:2])
    assert images.shape == (2, 224, 224, 3) and images.dtype == np.float32
    assert images[:, 0].min() == 255 and images.min() < 100 and images.min() >= 0
