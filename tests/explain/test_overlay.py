"""The heatmap lies where its pixels came from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.overlay import (
    colour_heatmap,
    draw_box,
    enlarge_picture,
    overlay_heatmap,
    place_heatmap,
    show_cutout,
)


def test_a_hot_quarter_lands_on_that_quarter_of_the_box():
    heatmap = np.zeros((28, 28), np.float32)
    heatmap[:14, 14:] = 1  # top right
    placed = place_heatmap(heatmap, (100, 50, 156, 106), (200, 300))
    assert placed[55:73, 135:154].min() > 0.99
    placed[48:80, 126:158] = 0
    assert placed.max() == 0


def test_a_box_beyond_the_edge_is_cut_off_not_shifted():
    heatmap = np.zeros((28, 28), np.float32)
    heatmap[14] = 1  # pixels 150 to 160 of a box from 10 to 290
    placed = place_heatmap(heatmap, (-60, 10, 220, 290), (300, 160))
    assert placed.max(axis=1).argmax() in range(150, 161)


def test_one_to_one_is_unchanged():
    heatmap = np.random.default_rng(0).random((28, 28)).astype(np.float32)
    np.testing.assert_allclose(place_heatmap(heatmap, (0, 0, 28, 28), (28, 28)), heatmap, atol=1e-3)


def test_without_evidence_the_picture_is_unchanged():
    picture = np.random.default_rng(0).integers(0, 256, (500, 600, 3), np.uint8)
    np.testing.assert_array_equal(overlay_heatmap(picture, np.zeros((28, 28)), (0, 0, 600, 600)), picture)


def test_full_opacity_shows_the_colour_of_the_strongest_evidence():
    picture = np.zeros((500, 500, 3), np.uint8)
    shown = overlay_heatmap(picture, np.ones((28, 28), np.float32), (0, 0, 500, 500), opacity=1)
    np.testing.assert_array_equal(shown[250, 250], colour_heatmap(np.ones((1, 1)))[0, 0])


def test_colours_are_viridis_in_rgb():
    from matplotlib import colormaps

    levels = np.linspace(0, 1, 9)
    expected = colormaps["viridis"](levels)[:, :3] * 255
    np.testing.assert_allclose(colour_heatmap(levels[None])[0], expected, atol=4)


def test_a_small_picture_is_enlarged_by_a_whole_factor():
    picture = np.random.default_rng(0).integers(0, 256, (28, 28, 3), np.uint8)
    shown = enlarge_picture(picture)
    assert shown.shape == (448, 448, 3)
    np.testing.assert_array_equal(shown[::16, ::16], picture)


@given(
    st.tuples(st.floats(-50, 90), st.floats(-50, 90), st.floats(1, 200)),
    st.tuples(st.integers(8, 120), st.integers(8, 120)),
)
def test_any_box_gives_values_from_0_to_1_and_nothing_outside(corner_and_side, shape):
    left, top, side = corner_and_side
    placed = place_heatmap(np.ones((28, 28), np.float32), (left, top, left + side, top + side), shape)
    assert placed.shape == shape
    assert placed.min() >= 0 and placed.max() <= 1
    rows, columns = np.nonzero(placed)
    assert all(rows + 0.5 >= top) and all(rows + 0.5 < top + side)
    assert all(columns + 0.5 >= left) and all(columns + 0.5 < left + side)
    assert placed[placed > 0] == pytest.approx(1)


def test_a_box_is_framed_within_the_picture():
    picture = np.full((240, 240, 3), 90, np.uint8)
    framed = draw_box(picture, (60, -40, 180, 80))
    changed = (framed != picture).any(axis=2)
    assert changed[:, 60].any() and changed[80 - 1].any() and changed[0, 100]
    assert not changed[30, 120] and not changed[120, 120]


def test_what_is_not_the_garment_is_faded():
    picture = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    mask = np.zeros((40, 50), bool)
    mask[10:20, 10:30] = True
    shown = show_cutout(picture, mask)
    np.testing.assert_array_equal(shown[mask], picture[mask])
    assert shown[~mask].std() < picture[~mask].std() / 4
