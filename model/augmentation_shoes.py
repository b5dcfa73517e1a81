"""Shoes as people photograph and draw them: from above, and in pairs. Fashion-MNIST shows one shoe from the side.

Each function takes and gives `tones` and `mask` as `model.augmentation_canvas` describes them.
"""

import cv2
import numpy as np

from model.augmentation_canvas import CANVAS_PX, find_outline, fit_garment


def add_sole(tones, mask, label, generator):
    """A sandal from above: between its straps one sees the sole, so its outline is a full foot."""
    sole = _fill_hull(mask)
    return np.where(mask > 0, tones, sole * np.float32(generator.uniform(0.1, 0.95))), sole | mask


def lay_sole(tones, mask, label, generator):
    """A sandal from above: a foot's outline, toes up, under a forked strap or straps across."""
    sole = _draw_foot(generator)
    is_plain = generator.random() < 0.7
    seen = np.full_like(tones, generator.uniform(0.1, 1)) if is_plain else _stretch_tones(tones, mask)
    _draw_straps(seen, generator)
    return seen * sole, sole


def lay_shoe(tones, mask, label, generator):
    """A closed shoe from above: a foot's outline, toes up, the opening at the heel, laces, a toe cap, a rim."""
    sole = _draw_foot(generator)
    seen = _stretch_tones(tones, mask)
    middle, opening = CANVAS_PX // 2, int(CANVAS_PX * generator.uniform(0.68, 0.8))
    axes = int(CANVAS_PX * generator.uniform(0.1, 0.18)), int(CANVAS_PX * generator.uniform(0.1, 0.22))
    cv2.ellipse(seen, (middle, opening), axes, 0, 0, 360, generator.uniform(0, 1), -1)
    if generator.random() < 0.7:
        tone, half = generator.uniform(0, 1), int(axes[0] * generator.uniform(0.5, 1.1))
        for row in np.linspace(CANVAS_PX * generator.uniform(0.28, 0.4), opening - axes[1], generator.integers(2, 7)):
            ends = (middle - half, int(row)), (middle + half, int(row + generator.normal(0, 2)))
            cv2.line(seen, *ends, tone, int(generator.integers(1, 4)))
    if generator.random() < 0.4:
        cap = int(CANVAS_PX * generator.uniform(0.15, 0.3))
        cv2.ellipse(seen, (middle, cap), (CANVAS_PX // 3, CANVAS_PX // 12), 0, 0, 360, generator.uniform(0, 1), 2)
    if generator.random() < 0.4:  # the sole shows all round
        rim = sole - cv2.erode(sole, np.ones((3, 3), np.uint8), iterations=int(generator.integers(1, 4)))
        seen = np.where(rim > 0, np.float32(generator.uniform(0.1, 1)), seen)
    return seen * sole, sole


def _draw_foot(generator) -> np.ndarray:
    """Outline of a foot, toes up, filled: (84, 84) uint8, 0 or 1."""
    along = np.linspace(0, 1, 24)
    waist = 1 - generator.uniform(0, 0.35) * np.exp(-(((along - 0.6) / 0.15) ** 2))
    halves = np.sin(np.pi * along) ** generator.uniform(0.3, 0.7) * waist * generator.uniform(0.18, 0.32)
    middle = 0.5 + generator.normal(0, 0.04) * np.sin(np.pi * along)
    sides = np.concatenate([np.stack([middle - halves, along], 1), np.stack([middle + halves, along], 1)[::-1]])
    foot = np.zeros((CANVAS_PX, CANVAS_PX), np.uint8)
    cv2.fillPoly(foot, [np.rint(sides * (CANVAS_PX - 1)).astype(np.int32)], 1)
    return foot


def _stretch_tones(tones, mask) -> np.ndarray:
    """The garment's own tones, drawn out over the whole canvas, its gaps filled with the median."""
    left, top, width, height = cv2.boundingRect(mask)
    filled = np.where(mask > 0, tones, np.float32(np.median(tones[mask > 0])))
    return cv2.resize(filled[top : top + height, left : left + width], (CANVAS_PX, CANVAS_PX))


def _draw_straps(tones, generator) -> None:
    tone, strap_px = generator.uniform(0, 1), int(generator.choice([2, 3, 5, 8]))
    fork, end = CANVAS_PX * generator.uniform(0.12, 0.35), CANVAS_PX * generator.uniform(0.4, 0.7)
    if generator.random() < 0.65:
        points = [(0.22 * CANVAS_PX, end), (CANVAS_PX / 2, fork), (0.78 * CANVAS_PX, end)]
        cv2.polylines(tones, [np.rint(points).astype(np.int32)], False, tone, strap_px)
        return
    for row in np.linspace(fork, end, generator.integers(1, 4)):
        slope = generator.normal(0, 4)
        cv2.line(tones, (0, int(row - slope)), (CANVAS_PX, int(row + slope)), tone, strap_px + 3)


def open_shoe(tones, mask, label, generator):
    """A shoe from above: a full outline, the dark or bright opening at the heel, laces (toes point left)."""
    sole = _fill_hull(mask)
    left, top, width, height = cv2.boundingRect(sole)
    seen = np.where(mask > 0, tones, sole * np.float32(np.median(tones[mask > 0])))
    centre = int(left + width - 1 - width * generator.uniform(0.2, 0.32)), int(top + height / 2)
    axes = int(width * generator.uniform(0.12, 0.22)), max(1, int(height * generator.uniform(0.2, 0.34)))
    cv2.ellipse(seen, centre, axes, 0, 0, 360, generator.uniform(0, 1), -1)
    if generator.random() < 0.6:
        _draw_laces(seen, centre, axes, width, generator)
    return seen * sole, sole | mask


def _draw_laces(tones, centre, axes, width, generator) -> None:
    for number in range(generator.integers(2, 6)):
        x = int(centre[0] - axes[0] - width * (0.04 + 0.06 * number))
        ends = (x, centre[1] - axes[1]), (x + int(generator.integers(-3, 4)), centre[1] + axes[1])
        cv2.line(tones, *ends, generator.uniform(0, 1), int(generator.integers(1, 3)))


def pair_shoes(tones, mask, label, generator):
    """Two shoes beside each other, as people photograph them: seen more from above, turned, one mirrored."""
    left, top, width, height = cv2.boundingRect(mask)
    size = width, int(height * generator.uniform(1, 1.8 if width > height else 1.1))
    box = slice(top, top + height), slice(left, left + width)
    one_tones = cv2.resize(tones[box], size)
    one_mask = cv2.resize(mask[box], size, interpolation=cv2.INTER_NEAREST)
    if generator.random() < (0.7 if width > height else 0.15):  # what is laid with its toes up mostly stays so
        turns = generator.choice([1, 3])
        one_tones, one_mask = np.rot90(one_tones, turns), np.rot90(one_mask, turns)
    step = -1 if generator.random() < 0.8 else 1
    other_tones, other_mask = one_tones[:, ::step], one_mask[:, ::step]
    height, width = one_mask.shape
    right, down = int(width * generator.uniform(0.55, 1.15)), int(height * generator.normal(0, 0.12))
    pair_tones = np.zeros((height + abs(down), width + right), np.float32)
    pair_mask = np.zeros(pair_tones.shape, np.uint8)
    first = slice(max(0, -down), max(0, -down) + height), slice(0, width)
    second = slice(max(0, down), max(0, down) + height), slice(right, right + width)
    pair_tones[first], pair_mask[first] = one_tones, one_mask
    pair_tones[second] = np.where(other_mask > 0, other_tones, pair_tones[second])
    pair_mask[second] |= other_mask
    return fit_garment(pair_tones, pair_mask)


def _fill_hull(mask) -> np.ndarray:
    hull = np.zeros_like(mask)
    cv2.fillConvexPoly(hull, cv2.convexHull(find_outline(mask)), 1)
    return hull
