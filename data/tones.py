"""Tones as Fashion-MNIST has them: garment light on black, spread like the data set's."""

import cv2
import numpy as np

from data.fitting import find_square
from data.kinds import STROKE_SHARE, find_ink
from data.scene import Scene

# The median tone inside the garments of Fashion-MNIST, and a spread somewhat under theirs (0.18): light and folds in a
# photo are no pattern, and stretching them as far as the data set's cost three points of top-1 on photos.
MEDIAN_TONE, TONE_SPREAD = 0.69, 0.15
LEAST_GAIN, MOST_GAIN = 0.6, 1.5
# The darkest garment still shows against the black.
DARKEST_TONE = 0.08
# A drawing is a light garment with darker lines, as seams are in the data set: bright lines cost icons seven points.
FILL_TONE, STROKE_TONE = 0.8, 0.3
# Thinner strokes are thickened to this share of the drawing's longest side: a pixel of 28.
LEAST_STROKE_SHARE = 1 / 26
DARK_BACKGROUND_LIGHTNESS = 25.0


def map_tones(scene: Scene, mask: np.ndarray, kind: str, invert: bool) -> np.ndarray:
    """Tones of what the mask shows, black elsewhere.

    Parameters
    ----------
    scene : Scene
    mask : (H, W) bool
    kind : str
        A drawing's strokes and inside get two fixed tones; everything else is negated and stretched.
    invert : bool
        Swap light and dark.

    Returns
    -------
    (H, W) float32, 0..1
    """
    if kind == "drawing":
        fill, stroke = (STROKE_TONE, FILL_TONE) if invert else (FILL_TONE, STROKE_TONE)
        return np.where(mask, np.where(_find_strokes(scene, mask), stroke, fill), 0).astype(np.float32)
    return np.where(mask, stretch_tones(negate_tones(scene, invert), mask), 0).astype(np.float32)


def _find_strokes(scene: Scene, mask: np.ndarray) -> np.ndarray:
    """Ink in lines, not what the visitor filled in solid: (H, W) bool."""
    ink = find_ink(scene).astype(np.uint8)
    left, top, right, bottom = find_square(mask)
    # Strokes are thicker where they meet, so the brush is half as wide again as a stroke may be.
    brush_px = 2 * round(0.75 * STROKE_SHARE * max(right - left, bottom - top)) + 1
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (brush_px, brush_px))
    solid = cv2.morphologyEx(ink, cv2.MORPH_OPEN, brush)
    return _thicken_strokes((ink > solid).astype(np.uint8), LEAST_STROKE_SHARE * max(right - left, bottom - top))


def _thicken_strokes(strokes: np.ndarray, least_px: float) -> np.ndarray:
    """Widen (H, W) uint8 strokes that would vanish when shrunk: (H, W) bool."""
    if not strokes.any():
        return strokes.astype(bool)
    depth_px = cv2.distanceTransform(np.pad(strokes, 1), cv2.DIST_L2, 5)
    missing_px = round(least_px - 4 * (float(depth_px[depth_px > 0].mean()) - 0.5))
    if missing_px > 0:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (missing_px + 1, missing_px + 1))
        strokes = cv2.dilate(strokes, disc)
    return strokes.astype(bool)


def negate_tones(scene: Scene, invert: bool) -> np.ndarray:
    """Grey tones, negated as Fashion-MNIST's are, unless the background is dark already: (H, W) float32, 0..1."""
    grey = cv2.cvtColor(scene.rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    has_light_background = scene.background.lightness > DARK_BACKGROUND_LIGHTNESS
    return 1 - grey if has_light_background != invert else grey


def stretch_tones(grey: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Shift and stretch the tones inside the mask to the data set's median and spread: (H, W) float32, 0..1."""
    inside = grey[mask]
    gain = np.clip(TONE_SPREAD / max(float(inside.std()), 1e-3), LEAST_GAIN, MOST_GAIN)
    return np.clip((grey - np.median(inside)) * gain + MEDIAN_TONE, DARKEST_TONE, 1).astype(np.float32)
