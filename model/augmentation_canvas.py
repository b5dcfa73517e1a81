"""The canvas on which images are augmented: three times the data set's side, averaged down at the end.

Everywhere `tones` are (84, 84) float32 0..1, and `mask` is (84, 84) uint8, 1 on the garment.
"""

import cv2
import numpy as np

from data.fashion_mnist import SIDE_PX

CANVAS_PX = 3 * SIDE_PX
LEAST_GARMENT_PX = 100
# Pixels of the data set darker than this are background, and holes smaller than this share of the garment are not.
DARKEST_GARMENT, HOLE_SHARE = 0.04, 0.03
SPECK_SHARE = 0.1

COLUMNS, ROWS = np.meshgrid(np.arange(CANVAS_PX, dtype=np.float32), np.arange(CANVAS_PX, dtype=np.float32))


def find_garment(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Enlarge a (28, 28) uint8 image to the canvas, and tell the garment from the background."""
    size = (CANVAS_PX, CANVAS_PX)
    tones = cv2.resize(image.astype(np.float32) / 255, size, interpolation=cv2.INTER_CUBIC).clip(0, 1)
    mask = cv2.morphologyEx((tones > DARKEST_GARMENT).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return tones, fill_holes(mask, HOLE_SHARE)


def fill_holes(mask: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Fill the holes that are smaller than a share of the garment."""
    _, numbers, statistics, _ = cv2.connectedComponentsWithStats(1 - mask, connectivity=4)
    left, top, width, height, area = statistics.T
    is_inside = (left > 0) & (top > 0) & (left + width < CANVAS_PX) & (top + height < CANVAS_PX)
    is_hole = is_inside & (area < share * cv2.countNonZero(mask))
    is_hole[0] = False  # number 0 is the garment itself
    return mask | is_hole[numbers].astype(np.uint8) if is_hole.any() else mask


def drop_specks(mask: np.ndarray) -> np.ndarray:
    """Keep the pieces that are not tiny beside the largest."""
    count, numbers, statistics, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count <= 2:
        return mask
    areas_px = statistics[:, cv2.CC_STAT_AREA].copy()
    areas_px[0] = 0
    return (areas_px >= SPECK_SHARE * areas_px.max())[numbers].astype(np.uint8)


def make_noise(generator, cells: int, spread: float) -> np.ndarray:
    """Give smooth noise of so many cells a side: (84, 84) float32."""
    noise = generator.normal(0, spread, (cells, cells)).astype(np.float32)
    return cv2.resize(noise, (CANVAS_PX, CANVAS_PX), interpolation=cv2.INTER_CUBIC)


def find_outline(mask) -> np.ndarray:
    """Give the corners of the garment's outline: (P, 1, 2) int32. Far fewer than its pixels, hence quicker."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return np.concatenate(contours)


def fit_garment(tones, mask):
    """Move what the mask shows to the middle of the canvas, its longest side as long as the canvas."""
    left, top, width, height = cv2.boundingRect(mask)
    scale, middle = CANVAS_PX / max(width, height), CANVAS_PX / 2
    shift = middle - scale * (left + width / 2), middle - scale * (top + height / 2)
    affine, size = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]), (CANVAS_PX, CANVAS_PX)
    return cv2.warpAffine(tones, affine, size), cv2.warpAffine(mask, affine, size, flags=cv2.INTER_NEAREST)


def move_garment(tones, mask, affine):
    """Move by a (2, 3) matrix; the canvas keeps its size."""
    size = mask.shape[::-1]
    return cv2.warpAffine(tones, affine, size), cv2.warpAffine(mask, affine, size, flags=cv2.INTER_NEAREST)


def remap_garment(tones, mask, columns, rows):
    """Take each pixel from the place that (84, 84) float32 columns and rows say."""
    return (
        cv2.remap(tones, columns, rows, cv2.INTER_LINEAR),
        cv2.remap(mask, columns, rows, cv2.INTER_NEAREST),
    )
