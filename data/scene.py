"""A picture as the cut-out sees it: small, on white, with its colours, opacity and background measured."""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from data.background import Background, estimate_background, to_lab
from data.decoding import PictureError

# Cutting out needs shapes, not threads: at this size it takes tens of milliseconds.
SCENE_SIDE_PX = 256
OPAQUE = 128
# From here on a picture counts as having transparent parts; less is a rounded corner or a soft edge.
TRANSPARENT_SHARE = 0.01
# CIE76 difference under which nothing can be told apart.
BLANK_DIFFERENCE = 6.0


@dataclass(frozen=True)
class Scene:
    """A small picture and what was measured in it.

    Attributes
    ----------
    rgb : (H, W, 3) uint8
        Transparent parts on white; longest side at most `SCENE_SIDE_PX` pixels.
    alpha : (H, W) uint8
        Opacity, 0..255.
    lab : (H, W, 3) float32
        `rgb` in CIE Lab.
    background : Background
        Estimated from `lab`.
    """

    rgb: np.ndarray
    alpha: np.ndarray
    lab: np.ndarray
    background: Background

    @property
    def is_transparent(self) -> bool:
        """Whether the picture came already cut out."""
        return bool((self.alpha < OPAQUE).mean() > TRANSPARENT_SHARE)

    @property
    def opaque(self) -> np.ndarray:
        """Where something is: (H, W) bool."""
        return self.alpha >= OPAQUE


def split_alpha(picture: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """Part a picture of any mode in colours on white, (H, W, 3) uint8, and opacity, (H, W) uint8."""
    if picture.mode != "RGBA":
        return np.array(picture.convert("RGB")), np.full(picture.size[::-1], 255, np.uint8)
    white = Image.new("RGBA", picture.size, "white")
    return np.array(Image.alpha_composite(white, picture).convert("RGB")), np.array(picture.getchannel("A"))


def view_scene(rgb: np.ndarray, alpha: np.ndarray) -> Scene:
    """Shrink a picture, by area so that thin strokes stay, and measure it.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
    alpha : (H, W) uint8

    Raises
    ------
    PictureError
        When the picture has one single colour, or is wholly transparent.
    """
    height_px, width_px = alpha.shape
    scale = min(1.0, SCENE_SIDE_PX / max(height_px, width_px))
    size = max(1, round(width_px * scale)), max(1, round(height_px * scale))
    rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    lab = to_lab(rgb)
    scene = Scene(rgb, alpha, lab, estimate_background(lab))
    refuse_blank(scene)
    return scene


def refuse_blank(scene: Scene) -> None:
    """Raise a PictureError when there is nothing to see."""
    difference = np.linalg.norm(scene.lab - np.median(scene.lab.reshape(-1, 3), axis=0), axis=-1)
    seen = scene.opaque.any() if scene.is_transparent else difference.max() >= BLANK_DIFFERENCE
    if not seen:
        raise PictureError("There is nothing to see in this picture: draw or upload an item.")
