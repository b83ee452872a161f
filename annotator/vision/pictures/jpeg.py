"""JPEG files as bytes: what is known of one before it is decoded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from annotator.core.errors import ImageError

# Cameras write one scan, progressive encoders about ten; 10,000 scans in 1.3 MB keep a decoder busy for minutes.
MAX_SCANS = 100
# Each scan goes over the whole picture, so that large ones may have fewer: 25 at 40 megapixels.
MAX_SCAN_MEGAPIXELS = 1000.0
LEAST_SCANS = 25

# Within a scan 0xFF is followed by 0 (data), a restart marker or more 0xFF (fill); anything else is the next marker.
_SCAN, _END = b"\xff\xda", b"\xff\xd9"
_NEXT_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
# Baseline, extended sequential, progressive: browsers know no lossless and no arithmetic ones.
_COMMON_FRAMES = (0xC0, 0xC1, 0xC2)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


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
    frame = next((marker for marker in _markers(content) if marker in _FRAMES), None)
    return frame in _COMMON_FRAMES


def _scans(content: bytes) -> tuple[int, bool]:
    """Number of scans of the first picture in a JPEG file, and whether its end marker is there."""
    scans = 0
    for marker in _markers(content):
        if marker == 0xD9:
            return scans, True
        scans += marker == 0xDA
    return scans, False


def _markers(content: bytes) -> Iterator[int]:
    """The markers in their order; what lies in their segments is passed over."""
    position = 2
    while match := _NEXT_MARKER.search(content, position):
        marker, position = match[1][0], match.end()
        yield marker
        if marker not in (0x01, 0xD8, 0xD9):  # these stand alone
            position += int.from_bytes(content[position : position + 2], "big")
