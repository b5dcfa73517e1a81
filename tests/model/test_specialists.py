"""Specialists learn from a recipe's network, answer for their kinds alone, and are cached like a recipe."""

import json
from dataclasses import replace

import numpy as np
import pytest

from data.preparation import KINDS
from model import learner as learner_module
from model.cache import CacheError, load_checkpoint, locate_checkpoint
from model.learner import READY, Learner, learn_specialist
from model.recipes import RECIPES
from model.rendering import GARMENTS, OUTLIERS, render, render_in_processes
from model.specialists import SPECIALISTS, Specialist, list_specialists

TINY = RECIPES["tiny"]
TINY_SPECIALIST = Specialist(
    name="tiny-drawings",
    recipe="tiny",
    weights={"drawing": 0.7},
    style="drawings",
    images=200,
    outliers=60,
    passes=1,
    plain_share=0.1,
    outlier_share=0.2,
    batch_size=32,
)


@pytest.fixture(scope="module")
def specialist_models(small_dataset, tiny_models, tmp_path_factory):
    """A models folder with a specialist of `tiny`."""
    directory = tmp_path_factory.mktemp("specialists")
    start = load_checkpoint(locate_checkpoint(tiny_models, TINY), TINY)
    assert learn_specialist(TINY_SPECIALIST, start, small_dataset, directory)
    return directory


@pytest.fixture
def specialist_checkpoint(specialist_models):
    return load_checkpoint(locate_checkpoint(specialist_models, TINY_SPECIALIST), TINY_SPECIALIST)


def test_the_table_fits_the_recipes_and_the_kinds():
    for specialist in SPECIALISTS:
        assert specialist.recipe in RECIPES
        assert set(specialist.weights) <= set(KINDS) - {"fashion_mnist"}
        assert specialist.plain_share + specialist.outlier_share < 1
    kinds = [kind for specialist in list_specialists("startup") for kind in specialist.weights]
    assert sorted(kinds) == sorted(set(KINDS) - {"fashion_mnist"})
    assert list_specialists("tiny") == []


def test_the_fingerprint_follows_what_is_learnt_and_not_what_it_is_called():
    fingerprint = TINY_SPECIALIST.compute_fingerprint()
    assert replace(TINY_SPECIALIST, name="x").compute_fingerprint() == fingerprint
    assert replace(TINY_SPECIALIST, passes=2).compute_fingerprint() != fingerprint
    assert replace(TINY_SPECIALIST, recipe="startup").compute_fingerprint() != fingerprint


@pytest.mark.parametrize("subject", [GARMENTS, OUTLIERS])
def test_processes_render_what_this_one_renders(subject, small_dataset):
    images = np.rint(255 * small_dataset.train_images[:20]).astype(np.uint8)
    labels = small_dataset.train_labels[:20]
    [chunk] = render_in_processes(subject, "drawings", images, labels, [7])
    np.testing.assert_array_equal(chunk, render(subject, "drawings", images, labels, [7, 0]))


def test_a_process_that_fails_is_told_and_not_hidden(small_dataset):
    images = np.zeros((1, 28, 28, 1), np.uint8)
    with pytest.raises(RuntimeError, match="no such style"):
        list(render_in_processes(GARMENTS, "no such style", images, np.zeros(1, int), [0]))


def test_its_card_says_what_it_needs_to_answer(specialist_checkpoint):
    metrics = specialist_checkpoint.metrics
    assert set(metrics["kinds"]) == {"drawing"}
    assert 0 < metrics["kinds"]["drawing"]["validation_accuracy"] <= 1
    assert 0 < metrics["auroc"] <= 1
    assert metrics["kinds"]["drawing"]["temperature"] > 0
    assert np.isfinite(metrics["score_threshold"])
    assert specialist_checkpoint.weights[-1].shape == (11,)


def test_it_answers_for_its_kinds_alone(tiny_classifier, specialist_checkpoint, small_dataset):
    images = small_dataset.test_images[:10]
    before = [answer.probabilities for answer in tiny_classifier.classify(images)]
    tiny_classifier.add_specialist(TINY_SPECIALIST, specialist_checkpoint)
    for kind in (None, "fashion_mnist", "photo"):
        after = [answer.probabilities for answer in tiny_classifier.classify(images, kind)]
        np.testing.assert_array_equal(after, before)
    drawn = tiny_classifier.classify(images, "drawing")
    assert (np.array([answer.probabilities for answer in drawn]) != before).any()
    assert all(answer.probabilities.sum() == pytest.approx(1) for answer in drawn)
    assert tiny_classifier.choose_network("photo") is tiny_classifier.network
    assert tiny_classifier.choose_network("drawing").output_shape == (None, 11)


def test_a_cached_one_is_not_learnt_again(specialist_models, small_dataset, tiny_checkpoint, monkeypatch):
    import model.specialist_training

    monkeypatch.setattr(model.specialist_training, "train_specialist", None)
    assert learn_specialist(TINY_SPECIALIST, tiny_checkpoint, small_dataset, specialist_models)


def test_stopping_leaves_nothing(tiny_checkpoint, small_dataset, tmp_path):
    stopped = learn_specialist(TINY_SPECIALIST, tiny_checkpoint, small_dataset, tmp_path, should_stop=lambda: True)
    assert stopped is None
    assert list(tmp_path.iterdir()) == []


def test_one_that_lacks_its_threshold_is_refused(tiny_classifier, specialist_checkpoint):
    del specialist_checkpoint.card["metrics"]["score_threshold"]
    with pytest.raises(CacheError):
        tiny_classifier.add_specialist(TINY_SPECIALIST, specialist_checkpoint)


def test_the_learner_is_ready_first_and_then_learns_its_specialists(
    small_dataset, tiny_checkpoint, tiny_models, tmp_path, monkeypatch
):
    (tmp_path / "tiny.npz").write_bytes((tiny_models / "tiny.npz").read_bytes())
    monkeypatch.setattr(learner_module, "list_specialists", lambda name: [TINY_SPECIALIST])
    learner = Learner(TINY, small_dataset, tmp_path)
    assert learner.uploads_progress == 0
    seen = []
    add = Learner._add_specialist

    def watch(self, specialist, note_share):
        seen.append((self.state, dict(self.classifier.experts)))
        return add(self, specialist, note_share)

    monkeypatch.setattr(Learner, "_add_specialist", watch)
    learner.start()
    learner._thread.join(120)
    assert seen == [(READY, {})]
    assert (learner.state, learner.uploads_progress) == (READY, None)
    assert set(learner.classifier.experts) == {"drawing"}
    assert json.loads(json.dumps(learner.describe_status()))["state"] == READY
    assert (tmp_path / "tiny-drawings.npz").exists()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_a_specialist_leaves_the_recipe_answering(small_dataset, tiny_models, monkeypatch):
    def fail(*arguments, **options):
        raise RuntimeError("a bug")

    monkeypatch.setattr(learner_module, "list_specialists", lambda name: [TINY_SPECIALIST])
    monkeypatch.setattr(learner_module, "learn_specialist", fail)
    learner = Learner(TINY, small_dataset, tiny_models)
    learner.start()
    learner._thread.join(120)
    assert (learner.state, learner.uploads_progress) == (READY, None)
    assert learner.classifier.classify(small_dataset.test_images[:1], "drawing")
