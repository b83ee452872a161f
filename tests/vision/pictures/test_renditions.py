"""One picture, whoever looks: what a browser is shown and what a trainer reads are the pixels that are annotated."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from annotator.system.paths import EXAMPLES
from annotator.vision.pictures import renditions, sandbox
from annotator.vision.pictures.look import Change
from annotator.vision.pictures.photo import Pixels
from annotator.vision.pictures.renditions import ForTrainers
from tests.vision.pictures.material import decoded, encoded, photo_like
from tests.vision.pictures.test_decode_attacks import chunk

PHOTO = photo_like()
HEIGHT, WIDTH = PHOTO.shape[:2]
# From clear at the left to opaque at the right; what lies under it is a picture all the same.
ALPHA = np.repeat(np.linspace(0, 255, WIDTH).astype(np.uint8)[None], HEIGHT, axis=0)
SOLID = np.full_like(ALPHA, 255)
GREY = cv2.cvtColor(PHOTO, cv2.COLOR_RGB2GRAY)
FEW = Image.fromarray(PHOTO).quantize(16)


def rgba(alpha: Pixels = ALPHA) -> Image.Image:
    return Image.fromarray(np.dstack([PHOTO, alpha]))


def deep_png(pixels: np.ndarray[Any, Any]) -> bytes:
    """Sixteen bits a channel: grey, or RGB(A)."""
    order = pixels if pixels.ndim == 2 else pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    done, content = cv2.imencode(".png", order)
    assert done
    return content.tobytes()


def deep_grey_alpha() -> bytes:
    samples = np.stack([GREY.astype(">u2") * 257, ALPHA.astype(">u2") * 257], axis=-1).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 4, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def gif_on_a_larger_canvas() -> bytes:
    content = encoded(FEW, "GIF")
    return content[:6] + struct.pack("<HH", WIDTH + 10, HEIGHT) + content[10:]


def keyed(mode: str) -> bytes:
    """A PNG of which one colour is transparent, by a chunk and not by a channel."""
    picture = Image.fromarray(PHOTO).convert(mode)
    key = picture.getpixel((5, 5))
    return encoded(picture, "PNG", transparency=key)


TRANSPARENT: dict[str, Callable[[], bytes]] = {
    "png rgba": lambda: encoded(rgba(), "PNG"),
    "png la": lambda: encoded(Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(ALPHA)]), "PNG"),
    "png palette": lambda: encoded(FEW, "PNG", transparency=bytes(range(0, 256, 16))),
    "png rgb with a key": lambda: keyed("RGB"),
    "png grey with a key": lambda: keyed("L"),
    "png black and white with a key": lambda: keyed("1"),
    "png rgba of 16 bits": lambda: deep_png(np.dstack([PHOTO, ALPHA]).astype(np.uint16) * 257),
    "png la of 16 bits": deep_grey_alpha,
    "webp": lambda: encoded(rgba(), "WEBP", lossless=True, exact=True),
    "webp with losses": lambda: encoded(rgba(), "WEBP", quality=80, exact=True),
    "avif": lambda: encoded(rgba(), "AVIF"),
    "gif": lambda: encoded(FEW, "GIF", transparency=3),
    "gif on a larger canvas": gif_on_a_larger_canvas,
    "tiff": lambda: encoded(rgba(), "TIFF"),
    "tiff of grey": lambda: encoded(Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(ALPHA)]), "TIFF"),
}

# Nothing shows through: the user's own file serves everybody.
OPAQUE: dict[str, Callable[[], bytes]] = {
    "png rgba": lambda: encoded(rgba(SOLID), "PNG"),
    "png palette": lambda: encoded(FEW, "PNG", transparency=bytes([255] * 16)),
    "png with a key that no pixel has": lambda: encoded(Image.fromarray(PHOTO), "PNG", transparency=(1, 2, 3)),
    "webp": lambda: encoded(rgba(SOLID), "WEBP", lossless=True),
    "avif": lambda: encoded(rgba(SOLID), "AVIF"),
    "tiff": lambda: encoded(rgba(SOLID), "TIFF"),
    "gif": lambda: encoded(FEW, "GIF"),
}


def read_by_opencv(content: bytes) -> Pixels:
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)


def read_by_pillow(content: bytes) -> Pixels:
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))


def require_same_for_all(content: bytes) -> None:
    """The network's pixels are the browser's, and those of both readers that trainers use, in a file of one kind."""
    expected = decoded(content)
    shown, _ = renditions.browser_picture(content)
    packed = ForTrainers().picture(content)
    kinds = [Image.open(io.BytesIO(one)).format for one in (content, packed)]
    assert kinds[0] == kinds[1]
    for made in (shown, packed):
        # AVIF counts colours in another space than RGB.
        most = 3 if made is packed and kinds[1] == "AVIF" else 0
        for found in (read_by_opencv(made), read_by_pillow(made)):
            assert np.abs(found.astype(int) - expected).max() <= most
        with Image.open(io.BytesIO(made)) as picture:
            whole = picture.convert("RGBA").getchannel("A").getextrema()
        assert whole == (255, 255)


@pytest.mark.parametrize("name", TRANSPARENT)
def test_what_is_transparent_is_shown_packed_and_annotated_alike(name: str) -> None:
    content = TRANSPARENT[name]()
    require_same_for_all(content)
    assert renditions.look(content).change in (Change.OPAQUE, Change.SHALLOW)


@pytest.mark.parametrize("name", OPAQUE)
def test_what_could_be_transparent_and_is_not_stays_the_users_own_file(name: str) -> None:
    content = OPAQUE[name]()
    require_same_for_all(content)
    assert name == "tiff" or renditions.browser_picture(content)[0] is content
    assert ForTrainers().picture(content) is content


def several(kind: str, **options: Any) -> bytes:
    others = [Image.fromarray(np.ascontiguousarray(PHOTO[:, ::-1]))]
    return encoded(Image.fromarray(PHOTO), kind, save_all=True, append_images=others, **options)


SEVERAL: dict[str, Callable[[], bytes]] = {
    "png": lambda: several("PNG"),
    # OpenCV takes the first frame, Pillow the picture before it.
    "png with a picture of its own": lambda: several("PNG", default_image=True),
    "webp": lambda: several("WEBP", lossless=True),
    "gif": lambda: several("GIF"),
    "avif": lambda: several("AVIF", quality=100, subsampling="4:4:4"),
    "tiff": lambda: several("TIFF"),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_of_several_frames_the_first_is_shown_and_packed_alone(name: str) -> None:
    content = SEVERAL[name]()
    require_same_for_all(content)
    trainers = ForTrainers()
    with Image.open(io.BytesIO(trainers.picture(content))) as picture:
        assert getattr(picture, "n_frames", 1) == 1
    assert trainers.lines == ["1 picture of several frames or pages written as the first, as shown and annotated"]


def test_a_turned_picture_that_is_transparent_is_told() -> None:
    turned = Image.Exif()
    turned[0x112] = 6
    trainers = ForTrainers()
    trainers.picture(encoded(rgba(), "PNG", exif=turned))
    assert trainers.lines == ["1 picture written without transparency, as shown and annotated"]


def test_a_jpeg_that_is_written_anew_keeps_its_colours() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = [255, 0, 0]
    turned = Image.Exif()
    turned[0x112] = 6
    content = encoded(Image.fromarray(stripes), "JPEG", quality=100, subsampling=0, exif=turned)
    made = ForTrainers().picture(content)
    assert np.abs(read_by_opencv(made).astype(int) - decoded(content)).mean() < 6


def test_a_photograph_that_fades_away() -> None:
    with Image.open(EXAMPLES / "surfer.jpg") as photograph:
        faded = photograph.convert("RGBA").resize((240, 160))
    faded.putalpha(Image.linear_gradient("L").resize(faded.size))
    require_same_for_all(encoded(faded, "PNG"))


# --- more than eight bits ---------------------------------------------------------------------------------------------


def ramp(most: int) -> np.ndarray[Any, Any]:
    """(32, 32) grey from 0 to `most`."""
    return np.rint(np.linspace(0, most, 1024)).astype(np.uint16).reshape(32, 32)


def png_that_states(values: np.ndarray[Any, Any], bits: int) -> bytes:
    content = deep_png(values)
    return content[:33] + chunk(b"sBIT", bytes([bits])) + content[33:]


def tiff_that_states(values: np.ndarray[Any, Any], greatest: int) -> bytes:
    return encoded(values, "TIFF", tiffinfo={281: greatest})


def pgm(values: np.ndarray[Any, Any], white: int) -> bytes:
    samples = values.astype(">u2" if white > 255 else "u1")
    return b"P5 %d %d %d\n" % (*values.shape[::-1], white) + samples.tobytes()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_grey_of_fewer_bits_than_its_file_is_as_bright_as_it_is_meant(kind: str, bits: int) -> None:
    values = ramp((1 << bits) - 1)
    content = encoded(values, kind)
    assert np.array_equal(decoded(content)[..., 0], values >> bits - 8)
    require_same_for_all(content)


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_colour_of_fewer_bits_than_its_file_is_as_bright_as_it_is_meant(bits: int) -> None:
    values = np.stack([ramp((1 << bits) - 1), ramp(40), ramp(0)], axis=-1)
    for pixels in (values, np.dstack([values, np.full((32, 32), 65535, np.uint16)])):
        content = deep_png(pixels)
        assert np.array_equal(decoded(content), values >> bits - 8)
        require_same_for_all(content)
    done, tiff = cv2.imencode(".tiff", values[..., ::-1])
    assert done
    assert np.array_equal(decoded(tiff.tobytes()), values >> bits - 8)
    require_same_for_all(tiff.tobytes())


def test_what_a_file_states_counts_before_what_it_holds() -> None:
    dark = ramp(900)
    for content, expected in (
        (png_that_states(dark, 12), dark >> 4),  # in the lower bits, though the standard wants the upper ones
        (png_that_states(dark << 4, 12), dark << 4 >> 8),  # in the upper bits, and dark
        (png_that_states(dark, 16), dark >> 2),
        (tiff_that_states(dark, 4095), dark >> 4),
        (tiff_that_states(dark, 65_535), dark >> 8),
        (pgm(dark, 4095), (dark.astype(int) * 255 + 2047) // 4095),
        (pgm(dark, 65_535), (dark.astype(int) * 255 + 32_767) // 65_535),
        (pgm(ramp(90), 100), (ramp(90).astype(int) * 255 + 50) // 100),
    ):
        assert np.array_equal(decoded(content)[..., 0], expected)
        require_same_for_all(content)


def test_dark_grey_that_is_white_at_zero_is_scaled_before_it_is_turned() -> None:
    inverted = encoded(1023 - ramp(1023), "TIFF", tiffinfo={262: 0})
    with Image.open(io.BytesIO(inverted)) as picture:
        if picture.tag_v2[262] != 0:
            pytest.fail("Pillow writes another tag")
    assert np.array_equal(decoded(inverted)[..., 0], 255 - (1023 - ramp(1023) >> 2))


# --- PPM --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "L", "1"])
def test_a_ppm_is_read_and_shown(mode: str) -> None:
    content = encoded(Image.fromarray(PHOTO).convert(mode), "PPM")
    assert np.array_equal(decoded(content), np.asarray(Image.fromarray(PHOTO).convert(mode).convert("RGB")))
    require_same_for_all(content)


def test_a_ppm_of_many_values_is_scaled_at_once_and_a_short_one_refused() -> None:
    deep = (
        b"P6\n# made by a camera\n%d %d 1023\n" % (WIDTH, HEIGHT)
        + (PHOTO.astype(np.uint16) * 4).astype(">u2").tobytes()
    )
    assert np.abs(decoded(deep).astype(int) - PHOTO).max() <= 1
    require_same_for_all(deep)
    for content, line in (
        (deep[:-1], "picture: damaged or truncated"),
        (b"P3 1 1 255 1 2 3", "picture: is a PPM of text or of a rare kind, which is not read"),
        (b"Pf 1 1 -1.0\n\0\0\0\0", "picture: is a PPM of text or of a rare kind, which is not read"),
    ):
        with pytest.raises(Exception, match=line):
            decoded(content)


# --- what is said, and where it is looked at --------------------------------------------------------------------------


def test_what_was_changed_for_trainers_is_said_once_for_each_kind_of_change() -> None:
    pack = ForTrainers()
    plain = encoded(PHOTO, "PNG")
    assert pack.picture(plain) is plain
    assert pack.lines == []
    for content in (TRANSPARENT["png rgba"](), TRANSPARENT["webp"](), deep_png(ramp(1023))):
        pack.picture(content)
    pack.picture(encoded(Image.fromarray(PHOTO).convert("CMYK"), "JPEG"))
    assert pack.lines == [
        "2 pictures written without transparency, as shown and annotated",
        "1 picture of more than 8 bits a channel written with 8, as shown and annotated; "
        "values of 10, 12 or 14 bits that came in 16 are scaled up",
        "1 picture of other colours written as RGB, as shown and annotated",
    ]


@pytest.mark.parametrize("name", ["png rgba", "gif", "webp with losses", "avif", "png la of 16 bits"])
def test_with_the_sandbox_on_no_byte_is_looked_at_outside(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = TRANSPARENT[name]()
    expected = renditions.browser_picture(content), ForTrainers().picture(content), renditions.look(content)
    monkeypatch.setenv("ANNOTATOR_SANDBOX", "1")

    def nobody(*_: object, **__: object) -> None:
        raise AssertionError("opened in this process")

    with monkeypatch.context() as patch:
        patch.setattr(Image, "open", nobody)
        found = renditions.browser_picture(content), ForTrainers().picture(content), renditions.look(content)
    assert found == expected
    sandbox.end_all()
