"""Fashion-MNIST's garments as people draw them: an outline with a wobble, and the few lines that tell what it is.

A garment is first reduced to lines: edges found in it, and the seams, buttons, laces and straps that its kind has. Then
it is turned and bent with them, and last painted as `data.preparation` paints a drawing: light inside, dark strokes.
"""

import cv2
import numpy as np

from data.fashion_mnist import SANDAL
from data.tones import FILL_TONE, STROKE_TONE
from model.augmentation_canvas import CANVAS_PX
from model.augmentation_details import DETAILS, LINE_PX, Pen

# Widths of a pen on the canvas: the preparation makes the thinnest one pixel of 28 wide; icons have the thickest.
PENS_PX = (2, 2, 2, 3, 3, 3, 3, 4, 5, 6, 7)
EDGES_SHARE, SANDAL_EDGES_SHARE, DETAILS_SHARE = 0.35, 0.85, 0.8
GAP_SHARE, SOLID_SHARE = 0.12, 0.05
THIN_PX = 3


def sketch_lines(tones, mask, label, generator):
    """Reduce a garment to the lines that someone might draw inside it: 1 on a line, 0 elsewhere."""
    lines = np.zeros((CANVAS_PX, CANVAS_PX), np.float32)
    if generator.random() < (SANDAL_EDGES_SHARE if label == SANDAL else EDGES_SHARE):  # straps are all it has
        lines = _find_edges(tones, mask, generator)
    if generator.random() < DETAILS_SHARE:
        pen = Pen(lines, mask, generator)
        for draw, share in DETAILS[label]:
            if generator.random() < share:
                draw(pen)
    return lines * mask, mask


def paint_drawing(lines, mask, label, generator):
    """Paint lines and outline as the preparation does: a flat fill with darker strokes."""
    pen_px = int(generator.choice(PENS_PX))
    strokes = _thicken((lines > 0.3).astype(np.uint8), pen_px - LINE_PX)
    outlines, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    coarse_px = generator.uniform(0, 2.5)
    simple = [cv2.approxPolyDP(outline, coarse_px, True) for outline in outlines if len(outline) > 10]
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, simple, -1, 1, -1)
    cv2.drawContours(strokes, simple, -1, 1, pen_px)
    if pen_px <= THIN_PX:  # a thin pen was thickened towards the inside only
        strokes &= filled
    if generator.random() < GAP_SHARE:  # an outline that could not be closed
        filled = _leave_out(filled, generator)
    drawn = filled * np.float32(FILL_TONE + generator.normal(0, 0.03))
    if generator.random() >= SOLID_SHARE:
        drawn[strokes > 0] = STROKE_TONE + generator.normal(0, 0.05)
    return drawn, filled | strokes


def _leave_out(filled, generator):
    """Unfill one side of a line through the drawing."""
    side, far = generator.integers(4), int(CANVAS_PX * generator.uniform(0.3, 0.9))
    filled = np.ascontiguousarray(np.rot90(filled, side))
    filled[far:] = 0
    return np.ascontiguousarray(np.rot90(filled, -side))


def _thicken(lines, extra_px: int):
    if extra_px <= 0:
        return lines
    return cv2.dilate(lines, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (extra_px + 1, extra_px + 1)))


def _find_edges(tones, mask, generator) -> np.ndarray:
    """Edges inside the garment, short ones left out."""
    lowest, highest, *_ = cv2.minMaxLoc(tones, mask)
    grey = ((tones - lowest) / max(highest - lowest, 0.05) * 255).clip(0, 255).astype(np.uint8)
    strength = generator.uniform(80, 300)
    edges = cv2.Canny(cv2.GaussianBlur(grey, (7, 7), 0), strength / 2, strength)
    edges *= cv2.erode(mask, np.ones((9, 9), np.uint8))
    _, numbers, statistics, _ = cv2.connectedComponentsWithStats(edges, connectivity=8)
    is_long = statistics[:, cv2.CC_STAT_AREA] >= generator.integers(8, 25)
    is_long[0] = False
    return cv2.dilate(is_long[numbers].astype(np.float32), np.ones((LINE_PX, LINE_PX), np.uint8))
