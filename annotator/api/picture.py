"""A picture as scripts have it: pixels in memory, or a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from annotator.core.errors import ImageError
from annotator.core.limits import MAX_SIDE
from annotator.vision.pictures import decode
from annotator.vision.pictures.photo import Photo

Picture: TypeAlias = "NDArray[np.uint8] | str | os.PathLike[str]"
"""(H, W, 3) uint8 RGB, upright; or the path of a file, which is turned upright as its EXIF block says."""


def photo_of(picture: Picture) -> Photo:
    """Raises ImageError for a file that is no picture, an array of another form, and anything else."""
    if isinstance(picture, (str, os.PathLike)):
        return decode.read(Path(picture))
    if not isinstance(picture, np.ndarray):
        named = type(picture).__name__
        raise ImageError(f"picture: found {named}, expected a path, or an array [H, W, 3] of uint8, red first")
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        found = f"{picture.dtype} {list(picture.shape)}"
        raise ImageError(f"picture: found {found}, expected uint8 [H, W, 3], red first")
    if not 0 < min(picture.shape) <= max(picture.shape) <= MAX_SIDE:
        raise ImageError(f"picture: found {list(picture.shape)}, expected 1 to {MAX_SIDE} pixels a side")
    return Photo("picture", b"", "", np.ascontiguousarray(picture))
