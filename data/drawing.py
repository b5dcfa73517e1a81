"""A line drawing becomes a filled shape: loose stroke ends are joined, the outline is filled, the strokes stay."""

import cv2
import numpy as np

# Shares of the convex hull: a drawing that fills the first is closed for sure, one under the second is surely open.
CLOSED_SHARE = 0.65
OPEN_SHARE = 0.4
# Round a stroke's end the paper is emptier than along the stroke: half the ink, against all of it.
END_INK_SHARE = 0.7
LONGEST_BRIDGE_SHARE = 1.0
SMALL_GAP_SHARES = (0.012, 0.03)
LARGE_GAP_SHARE = 0.08


def fill_drawing(ink: np.ndarray) -> np.ndarray:
    """Fill the inside of a line drawing, strokes included.

    What is closed is filled; else small gaps are closed, then loose ends are joined by straight bridges, the shortest
    first; the first attempt that fills enough counts, else the one that fills most. Larger gaps are closed only where
    all that failed, because it fills the armpits too.

    Parameters
    ----------
    ink : (H, W) bool
        Where the pen was.

    Returns
    -------
    (H, W) bool
    """
    side_px, hull_px = max(ink.shape), _measure_hull_px(ink)
    best = ink
    for barrier, gap_share in _try_barriers(ink):
        filled = _fill_outline(barrier, round(gap_share * side_px)) | ink
        best = max(best, filled, key=np.count_nonzero)
        if best.sum() >= CLOSED_SHARE * hull_px:
            return best
    if best.sum() >= OPEN_SHARE * hull_px:
        return best
    return _fill_outline(barrier, round(LARGE_GAP_SHARE * side_px)) | ink


def _try_barriers(ink: np.ndarray):
    """Yield ever more closed outlines, (H, W) bool, and the share of the picture's side up to which gaps close."""
    yield ink, 0
    for share in SMALL_GAP_SHARES:
        yield ink, share
    bridged = ink.astype(np.uint8)
    for start, end in _find_bridges(ink):
        cv2.line(bridged, start, end, 1, 2)
        yield bridged.astype(bool), SMALL_GAP_SHARES[0]


def _fill_outline(ink: np.ndarray, gap_px: int) -> np.ndarray:
    """Fill what the ink, thickened by `gap_px`, shuts off from outside; then take the thickening back."""
    margin_px = gap_px + 2
    barrier = np.pad(ink, margin_px).astype(np.uint8)
    if gap_px:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * gap_px + 1, 2 * gap_px + 1))
        barrier = cv2.dilate(barrier, disc)
    cv2.floodFill(barrier, None, (0, 0), 2)
    inside = (barrier != 2).astype(np.uint8)
    if gap_px:
        inside = cv2.erode(inside, disc)
    return inside[margin_px:-margin_px, margin_px:-margin_px].astype(bool)


def _find_bridges(ink: np.ndarray) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Pairs of loose ends, nearest first, each end used once: ((x, y), (x, y)) in pixels."""
    ends = _find_loose_ends(ink)
    if len(ends) < 2:
        return []
    distances_px = np.linalg.norm(ends[:, None] - ends[None], axis=-1)
    distances_px[np.tril_indices(len(ends))] = np.inf
    bridges, used = [], set()
    for flat in np.argsort(distances_px, axis=None, kind="stable"):
        first, second = divmod(int(flat), len(ends))
        if distances_px[first, second] > LONGEST_BRIDGE_SHARE * max(ink.shape):
            break
        if not used & {first, second}:
            used |= {first, second}
            bridges.append((tuple(map(int, ends[first])), tuple(map(int, ends[second]))))
    return bridges


def _find_loose_ends(ink: np.ndarray) -> np.ndarray:
    """Where strokes end: (N, 2) float, x and y in pixels, at most 40 of them."""
    depth_px = cv2.distanceTransform(np.pad(ink, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    stroke_px = 4 * float(depth_px[ink].mean())
    window_px = 2 * max(3, round(1.5 * stroke_px)) + 1
    crowding = cv2.boxFilter(ink.astype(np.float32), -1, (window_px, window_px), borderType=cv2.BORDER_CONSTANT)
    is_end = ink & (crowding < END_INK_SHARE * np.median(crowding[ink]))
    count, _, stats, centres = cv2.connectedComponentsWithStats(is_end.astype(np.uint8), connectivity=8)
    largest_first = np.argsort(-stats[1:, cv2.CC_STAT_AREA])[:40] + 1
    return centres[largest_first] if count > 1 else np.empty((0, 2))


def _measure_hull_px(ink: np.ndarray) -> float:
    points = cv2.findNonZero(ink.astype(np.uint8))
    return 0.0 if points is None else float(cv2.contourArea(cv2.convexHull(points)))
