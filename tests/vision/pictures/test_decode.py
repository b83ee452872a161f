"""Pictures of every kind, right or refused in one line."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from annotator.core.errors import ImageError
from annotator.vision.pictures import decode, renditions
from annotator.vision.pictures.photo import Buffers
from tests.vision.pictures.material import (
    ORIENTATION,
    RED,
    bomb,
    corners,
    decoded,
    encoded,
    photo_like,
    soft,
)

pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning", "ignore::UserWarning:PIL")


def test_a_photo_knows_its_size_and_hash_and_cannot_be_changed(tmp_path: Path) -> None:
    path = tmp_path / "a picture.jpeg"
    path.write_bytes(encoded(corners(), "PNG"))
    photo = decode.read(path)
    assert (photo.file_name, photo.width, photo.height) == ("a picture.jpeg", 48, 32)
    assert photo.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert np.array_equal(photo.pixels, corners())
    with pytest.raises(ValueError, match="read-only"):
        photo.pixels[0, 0] = 0


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"nowhere\.jpg: cannot be read \(No such file or directory\)"):
        decode.read(tmp_path / "nowhere.jpg")


# --- kinds ----------------------------------------------------------------------------------------------------------


MODES = {
    "PNG": ("RGB", "L", "1", "P", "RGBA", "LA"),
    "TIFF": ("RGB", "L", "1", "P", "RGBA", "LA"),
    "BMP": ("RGB", "L", "1", "P", "RGBA"),
    "WEBP": ("RGB", "L", "RGBA"),
}


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in MODES.items() for mode in modes])
def test_every_mode_reads_as_trainers_read_it(kind: str, mode: str) -> None:
    content = encoded(
        Image.fromarray(photo_like()).convert(mode), kind, **({"lossless": True} if kind == "WEBP" else {})
    )
    expected = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.array_equal(decoded(content), expected)


def test_alpha_is_dropped_and_hidden_colours_stay() -> None:
    pixels = np.dstack([corners(), np.zeros((32, 48), np.uint8)])
    assert np.array_equal(decoded(encoded(pixels, "PNG")), corners())


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"optimize": True, "quality": 30}])
def test_jpeg_pixels_are_those_of_opencv(options: dict[str, Any]) -> None:
    for mode in ("RGB", "L"):
        content = encoded(Image.fromarray(photo_like()).convert(mode), "JPEG", **options)
        expected = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
        assert np.array_equal(decoded(content), expected)


def test_a_cmyk_jpeg_keeps_its_colours() -> None:
    content = encoded(Image.fromarray(corners()).convert("CMYK"), "JPEG", quality=95)
    assert np.abs(decoded(content).astype(int) - corners()).mean() < 3
    shown, mime = renditions.browser_picture(content)
    assert mime == "image/png"
    assert np.array_equal(decoded(shown), decoded(content))


def test_the_first_frame_counts() -> None:
    other = Image.fromarray(np.zeros_like(corners()))
    for kind, options in (("GIF", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("PNG", {})):
        content = encoded(corners(), kind, save_all=True, append_images=[other], **options)
        assert np.abs(decoded(content).astype(int) - corners()).mean() < 8
        shown, mime = renditions.browser_picture(content)
        assert mime == "image/png"
        assert np.array_equal(decoded(shown), decoded(content))


def test_the_content_decides_and_not_the_name() -> None:
    assert decode.decode(encoded(corners(), "PNG"), file_name="picture.jpg").width == 48


# --- refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty, expected a picture"),
        (b"hello", "not a picture, or one that is damaged at its beginning, expected JPEG, PNG"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing, which is not read"),
        (b"<svg/>", "an SVG drawing"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC picture, which is not read"),
        (b"\n<!DOCTYPE html><script>", "a web page, not a picture"),
        (b"%PDF-1.7", "a PDF document, not a picture"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name(content: bytes, message: str) -> None:
    with pytest.raises(ImageError, match=f"^picture: {message}"):
        decoded(content)
    with pytest.raises(ImageError, match=message):
        renditions.browser_picture(content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF"])
def test_a_truncated_file_is_refused(kind: str) -> None:
    content = encoded(photo_like(), kind)
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(ImageError, match=r"^picture: .+") as error:
            decoded(content[: int(len(content) * share)])
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("side", [6400, 10_000, 14_000, 30_000, 60_000])
def test_a_picture_too_large_is_refused_before_it_is_decoded(side: int) -> None:
    with pytest.raises(ImageError, match=r"^picture: .*(megapixels|too large), expected at most 40"):
        decoded(bomb(side, side))


def test_the_limit_is_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(corners(200, 100), "PNG")
    monkeypatch.setenv("ANNOTATOR_MAX_MEGAPIXELS", "0.02")
    assert decoded(content).shape == (100, 200, 3)
    monkeypatch.setenv("ANNOTATOR_MAX_MEGAPIXELS", "0.0199")
    with pytest.raises(ImageError, match=r"is 200 x 100 = 0\.0 megapixels, expected at most 0\.0199"):
        decoded(content)
    for wrong in ("many", "0", "-1", "nan"):
        monkeypatch.setenv("ANNOTATOR_MAX_MEGAPIXELS", wrong)
        with pytest.raises(ImageError, match=f"ANNOTATOR_MAX_MEGAPIXELS: found '{wrong}', expected a number above 0"):
            decoded(content)


def test_a_limit_above_pillows_own_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    monkeypatch.setenv("ANNOTATOR_MAX_MEGAPIXELS", "300")
    with pytest.raises(ImageError, match="expected at most 300"):
        decoded(bomb(20_000, 20_000))
    monkeypatch.setattr(Image.Image, "load", lambda picture: (_ for _ in ()).throw(OSError("reached")))
    with pytest.raises(ImageError, match=r"\(reached\)"):
        decoded(bomb(17_000, 17_000))


def test_a_jpeg_of_endless_scans_is_refused_before_it_is_decoded() -> None:
    content = encoded(photo_like(), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    scan = content[last:-2]
    with pytest.raises(ImageError, match=r"^picture: is a JPEG of 50\d\d scans, expected at most 100"):
        decoded(content[:-2] + scan * 5000 + b"\xff\xd9")
    assert decoded(content[:-2] + scan * 20 + b"\xff\xd9").shape == (90, 120, 3)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (20_000, 3)])
def test_pictures_of_odd_sizes_are_read(size: tuple[int, int]) -> None:
    width, height = size
    photo = decode.decode(encoded(np.full((height, width, 3), 7, np.uint8), "PNG"), file_name="odd")
    assert (photo.width, photo.height) == size
    assert Image.open(io.BytesIO(renditions.thumbnail(photo))).size[0] >= 1


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["PNG", "WEBP", "BMP", "TIFF"]), st.randoms())
def test_lossless_pictures_of_any_size_come_back_as_they_were(width: int, height: int, kind: str, random: Any) -> None:
    pixels = np.frombuffer(random.randbytes(width * height * 3), np.uint8).reshape(height, width, 3)
    content = encoded(pixels, kind, **({"lossless": True} if kind == "WEBP" else {}))
    assert np.array_equal(decoded(content), pixels)


@settings(deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(
        [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0", b"II+\0", b"MM\0*", b"P5 2 2 1023 "]
    ),
)
def test_any_bytes_are_a_picture_or_one_line(content: bytes, beginning: bytes) -> None:
    line = "picture: "
    try:
        decoded(beginning + content)
    except ImageError as error:
        line = str(error)
    assert line.startswith("picture: ")
    assert "\n" not in line


def test_a_thumbnail_is_a_small_upright_jpeg() -> None:
    photo = decode.decode(encoded(corners(480, 320), "PNG"), file_name="picture")
    small = Image.open(io.BytesIO(renditions.thumbnail(photo)))
    assert (small.format, small.size) == ("JPEG", (192, 128))
    assert np.allclose(np.asarray(small.convert("RGB"))[5, 5], RED, atol=12)
    tiny = decode.decode(encoded(corners(20, 10), "PNG"), file_name="picture")
    assert Image.open(io.BytesIO(renditions.thumbnail(tiny))).size == (20, 10)


@pytest.mark.parametrize(
    ("make", "mime"),
    [
        (lambda: encoded(photo_like(), "JPEG"), "image/jpeg"),
        (lambda: encoded(photo_like(), "PNG"), "image/png"),
        (lambda: encoded(photo_like(), "WEBP"), "image/webp"),
        (lambda: encoded(photo_like(), "GIF"), "image/gif"),
        (lambda: encoded(photo_like(), "AVIF"), "image/avif"),
    ],
)
def test_a_browser_gets_the_very_file_where_it_shows_it_right(make: Callable[[], bytes], mime: str) -> None:
    content = make()
    assert renditions.browser_picture(content) == (content, mime)


def test_a_browser_gets_a_new_file_of_what_it_does_not_show() -> None:
    for content in (encoded(photo_like(), "TIFF"), encoded(photo_like(), "BMP")):
        shown, mime = renditions.browser_picture(content)
        assert mime == "image/png"
        assert np.array_equal(decoded(shown), photo_like())
    shown, mime = renditions.browser_picture(encoded(np.zeros((1500, 1500, 3), np.uint8), "TIFF"))
    assert mime == "image/jpeg"
    assert decoded(shown).shape == (1500, 1500, 3)


# --- drafts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "enough", "expected"),
    [
        ((1600, 1200), (160, 120), (200, 150)),  # an eighth at least
        ((1600, 1200), (300, 120), (400, 300)),
        ((1601, 1201), (800, 600), (801, 601)),
        ((1600, 1200), (801, 600), (1600, 1200)),
        ((160, 120), (160, 120), (160, 120)),
        ((20_000, 5), (160, 120), (20_000, 5)),
        ((20_000, 8), (160, 1), (2_500, 1)),
        ((1, 1), (1, 1), (1, 1)),
    ],
)
def test_a_draft_of_a_jpeg_has_enough_pixels_and_knows_the_whole_size(
    size: tuple[int, int], enough: tuple[int, int], expected: tuple[int, int]
) -> None:
    content = encoded(soft(*size), "JPEG", quality=95)
    draft = decode.decode(content, file_name="picture", enough=enough)
    assert (draft.width, draft.height) == size
    assert draft.pixels.shape == (expected[1], expected[0], 3)
    assert draft.sha256 == hashlib.sha256(content).hexdigest()
    whole = cv2.resize(decoded(content), expected, interpolation=cv2.INTER_AREA)
    assert np.abs(whole.astype(int) - draft.pixels).mean() < 2


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_what_is_no_jpeg_is_decoded_whole(kind: str) -> None:
    photo = decode.decode(encoded(corners(480, 320), kind), file_name="picture", enough=(10, 10))
    assert photo.pixels.shape == (320, 480, 3)
    assert (photo.width, photo.height) == (480, 320)


def test_a_draft_of_a_damaged_file_is_refused_as_the_whole_is() -> None:
    content = encoded(photo_like(), "JPEG")
    for damaged in (content[: len(content) // 2], content[:200]):
        with pytest.raises(ImageError, match="damaged or truncated"):
            decode.decode(damaged, file_name="picture", enough=(4, 4))


def test_a_draft_through_the_sandbox_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(soft(640, 480), "JPEG")
    here = decode.decode(content, file_name="picture", enough=(100, 100))
    monkeypatch.setenv("ANNOTATOR_SANDBOX", "1")
    there = decode.decode(content, file_name="picture", enough=(100, 100), buffers=Buffers())
    assert np.array_equal(here.pixels, there.pixels)
    assert (there.width, there.height, there.sha256) == (640, 480, here.sha256)


def test_pictures_decoded_one_after_the_other_into_a_room_are_what_they_are_without() -> None:
    buffers = Buffers()
    for orientation in (1, 6, 3, 5, 8, 7, 2, 4, 1):
        for size in ((64, 48), (640, 333), (1, 1), (30, 900)):
            exif = Image.Exif()
            exif[ORIENTATION] = orientation
            for picture in (Image.fromarray(soft(*size)), Image.fromarray(soft(*size)).convert("L")):
                content = encoded(picture, "JPEG", exif=exif)
                photo = decode.decode(content, file_name="picture", buffers=buffers)
                assert np.array_equal(photo.pixels, decoded(content))
                assert not photo.pixels.flags.writeable


def test_pixels_are_opencvs_own() -> None:
    grey = Image.fromarray(photo_like()).convert("L")
    made = [encoded(grey, "JPEG"), encoded(photo_like(), "JPEG", progressive=True)]
    made += [encoded(soft(331, 207), "JPEG", subsampling=kind) for kind in ("4:4:4", "4:2:2", "4:2:0")]
    for content in made:
        expected = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
        assert np.array_equal(decoded(content), expected)
