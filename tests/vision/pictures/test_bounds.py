"""Files whose structure takes longest to walk: each is refused in one line, or read, within a second or so of work."""

from __future__ import annotations

import io
import struct
import time
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from annotator.core.errors import ImageError
from annotator.vision.pictures import bounds, gif, jpeg, renditions
from annotator.vision.pictures.decoder import decode_here
from tests.vision.pictures.material import encoded, photo_like

SOON_S = 2.0
"""Of work, in this process: the command line has no sandbox around it."""


def photo(kind: str, **options: object) -> bytes:
    return encoded(photo_like(), kind, **options)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def in_head(middle: bytes) -> bytes:
    """A JPEG with this behind its first marker."""
    content = photo("JPEG")
    return content[:2] + middle + content[2:]


def in_scan(middle: bytes) -> bytes:
    content = photo("JPEG")
    at = content.index(b"\xff\xda") + 14
    return content[:at] + middle + content[at:]


def in_gif(middle: bytes) -> bytes:
    """A GIF with this before its picture."""
    content = photo("GIF")
    at = 13 + (3 << (content[10] & 7) + 1)
    return content[:at] + middle + content[at:]


def blocks(size: int, count: int) -> bytes:
    return (bytes([size]) + b"x" * size) * count + b"\0"


def in_png(middle: bytes, *, at: int) -> bytes:
    content = photo("PNG")
    return content[:at] + middle + content[at:]


def bmp_of_runs(count: int) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, 6_300, 6_300, 1, 8, 1, 2 * count, 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 1_078 + 2 * count, 0, 0, 1_078) + head + bytes(1_024) + b"\1\2" * count


def directory(*entries: tuple[int, int, int, int], data: bytes = b"") -> bytes:
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + b"".join(struct.pack("<HHII", *one) for one in entries) + bytes(4) + data


def tiff(*more: tuple[int, int, int, int], strips: int = 1, data: bytes = bytes(200)) -> bytes:
    plain = [(256, 4, 1, 8), (257, 4, 1, 60_000), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
             (273, 4, strips, 200), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, strips, 200)]  # fmt: skip
    return directory(*plain, *more, data=data)


def ppm(comments: bytes, *, white: bytes = b"", kind: bytes = b"P6") -> bytes:
    """With comments before the size, or between it and the white."""
    return kind + b"\n" + comments + b"120 90\n" + white + b"255\n" + photo_like().tobytes()


MANY_COPIES = [(60_000, 7, 20_000_000, 8)] * 60_000

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "8 million segments": (lambda: in_head(b"\xff\xe5\0\2" * 8_000_000), "is a JPEG of more than 10000 segments"),
    "fill": (lambda: in_head(b"\xff" * 30_000_000), "is a JPEG of more than 1 MB of fill bytes"),
    "nothing but zeros": (lambda: in_head(bytes(30_000_000)), "is a JPEG of more than 1 MB of fill bytes"),
    "no end to its zeros": (lambda: b"\xff\xd8\xff\xe0\0\2" + bytes(30_000_000), "more than 1 MB of fill bytes"),
    "70 MB of segments": (lambda: in_head((b"\xff\xe5\xff\xff" + bytes(65_533)) * 1_100), "of more than 64 MB before"),
    "copies in EXIF": (
        lambda: in_head(
            b"\xff\xe1\xff\xffExif\0\0"
            + directory(*[(60_000, 7, 60_000, 8)] * 5_000, data=bytes(5_505))
            + b"\xff\xe1\xff\xffExif\0\0"
            + bytes(65_527)
        ),
        "is a JPEG whose EXIF block has the same bytes in many tags",
    ),
    "30 MB of comments": (lambda: in_gif(b"!\xfe" + blocks(255, 120_000)), "is a GIF of more than 1 MB of comments"),
    "comments behind an empty extension": (
        lambda: in_gif(b"!\xf9\0" + blocks(1, 2) + b"!\xfe" + blocks(255, 120_000)),
        "is a GIF of more than 1 MB of comments",
    ),
    "comments in many extensions": (lambda: in_gif((b"!\xfe" + blocks(255, 1)) * 100_000), "of more than 1 MB of comm"),
    "blocks of one byte": (lambda: in_gif(b"!\xff" + blocks(1, 15_000_000)), "is a GIF of more than 200000 blocks"),
    "zeros between blocks": (lambda: in_gif(bytes(30_000_000)), "is a GIF of more than 200000 blocks"),
    "2 million chunks": (lambda: in_png(chunk(b"teXt", b"") * 2_000_000, at=33), "is a PNG of more than 200000 chunks"),
    "2 million chunks at its end": (lambda: in_png(chunk(b"teXt", b"") * 2_000_000, at=-12), "more than 200000 chunks"),
    "15 million runs": (lambda: bmp_of_runs(15_000_000), "is a BMP of more than 8 MB in runs"),
    "3 million strips": (lambda: tiff(strips=3_000_000, data=bytes(12_000_000)), "more than 200000 strips or tiles"),
    "40 MB of short comments": (lambda: ppm(b"#a\n" * 13_000_000), "size is not in its first 65536"),
    "a comment of 40 MB": (lambda: ppm(b"#" + b"a" * 40_000_000 + b"\n"), "is a PPM whose size is not in"),
    "40 MB of spaces": (lambda: ppm(b" " * 40_000_000), "is a PPM whose size is not in"),
    "comments before the white": (lambda: ppm(b"", white=b"#a\n" * 13_000_000), "is a PPM whose size is not in"),
    "a text with long comments": (lambda: ppm(b"#a\n" * 13_000_000, kind=b"P3"), "is a PPM"),
    "copies of 20 MB": (lambda: tiff(*MANY_COPIES, data=bytes(20_000_000)), "or the same bytes in many tags"),
}  # fmt: skip

READ: dict[str, Callable[[], bytes]] = {
    "42 kB of 0xFF in a scan": lambda: in_scan(b"\xff" * 42_000 + b"\0"),
    "30 MB of 0xFF in a scan": lambda: in_scan(b"\xff" * 30_000_000 + b"\0"),
    "900 kB of fill": lambda: in_head(b"\xff" * 900_000),
    "restart markers": lambda: in_scan(b"\xff\xd0" * 1_000_000),
    "900 kB of comments": lambda: in_gif(b"!\xfe" + blocks(255, 3_500)),
    "30 MB of comments behind the picture": lambda: photo("GIF")[:-1] + b"!\xfe" + blocks(255, 120_000) + b";",
    "60 kB of comments": lambda: ppm(b"#a\n" * 20_000),
    "190,000 chunks": lambda: in_png(chunk(b"teXt", b"") * 190_000, at=33),
    "copies in a PNG's EXIF": lambda: in_png(
        chunk(b"eXIf", directory(*MANY_COPIES, data=bytes(20_000_000))), at=33
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_takes_long_to_walk_is_refused_at_once(name: str) -> None:
    make, line = REFUSED[name]
    content = make()
    for look in (lambda: decode_here(content, file_name="picture"), lambda: renditions.browser_picture(content)):
        began = time.process_time()
        with pytest.raises(ImageError, match=line) as error:
            look()
        assert time.process_time() - began < SOON_S
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", READ)
def test_what_looks_long_and_is_not_is_read_at_once(name: str) -> None:
    content = READ[name]()
    began = time.process_time()
    pixels = decode_here(content, file_name="picture").pixels
    assert time.process_time() - began < SOON_S
    assert pixels.shape == (90, 120, 3)
    began = time.process_time()
    renditions.browser_picture(content)
    assert time.process_time() - began < SOON_S


def test_a_bitmap_of_stripes_is_no_long_head() -> None:
    stripes = b"P4 8000 800\n" + b" " * (1_000 * 800)
    assert decode_here(stripes, file_name="picture").pixels.shape == (800, 8_000, 3)


def test_a_marker_is_found_behind_fill_bytes_and_in_no_segment() -> None:
    plain = photo("JPEG")
    assert jpeg.has_its_end(plain + b"\xff\xd9 and more")
    assert not jpeg.has_its_end(plain[:-2])
    assert jpeg.has_its_end(plain[:-2] + b"\xff\xff\xff\xd9\xff\xd9")
    assert not jpeg.has_its_end(in_head(b"\xff\xe5\0\4\xff\xd9")[:-2])
    assert jpeg.is_common(in_head(b"\xff\xff\xff\xe5\0\4\xff\xc3"))


@pytest.mark.parametrize(("most", "refused"), [(jpeg.MAX_SEGMENTS, True), (jpeg.MAX_SEGMENTS - 20, False)])
def test_segments_are_counted(most: int, refused: bool) -> None:
    content = in_head(b"\xff\xe5\0\2" * most)
    if refused:
        with pytest.raises(ImageError, match="more than 10000 segments"):
            bounds.require_short_walk(content)
    else:
        bounds.require_short_walk(content)


@pytest.mark.parametrize("scans", [jpeg.LEAST_SCANS, 100, 101])
def test_a_hundred_scans_are_taken_and_one_more_is_not(scans: int) -> None:
    """A hundred is what a small picture may have; fewer than 26 are not even looked for."""
    content = photo("JPEG", progressive=True)
    last, own = content.rindex(b"\xff\xda"), content.count(b"\xff\xda")
    content = content[:-2] + content[last:-2] * (scans - own) + b"\xff\xd9"
    if scans > jpeg.MAX_SCANS:
        with pytest.raises(ImageError, match="is a JPEG of 101 scans, expected at most 100"):
            decode_here(content, file_name="picture")
    else:
        assert decode_here(content, file_name="picture").pixels.shape == (90, 120, 3)


def test_the_frames_of_a_gif() -> None:
    picture = Image.fromarray(photo_like()).quantize(16)
    plain, two = encoded(picture, "GIF"), encoded(picture, "GIF", save_all=True, append_images=[picture.rotate(9)])
    assert gif.frames_of(plain) == gif.Frames(several=False, first_is_whole=True)
    assert gif.frames_of(two) == gif.Frames(several=True, first_is_whole=True)
    assert not gif.frames_of(plain[:6] + struct.pack("<HH", 130, 90) + plain[10:]).first_is_whole
    # Each byte of its data in a block of its own: too long to be walked, so that nobody is shown something that moves.
    at = plain.index(b",\0\0\0\0") + 11
    assert gif.frames_of(plain[:at] + blocks(1, 300_000) + b";").several
    for end in range(0, len(plain), 7):
        gif.frames_of(plain[:end])
    assert Image.open(io.BytesIO(two)).n_frames == 2
