"""Files made to hurt a decoder, one by one: each is a picture of the right size or one clear line, soon and cheaply."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from annotator.core.errors import ImageError
from annotator.vision.pictures import renditions, sandbox
from tests.vision.pictures.material import encoded, photo_like

WIDTH, HEIGHT = 120, 90
LONGEST_S = 10.0
"""Of work, as the child's own limit counts it."""
MOST_MB = 1100


def photo() -> Image.Image:
    return Image.fromarray(photo_like())


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(
    *extra: bytes, width: int = 8, height: int = 8, depth: int = 8, color: int = 2, body: bytes | None = None
) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    rows = zlib.compress(bytes((1 + width * 3) * height)) if body is None else body
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def bombs_in_text(kind: bytes, megabytes: int) -> bytes:
    packed = zlib.compress(bytes(megabytes * 2**20), 9)
    return {
        b"iCCP": chunk(b"iCCP", b"x\0\0" + packed),
        b"zTXt": chunk(b"zTXt", b"x\0\0" + packed),
        b"iTXt": chunk(b"iTXt", b"x\0\1\0\0\0" + packed),
    }[kind]


def after_start(jpeg: bytes, marker: int, content: bytes) -> bytes:
    return jpeg[:2] + b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


def jpeg(**options: object) -> bytes:
    return encoded(photo(), "JPEG", **options)


def with_size(content: bytes, width: int, height: int) -> bytes:
    """A JPEG whose header says another size."""
    at = next(content.index(bytes([0xFF, marker])) for marker in (0xC0, 0xC2) if bytes([0xFF, marker]) in content)
    return content[: at + 5] + struct.pack(">HH", height, width) + content[at + 9 :]


def many_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan is there again and again."""
    content = jpeg(progressive=True)
    start, end = content.rindex(b"\xff\xda"), content.rindex(b"\xff\xd9")
    return content[:end] + content[start:end] * count + content[end:]


def gif(frames: int, *, width: int = 8, height: int = 8) -> bytes:
    start = b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF0, 0, 0) + bytes(6)
    frame = b"!\xf9\x04\0\1\0\0\0" + b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return start + frame * frames + b";"


def tiff(entries: list[tuple[int, int, int, int]], *, next_at: int = 0, data: bytes = b"") -> bytes:
    """A little-endian TIFF of one directory; data begins right behind it."""
    head = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries))
    return head + b"".join(struct.pack("<HHII", *entry) for entry in entries) + struct.pack("<I", next_at) + data


def plain_tiff(width: int, height: int, *, more: tuple[tuple[int, int, int, int], ...] = (), next_at: int = 0) -> bytes:
    size = width * height % 2**32
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
               (273, 4, 1, 200), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, size)]  # fmt: skip
    head = tiff(sorted([*entries, *more]), next_at=next_at)
    return head + bytes(200 - len(head)) + bytes(min(width * height, 10_000))


def bmp(width: int, height: int, *, bits: int = 24, compression: int = 0, colors: int = 0, data: bytes = b"") -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(data), 0, 0, colors, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(data), 0, 0, 54) + info + data


def webp(content: bytes, *, kind: bytes = b"VP8 ") -> bytes:
    return b"RIFF" + struct.pack("<I", len(content) + 12) + b"WEBP" + kind + struct.pack("<I", len(content)) + content


def ico() -> bytes:
    return encoded(photo().resize((32, 32)), "ICO")


AVIF_HEAD = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(200)
SVG = b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(2)</script></svg>"
SVG_BOMB = b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]><svg>&b;</svg>"
SVG_FILE = b"<svg><image href='file:///etc/passwd'/><image href='http://127.0.0.1/'/></svg>"


SMALL, BIG = jpeg(), encoded(photo(), "PNG")
WEBP_FILE, AVIF_FILE = encoded(photo(), "WEBP"), encoded(photo(), "AVIF")
ANIMATED = encoded(photo(), "WEBP", save_all=True, append_images=[photo().rotate(angle) for angle in range(1, 60)])

# Each is made when it is needed: some take a while.
ATTACKS: dict[str, Callable[[], bytes]] = {
    "jpeg of 101 scans": lambda: many_scans(101),
    "jpeg of 5000 scans": lambda: many_scans(5_000),
    "jpeg of scans with fill bytes": lambda: many_scans(2_000).replace(b"\xff\xda", b"\xff\xff\xff\xda"),
    "jpeg that says 65500 x 65500": lambda: with_size(SMALL, 65_500, 65_500),
    "jpeg that says 6000 x 6600": lambda: with_size(SMALL, 6_000, 6_600),
    "jpeg that says 0 x 0": lambda: with_size(SMALL, 0, 0),
    "jpeg progressive that says 6300 x 6300": lambda: with_size(jpeg(progressive=True), 6_300, 6_300),
    "jpeg with 16 mb of app segments": lambda: (
        after_start(SMALL, 0xE1, b"Exif\0\0" + b"A" * 65_000)[:2]
        + b"".join(b"\xff\xe5\xff\xff" + bytes(65_533) for _ in range(256))
        + SMALL[2:]
    ),
    "jpeg whose exif points at itself": lambda: after_start(
        SMALL, 0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\1\0\0\0\x08\0\0\0\x08\0\0\0"
    ),
    "jpeg whose exif has 65535 entries": lambda: after_start(
        SMALL, 0xE1, b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(6_000)
    ),
    "jpeg whose exif counts 4 gb": lambda: after_start(
        SMALL, 0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\xff\xff\xff\xff\x08\0\0\0\0\0\0\0"
    ),
    "jpeg with an icc profile in 255 lost parts": lambda: after_start(
        SMALL, 0xE2, b"ICC_PROFILE\0\xff\xff" + bytes(60_000)
    ),
    "jpeg of nothing but restart markers": lambda: SMALL[: SMALL.index(b"\xff\xda") + 14] + b"\xff\xd0" * 500_000,
    "jpeg of a segment without length": lambda: SMALL[:2] + b"\xff\xe0\0\0" + SMALL[2:],
    "jpeg with two starts of frame": lambda: (
        SMALL[: SMALL.index(b"\xff\xda")]
        + SMALL[SMALL.index(b"\xff\xc0") : SMALL.index(b"\xff\xda")]
        + SMALL[SMALL.index(b"\xff\xda") :]
    ),
    "png iccp of 100 mb": lambda: png(bombs_in_text(b"iCCP", 100)),
    "png ztxt of 100 mb": lambda: png(bombs_in_text(b"zTXt", 100)),
    "png itxt of 100 mb": lambda: png(bombs_in_text(b"iTXt", 100)),
    "png 3000 ztxt": lambda: png(*[bombs_in_text(b"zTXt", 1)] * 3_000),
    "png of 100000 empty chunks": lambda: png(*[chunk(b"teXt", b"")] * 100_000),
    "png whose data is a bomb": lambda: png(body=zlib.compress(bytes(100 * 2**20), 9)),
    "png of 2^31 - 1": lambda: png(width=2**31 - 1, height=1, body=zlib.compress(bytes(9))),
    "png of 2^32 - 1 squared": lambda: png(width=2**32 - 1, height=2**32 - 1, body=b""),
    "png 40 mpx in 40 kb": lambda: png(width=6_000, height=6_600, body=zlib.compress(bytes((1 + 18_000) * 6_600), 9)),
    "png of depth 3": lambda: png(depth=3),
    "png whose palette is missing": lambda: png(color=3),
    "png chunk of 4 gb": lambda: b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xffIHDR" + bytes(100),
    "apng of 4 billion frames": lambda: png(chunk(b"acTL", struct.pack(">II", 2**32 - 1, 0))),
    "gif of 100000 frames": lambda: gif(100_000),
    "gif of 65535 x 65535": lambda: gif(1, width=65_535, height=65_535),
    "gif that never ends": lambda: gif(1)[:-1] + b"!\xfe" + b"\xff" + b"x" * 255,
    "gif whose frame lies outside": lambda: (
        b"GIF89a\x08\0\x08\0\xf0\0\0" + bytes(6) + b",\xff\xff\xff\xff\x08\0\x08\0\0\x02\x02D\x01\0;"
    ),
    "tiff whose directory follows itself": lambda: plain_tiff(20, 20, next_at=8),
    "tiff whose directory is beyond its end": lambda: tiff([])[:4] + struct.pack("<I", 2**31) + bytes(50),
    "tiff of 65535 entries": lambda: b"II*\0\x08\0\0\0\xff\xff" + bytes(2_000),
    "tiff of 4 billion samples": lambda: plain_tiff(20, 20, more=((277, 4, 1, 2**32 - 1),)),
    "tiff of 2^31 squared": lambda: plain_tiff(2**31, 2**31),
    "tiff of 4 billion strips": lambda: plain_tiff(
        20, 20, more=((324, 4, 2**32 - 1, 8), (322, 4, 1, 1), (323, 4, 1, 1))
    ),
    "tiff of 6000 x 6600 in nothing": lambda: plain_tiff(6_000, 6_600),
    "bigtiff": lambda: b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0" + b"\xff" * 64,
    "bmp of negative height": lambda: bmp(4, -4, data=bytes(48)),
    "bmp of negative width": lambda: bmp(-4, 4, data=bytes(48)),
    "bmp of the least height": lambda: bmp(4, -(2**31), data=bytes(48)),
    "bmp of 4 billion colours": lambda: bmp(4, 4, bits=8, colors=2**32 - 1, data=bytes(48)),
    "bmp rle that runs out": lambda: bmp(
        4_000, 4_000, bits=8, compression=1, colors=256, data=bytes(1024) + b"\0\2\xff\xff" * 1_000
    ),
    "webp truncated": lambda: WEBP_FILE[: len(WEBP_FILE) // 2],
    "webp animated truncated": lambda: ANIMATED[: len(ANIMATED) // 2],
    "webp of nothing": lambda: webp(b""),
    "webp that says 16383 squared": lambda: webp(b"\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(400)),
    "webp lossless that says 16384 squared": lambda: webp(b"\x2f\xff\xff\xff\x0f" + bytes(400), kind=b"VP8L"),
    "webp in webp": lambda: webp(WEBP_FILE, kind=b"VP8X"),
    "avif truncated": lambda: AVIF_FILE[: len(AVIF_FILE) // 2],
    "avif of nothing": lambda: AVIF_HEAD + bytes(400),
    "avif box of 4 gb": lambda: AVIF_HEAD + b"\xff\xff\xff\xffmeta" + bytes(400),
    "avif that says 65535 squared": lambda: AVIF_FILE.replace(
        b"ispe\0\0\0\0" + struct.pack(">II", WIDTH, HEIGHT), b"ispe\0\0\0\0" + struct.pack(">II", 65_535, 65_535)
    ),
    "heic": lambda: HEIC,
    "svg with scripts": lambda: SVG,
    "svg of entities": lambda: SVG_BOMB,
    "svg that reads files": lambda: SVG_FILE,
    "ico": ico,
    "psd": lambda: b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 30_000, 30_000, 8, 3) + bytes(400),
    "eps that runs": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) (r) file deletefile\n",
    "pdf": lambda: b"%PDF-1.7\n" + bytes(200),
    "xbm": lambda: b"#define a_width 8\n#define a_height 8\nstatic char a_bits[] = { 0x00 };",
    "ppm": lambda: b"P6\n99999999 99999999\n255\n",
    "fits": lambda: b"SIMPLE  =                    T" + b" " * 2850,
    "mpo of a thousand pictures": lambda: jpeg() * 1_000,
    "gif that is a script": lambda: b"GIF89a/*\0\0\0\0\0*/=1;alert(1)//" + bytes(40),
    "jpeg that is a page": lambda: (
        after_start(SMALL, 0xFE, b"<script>alert(1)</script>") + b"<html><body onload=alert(1)>"
    ),
    "png that is a zip": lambda: BIG + b"PK\x03\x04" + bytes(100) + b"PK\x05\x06" + bytes(18),
    "jpeg that is a program": lambda: SMALL + b"#!/bin/sh\nrm -rf /\n",
}
# Whatever follows a whole picture is somebody's luggage, and no reason to refuse it.
WHOLE = {"mpo of a thousand pictures", "jpeg that is a page", "png that is a zip", "jpeg that is a program"}


@pytest.fixture(autouse=True)
def own_children() -> Iterator[None]:
    sandbox.end_all()
    yield
    sandbox.end_all()


def most_memory(process_id: int) -> float:
    """Megabytes that the process took at its most."""
    with open(f"/proc/{process_id}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def require_shown_as_a_picture(content: bytes) -> None:
    """A browser is given a picture and nothing else."""
    shown, kind = renditions.browser_picture(content)
    assert kind in ("image/png", "image/jpeg", "image/webp", "image/gif", "image/avif")
    with Image.open(io.BytesIO(shown)) as found:
        assert Image.MIME[found.format or ""] == kind or (found.format, kind) == ("MPO", "image/jpeg")


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_the_decoder_is_a_picture_or_one_line(name: str) -> None:
    content = ATTACKS[name]()
    try:
        taken = sandbox.decode(content, file_name=name)
    except ImageError as error:
        line = str(error)
        assert line.startswith(f"{name}: ")
        assert "\n" not in line
        assert len(line) < 300
        assert name not in WHOLE, line
        assert "brought the decoder down" not in line, line
        assert "took longer" not in line, line
    else:
        assert 1 <= taken.width * taken.height <= 40_000_000
        if name in WHOLE:
            assert (taken.width, taken.height) == (WIDTH, HEIGHT)
        require_shown_as_a_picture(content)
    child = sandbox._idle_child()
    try:
        assert (child._worked() or 0) < LONGEST_S
        assert most_memory(child.process.pid) < MOST_MB
    finally:
        sandbox._keep(child)
    # What comes next is served as ever.
    assert sandbox.decode(encoded(photo(), "PNG"), file_name="next").width == WIDTH
