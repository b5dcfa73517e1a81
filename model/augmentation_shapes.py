"""How the shape of a garment in an upload differs from the data set's: spread, squeezed, cut, turned, bent, frayed.

Each function takes and gives `tones` and `mask` as `model.augmentation_canvas` describes them.
"""

import cv2
import numpy as np

from data.fashion_mnist import ANKLE_BOOT, DRESS, SANDAL, SNEAKER, T_SHIRT, TROUSER
from model.augmentation_canvas import (
    CANVAS_PX,
    COLUMNS,
    ROWS,
    drop_specks,
    find_outline,
    fit_garment,
    make_noise,
    move_garment,
    remap_garment,
)

SHOES = {SANDAL, SNEAKER, ANKLE_BOOT}


def spread_sleeves(tones, mask, label, generator, most_degrees=45, shortest=0.85, thickest=1.15):
    """Swing the sleeves out from the shoulders, as garments lie on a floor: Fashion-MNIST's hang down."""
    left, top, width, height = cv2.boundingRect(mask)
    half_width = _find_body(mask, label, generator)
    swing_degrees = generator.uniform(5, most_degrees * 2 / 3 if label == T_SHIRT else most_degrees)
    # Along the sleeve and across it, as it hangs.
    length, thickness = generator.uniform(shortest, 1.1), generator.uniform(1, thickest)
    margin = CANVAS_PX  # sleeves may swing beyond the canvas before the result is fitted again
    wide_tones, wide_mask = (cv2.copyMakeBorder(a, *[margin] * 4, cv2.BORDER_CONSTANT) for a in (tones, mask))
    middle = left + width / 2 + margin
    beside = np.arange(wide_mask.shape[1], dtype=np.float32) - middle
    body = (np.abs(beside) <= half_width).astype(np.uint8)
    spread_tones, spread_mask = wide_tones * body, wide_mask * body
    for side in (-1, 1):
        sleeve = (beside * side > half_width - 2).astype(np.uint8)
        shoulder = middle + side * (half_width - 1), margin + top + height * generator.uniform(0.1, 0.2)
        turn = cv2.getRotationMatrix2D(shoulder, side * (swing_degrees + generator.normal(0, 5)), 1)
        turn = turn @ _scale_about(shoulder, thickness, length)
        swung_tones, swung_mask = move_garment(wide_tones * sleeve, wide_mask * sleeve, turn)
        swung_mask &= 1 - spread_mask
        spread_tones += swung_tones * swung_mask
        spread_mask |= swung_mask
    return fit_garment(spread_tones, drop_specks(spread_mask))


def _find_body(mask, label, generator) -> float:
    """Half the width, in pixels, of what is not sleeve."""
    left, top, width, height = cv2.boundingRect(mask)
    half_width = width * generator.uniform(0.28, 0.37)
    if label != T_SHIRT:
        return half_width
    # Its sleeves end above the hem, whose width tells the body's.
    return max(half_width, float(np.median(mask[top + height // 2 : top + height].sum(axis=1))) / 2)


def _scale_about(centre, across: float, down: float) -> np.ndarray:
    return np.array([[across, 0, centre[0] * (1 - across)], [0, down, centre[1] * (1 - down)], [0, 0, 1]])


def taper_hem(tones, mask, label, generator):
    """Wider or narrower towards the hem: skirts of dresses flare in photos."""
    left, top, width, height = cv2.boundingRect(mask)
    flare = generator.uniform(-0.05, 0.6) if label == DRESS else generator.normal(0, 0.15)
    room = 1 + abs(flare)  # keeps it on the canvas
    widths = 1 + flare * ((ROWS - top) / max(height - 1, 1) - 0.5) + abs(flare) / 2
    columns = left + width / 2 + (COLUMNS - CANVAS_PX / 2) * room / widths
    rows = top + height / 2 + (ROWS - CANVAS_PX / 2) * room
    return remap_garment(tones, mask, columns, rows)


def part_legs(tones, mask, label, generator):
    """Trousers with the legs apart: a wedge is cut between them."""
    left, top, width, height = cv2.boundingRect(mask)
    middle, crotch = left + width / 2 + generator.normal(0, 1), top + height * generator.uniform(0.22, 0.5)
    half_px = width * generator.uniform(0.03, 0.28)
    square_px = half_px * generator.choice([0, 0, 0.5, 1])  # drawn trousers often have a flat crotch
    ends = [(middle - square_px, crotch), (middle + square_px, crotch)]
    ends += [(middle + half_px, top + height), (middle - half_px, top + height)]
    kept = np.ones_like(mask)
    cv2.fillPoly(kept, [np.rint(ends).astype(np.int32)], 0)
    return tones * kept, mask * kept


def squeeze_garment(tones, mask, label, generator):
    """Wider or slimmer than any model wears it."""
    left, top, width, height = cv2.boundingRect(mask)
    stretch = np.exp(generator.normal(0, 0.2) + (0.2 if label == TROUSER else 0))
    scale = CANVAS_PX / max(width * stretch, height)
    shift = CANVAS_PX / 2 - scale * stretch * (left + width / 2), CANVAS_PX / 2 - scale * (top + height / 2)
    return move_garment(tones, mask, np.array([[scale * stretch, 0, shift[0]], [0, scale, shift[1]]]))


def round_bag(tones, mask, label, generator):
    """A rucksack or a pouch: a box with rounded corners, often a dome (a superellipse, rounder above than below)."""
    degrees = np.linspace(0, 2 * np.pi, 48)
    beside, below = np.cos(degrees), np.sin(degrees)
    roundness = np.where(below < 0, generator.uniform(0.5, 1.1), generator.uniform(0.25, 0.7))
    corners = np.stack([np.sign(beside) * abs(beside) ** roundness, np.sign(below) * abs(below) ** roundness], 1)
    corners *= generator.uniform(0.3, 0.48, 2)
    rounded = np.zeros_like(mask)
    cv2.fillPoly(rounded, [np.rint((0.5 + corners) * CANVAS_PX).astype(np.int32)], 1)
    left, top, width, height = cv2.boundingRect(mask)
    stretched = cv2.resize(tones[top : top + height, left : left + width], (CANVAS_PX, CANVAS_PX))
    return stretched * rounded, rounded


def add_straps(tones, mask, label, generator):
    """A handle above a bag, or a rucksack's straps beside it."""
    left, top, width, height = cv2.boundingRect(mask)
    room = CANVAS_PX // 3
    wide_tones, wide_mask = (cv2.copyMakeBorder(a, *[room] * 4, cv2.BORDER_CONSTANT) for a in (tones, mask))
    left, top = left + room, top + room
    strap_px, is_filled = int(generator.integers(2, 6)), generator.random() < 0.25
    tone = generator.uniform(0.2, 1)
    if generator.random() < 0.5:
        arcs = [(left + width / 2, top + 2, width * generator.uniform(0.1, 0.4), height * generator.uniform(0.1, 0.5))]
    else:
        middle = top + height * generator.uniform(0.4, 0.7)
        axes = width * generator.uniform(0.1, 0.3), height * generator.uniform(0.2, 0.45)
        arcs = [(left, middle, *axes), (left + width, middle, *axes)][: generator.integers(1, 3)]
    straps = np.zeros_like(wide_mask)
    for x, y, half_width, half_height in arcs:
        cv2.ellipse(
            straps, (int(x), int(y)), (int(half_width), int(half_height)), 0, 0, 360, 1, -1 if is_filled else strap_px
        )
    straps &= 1 - wide_mask
    return fit_garment(np.where(straps > 0, np.float32(tone), wide_tones), wide_mask | straps)


def cut_part(tones, mask, label, generator):
    """A garment that runs out of the picture, or part of which was lost."""
    lost_px = int(CANVAS_PX * generator.uniform(0.05, 0.25))
    kept = np.ones_like(mask)
    sides = np.s_[:lost_px], np.s_[-lost_px:], np.s_[:, :lost_px], np.s_[:, -lost_px:]
    kept[sides[generator.integers(4)]] = 0
    return tones * kept, mask * kept


def warp_garment(tones, mask, label, generator, turn_degrees=12.0, any_way_share=0.4):
    """Turn, shear, squeeze, mirror and bend, then fit the result to the canvas as the preparation would."""
    matrix = _choose_matrix(label, generator, turn_degrees, any_way_share)
    moved = find_outline(mask)[:, 0] @ matrix.T  # (P, 2)
    low, high = moved.min(0), moved.max(0)
    scale = CANVAS_PX / ((high - low).max() + 1)
    # Cut-outs are now and then too wide or not in the middle.
    scale *= generator.uniform(0.8, 1.08) if generator.random() < 0.35 else 1
    shift = (CANVAS_PX - 1) / 2 - scale * (low + high) / 2
    shift += generator.normal(0, 0.03 * CANVAS_PX, 2) if generator.random() < 0.35 else 0
    affine = np.column_stack([scale * matrix, shift])
    if generator.random() < 0.6:
        return move_garment(tones, mask, affine)
    cells, bend_px = generator.integers(3, 7), generator.uniform(0.5, 2.5)
    columns, rows = COLUMNS + make_noise(generator, cells, bend_px), ROWS + make_noise(generator, cells, bend_px)
    back = cv2.invertAffineTransform(affine).astype(np.float32)
    return remap_garment(tones, mask, *(row[0] * columns + row[1] * rows + row[2] for row in back))


def _choose_matrix(label, generator, turn_degrees, any_way_share) -> np.ndarray:
    degrees = generator.normal(0, turn_degrees)
    if label in SHOES and generator.random() < any_way_share:  # shoes lie any way round
        degrees = generator.uniform(-180, 180)
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    slant = generator.normal(0, 0.15)
    shear = [[1, slant], [0, 1]] if generator.random() < 0.5 else [[1, 0], [slant, 1]]
    stretch = np.exp(generator.normal(0, 0.11))
    squeeze = np.array([stretch, 1 / stretch])
    if label in (TROUSER, DRESS):  # wider cuts than the shop's models wear
        squeeze *= generator.uniform(1, 1.6), 1
    if label in SHOES and generator.random() < 0.4:  # seen more from above
        squeeze = np.array([1, generator.uniform(1, 1.8)])
    mirror = generator.choice([-1, 1])
    return np.array([[cosine, -sine], [sine, cosine]]) @ np.array(shear) @ np.diag(squeeze * [mirror, 1])


def fray_edge(tones, mask, label, generator):
    """Edges that the cut-out got wrong: bites and bulges."""
    noise = make_noise(generator, generator.integers(4, 14), generator.uniform(0.5, 3.0))
    depth_px = cv2.distanceTransform(mask, cv2.DIST_L2, 3) - cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3)
    frayed = (depth_px + noise > 0).astype(np.uint8)
    return np.where(mask > 0, tones, np.float32(generator.uniform(0.2, 0.9))) * frayed, frayed
