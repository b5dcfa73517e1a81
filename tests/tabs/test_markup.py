"""Small pieces of HTML: escaped, and drawn to scale."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from data.preparation import Prepared
from model.learner import FAILED, LEARNING, NO_MODEL, READY
from model.readers import Reading
from tabs.classify import render_reading, take_drawing
from tabs.comparison import render_opinion
from tabs.learning import render_strip
from tabs.markup import (
    NAME_DISTANCE,
    render_bars,
    render_curves,
    render_message,
    render_scatter,
    render_swatches,
    render_table,
)

EVIL = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    "markup",
    [
        render_bars([(EVIL, 0.5, EVIL)], EVIL),
        render_message(EVIL, EVIL),
        render_table([EVIL, "b"], [[EVIL, EVIL]], EVIL),
        render_curves(EVIL, {EVIL: [(1, 1.0)]}, str),
        render_scatter(EVIL, [(EVIL, 1.0, 1.0)], EVIL, str),
    ],
    ids=["bars", "message", "table", "curves", "scatter"],
)
def test_everything_is_escaped(markup):
    assert "<script" not in markup and "&lt;script" in markup


def test_curves_are_drawn_to_scale():
    markup = render_curves("x", {"a": [(1, 0.0), (2, 0.5), (3, 1.0)]}, str)
    points = [tuple(map(float, p.split(","))) for p in re.search('points="([^"]*)"', markup)[1].split()]
    (x1, y1), (x2, y2), (x3, y3) = points
    assert x1 < x2 < x3 and y1 > y2 > y3
    assert x2 - x1 == pytest.approx(x3 - x2) and y1 - y2 == pytest.approx(y2 - y3)


def test_a_scatter_is_drawn_to_scale_and_its_names_do_not_collide():
    points = [("a", 1.0, 0.5), ("b", 10.0, 0.9), ("c", 100.0, 0.9), ("d", 100.0, 0.899)]
    markup = render_scatter("x", points, "time", str)
    dots = dict(zip("bcda", re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', markup), strict=True))
    x, y = ({name: float(place[axis]) for name, place in dots.items()} for axis in (0, 1))
    assert x["b"] - x["a"] == pytest.approx(x["c"] - x["b"], abs=0.2) and x["c"] == x["d"]
    assert y["a"] > y["d"] > y["c"] == y["b"]
    names = [float(height) for height in re.findall(r'y="([\d.]+)">[abcd]</text>', markup)]
    assert np.diff(names).min() >= NAME_DISTANCE - 0.1
    assert render_scatter("x", [], "time", str) == ""


@pytest.mark.parametrize("curves", [{"a": []}, {}])
def test_no_points_draw_nothing(curves):
    assert render_curves("x", curves, str) == ""


def make_learner(**values):
    known = {
        "state": LEARNING,
        "recipe": None,
        "checkpoint": None,
        "uploads_progress": None,
        "progress": 0.0,
        "seconds_left": None,
        "history": [],
    }
    return SimpleNamespace(**(known | values))


def test_the_strip_tells_each_state():
    assert render_strip(make_learner(state=READY)) == ""
    assert "Starting to learn" in render_strip(make_learner(state=NO_MODEL))
    assert "Loading the trained network" in render_strip(make_learner(state=NO_MODEL, checkpoint=object()))
    assert "stopped with an error" in render_strip(make_learner(state=FAILED))
    record = {
        "epoch": 1,
        "train_accuracy": 0.7,
        "validation_accuracy": 0.8,
        "train_loss": 1.0,
        "validation_loss": 0.9,
    }
    strip = render_strip(make_learner(progress=0.5, seconds_left=200, history=[record]))
    assert "50%" in strip and "about 3 min left" in strip and "80.0%" in strip and "<polyline" in strip


def make_reading(**values):
    prepared = Prepared(
        np.zeros((28, 28, 1)), np.zeros((9, 9, 3), np.uint8), (0, 0, 9, 9), np.ones((9, 9), bool), "photo", "", 1
    )
    known = {"top3": [("Bag", 0.5), ("Coat", 0.3), ("Shirt", 0.1)], "label": "Bag", "recognised": True}
    return Reading(prepared, SimpleNamespace(**(known | values)))


def test_an_answer_says_what_it_is_and_what_to_doubt():
    assert "<h2>Bag</h2>" in render_reading(make_reading(), False)
    assert "still learning" not in render_reading(make_reading(), False)
    assert "still learning" in render_reading(make_reading(), True)
    unknown = render_reading(make_reading(recognised=False), False)
    assert "none of the ten" in unknown and "closest" in unknown and "<h2>Bag?</h2>" in unknown


def test_an_answer_shows_the_colours_of_a_photo_and_who_answers():
    reading = replace(make_reading(), reason="The photo reader answers, as you chose.")
    answer = render_reading(reading, False)
    assert "swatches" in answer and "black 100%" in answer
    assert "The photo reader answers" in answer
    assert "swatches" not in render_reading(replace(reading, prepared=replace(reading.prepared, kind="drawing")), False)


def test_each_reader_has_a_column_of_its_own():
    words = render_opinion(make_reading().prediction, "cnn")
    assert "The small CNN saw this (28×28)" in words and "Bag" in words and "50.0%" in words
    assert render_swatches([]) == ""


@pytest.mark.parametrize("drawing", [None, {"composite": None}, {"composite": np.full((9, 9), 255, np.uint8)}])
def test_a_pad_that_nobody_touched_is_no_drawing(drawing):
    assert take_drawing(drawing) is None
