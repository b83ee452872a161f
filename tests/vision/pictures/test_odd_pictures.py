"""Pictures that are in order and still not what most programs expect: right everywhere, or one clear line."""

from __future__ import annotations

import io
import os
import struct
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from annotator.core.errors import ImageError
from annotator.vision.pictures import decode, decoder, renditions
from tests.vision.pictures.material import corners, decoded, encoded, photo_like

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

GREY = cv2.cvtColor(photo_like(), cv2.COLOR_RGB2GRAY)
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2


def tiff(
    content: bytes,
    *,
    bits: int,
    kind: int = BLACK_IS_ZERO,
    samples: int = 1,
    form: int = 1,
    planar: int = 1,
    more: Any = (),
) -> bytes:
    """A little-endian TIFF of one strip (or one strip a channel) of 120 x 90 pixels. form: 1 unsigned, 2 signed."""
    strips = samples if planar == 2 else 1
    entries = [(256, 4, 1, 120), (257, 4, 1, 90), (259, 3, 1, 1), (262, 3, 1, kind), (277, 3, 1, samples),
               (278, 4, 1, 90), (284, 3, 1, planar), *more]  # fmt: skip
    size = len(content) // strips
    start = 8 + 2 + 12 * (len(entries) + 4) + 4
    at = start + (4 * samples if samples > 1 else 0) + (8 * strips if strips > 1 else 0)
    behind = b""
    for tag, letter, values in (
        (258, "H", [bits] * samples),
        (339, "H", [form] * samples),
        (273, "I", [at + index * size for index in range(strips)]),
        (279, "I", [size] * strips),
    ):
        entries.append((tag, 3 if letter == "H" else 4, len(values), values[0]))
        if len(values) > 1:
            entries[-1] = (*entries[-1][:3], start + len(behind))
            behind += struct.pack(f"<{len(values)}{letter}", *values)
    table = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4) + behind + content


def packed_12_bits(values: np.ndarray[Any, Any]) -> bytes:
    first, second = values[:, ::2].astype(np.uint16), values[:, 1::2].astype(np.uint16)
    return np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=-1).astype(np.uint8).tobytes()


def test_grey_of_every_depth_and_sense_fills_the_range() -> None:
    wide = GREY.astype(np.uint16)
    for content in (
        tiff(GREY.tobytes(), bits=8),
        tiff((255 - GREY).tobytes(), bits=8, kind=WHITE_IS_ZERO),
        tiff(packed_12_bits(wide * 16), bits=12),
        tiff((wide * 257).tobytes(), bits=16),
        tiff((65535 - wide * 257).tobytes(), bits=16, kind=WHITE_IS_ZERO),
    ):
        assert np.array_equal(decoded(content), np.repeat(GREY[..., None], 3, axis=2))
    low, high = int(GREY.min()), int(GREY.max())
    stretched = (GREY.astype(float) - low) * 255 / (high - low)
    for content in (
        tiff((GREY.astype(np.uint32) << 24).tobytes(), bits=32),  # half of them negative, were they signed
        tiff((GREY.astype(int) - 128).astype(np.int8).tobytes(), bits=8, form=2),
        tiff((GREY.astype(int) * 100 - 12_800).astype(np.int16).tobytes(), bits=16, form=2),
    ):
        assert np.abs(decoded(content)[..., 0] - stretched).max() <= 1


def test_channels_one_after_the_other_are_right_or_refused() -> None:
    planes = np.moveaxis(photo_like(), 2, 0)
    assert np.array_equal(decoded(tiff(planes.tobytes(), bits=8, kind=RGB, samples=3, planar=2)), photo_like())
    with pytest.raises(ImageError, match="channels lie one after the other, which is not read"):
        decoded(tiff((planes.astype(np.uint16) * 257).tobytes(), bits=16, kind=RGB, samples=3, planar=2))


def test_the_preview_of_a_raw_file_is_not_taken_for_the_picture() -> None:
    with pytest.raises(ImageError, match=r"is a TIFF whose first page is the preview of another one"):
        decoded(tiff(GREY.tobytes(), bits=8, more=[(254, 4, 1, 1)]))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"8BPS\0\1", "a Photoshop document, which is not read"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture, which is not read"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture, which is not read"),
        (b"\0\0\1\0\1\0", "an icon, which is not read"),
        (b"\0\0\0\x14ftypqt  ", "a film, not a picture"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "an AVIF picture that is damaged at its beginning"),
        (b"PK\x03\x04", "a zip archive, not a picture"),
        (b"\xff\xd8\xff\xf7\0\x0b\x10", "a JPEG of a rare kind, or one that is damaged at its beginning"),
        (tiff(np.zeros((90, 120)).tobytes(), bits=64, form=3), "a TIFF of a rare kind, or one that is damaged"),
    ],
)
def test_what_is_not_read_is_called_by_its_name(content: bytes, kind: str) -> None:
    with pytest.raises(ImageError, match=f"^picture: {kind}"):
        decoded(content)


# --- which way up ----------------------------------------------------------------------------------------------------


def block(*entries: bytes, order: str = "<", head: bytes = b"Exif\0\0") -> bytes:
    """An EXIF segment of a JPEG."""
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(entries))
    content = head + start + b"".join(entries) + bytes(4)
    return b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content


def entry(value: int, *, kind: str = "Hxx", number: int = 3, count: int = 1, order: str = "<") -> bytes:
    return struct.pack(f"{order}HHI{kind}", 0x0112, number, count, value)


def with_blocks(*blocks: bytes) -> bytes:
    content = encoded(corners(), "JPEG", quality=95)
    return content[:2] + b"".join(blocks) + content[2:]


@pytest.mark.parametrize(
    "blocks",
    [
        [block(entry(6, kind="I", number=4))],
        [block(entry(6, kind="I", number=4, order=">"), order=">")],
        [block(entry(6, number=8))],
        [block(entry(6, count=2))],
        [block(entry(1), entry(6))],
        [block(entry(6), entry(1))],
        [block(entry(6), head=b"Exif\0\xff")],
        [block(entry(3)), block(entry(6))],
        [b"\xff\xe1\0\x10Exif\0\0nothing."],
    ],
    ids=["long", "long from the left", "signed", "two values", "1, 6", "6, 1", "odd head", "two blocks", "rubbish"],
)
def test_a_turn_that_programs_read_differently_is_settled_before_anybody_sees_the_file(blocks: list[bytes]) -> None:
    """Each of these is turned by some of Pillow, OpenCV and the browsers and not by the others."""
    content = with_blocks(*blocks)
    expected = decoded(content)
    shown, mime = renditions.browser_picture(content)
    assert mime == "image/png"
    for made in (shown, renditions.ForTrainers().picture(content)):
        assert np.abs(decoded(made).astype(int) - expected).mean() < 4
        assert cv2.imdecode(np.frombuffer(made, np.uint8), cv2.IMREAD_COLOR_RGB).shape == expected.shape
        with Image.open(io.BytesIO(made)) as picture:
            assert "exif" not in picture.info


@pytest.mark.parametrize("value", [0, 1, 6, 9])
def test_a_turn_that_is_said_plainly_leaves_the_file_as_it_is(value: int) -> None:
    for order in "<>":
        content = with_blocks(block(entry(value, order=order), order=order))
        assert renditions.browser_picture(content) == (content, "image/jpeg")


def test_a_jpeg_that_browsers_cannot_decode_is_shown_as_another_file() -> None:
    """Arithmetic coding: no encoder here writes it, so that the frame's marker alone says so."""
    content = encoded(corners(), "JPEG")
    at = content.index(b"\xff\xc0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renditions, "decode", lambda *_, **__: decoder.decode_here(content, file_name="picture"))
        for frame in (0xC3, 0xC9, 0xCA):
            shown, mime = renditions.browser_picture(content[:at] + bytes([0xFF, frame]) + content[at + 2 :])
            assert mime == "image/png"
            assert np.array_equal(decoded(shown), decoded(content))


# --- files that are none ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_a_device_and_a_folder_are_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "real")
    (tmp_path / "real").write_bytes(encoded(corners(), "PNG"))
    told: list[str] = []

    def read() -> None:
        for path in (tmp_path / "pipe.jpg", tmp_path / "folder.jpg", Path("/dev/zero"), tmp_path / "gone.jpg",
                     tmp_path / "loop.jpg", tmp_path / ("a" * 300), tmp_path / "a\0b"):  # fmt: skip
            with pytest.raises(ImageError) as error:
                decode.read(path)
            told.append(str(error.value))

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    reading.join(10)
    assert not reading.is_alive()
    assert [line.count("\n") for line in told] == [0] * 7
    assert all("is no file" in line for line in told[:3])
    assert np.array_equal(decode.read(tmp_path / "link.jpg").pixels, corners())


def test_a_file_larger_than_any_picture_is_refused_unread(tmp_path: Path) -> None:
    with open(tmp_path / "huge.jpg", "wb") as file:
        file.truncate(5_000_000_000)  # takes no room
    with pytest.raises(ImageError, match=r"huge\.jpg: 5000 MB, expected at most 1000$"):
        decode.read(tmp_path / "huge.jpg")
