"""The photo reader: its file, its answers, its heatmaps, and what happens where it is missing."""

import numpy as np
import pytest

from data.fashion_mnist import LABELS
from data.preparation import prepare
from explain.methods import METHODS, explain_image
from model import backbone, photo
from model.backbone import FEATURES
from model.cache import CacheError
from model.photo import CLASSES, Head, PhotoReader, load_head, load_photo_reader, locate_head, save_head, soften
from model.recipes import FEATURE_MAP

needs_backbone = pytest.mark.skipif(not backbone.is_available(), reason="the package with the weights is not installed")


def make_head(**card):
    generator = np.random.default_rng(0)
    kernel = generator.normal(0, 0.1, (FEATURES, len(CLASSES))).astype(np.float32)
    known = {"format": photo.FORMAT, "temperature": 1.0, "garment_threshold": 0.0}
    return Head(known | card, kernel, np.zeros(len(CLASSES), np.float32))


@pytest.fixture(scope="module")
def reader():
    return PhotoReader(load_head(photo.BUILT_IN_HEAD))


@pytest.fixture(scope="module")
def prepared():
    picture = np.full((150, 200, 3), (120, 150, 110), np.uint8)
    picture[30:120, 60:140] = (40, 50, 140)
    return prepare(picture)


def test_a_head_comes_back_as_it_was_saved(tmp_path):
    head, path = make_head(), tmp_path / "models" / "photo.npz"
    save_head(path, head)
    found = load_head(path)
    assert found.card == head.card
    np.testing.assert_allclose(found.kernel, head.kernel, atol=1e-3)
    assert [file.name for file in path.parent.iterdir()] == ["photo.npz"]


def test_a_head_that_cannot_be_used_is_refused(tmp_path):
    path = tmp_path / "photo.npz"
    with pytest.raises(FileNotFoundError):
        load_head(path)
    path.write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(CacheError, match="cannot be read"):
        load_head(path)
    save_head(path, make_head(format=-1))
    with pytest.raises(CacheError, match="another format"):
        load_head(path)
    save_head(path, Head(make_head().card, np.zeros((5, 3)), np.zeros(3)))
    with pytest.raises(CacheError, match="do not fit"):
        load_head(path)


def test_one_s_own_head_goes_before_the_repository_s(tmp_path):
    assert locate_head(tmp_path) == photo.BUILT_IN_HEAD and photo.BUILT_IN_HEAD.exists()
    save_head(tmp_path / photo.HEAD_NAME, make_head())
    assert locate_head(tmp_path) == tmp_path / photo.HEAD_NAME


def test_the_repository_s_head_is_small_and_says_what_it_learnt_from():
    assert photo.BUILT_IN_HEAD.stat().st_size < 1_000_000
    card = load_head(photo.BUILT_IN_HEAD).card
    assert card["split"] == "sender" and card["validation"]["macro_top1"] > 0.75
    assert set(card["pictures"]) == set(CLASSES)


def test_a_missing_package_or_head_is_said_once_and_no_error(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(photo, "BUILT_IN_HEAD", tmp_path / "none.npz")
    assert load_photo_reader(tmp_path) is None
    assert len(caplog.records) == 1 and "small CNN answers alone" in caplog.text
    caplog.clear()
    save_head(tmp_path / photo.HEAD_NAME, make_head())
    monkeypatch.setattr(backbone, "locate_weights", lambda: None)
    backbone.read_imagenet_weights.cache_clear()
    assert load_photo_reader(tmp_path) is None
    assert len(caplog.records) == 1 and "not installed" in caplog.text
    backbone.read_imagenet_weights.cache_clear()


def test_softened_shares_are_probabilities_however_large_the_logits():
    shares = soften(np.float32([[1000, -1000, 0], [0, 0, 0]]), 0.5)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (shares > 0).all() and np.isfinite(np.log(shares)).all()


@needs_backbone
def test_an_answer_is_a_distribution_over_the_ten_and_always_the_same(reader, prepared):
    first, second = reader.classify(prepared), reader.classify(prepared)
    assert first.probabilities.shape == (len(LABELS),)
    assert first.probabilities.sum() == pytest.approx(1)
    np.testing.assert_allclose(first.probabilities, second.probabilities, atol=1e-5)
    assert np.isfinite(first.score)


@needs_backbone
def test_the_mirror_image_has_the_same_answer(reader):
    picture = np.full((224, 224, 3), 230, np.uint8)
    picture[40:180, 60:130] = (30, 60, 120)
    views = [photo.View(picture, (0, 0, 224, 224))]
    mirrored = [photo.View(picture[:, ::-1], (0, 0, 224, 224))]
    np.testing.assert_allclose(reader.compute_logits(views), reader.compute_logits(mirrored), atol=1e-3)


@needs_backbone
@pytest.mark.parametrize("method", METHODS)
def test_every_method_explains_the_photo_reader(method, reader, prepared):
    features, view = reader.view_features(prepared)
    left, top, right, bottom = view.box
    assert left < 60 and top < 30 and right > 140 and bottom > 120
    for label in (0, 7):
        heatmap = explain_image(reader.upper_network, features, label, method=method, layer=FEATURE_MAP)
        assert heatmap.shape == (7, 7) and heatmap.dtype == np.float32
        assert np.isfinite(heatmap).all() and heatmap.min() >= 0
        assert heatmap.max() in (0, pytest.approx(1))


@needs_backbone
def test_the_upper_network_goes_on_where_the_picture_was_left(reader, prepared):
    features, view = reader.view_features(prepared)
    whole = reader.network(view.pixels[None].astype(np.float32), training=False)
    np.testing.assert_allclose(reader.upper_network(features[None], training=False), whole, atol=1e-3)
