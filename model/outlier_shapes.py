"""Shapes of things that are none of the ten: hats, socks, belts, and shapes of nothing in particular.

Each function draws into `shape`, what belongs to the thing, and `inner`, what shows inside it in another tone: both are
(84, 84) uint8, 0 or 1, and black at first.
"""

import cv2
import numpy as np

from model.augmentation_canvas import CANVAS_PX, COLUMNS, ROWS, make_noise


def draw_hat(shape, inner, generator):
    half, brim_y = generator.uniform(0.18, 0.35), 0.6
    _draw_crown(shape, half, brim_y, generator)
    reach = generator.choice([0.0, 0.06, 0.12, 0.2, 0.3])
    start = 0.5 - half - (reach if generator.random() < 0.7 else 0)  # a cap's brim is on one side
    _draw_brim(shape, start, 0.5 + half + reach, brim_y + generator.uniform(-0.02, 0.05), generator)
    if generator.random() < 0.5:
        band = _place(generator, (0.5 - half, brim_y - 0.06), (0.5 + half, brim_y - 0.06))
        cv2.polylines(inner, [band], False, 1, int(generator.integers(2, 9)))


def _draw_crown(shape, half, brim_y, generator):
    high = generator.uniform(0.15, 0.5)
    if generator.random() < 0.55:  # a dome
        centre, axes = (CANVAS_PX // 2, int(brim_y * CANVAS_PX)), (int(half * CANVAS_PX), int(high * CANVAS_PX))
        cv2.ellipse(shape, centre, axes, 0, 180, 360, 1, -1)
        return
    slim = half * generator.uniform(0.7, 1.15)
    corners = (0.5 - half, brim_y), (0.5 - slim, brim_y - high), (0.5 + slim, brim_y - high), (0.5 + half, brim_y)
    cv2.fillPoly(shape, [_place(generator, *corners)], 1)


def _draw_brim(shape, start, end, y, generator):
    thick = generator.uniform(0.01, 0.12)
    if generator.random() < 0.6:
        centre = int((start + end) / 2 * CANVAS_PX), int(y * CANVAS_PX)
        cv2.ellipse(shape, centre, (int((end - start) / 2 * CANVAS_PX), int(thick * CANVAS_PX) + 1), 0, 0, 360, 1, -1)
    elif generator.random() < 0.8:
        line_px = max(2, int(thick * CANVAS_PX))
        cv2.polylines(shape, [_place(generator, (start, y), (0.5, y + 0.02), (end, y))], False, 1, line_px)


def draw_sock(shape, inner, generator):
    line_px = int(CANVAS_PX * generator.uniform(0.2, 0.34))
    heel = generator.uniform(0.55, 0.7)
    knee, toes = (0.35, 0.2), (generator.uniform(0.6, 0.8), heel + generator.uniform(0.0, 0.15))
    cv2.polylines(shape, [_place(generator, knee, (0.37, heel), toes)], False, 1, line_px)
    shape[: int(0.2 * CANVAS_PX)] = 0
    if generator.random() < 0.5:
        cv2.line(
            inner, (0, int(0.28 * CANVAS_PX)), (CANVAS_PX, int(0.28 * CANVAS_PX)), 1, int(generator.integers(2, 6))
        )


def draw_briefs(shape, inner, generator):
    high, low = generator.uniform(0.25, 0.4), generator.uniform(0.6, 0.8)
    leg, half = generator.uniform(0.05, 0.3), generator.uniform(0.04, 0.15)
    left = [(0.1, high), (0.1, high + leg), (0.5 - half, low)]
    cv2.fillPoly(shape, [_place(generator, *left, *((1 - x, y) for x, y in reversed(left)))], 1)


def draw_belt(shape, inner, generator):
    strap_px = int(CANVAS_PX * generator.uniform(0.04, 0.16))
    if generator.random() < 0.4:
        axes = int(CANVAS_PX * 0.4), int(CANVAS_PX * generator.uniform(0.1, 0.4))
        start = generator.uniform(0, 360)
        sweep = generator.uniform(180, 360)
        cv2.ellipse(shape, (CANVAS_PX // 2, CANVAS_PX // 2), axes, 0, start, start + sweep, 1, strap_px)
    else:
        bend = generator.normal(0, 0.15)
        cv2.polylines(shape, [_place(generator, (0.1, 0.5), (0.5, 0.5 + bend), (0.9, 0.5))], False, 1, strap_px)
    if generator.random() < 0.6:
        x, half = generator.uniform(0.15, 0.85), generator.uniform(0.04, 0.12)
        low, high = _place(generator, (x - half, 0.5 - half), (x + half, 0.5 + half))
        cv2.rectangle(shape, low.tolist(), high.tolist(), 1, -1)
        cv2.rectangle(inner, low.tolist(), high.tolist(), 1, 2)


def draw_blob(shape, inner, generator):
    depth = make_noise(generator, generator.integers(3, 8), 1.0) + generator.uniform(0.5, 1.5)
    narrow = generator.uniform(0.8, 2, 2)
    radius = np.hypot((COLUMNS / CANVAS_PX - 0.5) * narrow[0], (ROWS / CANVAS_PX - 0.5) * narrow[1])
    shape[depth - 4 * radius > 0] = 1


def draw_polygon(shape, inner, generator):
    corners = generator.integers(3, 11)
    angles = np.sort(generator.uniform(0, 2 * np.pi, corners))
    reach = generator.uniform(0.2, 0.48) * np.where(np.arange(corners) % 2, generator.uniform(0.4, 1), 1)
    points = 0.5 + reach[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
    cv2.fillPoly(shape, [_place(generator, *points)], 1)
    _draw_rings(shape, inner, generator)


def draw_ellipse(shape, inner, generator):
    axes = int(CANVAS_PX * generator.uniform(0.12, 0.48)), int(CANVAS_PX * generator.uniform(0.12, 0.48))
    cv2.ellipse(shape, (CANVAS_PX // 2, CANVAS_PX // 2), axes, generator.uniform(0, 180), 0, 360, 1, -1)
    _draw_rings(shape, inner, generator)


def _draw_rings(shape, inner, generator):
    for _ in range(generator.integers(0, 4)):
        centre = generator.integers(CANVAS_PX // 5, CANVAS_PX * 4 // 5, 2)
        filled = -1 if generator.random() < 0.4 else 2
        cv2.circle(inner, centre.tolist(), int(generator.integers(2, CANVAS_PX // 4)), 1, filled)


def draw_creature(shape, inner, generator):
    """A head, a body, limbs, perhaps ears."""
    body = _place(generator, (0.5, 0.55))[0]
    axes = generator.integers(CANVAS_PX // 8, CANVAS_PX // 3, 2)
    cv2.ellipse(shape, body.tolist(), axes.tolist(), 0, 0, 360, 1, -1)
    side = generator.choice([-1, 0, 1])
    head = body + np.array([side * axes[0], -axes[1]])
    radius = int(generator.integers(CANVAS_PX // 12, CANVAS_PX // 5))
    cv2.circle(shape, head.tolist(), radius, 1, -1)
    for ear in (-1, 1):
        tip = head + np.array([ear * radius, -radius * generator.uniform(0.6, 1.8)])
        cv2.fillPoly(
            shape, [np.int32([head + [-radius // 2, -radius // 2], head + [radius // 2, -radius // 2], tip])], 1
        )
        cv2.circle(inner, (head + [ear * radius // 3, 0]).tolist(), max(1, radius // 8), 1, -1)
    limb_px = int(generator.integers(2, 9))
    for _ in range(generator.integers(0, 5)):
        end = body + generator.integers(-CANVAS_PX // 2, CANVAS_PX // 2, 2) * [1, 1]
        cv2.line(shape, body.tolist(), [int(end[0]), int(max(end[1], body[1]))], 1, limb_px)


def draw_letters(shape, inner, generator):
    letters = "".join(chr(generator.integers(33, 91)) for _ in range(generator.integers(1, 4)))
    scale, thick = 3.0 / len(letters), int(generator.integers(2, 12))
    cv2.putText(shape, letters, (4, CANVAS_PX - 12), int(generator.integers(0, 8)), scale, 1, thick)


def draw_furniture(shape, inner, generator):
    """A slab on legs, or a frame."""
    top, thick = generator.uniform(0.2, 0.6), generator.uniform(0.04, 0.3)
    low, high = _place(generator, (0.1, top), (0.9, top + thick))
    cv2.rectangle(shape, low.tolist(), high.tolist(), 1, -1)
    leg_px = int(generator.integers(2, 10))
    for x in (0.15, 0.85):
        cv2.polylines(shape, [_place(generator, (x, top), (x, 0.95))], False, 1, leg_px)
    if generator.random() < 0.5:
        cv2.polylines(
            shape, [_place(generator, (0.15, top), (0.15, 0.05), (0.85, 0.05), (0.85, top))], False, 1, leg_px
        )


def _place(generator, *points) -> np.ndarray:
    """Shares of the canvas, a little off, as pixels."""
    return np.rint((np.array(points) + generator.normal(0, 0.02, (len(points), 2))) * CANVAS_PX).astype(np.int32)


# What each is drawn with, and its share.
SHAPES = (
    (draw_hat, 0.3),
    (draw_sock, 0.12),
    (draw_belt, 0.12),
    (draw_briefs, 0.06),
    (draw_blob, 0.08),
    (draw_polygon, 0.08),
    (draw_ellipse, 0.07),
    (draw_creature, 0.1),
    (draw_letters, 0.03),
    (draw_furniture, 0.04),
)
