"""The lines that people draw inside a garment: seams, buttons, collars, pockets, laces.

`DETAILS` says which label gets which of them, and how often.
"""

import cv2
import numpy as np

from data.fashion_mnist import ANKLE_BOOT, BAG, COAT, DRESS, PULLOVER, SANDAL, SHIRT, SNEAKER, T_SHIRT, TROUSER

# While a garment is bent, its lines are this wide on the canvas.
LINE_PX = 2


class Pen:
    """Draws into the box round a garment: places are shares of its width and height, never quite met."""

    def __init__(self, lines, mask, generator):
        self.lines, self.mask, self.generator = lines, mask, generator
        self.left, self.top, self.width, self.height = cv2.boundingRect(mask)

    def draw_line(self, *places, loose=0.02) -> None:
        points = np.array(places) + self.generator.normal(0, loose, (len(places), 2))
        points = points * (self.width, self.height) + (self.left, self.top)
        cv2.polylines(self.lines, [np.rint(points).astype(np.int32)], False, 1, LINE_PX)

    def draw_arc(self, centre, axes, start=0, end=360) -> None:
        """Degrees run clockwise from the right."""
        at = np.array(centre) + self.generator.normal(0, 0.02, 2)
        spread = np.array(axes) * np.exp(self.generator.normal(0, 0.2, 2))
        angles = np.deg2rad(np.linspace(start, end, 16))
        self.draw_line(*(at + spread * np.stack([np.cos(angles), np.sin(angles)], 1)), loose=0.003)

    def choose(self, low, high) -> float:
        return self.generator.uniform(low, high)


def _draw_neckline(pen):
    pen.draw_arc((0.5, 0.0), (pen.choose(0.08, 0.2), pen.choose(0.04, 0.2)), 0, 180)


def _draw_opening(pen):
    x = 0.5 + pen.generator.normal(0, 0.02)
    pen.draw_line((x, 0), (x, 1), loose=0.01)
    if pen.generator.random() < 0.3:
        pen.draw_line((x + 0.05, 0), (x + 0.05, 1), loose=0.01)


def _draw_placket(pen):
    x, end = 0.5, pen.choose(0.3, 1)
    pen.draw_line((x, 0), (x, end), loose=0.01)


def _draw_buttons(pen):
    x, radius = 0.5 + pen.generator.normal(0, 0.03), 0.008 * pen.generator.integers(1, 4)
    for y in np.linspace(pen.choose(0.1, 0.3), pen.choose(0.7, 0.95), pen.generator.integers(3, 7)):
        pen.draw_arc((x, y), (radius, radius))


def _draw_lapels(pen):
    deep, wide = pen.choose(0.2, 0.5), pen.choose(0.08, 0.2)
    for side in (-1, 1):
        notch = (0.5 + side * (wide + 0.05), deep * 0.6)
        pen.draw_line((0.5, deep), notch, (0.5 + side * wide, 0))


def _draw_collar(pen):
    deep, wide = pen.choose(0.06, 0.16), pen.choose(0.08, 0.16)
    for side in (-1, 1):
        pen.draw_line((0.5, deep * 0.6), (0.5 + side * wide * 0.7, deep), (0.5 + side * wide, 0))


def _draw_sleeve_seams(pen):
    x, end = pen.choose(0.2, 0.32), pen.choose(0.3, 0.95)
    pen.draw_line((x + 0.03, 0.05), (x, end))
    pen.draw_line((1 - x - 0.03, 0.05), (1 - x, end))


def _draw_hem(pen):
    y = pen.choose(0.86, 0.95)
    pen.draw_line((0, y), (1, y))


def _draw_pockets(pen):
    y, x = pen.choose(0.55, 0.75), pen.choose(0.28, 0.38)
    slope = pen.generator.normal(0, 0.06)
    pen.draw_line((x, y), (x + 0.12, y + slope))
    pen.draw_line((1 - x, y), (1 - x - 0.12, y + slope))


def _draw_print(pen):
    centre, half = (0.5, pen.choose(0.35, 0.55)), (pen.choose(0.05, 0.15), pen.choose(0.05, 0.12))
    if pen.generator.random() < 0.5:
        pen.draw_arc(centre, half)
    else:
        _draw_box(pen, centre, half)


def _draw_stripes(pen):
    first, step = pen.choose(0.25, 0.5), pen.choose(0.08, 0.2)
    for number in range(pen.generator.integers(1, 4)):
        pen.draw_line((0, first + number * step), (1, first + number * step))


def _draw_box(pen, centre, half):
    (x, y), (w, h) = centre, half
    pen.draw_line((x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h), (x - w, y - h), loose=0.01)


def _draw_waistband(pen):
    y = pen.choose(0.04, 0.14)
    pen.draw_line((0, y), (1, y), loose=0.01)


def _draw_fly(pen):
    pen.draw_line((0.5, 0.02), (0.5 + pen.generator.normal(0, 0.03), pen.choose(0.15, 0.4)))


def _draw_crotch(pen):
    pen.draw_line((0.5, pen.choose(0.25, 0.45)), (0.5, 1))


def _draw_creases(pen):
    x, start = pen.choose(0.15, 0.35), pen.choose(0.1, 0.5)
    pen.draw_line((x + 0.05, start), (x, 1))
    pen.draw_line((0.95 - x, start), (1 - x, 1))


def _draw_waist(pen):
    y = pen.choose(0.25, 0.5)
    pen.draw_line((0, y), (0.5, y + pen.choose(-0.02, 0.06)), (1, y))
    if pen.generator.random() < 0.4:
        pen.draw_line((0, y + 0.06), (1, y + 0.06))


def _draw_pleats(pen):
    for number in range(1, pen.generator.integers(2, 5)):
        x = number / 5 + pen.choose(0, 0.2)
        pen.draw_line((0.5 + (x - 0.5) * 0.4, pen.choose(0.4, 0.7)), (x, 1))


def _draw_flap(pen):
    y, deep = pen.choose(0.2, 0.5), pen.choose(0, 0.25)
    pen.draw_line((0, y), (0.3, y + deep), (0.7, y + deep), (1, y))


def _draw_clasp(pen):
    _draw_box(pen, (0.5, pen.choose(0.35, 0.65)), (pen.choose(0.02, 0.08), pen.choose(0.02, 0.08)))


def _draw_front_pocket(pen):
    centre, half = (0.5, pen.choose(0.55, 0.8)), (pen.choose(0.15, 0.42), pen.choose(0.1, 0.25))
    if pen.generator.random() < 0.5:
        pen.draw_arc(centre, half)
    else:
        _draw_box(pen, centre, half)


def _draw_sole_line(pen):
    y = pen.choose(0.75, 0.92)
    pen.draw_line((0, y), (0.5, y + pen.generator.normal(0, 0.02)), (1, y), loose=0.015)


def _draw_laces(pen):
    x, y, step = pen.choose(0.25, 0.45), pen.choose(0.4, 0.6), pen.choose(0.04, 0.09)
    length = pen.choose(0.05, 0.14)
    for number in range(pen.generator.integers(2, 6)):
        at = np.array((x + number * step, y - number * step * 1.3))
        pen.draw_line(at, at + (length, length * pen.choose(0, 1.5)))


def _draw_toe_cap(pen):
    pen.draw_arc((0.0, 0.85), (pen.choose(0.12, 0.3), pen.choose(0.3, 0.6)), -90, 0)


def _draw_shaft_line(pen):
    y = pen.choose(0.08, 0.25)
    pen.draw_line((0.2, y), (1, y))


def _draw_stripe_side(pen):
    x = pen.choose(0.45, 0.6)
    for number in range(pen.generator.integers(1, 4)):
        pen.draw_line((x + 0.08 * number, 0.8), (x + 0.08 * number - 0.1, 0.4))


TOP_LINES = ((_draw_sleeve_seams, 0.35), (_draw_hem, 0.15))
DETAILS = {
    T_SHIRT: (*TOP_LINES, (_draw_neckline, 0.45), (_draw_print, 0.2), (_draw_stripes, 0.12)),
    TROUSER: ((_draw_waistband, 0.35), (_draw_fly, 0.35), (_draw_crotch, 0.3), (_draw_creases, 0.15)),
    PULLOVER: (*TOP_LINES, (_draw_neckline, 0.55), (_draw_hem, 0.25), (_draw_stripes, 0.15)),
    DRESS: ((_draw_neckline, 0.35), (_draw_waist, 0.6), (_draw_pleats, 0.5)),
    COAT: (*TOP_LINES, (_draw_opening, 0.8), (_draw_buttons, 0.4), (_draw_lapels, 0.45), (_draw_pockets, 0.3)),
    SANDAL: (),
    SHIRT: (*TOP_LINES, (_draw_placket, 0.75), (_draw_buttons, 0.6), (_draw_collar, 0.75)),
    SNEAKER: (
        (_draw_sole_line, 0.5),
        (_draw_laces, 0.55),
        (_draw_toe_cap, 0.3),
        (_draw_stripe_side, 0.2),
    ),
    BAG: ((_draw_flap, 0.4), (_draw_clasp, 0.35), (_draw_front_pocket, 0.4), (_draw_waist, 0.15)),
    ANKLE_BOOT: ((_draw_sole_line, 0.5), (_draw_laces, 0.4), (_draw_shaft_line, 0.3)),
}
