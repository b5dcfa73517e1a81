"""Who answers: by the kind of picture, by choice, and without the photo reader."""

import numpy as np
import pytest

from data.fashion_mnist import LABELS
from model.classifier import Prediction
from model.readers import ReaderMissingError, choose_reader, mix_opinions, read_picture


def predict(label, share=0.91):
    probabilities = np.full(len(LABELS), (1 - share) / (len(LABELS) - 1))
    probabilities[LABELS.index(label)] = share
    return Prediction(probabilities, 1.0, True)


class FixedCNN:
    def classify(self, images, kind):
        return [predict("Bag")] * len(images)


class FixedPhotoReader:
    def classify(self, prepared):
        return predict("Coat")


@pytest.fixture
def photo():
    generator = np.random.default_rng(0)
    picture = generator.integers(60, 200, (120, 160, 3), np.uint8)
    picture[30:90, 50:110] = (200, 30, 30)
    return picture


@pytest.fixture
def outline():
    drawing = np.full((200, 200), 255, np.uint8)
    drawing[40:160, [40, 41, 158, 159]] = 0
    drawing[[40, 41, 158, 159], 40:160] = 0
    return drawing


def test_a_photo_is_answered_by_both_and_both_opinions_are_kept(photo):
    reading = read_picture(FixedCNN(), photo, FixedPhotoReader())
    assert (reading.prepared.kind, reading.reader) == ("photo", "mix")
    assert reading.prediction.label == "Coat"
    assert {name: one.label for name, one in reading.opinions.items()} == {"cnn": "Bag", "photo": "Coat"}
    assert "photo reader" in reading.reason


def test_drawings_and_ready_images_are_answered_by_the_cnn(outline, dataset):
    for upload in (outline, np.round(dataset.test_images[0, ..., 0] * 255).astype(np.uint8)):
        reading = read_picture(FixedCNN(), upload, FixedPhotoReader())
        assert reading.reader == "cnn" and list(reading.opinions) == ["cnn"]


def test_the_visitor_s_choice_stands(photo, outline):
    assert read_picture(FixedCNN(), photo, FixedPhotoReader(), "cnn").prediction.label == "Bag"
    for upload in (photo, outline):
        reading = read_picture(FixedCNN(), upload, FixedPhotoReader(), "photo")
        assert (reading.reader, reading.prediction.label) == ("photo", "Coat")


def test_without_the_photo_reader_the_cnn_answers_and_says_so(photo):
    reading = read_picture(FixedCNN(), photo)
    assert reading.reader == "cnn" and "no photo reader" in reading.reason
    with pytest.raises(ReaderMissingError):
        read_picture(FixedCNN(), photo, reader="photo")


def test_a_mix_is_a_distribution_in_which_the_sure_photo_reader_prevails():
    mixed = mix_opinions("photo", predict("Bag", 0.999), predict("Coat", 0.9))
    assert mixed.probabilities.sum() == pytest.approx(1)
    assert mixed.label == "Coat"
    assert mix_opinions("photo", predict("Bag", 0.999), predict("Coat", 0.2)).label == "Bag"


def test_on_a_plain_background_both_count_alike():
    assert mix_opinions("plain", predict("Bag", 0.99), predict("Coat", 0.5)).label == "Bag"
    assert mix_opinions("plain", predict("Bag", 0.5), predict("Coat", 0.99)).label == "Coat"
    assert mix_opinions("photo", predict("Bag", 0.99), predict("Coat", 0.5)).label == "Coat"


@pytest.mark.parametrize("kind", ["photo", "plain", "drawing", "fashion_mnist"])
@pytest.mark.parametrize("reader", ["auto", "cnn", "photo"])
def test_every_choice_has_a_reason(kind, reader):
    for has_photo_reader in (True, False):
        _, reason = choose_reader(kind, reader, has_photo_reader)
        assert reason.endswith(".") and reason[0].isupper()
        assert "photo reader" in reason or "CNN" in reason
