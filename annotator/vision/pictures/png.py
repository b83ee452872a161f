"""PNG files as bytes: what is known of one before it is decoded.

Tests: tests/vision/pictures/test_bounds.py
"""

from __future__ import annotations

from collections.abc import Iterator

from annotator.core.errors import ImageError

MAX_CHUNKS = 200_000
"""Pillow walks them in Python. Even chunks of 1 KB make 200 MB."""

_SIGNATURE_BYTES = 8
_DEPTH_AT = 24


def require_few_chunks(content: bytes) -> None:
    """Raise ImageError where a PNG is cut into more pieces than any encoder makes."""
    if sum(1 for _ in _chunks(content)) > MAX_CHUNKS:
        raise ImageError(f"is a PNG of more than {MAX_CHUNKS} chunks")


def is_deep(content: bytes) -> bool:
    """Whether its samples have sixteen bits."""
    return content[_DEPTH_AT : _DEPTH_AT + 1] == b"\x10"


def significant_bits(content: bytes) -> int:
    """How many bits of each sample count, of the most in any channel; 0 where the file does not say so."""
    for kind, start, length in _chunks(content):
        if kind == b"sBIT":
            return max(content[start : start + min(length, 4)], default=0)
        if kind == b"IDAT":
            break
    return 0


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and length of each chunk up to the last one, of at most one more than MAX_CHUNKS."""
    position = _SIGNATURE_BYTES
    for _ in range(MAX_CHUNKS + 1):
        if position + 8 > len(content):
            return
        length = int.from_bytes(content[position : position + 4], "big")
        kind = content[position + 4 : position + 8]
        yield kind, position + 8, length
        if kind == b"IEND":
            return
        position += 12 + length
