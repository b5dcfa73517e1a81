"""How the tones of a garment in an upload differ from the data set's: drawn, flat, printed, lit, negated, blurred.

Each function takes and gives `tones`, (84, 84) float32 0..1, and `mask`, (84, 84) uint8 0 or 1.
"""

import cv2
import numpy as np

from data.tones import DARKEST_TONE, LEAST_GAIN, MEDIAN_TONE, MOST_GAIN, TONE_SPREAD
from model.augmentation_canvas import CANVAS_PX, COLUMNS, ROWS, fill_holes, make_noise

# Shares of the images that become a line drawing and an icon; the others keep tones of their own.
DRAWING_SHARE, FLAT_SHARE = 0.05, 0.15
NEGATED_SHARE, PRINT_SHARE, STRETCHED_SHARE = 0.4, 0.25, 0.7
# Stroke widths on the canvas: thin ones most often.
STROKES_PX = (1, 1, 2, 2, 3, 4, 5, 6, 7, 8)
# So many drawings have dark strokes on a light garment, as seams are in the data set; so many show inner edges too.
DARK_STROKE_SHARE, DETAILED_SHARE = 0.65, 0.75


def redraw_tones(tones, mask, label, generator):
    """Make it a line drawing or an icon, or give it other tones."""
    choice = generator.random()
    if choice < DRAWING_SHARE:
        return draw_outline(tones, mask, generator)
    if generator.random() < NEGATED_SHARE:
        inside = tones[mask > 0]
        tones = (inside.max() + inside.min() - tones) * mask
    tones = tones.clip(0, 1) ** np.float32(np.exp(generator.normal(0, 0.35))) * mask
    if choice < DRAWING_SHARE + FLAT_SHARE:
        tones = _flatten(tones, mask, generator)
    elif generator.random() < PRINT_SHARE:
        tones = (tones + PRINTS[generator.integers(len(PRINTS))](generator)).clip(0, 1) * mask
    if generator.random() < STRETCHED_SHARE:
        tones = _stretch(tones, mask, TONE_SPREAD * generator.uniform(0.67, 1.33))
    return tones, mask


def draw_outline(tones, mask, generator):
    """As the preparation paints drawings: a flat fill, and strokes along the contour and strong inner edges."""
    filled = fill_holes(mask) if generator.random() < 0.6 else mask
    fill, stroke = _choose_drawing_tones(generator)
    stroke_px = int(generator.choice(STROKES_PX))
    drawn = filled * np.float32(fill)
    contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    simple = [cv2.approxPolyDP(c, generator.uniform(0, 2.5), True) for c in contours if len(c) > 12]
    cv2.drawContours(drawn, simple, -1, stroke, stroke_px)
    if generator.random() < DETAILED_SHARE:
        drawn[_find_inner_edges(tones, mask, stroke_px, generator) > 0] = stroke
    if generator.random() < 0.1:  # filled in solid
        drawn = filled * np.float32(generator.uniform(0.5, 1))
    return drawn, filled


def _choose_drawing_tones(generator) -> tuple[float, float]:
    if generator.random() < DARK_STROKE_SHARE:
        return generator.uniform(0.65, 0.9), generator.uniform(0.15, 0.5)
    return generator.uniform(0.45, 0.65), 1.0


def _find_inner_edges(tones, mask, stroke_px, generator) -> np.ndarray:
    lowest, highest, *_ = cv2.minMaxLoc(tones, mask)
    grey = ((tones - lowest) / max(highest - lowest, 0.05) * 255).clip(0, 255).astype(np.uint8)
    strength = generator.uniform(30, 200)
    edges = cv2.Canny(cv2.GaussianBlur(grey, (5, 5), 0), strength / 2, strength)
    edges *= cv2.erode(mask, np.ones((7, 7), np.uint8))
    return cv2.dilate(edges, np.ones((stroke_px, stroke_px), np.uint8))


def _flatten(tones, mask, generator) -> np.ndarray:
    """Keep one to three flat tones, as icons have."""
    levels = generator.integers(1, 4)
    cuts = np.quantile(tones[mask > 0], np.sort(generator.uniform(0.1, 0.9, levels - 1)))
    smooth = cv2.medianBlur((tones * 255).astype(np.uint8), 5) / np.float32(255)
    return generator.uniform(0.3, 1, levels).astype(np.float32)[np.digitize(smooth, cuts)] * mask


def _stretch(tones, mask, spread: float) -> np.ndarray:
    """Do as `data.tones.stretch_tones` does to uploads."""
    inside = tones[mask > 0]
    gain = np.clip(spread / max(float(inside.std()), 1e-3), LEAST_GAIN, MOST_GAIN)
    return ((tones - np.median(inside)) * gain + MEDIAN_TONE).clip(DARKEST_TONE, 1).astype(np.float32) * mask


def draw_opening(tones, mask, label, generator):
    """Coats and shirts open in front: a line from neck to hem, buttons, a collar."""
    left, top, width, height = cv2.boundingRect(mask)
    x = int(np.clip(left + width / 2 + generator.normal(0, 2), left, left + width - 1))
    column = np.flatnonzero(mask[:, x])
    neck, hem = int(column[0]) if len(column) else top, int(column[-1]) if len(column) else top + height
    drawn, tone, line_px = tones.copy(), generator.uniform(0, 1), int(generator.choice([1, 1, 2, 3]))
    if generator.random() < 0.75:
        cv2.line(drawn, (x, neck), (x + int(generator.normal(0, 2)), hem), tone, line_px)
    if generator.random() < 0.4:
        for y in np.linspace(neck + 4, hem - 4, generator.integers(3, 7)):
            cv2.circle(drawn, (x + int(generator.integers(3)), int(y)), int(generator.integers(1, 3)), tone, -1)
    if generator.random() < 0.4:
        collar_px = int(generator.uniform(5, 12))
        for side in (-1, 1):
            cv2.line(drawn, (x, neck + collar_px), (x + side * collar_px, neck - 2), tone, line_px)
    return drawn * mask, mask


def _print_stripes(generator) -> np.ndarray:
    radians, frequency = generator.uniform(0, np.pi), np.float32(generator.uniform(0.2, 0.9))
    across = COLUMNS * np.float32(np.cos(radians)) + ROWS * np.float32(np.sin(radians))
    return np.sin(across * frequency + np.float32(generator.uniform(0, 6))) * np.float32(generator.uniform(0.08, 0.35))


def _print_texture(generator) -> np.ndarray:
    return make_noise(generator, generator.integers(8, 40), generator.uniform(0.05, 0.25))


def _print_picture(generator) -> np.ndarray:
    """One patch on the chest, whole or speckled."""
    patch = np.zeros((CANVAS_PX, CANVAS_PX), np.float32)
    centre = int(generator.normal(CANVAS_PX / 2, 6)), int(generator.normal(CANVAS_PX * 0.42, 8))
    axes = int(generator.uniform(4, 18)), int(generator.uniform(4, 18))
    tone = float(generator.choice([-1, 1]) * generator.uniform(0.15, 0.6))
    cv2.ellipse(patch, centre, axes, generator.uniform(0, 180), 0, 360, tone, -1)
    return patch * (generator.random(patch.shape) < 0.6) if generator.random() < 0.5 else patch


def _cast_light(generator) -> np.ndarray:
    """Light from one side, and deep folds."""
    return make_noise(generator, generator.integers(2, 5), generator.uniform(0.08, 0.25))


PRINTS = (_print_stripes, _print_texture, _print_picture, _cast_light)


def blur_tones(tones, mask, label, generator):
    """A picture out of focus, or smaller than 28 pixels."""
    return cv2.GaussianBlur(tones, (0, 0), generator.uniform(0.5, 2)), mask


def cast_shadow(tones, mask, label, generator):
    """A shadow beside the garment that the cut-out took along."""
    shadow = np.roll(mask, generator.integers(-8, 9, 2), (0, 1)).astype(np.float32)
    return np.maximum(tones, cv2.GaussianBlur(shadow, (0, 0), 2) * np.float32(generator.uniform(0.1, 0.4))), mask
