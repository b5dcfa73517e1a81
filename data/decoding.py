"""Any upload becomes one small, upright, 8-bit picture, or a sentence telling the visitor why it can't.

Nothing is decoded before the header has told its size, and a JPEG is decoded at the size needed, not at its own.
"""

import io
import os
import struct
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

WORKING_SIDE_PX = 1024
SMALLEST_SIDE_PX = 8
# 108-megapixel phones exist; beyond them lie only scans, panoramas and decompression bombs.
LARGEST_PICTURE_PX = 110_000_000
# No PostScript, PDF, video or vendor formats: each decoder is a door, and nobody needs these here.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM", "TGA", "ICO")
LARGEST_FILE_BYTES = 100_000_000
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
ORIENTATION_TAG = 0x0112
UPRIGHT_BY_ORIENTATION = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow's decoders raise on broken files; anything else is a bug here and propagates.
BROKEN_FILE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, OverflowError)


class PictureError(ValueError):
    """A picture that cannot be used; ``str(error)`` is a sentence the visitor can act on."""


def decode(upload) -> Image.Image:
    """Decode an upload of any kind into a small upright picture.

    Parameters
    ----------
    upload : str, os.PathLike, bytes, binary file object, PIL.Image.Image or numpy.ndarray
        An array is (H, W), (H, W, 1), (H, W, 3) or (H, W, 4); uint8 0..255, bool, or float 0..1.

    Returns
    -------
    PIL.Image.Image
        Mode "L", "RGB" or "RGBA", upright (EXIF applied), longest side at most ``WORKING_SIDE_PX`` pixels.

    Raises
    ------
    PictureError
        When nothing was given, or the file is missing, empty, truncated, too small, too large or no picture.
    TypeError
        When `upload` is of another type.
    """
    picture = _open_upload(upload)
    _refuse_size(picture.size)
    try:
        picture.draft(None, (WORKING_SIDE_PX // 2, WORKING_SIDE_PX // 2))
        orientation = _read_orientation(picture)
        picture.load()
        picture = _to_eight_bits(picture)
    except BROKEN_FILE_ERRORS as error:
        raise _damaged() from error
    picture.thumbnail((WORKING_SIDE_PX, WORKING_SIDE_PX), Image.Resampling.BOX, reducing_gap=None)
    _refuse_size(picture.size)
    turn = UPRIGHT_BY_ORIENTATION.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def _open_upload(upload) -> Image.Image:
    if upload is None:
        raise PictureError("There is nothing to see yet: draw or upload an item.")
    if isinstance(upload, Image.Image):
        return _copy_image(upload)
    if isinstance(upload, np.ndarray):
        return _open_array(upload)
    if isinstance(upload, (bytes, bytearray, memoryview)):
        return _open_stream(io.BytesIO(upload))
    if isinstance(upload, (str, os.PathLike)):
        return _open_stream(io.BytesIO(_read_file(Path(upload))))
    if hasattr(upload, "read"):
        return _open_stream(upload)
    raise TypeError(f"cannot decode {type(upload).__name__}: give a path, bytes, a file, an array or a PIL image")


def _copy_image(picture: Image.Image) -> Image.Image:
    """Copy, so that the caller's picture is neither loaded at another size nor turned."""
    _refuse_size(picture.size)
    try:
        return picture.copy()
    except BROKEN_FILE_ERRORS as error:
        raise _damaged() from error


def _read_file(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():  # a device would never end
            raise PictureError(f"The file {path.name} cannot be read: not a file.")
        if path.exists() and path.stat().st_size > LARGEST_FILE_BYTES:
            raise _too_large()
        return path.read_bytes()
    except OSError as error:
        raise PictureError(f"The file {path.name} cannot be read: {error.strerror or 'not a file'}.") from error


def _open_stream(stream) -> Image.Image:
    Image.init()  # `formats` may only name decoders that are registered
    try:
        stream.seek(0)
        return Image.open(stream, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except UnidentifiedImageError as error:
        raise PictureError(_describe_foreign_file(stream)) from error
    except BROKEN_FILE_ERRORS as error:
        raise _damaged() from error


def _describe_foreign_file(stream) -> str:
    """Say what a file that Pillow does not know is, and what to do about it."""
    stream.seek(0)
    head = stream.read(1024)
    if not head:
        return "This file is empty; choose another one."
    if head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS:
        return "HEIC pictures cannot be read here; save it as JPEG or PNG first."
    if b"<svg" in head.lower():
        return "SVG drawings cannot be read here; save it as PNG first."
    return "This file is not a picture that can be read; use a JPEG, PNG, WebP or GIF."


def _open_array(pixels: np.ndarray) -> Image.Image:
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (3, 4)):
        raise PictureError("An array must have the shape (height, width), with 3 or 4 channels if it has colour.")
    _refuse_size((pixels.shape[1], pixels.shape[0]))
    if pixels.dtype == bool:
        pixels = pixels.astype(np.float32)
    if np.issubdtype(pixels.dtype, np.floating):
        if not np.isfinite(pixels).all() or pixels.min() < 0 or pixels.max() > 1:
            raise PictureError("An array of floats must hold numbers from 0 to 1.")
        pixels = np.rint(pixels * 255).astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise PictureError("An array must hold bytes from 0 to 255 or floats from 0 to 1.")
    return Image.fromarray(np.ascontiguousarray(pixels))


def _refuse_size(size_px: tuple[int, int]) -> None:
    if min(size_px) < SMALLEST_SIDE_PX:
        raise PictureError(
            f"This picture is too small or too narrow; each side needs at least {SMALLEST_SIDE_PX} pixels."
        )
    if size_px[0] * size_px[1] > LARGEST_PICTURE_PX:
        raise _too_large()


def _damaged() -> PictureError:
    return PictureError("This picture is damaged or incomplete; save it again or try another one.")


def _too_large() -> PictureError:
    megapixels = LARGEST_PICTURE_PX // 1_000_000
    return PictureError(f"This picture is too large (over {megapixels} megapixels); make it smaller first.")


def _read_orientation(picture: Image.Image) -> int:
    """EXIF orientation, 1 to 8; upright where the tag is missing or broken, as every viewer does."""
    try:
        return picture.getexif().get(ORIENTATION_TAG, 1)
    except BROKEN_FILE_ERRORS:
        return 1


def _to_eight_bits(picture: Image.Image) -> Image.Image:
    """Convert every mode of Pillow's to "L", "RGB" or "RGBA"."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        return _spread_deep_grey(picture)
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    return picture.convert("L" if picture.mode in ("1", "L") else "RGB")


def _spread_deep_grey(picture: Image.Image) -> Image.Image:
    """Bring grey of 16 or 32 bits to 8: by 65535 for whole numbers, 0..1 or 0..255 for floats."""
    grey = np.nan_to_num(np.asarray(picture, dtype=np.float64), posinf=0, neginf=0)
    shallow_top, deep_top = (1.0, 255.0) if picture.mode == "F" else (255.0, 65535.0)
    top = shallow_top if grey.max() <= shallow_top else deep_top
    return Image.fromarray(np.rint(np.clip(grey / top, 0, 1) * 255).astype(np.uint8))
