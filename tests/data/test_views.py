"""The photo reader's views: squares of the right place, in the picture's own colours."""

import numpy as np
import pytest

from data.preparation import prepare
from data.views import SIDE_PX, take_cutout_view, take_view, take_views

GREEN, RED = (20, 120, 40), (200, 20, 30)


@pytest.fixture
def picture():
    """A red square, 60 px, on a green lawn of 200×120 px."""
    picture = np.full((120, 200, 3), GREEN, np.uint8)
    picture[30:90, 120:180] = RED
    return picture


def test_views_are_squares_that_hold_the_garment(picture):
    prepared = prepare(picture)
    garment, whole, cutout = take_views(prepared)
    for view in (garment, whole, cutout):
        assert view.pixels.shape == (SIDE_PX, SIDE_PX, 3) and view.pixels.dtype == np.uint8
        left, top, right, bottom = view.box
        assert right - left == bottom - top
    assert whole.box == (0, -40, 200, 160)
    np.testing.assert_allclose(garment.box, (117, 27, 183, 93), atol=4)
    assert abs(garment.pixels[112, 112].astype(int) - RED).max() < 5
    assert abs(whole.pixels[3, 112].astype(int) - GREEN).max() < 5  # beyond the picture: its border's colour


def test_the_cutout_lies_on_white(picture):
    view = take_cutout_view(prepare(picture))
    assert (view.pixels[2, 2] > 250).all()
    assert abs(view.pixels[112, 112].astype(int) - RED).max() < 5


def test_a_crop_limits_the_whole_view(picture):
    whole = take_views(prepare(picture, crop=(0.5, 0, 1, 1)))[1]
    assert whole.box == (90, 0, 210, 120)


def test_a_view_of_the_same_size_is_the_picture_itself():
    picture = np.random.default_rng(0).integers(0, 256, (SIDE_PX, SIDE_PX, 3), np.uint8)
    view = take_view(picture, (0, 0, SIDE_PX, SIDE_PX), (0, 0, 0))
    np.testing.assert_array_equal(view.pixels, picture)
