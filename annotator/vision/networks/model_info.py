"""What is known of a network without reading it: how pictures go in, what its classes mean, which files it has.

Tests: tests/vision/networks/test_zoo.py
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from annotator.core.dataset import Category
from annotator.core.geometry import ResizeRule

Order = Literal["BGR", "RGB"]
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class ModelFile:
    """One file of a network as it must lie on disk; `source` is the full address it is fetched from, if any."""

    precision: str
    name: str
    bytes: int
    sha384: str
    source: str | None = None


@dataclass(frozen=True)
class ModelInfo:
    """A network: how a picture becomes its input, what its class indices mean, and the files it consists of.

    pad: value 0..255 of the padding. mean, scale: by channel in `order`, in 0..255 units; the input is
    (value - mean) / scale. categories: in the order of the class index, from 0. threshold: the score from which a
    detection is worth showing. files: those of the chosen precision only; empty where the description lists none.
    base: what `ANNOTATOR_MIRROR` replaces in the files' sources; "" where there is none.
    """

    name: str
    title: str
    version: str
    folder: Path
    resize: ResizeRule
    pad: int
    order: Order
    mean: Triple
    scale: Triple
    categories: tuple[Category, ...]
    threshold: float
    files: tuple[ModelFile, ...]
    description: str
    base: str = ""

    @property
    def source(self) -> str:
        """What a suggestion of this network carries: `name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def xml_path(self) -> Path:
        """The graph; its weights lie beside it."""
        names = [file.name for file in self.files if file.name.endswith(".xml")]
        return self.folder / (names[0] if names else "model.xml")

    @property
    def present(self) -> bool:
        """Whether every file is there with the right size (their hashes are `zoo.verify`'s)."""
        if not self.files:
            return self.xml_path.is_file() and self.xml_path.with_suffix(".bin").is_file()
        return self.missing_bytes == 0

    @property
    def missing_bytes(self) -> int:
        """Bytes of the files that are absent or of another size: what a fetch has to bring, at most."""
        return sum(file.bytes for file in self.files if _size(self.folder / file.name) != file.bytes)


def _size(path: Path) -> int:
    """Bytes of a regular file, -1 where there is none."""
    return path.stat().st_size if path.is_file() else -1
