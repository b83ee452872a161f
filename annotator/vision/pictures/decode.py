"""Pictures from outside -> Photo: in this process, or in a child with limits."""

from __future__ import annotations

import stat
from pathlib import Path

from annotator.core.errors import ImageError
from annotator.vision.pictures import sandbox
from annotator.vision.pictures.decoder import decode_here
from annotator.vision.pictures.photo import Buffers, Photo

# 40 megapixels of four 16-bit channels are 320 MB.
MAX_FILE_BYTES = 1_000_000_000


def read(path: Path) -> Photo:
    """A file -> Photo. Raises ImageError, also where the file cannot be read."""
    return decode(content_of(path), file_name=path.name)


def content_of(path: Path) -> bytes:
    """A file's bytes. Raises ImageError if they cannot be read, or are more than any picture has."""
    try:
        found = path.stat()
        # A pipe would be waited for, and a device read, for ever.
        if not stat.S_ISREG(found.st_mode):
            raise ImageError(f"{path}: is no file, expected a picture")
        if found.st_size > MAX_FILE_BYTES:
            raise ImageError(f"{path}: {found.st_size / 1e6:.0f} MB, expected at most {MAX_FILE_BYTES / 1e6:.0f}")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise ImageError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def decode(
    content: bytes,
    *,
    file_name: str,
    sha256: str | None = None,
    enough: tuple[int, int] | None = None,
    buffers: Buffers | None = None,
) -> Photo:
    """A file's bytes -> Photo, whatever its name ends in.

    sha256: of the content, where it is known. buffers: memory for the pixels, if any.
    enough: the least (width, height) of a draft. A JPEG of at least twice that size is decoded at a half, a quarter or
    an eighth of its sides, in a fraction of the time; each pixel is the mean of those it stands for. Without `enough`,
    and for all other kinds, every pixel is decoded.

    Raises ImageError in one line that begins with the file's name: empty, not a picture, a kind that is not read,
    truncated, damaged, or too large (ANNOTATOR_MAX_MEGAPIXELS, 40 by default; found out before anything is decoded).
    With the sandbox on, a child process with limits decodes (see `sandbox`).
    """
    if sandbox.is_on():
        return sandbox.decode(content, file_name=file_name, sha256=sha256, enough=enough, buffers=buffers)
    return decode_here(content, file_name=file_name, sha256=sha256, enough=enough, buffers=buffers)
