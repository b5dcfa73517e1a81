"""What the photo reader sees of a picture: square views of it in colour, large enough to tell a collar from a hood."""

from dataclasses import dataclass

import cv2
import numpy as np

from data.fitting import Box, find_square
from data.preparation import Prepared

SIDE_PX = 224
# How much wider than the garment's own square its views are, so that its outline is seen.
GARMENT_MARGIN = 1.1
CUTOUT_MARGIN = 1.15
WHITE = (255.0, 255.0, 255.0)
# The cut-out's edge is softened by this share of the picture's longest side: a jagged one looks like a pattern.
SOFTENING_SHARE = 1 / 300


@dataclass(frozen=True)
class View:
    """One square view of a picture.

    Attributes
    ----------
    pixels : (224, 224, 3) uint8 RGB
    box : tuple of float
        Left, top, right, bottom in pixels of the picture; may reach beyond it, where a plain colour is seen.
    """

    pixels: np.ndarray
    box: Box


def take_views(prepared: Prepared) -> list[View]:
    """Take the views that are judged together; the first one is what is shown and explained.

    Returns
    -------
    list of View
        The garment with a little of what lies round it; the whole picture; the garment cut out, on white.
    """
    return [
        take_garment_view(prepared),
        take_view(prepared.picture, frame_area(prepared), find_border_colour(prepared.picture)),
        take_cutout_view(prepared),
    ]


def take_garment_view(prepared: Prepared) -> View:
    """Take the garment with a little of what lies round it."""
    box = widen_box(find_square(prepared.mask), GARMENT_MARGIN)
    return take_view(prepared.picture, box, find_border_colour(prepared.picture))


def take_cutout_view(prepared: Prepared) -> View:
    """Take the garment cut out and laid on white, as shops show it."""
    box = widen_box(find_square(prepared.mask), CUTOUT_MARGIN)
    return take_view(whiten_background(prepared.picture, prepared.mask), box, WHITE)


def take_view(picture: np.ndarray, box: Box, beyond: tuple[float, float, float]) -> View:
    """Cut a square out of a picture and bring it to 224×224.

    Parameters
    ----------
    picture : (H, W, 3) uint8 RGB
    box : tuple of float
        Rounded to whole pixels.
    beyond : tuple of float
        The colour beyond the picture, 0..255.
    """
    left, top = round(box[0]), round(box[1])
    side_px = max(1, round(box[2] - box[0]), round(box[3] - box[1]))
    height_px, width_px = picture.shape[:2]
    pads_px = [max(0, -top), max(0, top + side_px - height_px), max(0, -left), max(0, left + side_px - width_px)]
    if any(pads_px):
        picture = cv2.copyMakeBorder(picture, *pads_px, cv2.BORDER_CONSTANT, value=beyond)
    row, column = top + pads_px[0], left + pads_px[2]
    square = picture[row : row + side_px, column : column + side_px]
    how = cv2.INTER_AREA if side_px > SIDE_PX else cv2.INTER_CUBIC
    pixels = cv2.resize(square, (SIDE_PX, SIDE_PX), interpolation=how)
    return View(pixels, (float(left), float(top), float(left + side_px), float(top + side_px)))


def frame_area(prepared: Prepared) -> Box:
    """Give the smallest square round all that was looked at, which is the whole picture unless a visitor cropped it."""
    height_px, width_px = prepared.picture.shape[:2]
    left, top, right, bottom = prepared.area or (0, 0, width_px, height_px)
    side_px = max(right - left, bottom - top)
    left, top = (left + right - side_px) / 2, (top + bottom - side_px) / 2
    return left, top, left + side_px, top + side_px


def widen_box(box: Box, factor: float) -> Box:
    """Make a square larger by a factor, round the same centre."""
    left, top, right, bottom = box
    x, y, half_px = (left + right) / 2, (top + bottom) / 2, (right - left) / 2 * factor
    return x - half_px, y - half_px, x + half_px, y + half_px


def find_border_colour(picture: np.ndarray) -> tuple[float, float, float]:
    """Give the median colour of a picture's outermost pixels, 0..255."""
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    return tuple(float(value) for value in np.median(border, axis=0))


def whiten_background(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Lay the garment on white: (H, W, 3) uint8 and (H, W) bool -> (H, W, 3) uint8."""
    spread_px = max(1.0, SOFTENING_SHARE * max(picture.shape[:2]))
    opacity = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), spread_px)[..., None]
    return (picture * opacity + 255 * (1 - opacity)).astype(np.uint8)
