"""Any picture becomes what Fashion-MNIST would have shown: 28×28, garment cut out, centred, light on black.

Fashion-MNIST itself was made like this from white-background product photos: trimmed, longest side to 28 pixels,
centred, negated (Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747, section 2).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from data.cutout import cut_out_garment, split_pieces
from data.decoding import PictureError, decode
from data.fitting import SIDE_PX, Box, find_square, limit_crop, place_mask, place_square, shrink_square
from data.kinds import KINDS, find_kind, is_dark_on_white, is_fashion_mnist
from data.scene import split_alpha, view_scene
from data.tones import map_tones, negate_tones

CLOCKWISE = {1: Image.Transpose.ROTATE_270, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_90}
NOTHING_FOUND = "No garment could be told from the background, so the whole picture was used."

__all__ = ["KINDS", "PictureError", "Prepared", "prepare"]


@dataclass(frozen=True)
class Prepared:
    """A picture made ready for the networks, and how it was made.

    Attributes
    ----------
    pixels : (28, 28, 1) float32, 0..1
        Garment light on black.
    picture : (H, W, 3) uint8
        The visitor's own picture in RGB: upright, at most 1024 pixels a side, transparent parts on white.
    box : tuple of float
        Left, top, right, bottom, in pixels, of the square of `picture` that became `pixels`; may reach beyond it.
    mask : (H, W) bool
        The garment in `picture`.
    kind : str
        A key of `KINDS`.
    note : str
        Empty, or one sentence saying what failed and what was done instead.
    pieces : int
        How many separate pieces were found; 2 for a pair of shoes.
    area : tuple of int, optional
        Left, top, right, bottom, in pixels of `picture`, of the part that was looked at: the visitor's crop, or all.
    """

    pixels: np.ndarray
    picture: np.ndarray
    box: Box
    mask: np.ndarray
    kind: str
    note: str
    pieces: int
    area: tuple[int, int, int, int] | None = None


def prepare(
    upload,
    *,
    kind: str | None = None,
    cut_out: bool = True,
    invert: bool = False,
    quarter_turns: int = 0,
    piece: int | None = None,
    crop: Box | None = None,
) -> Prepared:
    """Make any picture look like one of Fashion-MNIST's.

    Parameters
    ----------
    upload
        Whatever `data.decoding.decode` takes.
    kind : str, optional
        A key of `KINDS` to take instead of the one found.
    cut_out : bool
        False keeps the background.
    invert : bool
        True swaps light and dark, compared to what would have been chosen.
    quarter_turns : int
        Turn the picture by this many right angles, clockwise.
    piece : int, optional
        Which piece to take, 0 for the best one, modulo the number of pieces; by default all of them
        together, since a pair is itself a sign of shoes.
    crop : tuple of float, optional
        Left, top, right, bottom as shares of the (turned) picture, 0..1; nothing outside it is looked at.

    Raises
    ------
    PictureError
        When the upload cannot be decoded, or nothing is to be seen in it.
    ValueError
        When `kind` is not a key of `KINDS`.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}: choose from {', '.join(KINDS)}")
    picture, alpha = split_alpha(_turn(decode(upload), quarter_turns))
    area = limit_crop(crop, picture.shape[1], picture.shape[0])
    left, top, right, bottom = area
    rgb, alpha = picture[top:bottom, left:right], alpha[top:bottom, left:right]
    if kind == "fashion_mnist" or (kind is None and is_fashion_mnist(rgb, alpha)):
        pixels, mask, square = _take_whole(rgb, invert)
        return _report(pixels, picture, square, area, mask, "fashion_mnist", "", 1)
    scene = view_scene(rgb, alpha)
    kind = kind or find_kind(scene)
    if not cut_out:
        mask = np.ones(scene.alpha.shape, bool)
        square = find_square(mask)
        pixels = shrink_square(negate_tones(scene, invert), square)
        return _report(pixels, picture, square, area, mask, kind, "", 1)
    mask = cut_out_garment(scene, kind)
    note = "" if mask.any() else NOTHING_FOUND
    mask = mask if mask.any() else ~mask
    pieces = split_pieces(mask)
    chosen = mask if piece is None else pieces[piece % len(pieces)]
    square = find_square(chosen)
    pixels = shrink_square(map_tones(scene, chosen, kind, invert), square)
    return _report(pixels, picture, square, area, chosen, kind, note, len(pieces))


def _turn(picture: Image.Image, quarter_turns: int) -> Image.Image:
    turn = CLOCKWISE.get(quarter_turns % 4)
    return picture if turn is None else picture.transpose(turn)


def _take_whole(rgb: np.ndarray, invert: bool) -> tuple[np.ndarray, np.ndarray, Box]:
    """Take a picture as a ready 28×28 one: only shrunk where it is larger, and turned light on black."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if np.ptp(grey) == 0:
        raise PictureError("There is nothing to see in this picture: draw or upload an item.")
    everything = np.ones(grey.shape, bool)
    square = find_square(everything)
    is_ready = grey.shape == (SIDE_PX, SIDE_PX)
    small = grey if is_ready else cv2.resize(grey, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    tones = grey.astype(np.float32) / 255
    tones = 1 - tones if is_dark_on_white(small) != invert else tones
    if is_ready:
        return tones, tones > 0, square
    return shrink_square(tones, square), everything, square


def _report(pixels, picture, square, area, mask, kind, note, pieces) -> Prepared:
    """Put the result together, places given in pixels of the whole picture."""
    return Prepared(
        pixels=pixels[..., None].astype(np.float32),
        picture=picture,
        box=place_square(square, area, mask.shape),
        mask=place_mask(mask, area, picture.shape[:2]),
        kind=kind,
        note=note,
        pieces=pieces,
        area=area,
    )
