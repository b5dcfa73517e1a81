"""Whatever is uploaded: a small upright 8-bit picture, or a sentence that helps."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from data.decoding import LARGEST_PICTURE_PX, ORIENTATION_TAG, WORKING_SIDE_PX, PictureError, decode

WIDE = Image.fromarray(np.arange(48 * 32 * 3, dtype=np.uint32).reshape(32, 48, 3).astype(np.uint8))


def write(picture, file_format="PNG", **options) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, file_format, **options)
    return stream.getvalue()


def write_png_header(width_px: int, height_px: int) -> bytes:
    """A PNG that claims a size and holds no pixels."""
    header = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    chunks = [b"IHDR" + header, b"IDAT" + zlib.compress(b"")]
    framed = [struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def test_a_path_bytes_a_file_an_array_and_a_picture_give_the_same(tmp_path):
    path = tmp_path / "item.png"
    path.write_bytes(write(WIDE))
    uploads = [path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), np.asarray(WIDE), WIDE]
    for upload in uploads:
        np.testing.assert_array_equal(np.asarray(decode(upload)), np.asarray(WIDE))


def test_the_callers_picture_stays_as_it_is():
    picture = Image.open(io.BytesIO(write(WIDE.resize((3000, 2000)), "JPEG")))
    assert max(decode(picture).size) <= WORKING_SIDE_PX
    assert picture.size == (3000, 2000)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = WIDE.transpose(turns[orientation]) if orientation in turns else WIDE
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    np.testing.assert_array_equal(np.asarray(decode(write(stored, exif=exif))), np.asarray(WIDE))


def test_broken_exif_leaves_the_picture_upright():
    picture = decode(write(WIDE, "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff\x01"))
    assert picture.size == WIDE.size


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("1", "L"), ("L", "L"), ("LA", "RGBA"), ("P", "RGB"), ("PA", "RGBA"), ("RGB", "RGB"), ("RGBA", "RGBA")]
    + [
        ("RGBa", "RGBA"),
        ("CMYK", "RGB"),
        ("YCbCr", "RGB"),
        ("HSV", "RGB"),
        ("I", "L"),
        ("F", "L"),
        ("I;16", "L"),
    ],
)
def test_every_mode_becomes_eight_bits(mode, expected):
    if mode == "I;16":
        picture = Image.fromarray((np.arange(1024, dtype=np.uint16) * 64).reshape(32, 32))
    elif mode == "RGBa":
        picture = WIDE.convert("RGBA").convert("RGBa")
    elif mode == "PA":
        picture = WIDE.convert("P").convert("PA")
    else:
        picture = WIDE.convert(mode)
    assert decode(picture).mode == expected


def test_deep_grey_keeps_its_tones():
    deep = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    shallow = np.asarray(decode(write(Image.fromarray(deep)))).astype(int)
    assert np.abs(shallow - np.rint(deep / 257).astype(int)).max() <= 1


def test_a_transparent_palette_keeps_its_holes():
    palette = Image.new("P", (16, 16), 1)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.paste(0, (0, 0, 8, 16))
    alpha = np.asarray(decode(write(palette, transparency=0)))[..., 3]
    assert (alpha[:, :8] == 0).all() and (alpha[:, 8:] == 255).all()


def test_an_animation_shows_its_first_frame():
    red, blue = Image.new("RGB", (20, 20), "red"), Image.new("RGB", (20, 20), "blue")
    animation = write(red, "GIF", save_all=True, append_images=[blue])
    assert decode(animation).convert("RGB").getpixel((10, 10)) == (255, 0, 0)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
def test_large_pictures_are_shrunk_and_keep_their_shape(file_format):
    picture = decode(write(WIDE.resize((3000, 2000)), file_format))
    assert max(picture.size) <= WORKING_SIDE_PX
    assert picture.size[0] / picture.size[1] == pytest.approx(1.5, abs=0.01)


def test_floats_count_from_0_to_1():
    floats = np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10)
    np.testing.assert_array_equal(np.asarray(decode(floats)), np.rint(floats * 255))


@pytest.mark.parametrize(
    ("upload", "said"),
    [
        (None, "draw or upload"),
        (b"", "empty"),
        (b"not a picture, only a text with another name", "not a picture"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(40), "HEIC"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", "not a picture"),
        (write(WIDE)[:200], "damaged"),
        (write(WIDE.resize((900, 600)), "JPEG")[:2000], "damaged"),
        (write(WIDE.resize((7, 40))), "too small"),
        (write(WIDE.resize((4000, 9))), "too small or too narrow"),
        (write_png_header(12_000, 12_000), "too large"),
        (write_png_header(60_000, 60_000), "too large"),
        ("no such file.png", "cannot be read"),
        (np.zeros((30, 30, 2), np.uint8), "channels"),
        (np.zeros((30, 30), np.int32), "bytes from 0 to 255"),
        (np.full((30, 30), np.nan), "from 0 to 1"),
        (np.full((30, 30), 255.0), "from 0 to 1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_used_is_said_in_a_sentence(upload, said):
    with pytest.raises(PictureError, match=said) as refusal:
        decode(upload)
    assert str(refusal.value).endswith(".")


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))
    side_px = int(LARGEST_PICTURE_PX**0.5) + 1
    with pytest.raises(PictureError, match="too large"):
        decode(write_png_header(side_px, side_px))


def test_a_folder_is_no_picture(tmp_path):
    with pytest.raises(PictureError, match="cannot be read"):
        decode(tmp_path)


def test_another_type_is_a_bug():
    with pytest.raises(TypeError, match="dict"):
        decode({"composite": None})


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"]), st.data())
def test_a_corrupted_file_gives_a_picture_or_a_sentence(file_format, drawn):
    content = bytearray(write(WIDE, file_format))
    for _ in range(drawn.draw(st.integers(1, 12))):
        content[drawn.draw(st.integers(0, len(content) - 1))] = drawn.draw(st.integers(0, 255))
    content = bytes(content[: drawn.draw(st.integers(0, len(content)))])
    try:
        picture = decode(content)
    except PictureError as refusal:
        assert str(refusal)
    else:
        assert picture.mode in ("L", "RGB", "RGBA") and max(picture.size) <= WORKING_SIDE_PX
