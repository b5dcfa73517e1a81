"""The main colours of a garment: named, with their shares.

Pixels of the cut-out are grouped by k-means in CIE Lab, where distance is near to what the eye sees; groups that bear
the same name are one colour.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from data.background import to_lab

# Typical shades of each name, as clothes have them. A screen's blue needs its own: in Lab it lies near purple.
PALETTE = {
    "black": ("#17171a",),
    "dark grey": ("#4b4b4d",),
    "grey": ("#8a8a8b",),
    "light grey": ("#c2c2c2",),
    "white": ("#f4f4f2",),
    "cream": ("#ece0c4",),
    "beige": ("#c9b294",),
    "brown": ("#6f4a30",),
    "dark brown": ("#3a281f",),
    "burgundy": ("#67202f",),
    "red": ("#c0242c",),
    "orange": ("#e37a2a",),
    "yellow": ("#e8c93a",),
    "olive": ("#6b6a3a",),
    "green": ("#3f8a4c",),
    "dark green": ("#1f4432",),
    "mint": ("#a5d6bc",),
    "teal": ("#1f7f86",),
    "light blue": ("#9cc0e0",),
    "blue": ("#2f63b4", "#1f2fe0"),
    "navy": ("#1f2945",),
    "purple": ("#633a86",),
    "lilac": ("#b8a3cf",),
    "pink": ("#eaa9bb",),
    "magenta": ("#c42d80",),
}
GROUPS = 6
MOST_COLOURS = 4
# Less than this is a button, a label, or background that the cut-out took along.
LEAST_SHARE = 0.08
# Enough pixels for shares to one percent.
SAMPLE_PX = 4000
# The rim mixes with the background: this share of the garment's longest side is left out where enough remains.
RIM_SHARE = 0.02
ROUNDS, ATTEMPTS = 12, 2


@dataclass(frozen=True)
class Colour:
    """One colour of a garment.

    Attributes
    ----------
    name : str
        A key of `PALETTE`.
    share : float
        Of the garment's pixels, 0..1.
    hex : str
        The mean of these pixels, as `#rrggbb`.
    """

    name: str
    share: float
    hex: str


def find_colours(picture: np.ndarray, mask: np.ndarray) -> list[Colour]:
    """Name the main colours of what a mask shows.

    Parameters
    ----------
    picture : (H, W, 3) uint8 RGB
    mask : (H, W) bool

    Returns
    -------
    list of Colour
        The largest share first, at most `MOST_COLOURS`; empty where the mask is. What is too small for a colour of its
        own counts in none, so that shares may sum to less than 1.
    """
    pixels = _sample_pixels(picture, mask)  # (N, 3)
    if not len(pixels):
        return []
    centres, counts = _group_pixels(to_lab(pixels[None])[0])
    members = {}
    for centre, count in zip(centres, counts, strict=True):
        members.setdefault(name_colour(centre), []).append((centre, count))
    colours = [_make_colour(name, groups, len(pixels)) for name, groups in members.items()]
    colours.sort(key=lambda colour: -colour.share)
    main = [colour for colour in colours if colour.share >= LEAST_SHARE]
    return (main or colours[:1])[:MOST_COLOURS]


def name_colour(lab: np.ndarray) -> str:
    """Give the name in `PALETTE` that is nearest to a (3,) colour in CIE Lab."""
    return SHADES[int(measure_difference(np.asarray(lab, float), SHADES_LAB).argmin())][0]


def measure_difference(lab: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Measure the CIE94 difference, for graphic arts, from one colour to others: (3,) and (N, 3) Lab -> (N,).

    Unlike the plain distance it counts less chroma where there is much of it: any strong red is red, but a little red
    in a grey is seen.
    """
    lightness, a, b = (others - lab).T
    chromas = np.hypot(others[:, 1], others[:, 2])
    chroma = chromas - np.hypot(lab[1], lab[2])
    hue_squared = np.maximum(a**2 + b**2 - chroma**2, 0)
    return np.sqrt(lightness**2 + (chroma / (1 + 0.045 * chromas)) ** 2 + hue_squared / (1 + 0.015 * chromas) ** 2)


def read_hex(colour: str) -> tuple[int, int, int]:
    """Give red, green and blue, 0..255, of `#rrggbb`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


SHADES = [(name, shade) for name, shades in PALETTE.items() for shade in shades]
SHADES_LAB = to_lab(np.array([[read_hex(shade) for _, shade in SHADES]], np.uint8))[0].astype(float)  # (N, 3)


def _sample_pixels(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Evenly spread pixels of the garment without its rim: (N, 3) uint8, N at most `SAMPLE_PX`."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return np.empty((0, 3), np.uint8)
    rim_px = round(RIM_SHARE * (max(np.ptp(rows), np.ptp(columns)) + 1))
    size_px = 2 * rim_px + 1
    core = cv2.erode(mask.astype(np.uint8), np.ones((size_px, size_px), np.uint8), borderValue=0).astype(bool)
    inside = picture[core if core.sum() >= 0.2 * len(rows) else mask]
    return inside[np.linspace(0, len(inside) - 1, min(SAMPLE_PX, len(inside))).astype(int)]


def _group_pixels(lab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Group (N, 3) float32 colours: centres (K, 3) and how many pixels each has (K,), K at most `GROUPS`."""
    groups = min(GROUPS, len(np.unique(lab, axis=0)))
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, ROUNDS, 0.5)
    cv2.setRNGSeed(0)  # the same picture must give the same colours
    _, owners, centres = cv2.kmeans(lab[:, None], groups, None, stop, ATTEMPTS, cv2.KMEANS_PP_CENTERS)
    return centres.reshape(groups, 3), np.bincount(owners.ravel(), minlength=groups)


def _make_colour(name: str, groups: list[tuple[np.ndarray, int]], total: int) -> Colour:
    counts = np.array([count for _, count in groups], float)
    mean = np.average([centre for centre, _ in groups], axis=0, weights=np.maximum(counts, 1e-9))
    rgb = cv2.cvtColor(mean.astype(np.float32)[None, None], cv2.COLOR_Lab2RGB)[0, 0]
    red, green, blue = np.round(np.clip(rgb, 0, 1) * 255).astype(int)
    return Colour(name, float(counts.sum() / total), f"#{red:02x}{green:02x}{blue:02x}")
