"""Which kind of picture was uploaded: a ready 28×28 one, a drawing, one on a plain background, or a photo."""

import cv2
import numpy as np

from data.scene import Scene

KINDS = {
    "fashion_mnist": "28×28 grey picture",
    "plain": "picture on a plain background",
    "drawing": "line drawing",
    "photo": "photo",
}
# A pen's line is at most this wide, as a share of the drawing's longest side; icons have the thickest.
STROKE_SHARE = 0.11
# CIE76 differences: of ink from paper, of ink from ink, and of a shape filled flat.
INK_DIFFERENCE = 25.0
ONE_INK_DIFFERENCE = 12.0
FLAT_DIFFERENCE = 1.0
BLACK_LIGHTNESS, BLACK_CHROMA = 12.0, 6.0


def is_fashion_mnist(rgb: np.ndarray, alpha: np.ndarray) -> bool:
    """Whether a picture is 28×28, grey and opaque, as Fashion-MNIST's are."""
    return alpha.shape == (28, 28) and bool((alpha == 255).all() and np.ptp(rgb, axis=-1).max() == 0)


def is_dark_on_white(grey: np.ndarray) -> bool:
    """Whether the border of a (28, 28) uint8 picture is rather white than black.

    This tells every one of Fashion-MNIST's 70,000 images from its negative.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return int((border > 247).sum()) > int((border < 8).sum())


def find_kind(scene: Scene) -> str:
    """Decide between "drawing", "plain" and "photo"."""
    if is_drawing(scene):
        return "drawing"
    return "plain" if scene.is_transparent or scene.background.is_plain else "photo"


def find_ink(scene: Scene) -> np.ndarray:
    """Where a pen was, if the picture is a drawing: (H, W) bool."""
    return scene.opaque if scene.is_transparent else scene.background.difference > INK_DIFFERENCE


def is_drawing(scene: Scene) -> bool:
    """Whether a picture is strokes of one colour on plain ground, or a shape filled flat in black."""
    ink = find_ink(scene)
    if not ink.any() or not (scene.is_transparent or scene.background.is_plain):
        return False
    core = cv2.erode(ink.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    colours = scene.lab[core if core.any() else ink]
    colour = np.median(colours, axis=0)
    differences = np.linalg.norm(colours - colour, axis=-1)
    is_one_ink = (differences < ONE_INK_DIFFERENCE).mean() > 0.9
    is_black = colour[0] < BLACK_LIGHTNESS and np.hypot(colour[1], colour[2]) < BLACK_CHROMA
    is_silhouette = is_black and differences.mean() < FLAT_DIFFERENCE
    return bool(is_one_ink and (_is_thin(ink) or is_silhouette))


def _is_thin(ink: np.ndarray) -> bool:
    """Whether nearly all ink lies in strokes no wider than a pen's."""
    rows, columns = np.nonzero(ink)
    side_px = max(np.ptp(rows), np.ptp(columns)) + 1
    depth_px = cv2.distanceTransform(np.pad(ink, 1).astype(np.uint8), cv2.DIST_L2, 5)
    return float(np.percentile(depth_px[depth_px > 0], 98)) * 2 <= STROKE_SHARE * side_px
