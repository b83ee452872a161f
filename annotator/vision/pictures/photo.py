"""A decoded picture, and the memory that pictures are decoded into.

Tests: tests/vision/pictures/test_decode.py
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""(H, W, 3) RGB."""


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded picture: `pixels` (H, W, 3) uint8 RGB, upright, read-only; `content` the file's own bytes.

    `full_size` is the (width, height) of the picture where it was decoded as a draft: its pixels are fewer then.
    """

    file_name: str
    content: bytes
    sha256: str
    pixels: Pixels
    full_size: tuple[int, int] | None = None

    @property
    def width(self) -> int:
        """Of the upright picture, in pixels; a draft's too."""
        return int(self.pixels.shape[1]) if self.full_size is None else self.full_size[0]

    @property
    def height(self) -> int:
        """Of the upright picture, in pixels; a draft's too."""
        return int(self.pixels.shape[0]) if self.full_size is None else self.full_size[1]


class Buffers:
    """Memory that one thread reuses for one picture after the other.

    Fresh memory for 12 megapixels can cost more than decoding them. Pixels in a buffer are valid until the next picture
    is decoded into it.
    """

    def __init__(self) -> None:
        self._decoded = np.empty(0, np.uint8)
        self._turned = np.empty(0, np.uint8)

    def decoded(self, height: int, width: int) -> Pixels:
        """Memory for (height, width, 3) pixels as they come from the file."""
        if self._decoded.size < height * width * 3:
            self._decoded = np.empty(height * width * 3, np.uint8)
        return self._decoded[: height * width * 3].reshape(height, width, 3)

    def turned(self, height: int, width: int) -> Pixels:
        """Memory for (height, width, 3) pixels upright."""
        if self._turned.size < height * width * 3:
            self._turned = np.empty(height * width * 3, np.uint8)
        return self._turned[: height * width * 3].reshape(height, width, 3)
