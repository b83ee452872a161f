"""GIF files as bytes: what is known of one before it is decoded.

Tests: tests/vision/pictures/test_bounds.py
"""

from __future__ import annotations

from dataclasses import dataclass

from annotator.core.errors import ImageError

# Pillow joins a comment block by block, which takes 70 s at 30 MB.
MAX_COMMENT_BYTES = 1_000_000
MAX_BLOCKS = 200_000
"""Pillow walks them in Python. Full blocks, as encoders write them, make 50 MB."""

_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B
_COMMENT, _APPLICATION = 0xFE, 0xFF
_LOOP = b"NETSCAPE2.0"


@dataclass(frozen=True)
class Frames:
    """`several`: whether there is more than one. `first_is_whole`: whether the first one covers the canvas."""

    several: bool
    first_is_whole: bool


def frames_of(content: bytes) -> Frames:
    """The frames of a GIF. One that is too long to be walked to its end counts as several.

    Raises ImageError where more lies before its first frame than any encoder writes.
    """
    walk = _Walk(content)
    comments = walk.to_image()
    if comments > MAX_COMMENT_BYTES:
        raise ImageError(f"is a GIF of more than {MAX_COMMENT_BYTES / 1e6:.0f} MB of comments")
    if walk.blocks > MAX_BLOCKS:
        raise ImageError(f"is a GIF of more than {MAX_BLOCKS} blocks before its picture")
    whole = content[walk.at : walk.at + 8] == bytes(4) + content[6:10]
    walk.pass_image()
    walk.to_image()
    return Frames(several=not walk.is_over, first_is_whole=whole)


class _Walk:
    """A position in a GIF's bytes. It advances as Pillow's does, which accepts files that the standard forbids."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.at = 13
        self.blocks = 0
        self._pass_palette(10)

    @property
    def is_over(self) -> bool:
        """Whether the end was reached, not only the last block that is looked at."""
        return self.at >= len(self._content) and self.blocks <= MAX_BLOCKS

    def to_image(self) -> int:
        """Go to the next frame's description, or to the end; how many bytes of comments lie before it."""
        comments = 0
        while self.at < len(self._content) and self.blocks <= MAX_BLOCKS:
            kind = self._byte()
            if kind == _IMAGE:
                break
            if kind == _END:
                self.at = len(self._content)
            elif kind == _EXTENSION:
                comments += self._pass_extension()
            self.blocks += 1
        return comments

    def pass_image(self) -> None:
        """Go behind the frame whose description this is."""
        self.at += 9
        self._pass_palette(self.at - 1)
        self.at += 1
        self._pass_blocks()

    def _pass_extension(self) -> int:
        """Go behind an extension; its size where it is a comment."""
        label = self._byte()
        if label == _COMMENT:
            return self._pass_blocks()
        first = self._block()
        if label == _APPLICATION and first.startswith(_LOOP):
            self._block()
        self._pass_blocks()
        return 0

    def _pass_blocks(self) -> int:
        size = 0
        while (block := self._block()) and self.blocks <= MAX_BLOCKS:
            size += len(block)
        return size

    def _block(self) -> bytes:
        length = self._byte()
        block = self._content[self.at : self.at + length]
        self.at += length
        self.blocks += 1
        return block

    def _pass_palette(self, flags_at: int) -> None:
        flags = self._content[flags_at] if flags_at < len(self._content) else 0
        if flags & 0x80:
            self.at += 3 << (flags & 7) + 1

    def _byte(self) -> int:
        found = self._content[self.at] if self.at < len(self._content) else 0
        self.at += 1
        return found
