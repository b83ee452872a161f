"""JPEG files as bytes: what is known of one before it is decoded.

Each scan here is linear in the file's size and ends at a bound: the bytes may be anybody's.

Tests: tests/vision/pictures/test_bounds.py, tests/vision/pictures/test_decode.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from annotator.core.errors import ImageError
from annotator.vision.pictures.tiff import has_short_directory

# Cameras write one scan, progressive encoders about ten; 10,000 scans in 1.3 MB keep a decoder busy for minutes.
MAX_SCANS = 100
# Each scan goes over the whole picture, so that large ones may have fewer: 25 at 40 megapixels.
MAX_SCAN_MEGAPIXELS = 1000.0
LEAST_SCANS = 25

# Cameras write some 20 segments, extended XMP some hundred. Pillow walks those before the first scan one by one.
MAX_SEGMENTS = 10_000
MAX_HEAD_BYTES = 64_000_000
"""Of segments before the first scan."""
MAX_FILL_BYTES = 1_000_000
"""Before the first scan and in no segment: Pillow passes over each of them in Python."""

# Within a scan 0xFF is followed by 0 (data), a restart marker or more 0xFF (fill); anything else is the next marker.
_SCAN, _END = b"\xff\xda", b"\xff\xd9"
# Only the last 0xFF of a run is looked at: a pattern that takes the whole run begins anew at each of its bytes.
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])", re.DOTALL)
_EXIF = b"Exif\0\0"
_STAND_ALONE = (0x01, 0xD8, 0xD9)
# Baseline, extended sequential, progressive: browsers know no lossless and no arithmetic ones.
_COMMON_FRAMES = (0xC0, 0xC1, 0xC2)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def require_short_head(content: bytes) -> None:
    """Raise ImageError for a JPEG of which Pillow would read the beginning for seconds."""
    position, fill = 2, 0
    exif: list[bytes] = []
    for marker, start, end in _segments(content):
        fill += start - position
        position = end
        if fill > MAX_FILL_BYTES or marker == _SCAN[1]:
            break
        if marker == 0xE1 and content.startswith(_EXIF, start + 4):
            exif.append(content[start + 4 + len(_EXIF) : end])
        if position > MAX_HEAD_BYTES:
            raise ImageError(f"is a JPEG of more than {MAX_HEAD_BYTES / 1e6:.0f} MB before its first scan")
    else:
        fill += len(content) - position
    if fill > MAX_FILL_BYTES:
        raise ImageError(f"is a JPEG of more than {MAX_FILL_BYTES / 1e6:.0f} MB of fill bytes before its first scan")
    if not has_short_directory(b"".join(exif)):  # Pillow joins them, too
        raise ImageError("is a JPEG whose EXIF block has the same bytes in many tags")


def require_few_scans(content: bytes, *, megapixels: float) -> None:
    """Raise ImageError where decoding would go over the picture more often than any camera or encoder asks for."""
    if content.count(_SCAN) <= LEAST_SCANS:  # the walk below cannot find more
        return
    scans, _ = _scans(content)
    most = min(MAX_SCANS, max(LEAST_SCANS, int(MAX_SCAN_MEGAPIXELS / megapixels)))
    if scans > most:
        raise ImageError(f"is a JPEG of {scans} scans, expected at most {most}")


def has_its_end(content: bytes) -> bool:
    """Whether the first picture in the file ends with its end marker."""
    if content.endswith(_END) and content.count(_END) == 1:
        return True
    # Thumbnails and further pictures have ends of their own, and files carry data after theirs.
    return _scans(content)[1]


def is_common(content: bytes) -> bool:
    """Whether it is coded as browsers can decode it."""
    frame = next((marker for marker, _, _ in _segments(content) if marker in _FRAMES), None)
    return frame in _COMMON_FRAMES


def _scans(content: bytes) -> tuple[int, bool]:
    """Number of scans of the first picture in a JPEG file, and whether its end marker is there."""
    scans = 0
    for marker, _, _ in _segments(content):
        if marker == _END[1]:
            return scans, True
        scans += marker == _SCAN[1]
    return scans, False


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Each marker in its order, and where its segment starts and ends; what lies in a segment is passed over.

    Raises ImageError beyond MAX_SEGMENTS.
    """
    position = 2
    for _ in range(MAX_SEGMENTS):
        match = _MARKER.search(content, position)
        if match is None:
            return
        marker, position = match[1][0], match.end()
        if marker not in _STAND_ALONE:
            position += int.from_bytes(content[position : position + 2], "big")
        yield marker, match.start(), position
    raise ImageError(f"is a JPEG of more than {MAX_SEGMENTS} segments")
