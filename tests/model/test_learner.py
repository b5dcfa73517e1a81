"""The life of the model, as the page sees it."""

import pytest

from model import learner as learner_module
from model.learner import FAILED, NO_MODEL, READY, Learner
from model.recipes import RECIPES

TINY = RECIPES["tiny"]


def live(learner):
    learner.start()
    learner._thread.join(120)


def test_from_no_model_to_ready(small_dataset, tmp_path):
    learner = Learner(TINY, small_dataset, tmp_path)
    assert learner.describe_status() == {"state": NO_MODEL, "recipe": "tiny", "progress": 0, "test_accuracy": None}
    live(learner)
    status = learner.describe_status()
    assert (status["state"], status["progress"]) == (READY, 1)
    assert status["test_accuracy"] == learner.checkpoint.metrics["test"]["accuracy"]
    assert learner.classifier.temperature == learner.checkpoint.metrics["temperature"]
    assert learner.compute_test_probabilities().shape == (500, 10)


def test_a_cached_model_is_known_before_it_is_loaded_and_then_answers(small_dataset, tiny_models):
    learner = Learner(TINY, small_dataset, tiny_models)
    assert learner.state == NO_MODEL and learner.classifier is None
    assert learner.describe_status()["test_accuracy"] > 0
    assert len(learner.history) == TINY.epochs
    live(learner)
    assert learner.state == READY
    assert learner.classifier.classify(small_dataset.test_images[:1])


def test_it_answers_while_it_learns(small_dataset, tmp_path, monkeypatch):
    learner = Learner(TINY, small_dataset, tmp_path)
    answers = []

    def watch(progress):
        Learner._note_progress(learner, progress)
        if learner.classifier and progress.share < 1:
            answers.append((learner.state, learner.classifier.classify(small_dataset.test_images[:1])[0]))

    monkeypatch.setattr(learner, "_note_progress", watch)
    live(learner)
    assert len(answers) > 5
    assert {state for state, _ in answers} == {"learning"}


def test_stopping_keeps_the_snapshot(small_dataset, tmp_path, monkeypatch):
    learner = Learner(TINY, small_dataset, tmp_path)

    def stop_in_second_epoch(progress):
        if progress.share > 0.6:
            learner._stopping.set()

    monkeypatch.setattr(learner, "_note_progress", stop_in_second_epoch)
    live(learner)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.learning.npz"]
    assert learner.state != READY


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_while_learning_is_told_and_not_hidden(small_dataset, tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise RuntimeError("a bug")

    monkeypatch.setattr(learner_module, "learn_recipe", fail)
    learner = Learner(TINY, small_dataset, tmp_path)
    live(learner)
    assert learner.describe_status()["state"] == FAILED
