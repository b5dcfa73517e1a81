"""From the cut-out to 28×28 and back: the square round the garment, shrunk, and where it lies in the whole picture."""

import cv2
import numpy as np
from PIL import Image

from data.decoding import PictureError

SIDE_PX = 28
SMALLEST_CROP_PX = 8

Box = tuple[float, float, float, float]


def limit_crop(crop: Box | None, width_px: int, height_px: int) -> tuple[int, int, int, int]:
    """Whole pixels of a crop that lie in the picture, as left, top, right, bottom; without a crop, the whole picture.

    Parameters
    ----------
    crop : tuple of float
        Left, top, right, bottom as shares of the picture, 0..1.

    Raises
    ------
    PictureError
        When less than `SMALLEST_CROP_PX` pixels are left in either direction.
    """
    if crop is None:
        return 0, 0, width_px, height_px
    left, right = sorted((crop[0] * width_px, crop[2] * width_px))
    top, bottom = sorted((crop[1] * height_px, crop[3] * height_px))
    left, top = max(0, int(left)), max(0, int(top))
    right, bottom = min(width_px, int(np.ceil(right))), min(height_px, int(np.ceil(bottom)))
    if min(right - left, bottom - top) < SMALLEST_CROP_PX:
        raise PictureError("The part cut out by hand is too small; draw a larger box.")
    return left, top, right, bottom


def find_square(mask: np.ndarray) -> Box:
    """Smallest square round an (H, W) bool mask: left, top, right, bottom; may reach beyond the picture."""
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    side_px = max(bottom - top, right - left)
    left, top = (left + right - side_px) / 2, (top + bottom - side_px) / 2
    return float(left), float(top), float(left + side_px), float(top + side_px)


def shrink_square(tones: np.ndarray, square: Box) -> np.ndarray:
    """Average a square of the tones down to 28×28, black beyond the picture.

    Parameters
    ----------
    tones : (H, W) float32, 0..1
    square : tuple of float
        Left, top, right, bottom in pixels of `tones`.

    Returns
    -------
    (28, 28) float32, 0..1
    """
    left, top, right, bottom = square
    beyond = (-top, bottom - tones.shape[0], -left, right - tones.shape[1])
    pads_px = [max(0, int(np.ceil(pad))) for pad in beyond]
    padded = cv2.copyMakeBorder(tones, *pads_px, cv2.BORDER_CONSTANT, value=0)
    box = (left + pads_px[2], top + pads_px[0], right + pads_px[2], bottom + pads_px[0])
    # Pillow's box filter takes fractions of pixels at the edges, which OpenCV's does not.
    shrunk = Image.fromarray(padded).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX, box=box)
    return np.clip(np.asarray(shrunk, dtype=np.float32), 0, 1)


def place_square(square: Box, area: tuple[int, int, int, int], shape: tuple[int, int]) -> Box:
    """Move a square from a scene of this shape to the area of the picture that the scene shows; it stays a square."""
    left, top, right, bottom = area
    scale_x, scale_y = (right - left) / shape[1], (bottom - top) / shape[0]
    centre_x = left + (square[0] + square[2]) / 2 * scale_x
    centre_y = top + (square[1] + square[3]) / 2 * scale_y
    half_px = (square[2] - square[0]) / 2 * max(scale_x, scale_y)
    return centre_x - half_px, centre_y - half_px, centre_x + half_px, centre_y + half_px


def place_mask(mask: np.ndarray, area: tuple[int, int, int, int], shape: tuple[int, int]) -> np.ndarray:
    """Lay a scene's mask into the area of the picture that the scene shows: (H, W) bool."""
    left, top, right, bottom = area
    size = (right - left, bottom - top)
    placed = np.zeros(shape, bool)
    placed[top:bottom, left:right] = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) > 0.5
    return placed
