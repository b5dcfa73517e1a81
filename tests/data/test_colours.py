"""Colours of a garment: known ones are named, shares are areas, and any picture gives a well-formed answer."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data.background import to_lab
from data.colours import MOST_COLOURS, PALETTE, SHADES, find_colours, name_colour, read_hex


def fill(colour, size=(60, 60)):
    return np.full((*size, 3), read_hex(colour), np.uint8)


@pytest.mark.parametrize(("name", "shade"), SHADES)
def test_a_flat_colour_of_the_palette_bears_its_name(name, shade):
    colours = find_colours(fill(shade), np.ones((60, 60), bool))
    assert [(one.name, one.share) for one in colours] == [(name, 1.0)]
    found, expected = np.array(read_hex(colours[0].hex)), np.array(read_hex(shade))
    assert abs(found - expected).max() <= 1


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ("#ff0000", "red"),
        ("#0000ff", "blue"),
        ("#00a000", "green"),
        ("#ffff00", "yellow"),
        ("#000000", "black"),
        ("#ffffff", "white"),
        ("#808080", "grey"),
        ("#000040", "navy"),
        ("#ff8000", "orange"),
        ("#ffc0cb", "pink"),
    ],
)
def test_colours_of_a_screen_are_named_as_people_do(colour, name):
    assert name_colour(to_lab(np.uint8([[read_hex(colour)]]))[0, 0]) == name


def test_shares_are_areas_and_the_background_does_not_count():
    picture = fill("#3f8a4c", (100, 100))  # a lawn
    picture[20:80, 20:60] = read_hex("#c0242c")
    picture[20:80, 60:80] = read_hex("#f4f4f2")
    mask = np.zeros((100, 100), bool)
    mask[20:80, 20:80] = True
    shares = {one.name: one.share for one in find_colours(picture, mask)}
    assert shares == {"red": pytest.approx(2 / 3, abs=0.03), "white": pytest.approx(1 / 3, abs=0.03)}


def test_light_and_shade_stay_one_colour():
    shades = np.linspace(0.8, 1.1, 60)[:, None, None]
    picture = np.clip(fill("#2f63b4") * shades, 0, 255).astype(np.uint8)
    assert [one.name for one in find_colours(picture, np.ones((60, 60), bool))] == ["blue"]


def test_no_garment_has_no_colour():
    assert find_colours(fill("#c0242c"), np.zeros((60, 60), bool)) == []


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_picture_gives_a_well_formed_answer(data):
    height, width = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 12))
    picture = data.draw(arrays(np.uint8, (height, width, 3)))
    mask = data.draw(arrays(bool, (height, width)))
    colours = find_colours(picture, mask)
    assert bool(colours) == bool(mask.any())
    assert len(colours) <= MOST_COLOURS
    shares = [one.share for one in colours]
    assert shares == sorted(shares, reverse=True)
    assert all(0 < share <= 1 for share in shares) and sum(shares) <= 1 + 1e-9
    assert len({one.name for one in colours}) == len(colours)
    assert all(one.name in PALETTE and re.fullmatch("#[0-9a-f]{6}", one.hex) for one in colours)
    assert find_colours(picture, mask) == colours
