"""The strip above the tabs says what is being learnt."""

from types import SimpleNamespace

from model.learner import READY
from tabs.learning import describe_generation, render_strip


def make_learner(uploads_progress, experts=()):
    classifier = SimpleNamespace(experts=dict.fromkeys(experts))
    return SimpleNamespace(state=READY, uploads_progress=uploads_progress, classifier=classifier, photo_reader=None)


def test_a_ready_page_says_that_it_goes_on_learning_for_uploads():
    strip = render_strip(make_learner(0.42))
    assert "Ready" in strip and "uploads" in strip and "42%" in strip
    assert render_strip(make_learner(0.0)) == ""
    assert render_strip(make_learner(None)) == ""


def test_answers_are_renewed_when_a_specialist_comes_in():
    generations = {describe_generation(make_learner(0.5, kinds)) for kinds in ((), ("drawing",), ("drawing", "photo"))}
    assert len(generations) == 3
