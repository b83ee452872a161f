"""Makes a project of somebody's archive. Child processes with limits check its content, so that nobody else waits.

Tests: tests/web/routes/test_archives.py
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Protocol

from annotator.core.dataset import Image
from annotator.core.errors import ImageError
from annotator.storage import archive, vetting_child
from annotator.storage.archive import Limits
from annotator.system.progress import Progress
from annotator.vision.pictures import decode

_A_DRAFT = (1, 1)


def untold(done: int, total: int) -> None:
    """Progress that nobody wants to know of."""


class Adopt(Protocol):
    """Opens an archive as a project, whose key it returns."""

    def __call__(self, packed: IO[bytes], progress: Progress = untold) -> str: ...


def unpack(packed: IO[bytes], folder: Path, limits: Limits, progress: Progress = untold) -> None:
    """As `archive.unpack_project`; its pictures are those that its database tells of, and can be decoded."""
    archive.unpack_project(
        packed, folder, limits=limits, vet=vetting_child.vet, check_picture=_require_as_told, progress=progress
    )


def _require_as_told(content: bytes, image: Image) -> None:
    photo = decode.decode(content, file_name=image.file_name, sha256=image.sha256, enough=_A_DRAFT)
    if (photo.width, photo.height) != (image.width, image.height):
        raise ImageError(
            f"{image.file_name}: is {photo.width} x {photo.height} pixels, "
            f"its project says {image.width} x {image.height}"
        )
