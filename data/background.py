"""What lies behind the garment: a smooth colour estimated from the border, and how far each pixel is from it."""

from dataclasses import dataclass

import cv2
import numpy as np

BORDER_SHARE = 0.03
CORNER_SHARE = 0.08
# A CIE76 difference of about 2.3 is just noticeable; 10 is the same colour under slightly other light.
SAME_COLOUR = 10.0
PLAIN_SHARE = 0.8
PLAIN_NOISE = 2.6
# A screen's or an icon's background is one exact colour, so less of it is enough; full-size icons reach the border.
EXACT_SHARE = 0.1
EXACT_NOISE = 0.3
LEAST_TOLERANCE, MOST_TOLERANCE = 2.5, 14.0


@dataclass(frozen=True)
class Background:
    """The colour behind the garment.

    Attributes
    ----------
    difference : (H, W) float32, 0 or more
        Lab distance of each pixel from the background expected there.
    chroma_difference : (H, W) float32, 0 or more
        The same in a* and b* alone, which a shadow leaves as they are.
    darkening : (H, W) float32
        How much darker than the background each pixel is, in L*.
    noise : float
        Median of `difference` over the border pixels that are background.
    tolerance : float
        Largest `difference` that still is background.
    share : float
        Share of the border that is background, 0..1.
    lightness : float
        Median L* of the background, 0..100.
    """

    difference: np.ndarray
    chroma_difference: np.ndarray
    darkening: np.ndarray
    noise: float
    tolerance: float
    share: float
    lightness: float

    @property
    def is_plain(self) -> bool:
        """Whether one smooth colour explains most of the border."""
        is_smooth = self.share >= PLAIN_SHARE and self.noise <= PLAIN_NOISE
        return is_smooth or (self.share >= EXACT_SHARE and self.noise <= EXACT_NOISE)


def to_lab(rgb: np.ndarray) -> np.ndarray:
    """CIE Lab of an RGB picture: (H, W, 3) uint8 -> (H, W, 3) float32, L* 0..100, a* and b* about -127..127."""
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)


def find_border(height_px: int, width_px: int) -> np.ndarray:
    """Mark the frame of the picture that most likely shows background: (H, W) bool."""
    thickness_px = max(1, round(BORDER_SHARE * max(height_px, width_px)))
    border = np.ones((height_px, width_px), bool)
    border[thickness_px:-thickness_px, thickness_px:-thickness_px] = False
    return border


def estimate_background(lab: np.ndarray) -> Background:
    """Fit a colour with a soft gradient to the picture's border, leaving out what juts in.

    Parameters
    ----------
    lab : (H, W, 3) float32
        The picture in CIE Lab.
    """
    height_px, width_px = lab.shape[:2]
    border = find_border(height_px, width_px)
    rows, columns = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    terms = np.stack([np.ones_like(rows), rows / height_px, columns / width_px], axis=-1)  # (H, W, 3)
    expected = _fit_plane(terms, lab, border)
    offsets = lab - expected
    difference = np.linalg.norm(offsets, axis=-1)
    behind = difference[border] <= SAME_COLOUR
    near = difference[border][behind] if behind.any() else np.full(1, SAME_COLOUR)
    return Background(
        difference=difference,
        chroma_difference=np.linalg.norm(offsets[..., 1:], axis=-1),
        darkening=-offsets[..., 0],
        noise=float(np.median(near)),
        tolerance=float(np.clip(1.3 * np.percentile(near, 95) + 1, LEAST_TOLERANCE, MOST_TOLERANCE)),
        share=float(behind.mean()),
        lightness=float(np.median(expected[..., 0])),
    )


def _fit_plane(terms: np.ndarray, lab: np.ndarray, border: np.ndarray) -> np.ndarray:
    """Trimmed least squares: start at the corners' commonest colour, keep what is near, fit, repeat."""
    samples, colours = terms[border], lab[border]
    start = _find_mode(_take_corners(lab))
    residuals = np.linalg.norm(colours - start, axis=-1)
    for tolerance in (2 * SAME_COLOUR, 1.5 * SAME_COLOUR, SAME_COLOUR):
        near = residuals <= tolerance
        if near.sum() < 3 * terms.shape[-1]:
            return np.broadcast_to(start, lab.shape)
        plane, *_ = np.linalg.lstsq(samples[near], colours[near], rcond=None)
        residuals = np.linalg.norm(colours - samples @ plane, axis=-1)
    return terms @ plane


def _take_corners(lab: np.ndarray) -> np.ndarray:
    """Colours of the four corners, which a garment reaches last: (N, 3)."""
    side_px = max(2, round(CORNER_SHARE * max(lab.shape[:2])))
    top, bottom = lab[:side_px], lab[-side_px:]
    corners = [top[:, :side_px], top[:, -side_px:], bottom[:, :side_px], bottom[:, -side_px:]]
    return np.concatenate([corner.reshape(-1, 3) for corner in corners])


def _find_mode(colours: np.ndarray) -> np.ndarray:
    """Commonest colour among (N, 3) Lab colours, in cells of 10 units: a median would mix two colours into a third."""
    _, owners, counts = np.unique(np.floor(colours / 10), axis=0, return_inverse=True, return_counts=True)
    return np.median(colours[owners.ravel() == counts.argmax()], axis=0)
