"""Any picture becomes one like Fashion-MNIST's; Fashion-MNIST itself stays as it is."""

import csv
import gzip
import io
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw

import data
from data.decoding import ORIENTATION_TAG, PictureError
from data.fitting import shrink_square
from data.preparation import KINDS, prepare

FASHION_MNIST = Path(data.__file__).parent / "fashion_mnist"
SHIRT = [
    (120, 60),
    (160, 80),
    (200, 60),
    (280, 110),
    (255, 165),
    (225, 145),
    (225, 300),
    (95, 300),
    (95, 145),
]
SHIRT += [(65, 165), (40, 110)]
COLOURS = {"white": (250, 250, 250), "cream": (235, 225, 200), "blue": (120, 160, 210), "black": (8, 8, 8)}


def read_images(name: str) -> np.ndarray:
    """Images of Fashion-MNIST: (N, 28, 28) uint8."""
    content = gzip.decompress((FASHION_MNIST / f"{name}-images-idx3-ubyte.gz").read_bytes())
    return np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28)


def draw_shirt(background=(250, 250, 250), fill=(150, 30, 40), noise=2.0, size=(320, 360)):
    """A plain shirt: RGB array and where it is."""
    picture, stencil = Image.new("RGB", size, background), Image.new("1", size, 0)
    ImageDraw.Draw(picture).polygon(SHIRT, fill=fill)
    ImageDraw.Draw(stencil).polygon(SHIRT, fill=1)
    grain = np.random.default_rng(0).normal(0, noise, (size[1], size[0], 3))
    return np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8), np.asarray(stencil)


def draw_strokes(points, width_px=12, closed=True, mode="RGB", size=(400, 400)) -> Image.Image:
    picture = Image.new(mode, size, "white" if mode == "RGB" else (0, 0, 0, 0))
    line = [*points, points[0], points[1]] if closed else points
    ImageDraw.Draw(picture).line(line, fill="black", width=width_px, joint="curve")
    return picture


def measure_overlap(found: np.ndarray, known: np.ndarray) -> float:
    """Intersection over union of two masks."""
    return (found & known).sum() / (found | known).sum()


def assert_valid(prepared):
    assert prepared.pixels.shape == (28, 28, 1) and prepared.pixels.dtype == np.float32
    assert np.isfinite(prepared.pixels).all() and prepared.pixels.min() >= 0 and prepared.pixels.max() <= 1
    height_px, width_px = prepared.picture.shape[:2]
    assert prepared.picture.shape == (height_px, width_px, 3) and prepared.picture.dtype == np.uint8
    assert prepared.mask.shape == (height_px, width_px) and prepared.mask.dtype == bool
    left, top, right, bottom = prepared.box
    assert right - left == pytest.approx(bottom - top) and right > left
    assert left < width_px and top < height_px and right > 0 and bottom > 0
    assert prepared.kind in KINDS and prepared.pieces >= 1
    assert prepared.note == "" or prepared.note.endswith(".")


# Fashion-MNIST itself


@pytest.mark.parametrize("wrap", [np.asarray, Image.fromarray, lambda grey: np.repeat(grey[..., None], 3, axis=2)])
def test_fashion_mnist_passes_unchanged(wrap):
    for image in read_images("t10k")[:300]:
        prepared = prepare(wrap(image))
        np.testing.assert_array_equal(np.rint(prepared.pixels[..., 0] * 255), image)
        assert prepared.kind == "fashion_mnist" and prepared.box == (0, 0, 28, 28)


def test_its_negative_is_turned_back():
    for image in read_images("t10k")[:300]:
        np.testing.assert_allclose(prepare(255 - image).pixels[..., 0], image / np.float32(255), atol=1e-6)


def test_all_of_it_is_told_from_its_negative():
    images = np.concatenate([read_images("train"), read_images("t10k")])
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    assert ((border < 8).sum(axis=1) > (border > 247).sum(axis=1)).all()


def test_a_png_of_it_passes_unchanged():
    image = read_images("t10k")[7]
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    np.testing.assert_array_equal(np.rint(prepare(stream.getvalue()).pixels[..., 0] * 255), image)


# Backgrounds


@pytest.mark.parametrize("colour", COLOURS.values(), ids=COLOURS)
def test_a_shirt_is_found_before_every_plain_background(colour):
    picture, known = draw_shirt(colour)
    prepared = prepare(picture)
    assert prepared.kind == "plain"
    assert measure_overlap(prepared.mask, known) > 0.95


def test_backgrounds_hardly_change_the_result():
    results = [prepare(draw_shirt(colour)[0]).pixels for colour in COLOURS.values()]
    for result in results[1:]:
        assert np.abs(result - results[0]).mean() < 0.05


def test_a_soft_gradient_is_background():
    picture, known = draw_shirt()
    shade = np.linspace(1, 0.7, picture.shape[0])[:, None, None]
    shaded = np.where(known[..., None], picture, picture * shade).astype(np.uint8)
    assert measure_overlap(prepare(shaded).mask, known) > 0.93


def test_a_soft_shadow_is_not_garment():
    picture, known = draw_shirt()
    shadow = np.zeros(known.shape, np.float32)
    cv2.ellipse(shadow, (160, 335), (100, 10), 0, 0, 360, 1, -1)
    shadow = cv2.GaussianBlur(shadow, (0, 0), 6)[..., None]
    shaded = np.where(known[..., None], picture, picture * (1 - 0.3 * shadow)).astype(np.uint8)
    assert measure_overlap(prepare(shaded).mask, known) > 0.9


def test_transparency_is_taken_as_cut_out():
    picture, known = draw_shirt()
    prepared = prepare(np.dstack([picture, known.astype(np.uint8) * 255]))
    assert measure_overlap(prepared.mask, known) > 0.98
    assert (prepared.picture[~known] == 255).all()


def test_a_shirt_is_found_on_a_checked_cloth():
    picture, known = draw_shirt()
    rows, columns = np.mgrid[: known.shape[0], : known.shape[1]]
    checks = np.where(((rows // 12 + columns // 12) % 2)[..., None], (210, 190, 150), (120, 90, 60))
    grain = np.random.default_rng(1).normal(0, 8, picture.shape)
    photo = np.where(known[..., None], picture, checks) + grain
    prepared = prepare(np.clip(photo, 0, 255).astype(np.uint8))
    assert prepared.kind == "photo"
    assert measure_overlap(prepared.mask, known) > 0.85


@pytest.mark.parametrize("fill", [(250, 250, 250), (20, 20, 20), (128, 128, 128), (200, 30, 30)])
def test_every_garment_comes_out_light_on_black(fill):
    background = (90, 130, 200) if fill[0] != 20 else (240, 240, 240)
    prepared = prepare(draw_shirt(background, fill)[0])
    assert prepared.pixels[8:24, 10:18].mean() > 0.5
    assert prepared.pixels[[0, -1]][:, [0, -1]].max() < 0.1


def test_the_longest_side_fills_the_square():
    rows, columns = np.nonzero(prepare(draw_shirt()[0]).pixels[..., 0] > 0.2)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 28
    assert rows.min() + rows.max() == pytest.approx(27, abs=1)
    assert columns.min() + columns.max() == pytest.approx(27, abs=1)


# Drawings


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("width_px", [3, 10, 16])
def test_an_outline_is_filled_and_its_strokes_stay(mode, width_px):
    prepared = prepare(draw_strokes(SHIRT, width_px, mode=mode))
    strokes = np.asarray(draw_strokes(SHIRT, width_px).convert("L")) < 128
    known = draw_shirt(size=(400, 400))[1] | strokes
    assert prepared.kind == "drawing"
    assert measure_overlap(prepared.mask, known) > 0.95
    middle = prepared.pixels[14, 14, 0]
    assert middle > 0.7
    assert prepared.pixels[14:24, :, 0].max() <= middle + 0.01


def test_an_inner_stroke_stays_visible():
    picture = draw_strokes(SHIRT, 10)
    ImageDraw.Draw(picture).line([(160, 90), (160, 290)], fill="black", width=10)
    row = prepare(picture).pixels[16, :, 0]
    assert row[10:17].min() < row[18] - 0.2


def test_an_outline_with_a_gap_is_filled():
    prepared = prepare(draw_strokes(SHIRT, closed=False))
    assert measure_overlap(prepared.mask, draw_shirt(size=(400, 400))[1]) > 0.75


def test_a_shape_filled_solid_stays_filled():
    picture = Image.new("RGB", (400, 400), "white")
    ImageDraw.Draw(picture).polygon(SHIRT, fill="black")
    prepared = prepare(picture)
    assert prepared.kind == "drawing"
    assert measure_overlap(prepared.mask, draw_shirt(size=(400, 400))[1]) > 0.95
    assert prepared.pixels[14, 14] > 0.7


def test_a_drawing_on_white_and_on_nothing_is_the_same():
    on_white, on_nothing = (prepare(draw_strokes(SHIRT, mode=mode)).pixels for mode in ("RGB", "RGBA"))
    assert np.abs(on_white - on_nothing).mean() < 0.02


# Mending by hand


def test_turning_by_exif_equals_turning_by_hand():
    picture = Image.fromarray(draw_shirt()[0])
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    stream = io.BytesIO()
    picture.save(stream, "PNG", exif=exif)
    by_exif, by_hand = prepare(stream.getvalue()), prepare(picture, quarter_turns=1)
    np.testing.assert_array_equal(by_exif.picture, by_hand.picture)
    np.testing.assert_array_equal(by_exif.pixels, by_hand.pixels)
    np.testing.assert_array_equal(by_hand.picture, np.rot90(np.asarray(picture), -1))


def test_four_quarter_turns_change_nothing():
    picture = draw_shirt()[0]
    np.testing.assert_array_equal(prepare(picture, quarter_turns=-4).pixels, prepare(picture).pixels)


def test_two_pieces_can_be_chosen_between():
    picture = Image.new("RGB", (400, 300), (245, 245, 245))
    ImageDraw.Draw(picture).rectangle((60, 80, 150, 240), fill=(30, 60, 120))
    ImageDraw.Draw(picture).ellipse((220, 70, 330, 260), fill=(30, 60, 120))
    both, first, second, third = (prepare(picture, piece=piece) for piece in (None, 0, 1, 2))
    assert both.pieces == first.pieces == 2
    assert first.box == third.box != second.box
    np.testing.assert_array_equal(both.mask, first.mask | second.mask)


def test_a_crop_limits_what_is_looked_at():
    picture, known = draw_shirt()
    both = np.concatenate([picture, picture], axis=1)
    prepared = prepare(both, crop=(0.5, 0, 1, 1))
    left, _, right, _ = prepared.box
    assert left >= 320 and right <= 680
    assert not prepared.mask[:, :320].any()
    assert measure_overlap(prepared.mask[:, 320:], known) > 0.95


def test_a_crop_may_reach_beyond_the_picture():
    picture = draw_shirt()[0]
    np.testing.assert_array_equal(prepare(picture, crop=(-0.5, -0.5, 5, 5)).pixels, prepare(picture).pixels)


def test_a_tiny_crop_is_refused():
    with pytest.raises(PictureError, match="larger box"):
        prepare(draw_shirt()[0], crop=(0.1, 0.1, 0.11, 0.11))


def test_without_cutting_out_the_whole_picture_is_shown():
    prepared = prepare(draw_shirt()[0], cut_out=False)
    assert prepared.mask.all() and prepared.box == (-20, 0, 340, 360)


def test_invert_swaps_light_and_dark():
    picture = draw_shirt()[0]
    plain, inverted = (prepare(picture, cut_out=False, invert=invert).pixels for invert in (False, True))
    inside = np.s_[2:-2, 4:-4]
    np.testing.assert_allclose(plain[inside], 1 - inverted[inside], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_asked_for(kind):
    prepared = prepare(draw_shirt()[0], kind=kind)
    assert_valid(prepared)
    assert prepared.kind == kind


def test_an_unknown_kind_is_a_bug():
    with pytest.raises(ValueError, match="unknown kind"):
        prepare(draw_shirt()[0], kind="x-ray")


# When there is nothing to find


@pytest.mark.parametrize("side_px", [28, 100])
@pytest.mark.parametrize("tone", [0, 128, 255])
def test_one_single_colour_is_nothing_to_see(side_px, tone):
    with pytest.raises(PictureError, match="nothing to see"):
        prepare(np.full((side_px, side_px, 3), tone, np.uint8))


def test_an_untouched_transparent_pad_is_nothing_to_see():
    with pytest.raises(PictureError, match="nothing to see"):
        prepare(np.zeros((400, 400, 4), np.uint8))


def test_a_picture_all_alike_is_used_whole_and_says_so():
    noise = np.random.default_rng(3).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    prepared = prepare(noise)
    assert_valid(prepared)
    assert ("whole picture" in prepared.note) == bool(prepared.mask.all())


# Whatever comes


sizes = st.tuples(st.integers(8, 90), st.integers(8, 90))
shapes = st.one_of(sizes, sizes.map(lambda size: (*size, 3)), sizes.map(lambda size: (*size, 4)))


@settings(deadline=None, max_examples=60)
@given(shapes.flatmap(lambda shape: arrays(np.uint8, shape, fill=st.integers(0, 255))), st.data())
def test_any_array_gives_a_valid_result_or_a_sentence(pixels, drawn):
    options = {
        "kind": drawn.draw(st.sampled_from([None, *KINDS])),
        "cut_out": drawn.draw(st.booleans()),
        "invert": drawn.draw(st.booleans()),
        "quarter_turns": drawn.draw(st.integers(-5, 5)),
        "piece": drawn.draw(st.sampled_from([None, 0, 1, 7])),
    }
    try:
        prepared = prepare(pixels, **options)
    except PictureError as refusal:
        assert str(refusal)
    else:
        assert_valid(prepared)


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "F"]),
    st.tuples(st.integers(20, 700), st.integers(20, 700)),
    st.integers(0, 2**32 - 1),
)
def test_shapes_in_any_mode_and_size_give_a_valid_result_or_a_sentence(mode, size, seed):
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", size, tuple(map(int, rng.integers(0, 256, 3))))
    for _ in range(rng.integers(0, 4)):
        corners = [tuple(map(int, rng.integers(0, side_px, 2))) for side_px in (min(size), max(size))]
        box = (*np.min(corners, axis=0).tolist(), *np.max(corners, axis=0).tolist())
        ImageDraw.Draw(picture).ellipse(box, fill=tuple(map(int, rng.integers(0, 256, 3))))
    try:
        assert_valid(prepare(picture.convert(mode)))
    except PictureError as refusal:
        assert str(refusal)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_shrinking_agrees_with_opencv(factor, seed):
    side_px = 28 * factor
    tones = np.random.default_rng(seed).random((side_px, side_px), dtype=np.float32)
    oracle = cv2.resize(tones, (28, 28), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(shrink_square(tones, (0, 0, side_px, side_px)), oracle, atol=1e-4)


def test_shrinking_pads_with_black():
    tones = np.ones((56, 28), np.float32)
    shrunk = shrink_square(tones, (-14, 0, 42, 56))
    np.testing.assert_allclose(shrunk[:, 7:21], 1, atol=1e-6)
    np.testing.assert_allclose(shrunk[:, :7], 0, atol=1e-6)


# Real uploads, where there are any


def list_uploads():
    folder = os.environ.get("FASHION_UPLOADS")
    if not folder:
        return []
    with open(Path(folder) / "labels.csv", newline="") as rows:
        return [Path(folder) / row["file"] for row in csv.DictReader(rows)][::10]


@pytest.mark.skipif(not os.environ.get("FASHION_UPLOADS"), reason="FASHION_UPLOADS names no folder of uploads")
def test_real_uploads_are_prepared():
    for path in list_uploads():
        prepared = prepare(path)
        assert_valid(prepared)
        assert prepared.pixels.max() > 0.5, path.name
