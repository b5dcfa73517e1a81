"""Things that are none of the ten, made by code, so that a network learns to tell them from garments.

Learning to know outliers, whichever they are, also helps with those never seen (Hendrycks, Mazeika, Dietterich 2019,
Deep Anomaly Detection with Outlier Exposure, arXiv:1812.04606). Their tones are those of Fashion-MNIST's garments, so
that only the shape tells: parts of garments, hats, socks, belts, and shapes of nothing in particular.
"""

from functools import partial

import cv2
import numpy as np

from data.fashion_mnist import LABELS, SIDE_PX
from model.augmentation import EFFECTS, STYLES
from model.augmentation_drawings import paint_drawing, sketch_lines
from model.augmentation_shapes import (
    CANVAS_PX,
    COLUMNS,
    LEAST_GARMENT_PX,
    ROWS,
    cut_part,
    find_garment,
    fit_garment,
    fray_edge,
    make_noise,
    part_legs,
    squeeze_garment,
    taper_hem,
    warp_garment,
)
from model.augmentation_tones import blur_tones, cast_shadow, redraw_tones

# Short trousers and skirts are what people bring most often that the data set lacks.
CUT_SHARE = 0.75
LATER = (cut_part, warp_garment, fray_edge, redraw_tones, blur_tones, cast_shadow, sketch_lines, paint_drawing)
# Details of these are drawn into outliers, so that no line by itself tells a garment.
DETAILED_AS = ("T-shirt/top", "Trouser", "Coat", "Bag", "Sneaker", "Dress")


def make_outlier(image, label, other_image, generator, effects=EFFECTS) -> np.ndarray:
    """Make something that is none of the ten of one or two garments: (28, 28) uint8."""
    tones, mask = find_garment(image)
    if label in ("Trouser", "Dress") and generator.random() < CUT_SHARE:
        tones, mask = _keep_part(tones, mask, label, generator)
    else:
        make = MAKERS[generator.choice(len(MAKERS), p=MAKER_SHARES)]
        tones, mask = make(tones, mask, other_image, generator)
    detailed_as = DETAILED_AS[generator.integers(len(DETAILED_AS))]
    for effect in effects:
        apply = effect.apply
        if getattr(apply, "func", apply) not in LATER or generator.random() >= effect.share:
            continue
        changed = effect.apply(tones, mask, detailed_as if apply is sketch_lines else "Bag", generator)
        tones, mask = changed if cv2.countNonZero(changed[1]) >= LEAST_GARMENT_PX else (tones, mask)
    small = cv2.resize(tones, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return np.rint(255 * small.clip(0, 1)).astype(np.uint8)


def make_outliers(images: np.ndarray, labels: np.ndarray, seed, style: str = "pictures") -> np.ndarray:
    """Make one outlier of each image.

    Parameters
    ----------
    images : (N, 28, 28, 1) uint8
    labels : (N,) int, index into `LABELS`
    seed : whatever `numpy.random.default_rng` takes
    style : str
        Key into `model.augmentation.STYLES`.

    Returns
    -------
    (N, 28, 28, 1) uint8
    """
    generator = np.random.default_rng(seed)
    others = images[generator.permutation(len(images)), ..., 0]
    triples = zip(images[..., 0], labels, others, strict=True)
    outliers = [make_outlier(image, LABELS[label], other, generator, STYLES[style]) for image, label, other in triples]
    return np.stack(outliers)[..., None]


def _keep_part(tones, mask, label, generator):
    """Cut trousers to shorts, or a dress to a skirt."""
    if label == "Trouser":
        if generator.random() < 0.5:
            tones, mask = part_legs(tones, mask, label, generator)
        _, top, _, height = cv2.boundingRect(mask)
        kept = top + height * generator.uniform(0.3, 0.55) > ROWS
    else:
        _, top, _, height = cv2.boundingRect(mask)
        kept = top + height * generator.uniform(0.4, 0.6) < ROWS
    whole = tones, mask
    tones, mask = _fit_if_any(tones, mask * kept.astype(np.uint8), *whole)
    if generator.random() < 0.5:
        tones, mask = squeeze_garment(tones, mask, label, generator)
    return taper_hem(tones, mask, label, generator) if generator.random() < 0.5 else (tones, mask)


def _keep_half(tones, mask, other_image, generator):
    """Cut a garment through its middle, in any direction."""
    left, top, width, height = cv2.boundingRect(mask)
    radians, away = generator.uniform(0, 2 * np.pi), generator.uniform(0, 0.15) * max(width, height)
    across = (COLUMNS - left - width / 2) * np.cos(radians) + (ROWS - top - height / 2) * np.sin(radians)
    return _fit_if_any(tones, mask * (across > away).astype(np.uint8), tones, mask)


def _join_pieces(tones, mask, other_image, generator):
    """Lay two garments over each other, one turned by a right angle."""
    other_tones, other_mask = (np.rot90(a, generator.choice([1, 3])) for a in find_garment(other_image))
    return np.where(mask > 0, tones, other_tones), np.ascontiguousarray(mask | other_mask)


def _draw_shape(draw, tones, mask, other_image, generator):
    """Draw a shape, and give it a garment's tones."""
    shape = np.zeros((CANVAS_PX, CANVAS_PX), np.uint8)
    inner = np.zeros((CANVAS_PX, CANVAS_PX), np.uint8)
    draw(shape, inner, generator)
    left, top, width, height = cv2.boundingRect(mask) if mask.any() else (0, 0, CANVAS_PX, CANVAS_PX)
    spread = cv2.resize(tones[top : top + height, left : left + width], (CANVAS_PX, CANVAS_PX))
    fill = np.float32(np.median(tones[mask > 0])) if mask.any() else np.float32(0.5)
    seen = np.where(spread > 0.04, spread, fill) if generator.random() < 0.5 else np.full_like(tones, fill)
    seen = np.where(inner > 0, np.float32(generator.uniform(0, 1)), seen)
    return _fit_if_any(seen, shape, tones, mask)


def _fit_if_any(tones, part, whole_tones, whole):
    if cv2.countNonZero(part) < LEAST_GARMENT_PX:
        return whole_tones, whole
    return fit_garment(tones * part, part)


def _place(generator, *points) -> np.ndarray:
    """Shares of the canvas, a little off, as pixels."""
    return np.rint((np.array(points) + generator.normal(0, 0.02, (len(points), 2))) * CANVAS_PX).astype(np.int32)


def _draw_blob(shape, inner, generator):
    depth = make_noise(generator, generator.integers(3, 8), 1.0) + generator.uniform(0.5, 1.5)
    narrow = generator.uniform(0.8, 2, 2)
    radius = np.hypot((COLUMNS / CANVAS_PX - 0.5) * narrow[0], (ROWS / CANVAS_PX - 0.5) * narrow[1])
    shape[depth - 4 * radius > 0] = 1


def _draw_hat(shape, inner, generator):
    half, brim_y, high = generator.uniform(0.18, 0.35), 0.6, generator.uniform(0.15, 0.5)
    if generator.random() < 0.55:  # a dome
        centre, axes = (CANVAS_PX // 2, int(brim_y * CANVAS_PX)), (int(half * CANVAS_PX), int(high * CANVAS_PX))
        cv2.ellipse(shape, centre, axes, 0, 180, 360, 1, -1)
    else:
        slim = half * generator.uniform(0.7, 1.15)
        corners = (0.5 - half, brim_y), (0.5 - slim, brim_y - high), (0.5 + slim, brim_y - high), (0.5 + half, brim_y)
        cv2.fillPoly(shape, [_place(generator, *corners)], 1)
    reach, thick = generator.uniform(0.05, 0.3), generator.uniform(0.01, 0.12)
    start = 0.5 - half - (reach if generator.random() < 0.7 else 0)  # a cap's brim is on one side
    end, y = 0.5 + half + reach, brim_y + generator.uniform(-0.02, 0.05)
    if generator.random() < 0.6:
        centre = int((start + end) / 2 * CANVAS_PX), int(y * CANVAS_PX)
        cv2.ellipse(shape, centre, (int((end - start) / 2 * CANVAS_PX), int(thick * CANVAS_PX) + 1), 0, 0, 360, 1, -1)
    elif generator.random() < 0.8:
        line_px = max(2, int(thick * CANVAS_PX))
        cv2.polylines(shape, [_place(generator, (start, y), (0.5, y + 0.02), (end, y))], False, 1, line_px)
    if generator.random() < 0.5:
        band = _place(generator, (0.5 - half, brim_y - 0.06), (0.5 + half, brim_y - 0.06))
        cv2.polylines(inner, [band], False, 1, int(generator.integers(2, 9)))


def _draw_sock(shape, inner, generator):
    line_px = int(CANVAS_PX * generator.uniform(0.2, 0.34))
    heel = generator.uniform(0.55, 0.7)
    knee, toes = (0.35, 0.2), (generator.uniform(0.6, 0.8), heel + generator.uniform(0.0, 0.15))
    cv2.polylines(shape, [_place(generator, knee, (0.37, heel), toes)], False, 1, line_px)
    shape[: int(0.2 * CANVAS_PX)] = 0
    if generator.random() < 0.5:
        cv2.line(
            inner, (0, int(0.28 * CANVAS_PX)), (CANVAS_PX, int(0.28 * CANVAS_PX)), 1, int(generator.integers(2, 6))
        )


def _draw_belt(shape, inner, generator):
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


def _draw_polygon(shape, inner, generator):
    corners = generator.integers(3, 11)
    angles = np.sort(generator.uniform(0, 2 * np.pi, corners))
    reach = generator.uniform(0.2, 0.48) * np.where(np.arange(corners) % 2, generator.uniform(0.4, 1), 1)
    points = 0.5 + reach[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
    cv2.fillPoly(shape, [_place(generator, *points)], 1)
    _draw_rings(shape, inner, generator)


def _draw_ellipse(shape, inner, generator):
    axes = int(CANVAS_PX * generator.uniform(0.12, 0.48)), int(CANVAS_PX * generator.uniform(0.12, 0.48))
    cv2.ellipse(shape, (CANVAS_PX // 2, CANVAS_PX // 2), axes, generator.uniform(0, 180), 0, 360, 1, -1)
    _draw_rings(shape, inner, generator)


def _draw_rings(shape, inner, generator):
    for _ in range(generator.integers(0, 4)):
        centre = generator.integers(CANVAS_PX // 5, CANVAS_PX * 4 // 5, 2)
        filled = -1 if generator.random() < 0.4 else 2
        cv2.circle(inner, centre.tolist(), int(generator.integers(2, CANVAS_PX // 4)), 1, filled)


def _draw_creature(shape, inner, generator):
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


def _draw_letters(shape, inner, generator):
    letters = "".join(chr(generator.integers(33, 91)) for _ in range(generator.integers(1, 4)))
    scale, thick = 3.0 / len(letters), int(generator.integers(2, 12))
    cv2.putText(shape, letters, (4, CANVAS_PX - 12), int(generator.integers(0, 8)), scale, 1, thick)


def _draw_furniture(shape, inner, generator):
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


SHAPES = (
    (_draw_hat, 0.3),
    (_draw_sock, 0.1),
    (_draw_belt, 0.12),
    (_draw_blob, 0.1),
    (_draw_polygon, 0.1),
    (_draw_ellipse, 0.08),
    (_draw_creature, 0.1),
    (_draw_letters, 0.05),
    (_draw_furniture, 0.05),
)
SHAPES_SHARE = 0.75
MAKERS = (*(partial(_draw_shape, draw) for draw, _ in SHAPES), _keep_half, _join_pieces)
MAKER_SHARES = (*(share * SHAPES_SHARE for _, share in SHAPES), 0.15, 0.1)
