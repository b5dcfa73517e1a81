"""A heatmap laid on the picture it explains, in colours that the colour-blind can read."""

import cv2
import numpy as np

# Viridis: perceptually even, and readable with every common colour-vision deficiency.
COLOUR_MAP = cv2.COLORMAP_VIRIDIS
DEFAULT_OPACITY = 0.65
# A 28×28 picture is shown enlarged, or its heatmap could not be seen on it.
LEAST_SHOWN_SIDE_PX = 448


def colour_heatmap(heatmap: np.ndarray) -> np.ndarray:
    """Give each value its colour: (H, W) float 0..1 -> (H, W, 3) uint8 RGB."""
    levels = np.round(np.clip(heatmap, 0, 1) * 255).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(levels, COLOUR_MAP), cv2.COLOR_BGR2RGB)  # OpenCV's colours are BGR


def enlarge_picture(picture: np.ndarray) -> np.ndarray:
    """Enlarge a small picture by a whole factor, keeping its pixels visible; a large one is left as it is."""
    factor = max(1, -(-LEAST_SHOWN_SIDE_PX // max(picture.shape[:2])))
    if factor == 1:
        return picture
    return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)


def place_heatmap(heatmap: np.ndarray, box: tuple[float, float, float, float], shape: tuple[int, int]) -> np.ndarray:
    """Put a heatmap back to where its pixels came from.

    Parameters
    ----------
    heatmap : (h, w) float32, 0..1
    box : left, top, right, bottom in pixels of the picture, covered by the heatmap; may reach beyond its edges
    shape : height and width of the picture, in pixels

    Returns
    -------
    (H, W) float32, 0..1; zero outside the box
    """
    left, top, right, bottom = box
    # Maps pixel centres of the picture to pixel centres of the heatmap.
    scale_x, scale_y = heatmap.shape[1] / (right - left), heatmap.shape[0] / (bottom - top)
    to_heatmap = np.array(
        [
            [scale_x, 0, (0.5 - left) * scale_x - 0.5],
            [0, scale_y, (0.5 - top) * scale_y - 0.5],
        ],
        np.float32,
    )
    size = (shape[1], shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    placed = cv2.warpAffine(heatmap, to_heatmap, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    columns, rows = np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5
    inside = ((rows >= top) & (rows < bottom))[:, None] & ((columns >= left) & (columns < right))[None]
    return np.where(inside, np.clip(placed, 0, 1), 0).astype(np.float32)


def resize_heatmap(heatmap: np.ndarray, side_px: int = 28) -> np.ndarray:
    """Bring a heatmap of any size to a square one: (h, w) float32 -> (side_px, side_px) float32, 0..1."""
    if heatmap.shape == (side_px, side_px):
        return heatmap
    return np.clip(cv2.resize(heatmap, (side_px, side_px), interpolation=cv2.INTER_LINEAR), 0, 1)


def overlay_heatmap(
    picture: np.ndarray,
    heatmap: np.ndarray,
    box: tuple[float, float, float, float],
    opacity: float = DEFAULT_OPACITY,
) -> np.ndarray:
    """Lay a heatmap on the picture; where there is no evidence the picture shows through.

    Parameters
    ----------
    picture : (H, W, 3) uint8 RGB
    heatmap : (h, w) float32, 0..1
    box : see `place_heatmap`
    opacity : float, 0..1
        Of the strongest evidence.

    Returns
    -------
    (H', W', 3) uint8 RGB
        As large as the picture, or enlarged by a whole factor when that is small.
    """
    shown = enlarge_picture(picture)
    factor = shown.shape[0] / picture.shape[0]
    placed = place_heatmap(heatmap, tuple(edge * factor for edge in box), shown.shape[:2])
    weights = (opacity * placed)[..., None]
    blended = shown * (1 - weights) + colour_heatmap(placed) * weights
    return np.round(blended).astype(np.uint8)


def draw_box(picture: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """Frame the part of a picture that became the 28×28 one.

    Parameters
    ----------
    picture : (H, W, 3) uint8 RGB
    box : left, top, right, bottom in pixels; may reach beyond the edges, where the frame then lies on the edge

    Returns
    -------
    (H, W, 3) uint8 RGB
    """
    height, width = picture.shape[:2]
    thickness = max(1, round(max(height, width) / 120))
    left, top = max(0, round(box[0])), max(0, round(box[1]))
    right, bottom = min(width, round(box[2])) - 1, min(height, round(box[3])) - 1
    framed = picture.copy()
    # Dark under light: to be seen on any picture.
    cv2.rectangle(framed, (left, top), (right, bottom), (20, 20, 20), 2 * thickness)
    cv2.rectangle(framed, (left, top), (right, bottom), (253, 231, 37), thickness)
    return framed


def show_cutout(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fade what was not taken for the garment.

    Parameters
    ----------
    picture : (H, W, 3) uint8 RGB
    mask : (H, W) bool

    Returns
    -------
    (H, W, 3) uint8 RGB
    """
    faded = (0.12 * picture + 0.88 * 128).astype(np.uint8)
    return np.where(mask[..., None], picture, faded)
