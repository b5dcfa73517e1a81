"""Which pixels are the garment: one way for plain backgrounds, one for photos.

Every function takes a scene of at most a few hundred pixels a side and returns an (H, W) bool mask.
"""

import cv2
import numpy as np

from data.background import Background, find_border, to_lab
from data.drawing import fill_drawing
from data.kinds import find_ink
from data.scene import Scene

LEAST_SHARE = 0.01
MOST_SHARE = 0.97
PIECE_SHARE = 0.4
MOST_PIECES = 3
GRABCUT_ROUNDS = 3
GRABCUT_SIDE_PX = 144
SMOOTHING_SHARE = 0.008
HOLE_SHARE = 0.03
OUTLINE_EXCESS = 1.6
# A shadow darkens by less than a black garment and without colouring (CIE76 units), and softly (L* a pixel).
SHADOW_CHROMA = 3.0
SHADOW_DEPTH = 45.0
SHADOW_SLOPE = 0.8
SHADOW_EDGE_SLOPE = 6.0


def cut_out_garment(scene: Scene, kind: str) -> np.ndarray:
    """Find the garment in a scene of this kind: (H, W) bool, all False when it can't be told from the background."""
    if kind == "drawing":
        return fill_drawing(find_ink(scene))
    if scene.is_transparent:
        return drop_specks(scene.opaque)
    mask = cut_photo(scene.rgb) if kind == "photo" else cut_plain(scene.lab, scene.background)
    least_share = LEAST_SHARE if kind == "photo" else 0
    return mask if least_share <= mask.mean() <= MOST_SHARE else np.zeros_like(mask)


def split_pieces(mask: np.ndarray) -> list[np.ndarray]:
    """Part a mask in its separate pieces of similar size, the best first: large, and not running out of the picture.

    One piece with everything in it where none is like the largest (a dress parted by its belt stays one) or many are.

    Parameters
    ----------
    mask : (H, W) bool
        Not all False.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    areas_px = stats[1:, cv2.CC_STAT_AREA]
    alike = [label for label, area_px in enumerate(areas_px, 1) if area_px >= PIECE_SHARE * areas_px.max()]
    if not 2 <= len(alike) <= MOST_PIECES:
        return [mask]
    pieces = [labels == label for label in alike]
    return sorted(pieces, key=lambda piece: -piece.sum() * (0.5 if _touches_edge(piece) else 1))


def _touches_edge(mask: np.ndarray) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def cut_plain(lab: np.ndarray, background: Background) -> np.ndarray:
    """Garment before a plain background: what differs from the background by more than its noise, less soft shadows."""
    slope = _measure_slope(lab)
    mask = _open(cv2.GaussianBlur(background.difference, (3, 3), 0) > background.tolerance, SMOOTHING_SHARE / 2)
    mask = _drop_detached_shadows(mask, background, slope)
    unshaded = _open(mask & ~_find_attached_shadow(mask, background, slope), SMOOTHING_SHARE)
    # A pale garment with soft edges would look like one large shadow.
    if unshaded.sum() > 0.6 * mask.sum():
        mask = unshaded
    return fill_holes(drop_specks(mask))


def _measure_slope(lab: np.ndarray) -> np.ndarray:
    """How fast the lightness changes, in L* a pixel: (H, W) float32."""
    lightness = cv2.GaussianBlur(np.ascontiguousarray(lab[..., 0]), (0, 0), 1)
    return np.hypot(cv2.Sobel(lightness, -1, 1, 0), cv2.Sobel(lightness, -1, 0, 1)) / 8


def _drop_detached_shadows(mask: np.ndarray, background: Background, slope: np.ndarray) -> np.ndarray:
    """Drop pieces that are soft and grey all over: the shadow of what hovers or hangs. The largest piece stays."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    kept = mask.copy()
    for label in np.argsort(-stats[1:, cv2.CC_STAT_AREA])[1:6] + 1:
        piece = labels == label
        is_soft = np.percentile(slope[piece], 95) < SHADOW_EDGE_SLOPE
        if is_soft and np.percentile(background.chroma_difference[piece], 95) < SHADOW_CHROMA:
            kept[piece] = False
    return kept


def _find_attached_shadow(mask: np.ndarray, background: Background, slope: np.ndarray) -> np.ndarray:
    """Where the background is only darker or brighter, with no edge on the way there from outside: (H, W) bool."""
    soft = (slope < SHADOW_SLOPE) & (background.chroma_difference < 2 * SHADOW_CHROMA)
    soft &= np.abs(background.darkening) < SHADOW_DEPTH
    _, labels = cv2.connectedComponents((soft | ~mask).astype(np.uint8), connectivity=4)
    outside = np.unique(labels[~mask])
    return mask & np.isin(labels, outside[outside > 0])


def cut_photo(rgb: np.ndarray) -> np.ndarray:
    """Garment in a photo: GrabCut (Rother et al. 2004), started from colours commoner inside than along the border."""
    height_px, width_px = rgb.shape[:2]
    scale = min(1.0, GRABCUT_SIDE_PX / max(height_px, width_px))
    size = max(1, round(width_px * scale)), max(1, round(height_px * scale))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    inside = find_garment_odds(to_lab(small))
    labels = np.where(inside > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[find_border(*labels.shape) & (inside < 0.5)] = cv2.GC_BGD
    mask = _grab(small, labels)
    if not LEAST_SHARE <= mask.mean() <= MOST_SHARE:
        mask = _grab(small, _frame_centre(*labels.shape))
    mask = cv2.resize(mask.astype(np.float32), (width_px, height_px), interpolation=cv2.INTER_LINEAR) > 0.5
    return fill_holes(drop_specks(_open(mask, SMOOTHING_SHARE)))


def _grab(rgb: np.ndarray, labels: np.ndarray) -> np.ndarray:
    if not (labels & 1).any() or (labels & 1).all():  # GrabCut needs both sides; odd labels are foreground
        return np.zeros(labels.shape, bool)
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    cv2.setRNGSeed(0)  # GrabCut starts with k-means: the same picture must give the same mask
    labels, *_ = cv2.grabCut(
        bgr, labels.copy(), None, np.zeros((1, 65)), np.zeros((1, 65)), GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK
    )
    return (labels & 1).astype(bool)


def _frame_centre(height_px: int, width_px: int) -> np.ndarray:
    labels = np.full((height_px, width_px), cv2.GC_BGD, np.uint8)
    top, left = round(0.08 * height_px), round(0.08 * width_px)
    labels[top : height_px - top, left : width_px - left] = cv2.GC_PR_FGD
    return labels


def find_garment_odds(lab: np.ndarray) -> np.ndarray:
    """Probability that each pixel is garment, by its place and by colours commoner in the middle than outside.

    Colour histograms of the inside and of the outside, first told apart by place alone, are compared twice over.

    Parameters
    ----------
    lab : (H, W, 3) float32
        The picture in CIE Lab.

    Returns
    -------
    (H, W) float32, 0..1
    """
    cells = _find_colour_cells(lab)
    prior = _expect_centre(*cells.shape)
    odds = prior
    for _ in range(2):
        ratio = _count_colours(cells, odds) / _count_colours(cells, 1 - odds)
        evidence = cv2.GaussianBlur(np.log(ratio)[cells].astype(np.float32), (0, 0), 1.5)
        odds = 1 / (1 + np.exp(-evidence) * (1 - prior) / prior)
    return odds


def _find_colour_cells(lab: np.ndarray) -> np.ndarray:
    """Number of the histogram cell of each pixel, 16 x 16 x 16 cells: (H, W) int."""
    scaled = (lab + np.float32([0, 80, 80])) / np.float32([100 / 15, 10, 10])
    cells = np.clip(scaled, 0, 15).astype(int)
    return (cells[..., 0] * 16 + cells[..., 1]) * 16 + cells[..., 2]


def _count_colours(cells: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Smoothed share of each colour cell under the weights: (4096,) float, above 0."""
    counts = np.bincount(cells.ravel(), weights.ravel(), 16**3).reshape(16, 16, 16)
    for axis in range(3):
        counts = counts + 0.5 * (np.roll(counts, 1, axis) + np.roll(counts, -1, axis))
    return counts.ravel() / counts.sum() + 1e-5


def _expect_centre(height_px: int, width_px: int) -> np.ndarray:
    """Probability of garment by place alone, high in the middle: (H, W) float, above 0 and below 1."""
    rows, columns = np.mgrid[-1 : 1 : height_px * 1j, -1 : 1 : width_px * 1j]
    within_ellipse = 1 / (1 + np.exp((np.hypot(rows, columns) - 0.85) / 0.12))
    within_frame = 1 / (1 + np.exp((np.maximum(abs(rows), abs(columns)) - 0.92) / 0.04))
    return np.clip(np.minimum(within_ellipse, within_frame), 1e-6, 1 - 1e-6)


def drop_specks(mask: np.ndarray) -> np.ndarray:
    """Drop connected pieces smaller than a twentieth of the largest one."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count <= 1:
        return mask
    areas_px = stats[:, cv2.CC_STAT_AREA].copy()
    areas_px[0] = 0
    return (areas_px >= 0.05 * areas_px.max())[labels] & mask


def fill_holes(mask: np.ndarray) -> np.ndarray:
    """Fill holes under 3% of the mask, such as buttons and prints; all of them where little but an outline is left.

    The hole of a bag's handle is larger, and shows in Fashion-MNIST too.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    outside = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    is_hole = np.ones(count, bool)
    is_hole[outside] = False
    is_hole[0] = False  # label 0 is the mask itself
    filled = mask | is_hole[labels]
    if filled.sum() > OUTLINE_EXCESS * mask.sum():
        return filled
    return mask | (is_hole & (stats[:, cv2.CC_STAT_AREA] < HOLE_SHARE * mask.sum()))[labels]


def _open(mask: np.ndarray, share: float) -> np.ndarray:
    """Remove what is thinner than a share of the picture's longest side: hanger wires, ragged edges."""
    side_px = 2 * max(1, round(share * max(mask.shape))) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side_px, side_px))
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc).astype(bool)
