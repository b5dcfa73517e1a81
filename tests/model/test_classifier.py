"""The classifier answers the same alone or in a crowd, from any thread, and says what it does not know."""

import threading
import time

import numpy as np
import pytest

from data.fashion_mnist import LABELS


def test_an_answer_does_not_depend_on_its_neighbours(tiny_classifier, small_dataset):
    images = small_dataset.test_images[:20]
    together = tiny_classifier.classify(images)
    for image, answer in zip(images, together, strict=True):
        alone = tiny_classifier.classify(image[None])[0]
        np.testing.assert_allclose(alone.probabilities, answer.probabilities, atol=1e-5)


def test_the_top_three_are_the_likeliest_in_order(tiny_classifier, small_dataset):
    prediction = tiny_classifier.classify(small_dataset.test_images[:1])[0]
    order = np.argsort(-prediction.probabilities)[:3]
    assert [label for label, _ in prediction.top3] == [LABELS[n] for n in order]
    assert [p for _, p in prediction.top3] == pytest.approx(prediction.probabilities[order].tolist())
    assert prediction.label == prediction.top3[0][0]


def test_nearly_all_garments_are_recognised_and_a_hopeless_threshold_recognises_none(tiny_classifier, small_dataset):
    recognised = [answer.recognised for answer in tiny_classifier.classify(small_dataset.test_images)]
    assert np.mean(recognised) > 0.9
    tiny_classifier.energy_threshold = np.inf
    assert not any(answer.recognised for answer in tiny_classifier.classify(small_dataset.test_images[:5]))


def test_threads_are_answered_from_old_or_new_weights_never_a_mixture(tiny_classifier, small_dataset):
    image = small_dataset.test_images[:1]
    old = tiny_classifier.network.get_weights()
    new = [weights / 2 for weights in old]
    allowed = []
    for weights in (old, new):
        tiny_classifier.update(weights)
        allowed.append(tiny_classifier.classify(image)[0].probabilities)
    answers, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            answers.append(tiny_classifier.classify(image)[0].probabilities)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    turn, end = 0, time.monotonic() + 60
    while len(answers) < 60 and time.monotonic() < end:
        tiny_classifier.update((old, new)[turn % 2])
        turn += 1
        time.sleep(0)  # lets the askers have the lock, too
    stop.set()
    for thread in threads:
        thread.join()
    assert len(answers) >= 60 and turn > 2
    assert all(any(np.allclose(answer, one, atol=1e-5) for one in allowed) for answer in answers)
