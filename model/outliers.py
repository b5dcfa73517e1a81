"""Things that are none of the ten, made by code, so that a network learns to tell them from garments.

Learning to know outliers, whichever they are, also helps with those never seen (Hendrycks, Mazeika, Dietterich 2019,
Deep Anomaly Detection with Outlier Exposure, arXiv:1812.04606). Their tones are those of Fashion-MNIST's garments, so
that only the shape tells: parts of garments, hats, socks, belts, and shapes of nothing in particular.
"""

from functools import partial

import cv2
import numpy as np

from data.fashion_mnist import BAG, COAT, DRESS, LABELS, SIDE_PX, SNEAKER, T_SHIRT, TROUSER
from model.augmentation import EFFECTS, STYLES
from model.augmentation_canvas import CANVAS_PX, COLUMNS, LEAST_GARMENT_PX, ROWS, find_garment, fit_garment
from model.augmentation_drawings import paint_drawing, sketch_lines
from model.augmentation_shapes import cut_part, fray_edge, part_legs, squeeze_garment, taper_hem, warp_garment
from model.augmentation_tones import blur_tones, cast_shadow, redraw_tones
from model.outlier_shapes import SHAPES

# Short trousers and skirts are what people bring most often that the data set lacks.
CUTTABLE, CUT_SHARE = (TROUSER, DRESS), 0.75
LATER = (cut_part, warp_garment, fray_edge, redraw_tones, blur_tones, cast_shadow, sketch_lines, paint_drawing)
# Details of these are drawn into outliers, so that no line by itself tells a garment.
DETAILED_AS = (T_SHIRT, TROUSER, COAT, BAG, SNEAKER, DRESS)


def make_outlier(image, label, other_image, generator, effects=EFFECTS) -> np.ndarray:
    """Make something that is none of the ten of one or two garments: (28, 28) uint8."""
    tones, mask = find_garment(image)
    if label in CUTTABLE and generator.random() < CUT_SHARE:
        tones, mask = _keep_part(tones, mask, label, generator)
    else:
        make = MAKERS[generator.choice(len(MAKERS), p=MAKER_SHARES)]
        tones, mask = make(tones, mask, other_image, generator)
    detailed_as = DETAILED_AS[generator.integers(len(DETAILED_AS))]
    for effect in effects:
        apply = effect.apply
        if getattr(apply, "func", apply) not in LATER or generator.random() >= effect.share:
            continue
        changed = effect.apply(tones, mask, detailed_as if apply is sketch_lines else BAG, generator)
        tones, mask = changed if cv2.countNonZero(changed[1]) >= LEAST_GARMENT_PX else (tones, mask)
    small = cv2.resize(tones, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return np.rint(255 * small.clip(0, 1)).astype(np.uint8)


def choose_sources(labels: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Choose images to make outliers of, half of them to be cut to shorts or skirts: (at most `count`,) int indices."""
    is_cuttable = np.isin(labels, [LABELS.index(label) for label in CUTTABLE])
    halves = [generator.permutation(np.flatnonzero(side))[: count // 2] for side in (is_cuttable, ~is_cuttable)]
    return np.concatenate(halves)


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
    if label == TROUSER:
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


SHAPES_SHARE = 0.75
MAKERS = (*(partial(_draw_shape, draw) for draw, _ in SHAPES), _keep_half, _join_pieces)
MAKER_SHARES = (*(share * SHAPES_SHARE for _, share in SHAPES), 0.15, 0.1)
