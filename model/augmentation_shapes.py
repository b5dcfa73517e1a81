"""How the shape of a garment in an upload differs from the data set's: spread, seen from above, in pairs, cut, warped.

Everything is drawn on a canvas of three times the data set's side and averaged down at the end. Each function takes and
gives `tones`, (84, 84) float32 0..1, and `mask`, (84, 84) uint8 0 or 1.
"""

import cv2
import numpy as np

from data.fashion_mnist import SIDE_PX

CANVAS_PX = 3 * SIDE_PX
LEAST_GARMENT_PX = 100
# Pixels of the data set darker than this are background, and holes smaller than this share of the garment are not.
DARKEST_GARMENT, HOLE_SHARE = 0.04, 0.03
SHOES = {"Sandal", "Sneaker", "Ankle boot"}

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
    """Keep the pieces that are at least a tenth of the largest."""
    count, numbers, statistics, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count <= 2:
        return mask
    areas_px = statistics[:, cv2.CC_STAT_AREA].copy()
    areas_px[0] = 0
    return (areas_px >= 0.1 * areas_px.max())[numbers].astype(np.uint8)


def make_noise(generator, cells: int, spread: float) -> np.ndarray:
    """Give smooth noise of so many cells a side: (84, 84) float32."""
    noise = generator.normal(0, spread, (cells, cells)).astype(np.float32)
    return cv2.resize(noise, (CANVAS_PX, CANVAS_PX), interpolation=cv2.INTER_CUBIC)


def spread_sleeves(tones, mask, label, generator, most_degrees=45, shortest=0.85, thickest=1.15):
    """Swing the sleeves out from the shoulders, as garments lie on a floor: Fashion-MNIST's hang down."""
    left, top, width, height = cv2.boundingRect(mask)
    half_width = width * generator.uniform(0.28, 0.37)
    if label == "T-shirt/top":  # its sleeves end above the hem, whose width tells the body's
        lower = mask[top + height // 2 : top + height]
        half_width = max(half_width, float(np.median(lower.sum(1))) / 2)
    swing_degrees = generator.uniform(5, most_degrees * 2 / 3 if label == "T-shirt/top" else most_degrees)
    # Along the sleeve and across it, as it hangs.
    length, thickness = generator.uniform(shortest, 1.1), generator.uniform(1, thickest)
    margin = CANVAS_PX  # sleeves may swing beyond the canvas before the result is fitted again
    wide_tones, wide_mask = (cv2.copyMakeBorder(a, *[margin] * 4, cv2.BORDER_CONSTANT) for a in (tones, mask))
    beside = np.arange(wide_mask.shape[1], dtype=np.float32) - (left + width / 2 + margin)
    body = (np.abs(beside) <= half_width).astype(np.uint8)
    spread_tones, spread_mask = wide_tones * body, wide_mask * body
    for side in (-1, 1):
        sleeve = (beside * side > half_width - 2).astype(np.uint8)
        shoulder = (
            left + width / 2 + margin + side * (half_width - 1),
            margin + top + height * generator.uniform(0.1, 0.2),
        )
        turn = cv2.getRotationMatrix2D(shoulder, side * (swing_degrees + generator.normal(0, 5)), 1)
        turn = turn @ _scale_about(shoulder, thickness, length)
        size = wide_mask.shape[::-1]
        swung_mask = cv2.warpAffine(wide_mask * sleeve, turn, size, flags=cv2.INTER_NEAREST) & (1 - spread_mask)
        spread_tones += cv2.warpAffine(wide_tones * sleeve, turn, size) * swung_mask
        spread_mask |= swung_mask
    return fit_garment(spread_tones, drop_specks(spread_mask))


def _scale_about(centre, across: float, down: float) -> np.ndarray:
    return np.array([[across, 0, centre[0] * (1 - across)], [0, down, centre[1] * (1 - down)], [0, 0, 1]])


def taper_hem(tones, mask, label, generator):
    """Wider or narrower towards the hem: skirts of dresses flare in photos."""
    left, top, width, height = cv2.boundingRect(mask)
    flare = generator.uniform(-0.05, 0.6) if label == "Dress" else generator.normal(0, 0.15)
    room = 1 + abs(flare)  # keeps it on the canvas
    widths = 1 + flare * ((ROWS - top) / max(height - 1, 1) - 0.5) + abs(flare) / 2
    columns = left + width / 2 + (COLUMNS - CANVAS_PX / 2) * room / widths
    rows = top + height / 2 + (ROWS - CANVAS_PX / 2) * room
    return _remap(tones, mask, columns, rows)


def add_sole(tones, mask, label, generator):
    """A sandal from above: between its straps one sees the sole, so its outline is a full foot."""
    sole = _fill_hull(mask)
    return np.where(mask > 0, tones, sole * np.float32(generator.uniform(0.1, 0.95))), sole | mask


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


def lay_sole(tones, mask, label, generator):
    """A sandal from above: a foot's outline, toes up, under a forked strap or straps across."""
    along = np.linspace(0, 1, 24)
    waist = 1 - generator.uniform(0, 0.35) * np.exp(-(((along - 0.6) / 0.15) ** 2))
    halves = np.sin(np.pi * along) ** generator.uniform(0.3, 0.7) * waist * generator.uniform(0.18, 0.32)
    middle = 0.5 + generator.normal(0, 0.04) * np.sin(np.pi * along)
    sides = np.concatenate([np.stack([middle - halves, along], 1), np.stack([middle + halves, along], 1)[::-1]])
    sole = np.zeros_like(mask)
    cv2.fillPoly(sole, [np.rint(sides * (CANVAS_PX - 1)).astype(np.int32)], 1)
    left, top, width, height = cv2.boundingRect(mask)
    stretched = cv2.resize(tones[top : top + height, left : left + width], (CANVAS_PX, CANVAS_PX))
    seen = stretched if generator.random() < 0.3 else np.full_like(tones, generator.uniform(0.1, 1))
    _draw_straps(seen, middle[8] * CANVAS_PX, generator)
    return seen * sole, sole


def _draw_straps(tones, middle, generator) -> None:
    tone, strap_px = generator.uniform(0, 1), int(generator.choice([2, 3, 5, 8]))
    fork, end = CANVAS_PX * generator.uniform(0.12, 0.35), CANVAS_PX * generator.uniform(0.4, 0.7)
    if generator.random() < 0.65:
        points = [(0.22 * CANVAS_PX, end), (middle, fork), (0.78 * CANVAS_PX, end)]
        cv2.polylines(tones, [np.rint(points).astype(np.int32)], False, tone, strap_px)
        return
    for row in np.linspace(fork, end, generator.integers(1, 4)):
        slope = generator.normal(0, 4)
        cv2.line(tones, (0, int(row - slope)), (CANVAS_PX, int(row + slope)), tone, strap_px + 3)


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
    stretch = np.exp(generator.normal(0, 0.2) + (0.2 if label == "Trouser" else 0))
    scale = CANVAS_PX / max(width * stretch, height)
    shift = CANVAS_PX / 2 - scale * stretch * (left + width / 2), CANVAS_PX / 2 - scale * (top + height / 2)
    return _move(tones, mask, np.array([[scale * stretch, 0, shift[0]], [0, scale, shift[1]]]))


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


def _draw_laces(tones, centre, axes, width, generator) -> None:
    for number in range(generator.integers(2, 6)):
        x = int(centre[0] - axes[0] - width * (0.04 + 0.06 * number))
        ends = (x, centre[1] - axes[1]), (x + int(generator.integers(-3, 4)), centre[1] + axes[1])
        cv2.line(tones, *ends, generator.uniform(0, 1), int(generator.integers(1, 3)))


def pair_shoes(tones, mask, label, generator):
    """Two shoes beside each other, as people photograph them: seen more from above, turned, one mirrored."""
    left, top, width, height = cv2.boundingRect(mask)
    size = width, int(height * generator.uniform(1, 1.8))
    box = slice(top, top + height), slice(left, left + width)
    one_tones = cv2.resize(tones[box], size)
    one_mask = cv2.resize(mask[box], size, interpolation=cv2.INTER_NEAREST)
    if generator.random() < 0.7:
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


def cut_part(tones, mask, label, generator):
    """A garment that runs out of the picture, or part of which was lost."""
    lost_px = int(CANVAS_PX * generator.uniform(0.05, 0.25))
    kept = np.ones_like(mask)
    sides = np.s_[:lost_px], np.s_[-lost_px:], np.s_[:, :lost_px], np.s_[:, -lost_px:]
    kept[sides[generator.integers(4)]] = 0
    return tones * kept, mask * kept


def warp_garment(tones, mask, label, generator, turn_degrees=12.0):
    """Turn, shear, squeeze, mirror and bend, then fit the result to the canvas as the preparation would."""
    matrix = _choose_matrix(label, generator, turn_degrees)
    moved = _find_outline(mask)[:, 0] @ matrix.T  # (P, 2)
    low, high = moved.min(0), moved.max(0)
    scale = CANVAS_PX / ((high - low).max() + 1)
    # Cut-outs are now and then too wide or not in the middle.
    scale *= generator.uniform(0.8, 1.08) if generator.random() < 0.35 else 1
    shift = (CANVAS_PX - 1) / 2 - scale * (low + high) / 2
    shift += generator.normal(0, 0.03 * CANVAS_PX, 2) if generator.random() < 0.35 else 0
    affine = np.column_stack([scale * matrix, shift])
    if generator.random() < 0.6:
        return _move(tones, mask, affine)
    cells, bend_px = generator.integers(3, 7), generator.uniform(0.5, 2.5)
    columns, rows = COLUMNS + make_noise(generator, cells, bend_px), ROWS + make_noise(generator, cells, bend_px)
    back = cv2.invertAffineTransform(affine).astype(np.float32)
    return _remap(tones, mask, *(row[0] * columns + row[1] * rows + row[2] for row in back))


def _choose_matrix(label, generator, turn_degrees) -> np.ndarray:
    degrees = generator.normal(0, turn_degrees)
    if label in SHOES and generator.random() < 0.4:  # shoes lie any way round
        degrees = generator.uniform(-180, 180)
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    slant = generator.normal(0, 0.15)
    shear = [[1, slant], [0, 1]] if generator.random() < 0.5 else [[1, 0], [slant, 1]]
    stretch = np.exp(generator.normal(0, 0.11))
    squeeze = np.array([stretch, 1 / stretch])
    if label in ("Trouser", "Dress"):  # wider cuts than the shop's models wear
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


def _find_outline(mask) -> np.ndarray:
    """Give the corners of the garment's outline: (P, 1, 2) int32. Far fewer than its pixels, hence quicker."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return np.concatenate(contours)


def _fill_hull(mask) -> np.ndarray:
    hull = np.zeros_like(mask)
    cv2.fillConvexPoly(hull, cv2.convexHull(_find_outline(mask)), 1)
    return hull


def fit_garment(tones, mask):
    """Move what the mask shows to the middle of the canvas, its longest side as long as the canvas."""
    left, top, width, height = cv2.boundingRect(mask)
    scale, middle = CANVAS_PX / max(width, height), CANVAS_PX / 2
    shift = middle - scale * (left + width / 2), middle - scale * (top + height / 2)
    return _move(tones, mask, np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]))


def _move(tones, mask, affine):
    size = CANVAS_PX, CANVAS_PX
    return cv2.warpAffine(tones, affine, size), cv2.warpAffine(mask, affine, size, flags=cv2.INTER_NEAREST)


def _remap(tones, mask, columns, rows):
    return (
        cv2.remap(tones, columns, rows, cv2.INTER_LINEAR),
        cv2.remap(mask, columns, rows, cv2.INTER_NEAREST),
    )
