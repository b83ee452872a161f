"""What is known of a network without reading it: how pictures go in, what its classes mean, which files it has.

Tests: tests/vision/networks/test_zoo.py, tests/vision/networks/test_prompt_description.py
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from annotator.core.dataset import Category
from annotator.core.geometry import ResizeRule

Order = Literal["BGR", "RGB"]
Triple = tuple[float, float, float]
Algorithm = Literal["sha384", "sha256"]
Outputs = Literal["regions", "yolo-seg", "yolo-detect", "rf-detr-seg", "rf-detr"]
"""The form of a network's outputs: see `adapters/`."""

BOXES_ALONE: tuple[Outputs, ...] = ("yolo-detect", "rf-detr")
"""Forms without masks."""

GRAPH_SUFFIXES = (".xml", ".onnx")


@dataclass(frozen=True)
class ModelFile:
    """One file of a network as it must lie on disk; `source` is the full address it is fetched from, if any.

    bytes: None where the publisher does not state the size; about is then what it is likely to be. hash: in lower-case
    hexadecimal digits, by `algorithm`.
    """

    precision: str
    name: str
    bytes: int | None
    hash: str
    source: str | None = None
    algorithm: Algorithm = "sha384"
    about: int | None = None

    def lies_in(self, folder: Path) -> bool:
        """Whether the file is there, with the right size where that is known (its hash is `zoo.verify`'s)."""
        size = _size(folder / self.name)
        return size > 0 if self.bytes is None else size == self.bytes

    @property
    def hash_in_words(self) -> str:
        return f"{self.algorithm.upper().replace('SHA', 'SHA-')} {self.hash[:16]}…"


@dataclass(frozen=True)
class Server:
    """Where a network runs instead of here: a server of the Open Inference Protocol (KServe v2) over HTTP.

    url: http(s), before `/v2`. model: its name there. timeout_s: what an answer may take. requests: how many pictures
    are under way at once.
    """

    url: str
    model: str
    timeout_s: float = 60.0
    requests: int = 4


@dataclass(frozen=True, kw_only=True)
class NetworkInfo:
    """A network's names and files, whatever it does.

    files: those of the chosen precision only; empty where the description lists none. base: what `ANNOTATOR_MIRROR`
    replaces in the files' sources; "" where there is none.
    """

    name: str
    title: str
    version: str
    folder: Path
    files: tuple[ModelFile, ...]
    description: str
    base: str = ""

    @property
    def source(self) -> str:
        """What a suggestion of this network carries: `name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def present(self) -> bool:
        """Whether every file is there with the right size."""
        if not self.files:
            return all(is_graph(path) for path in self.graph_paths)
        return all(file.lies_in(self.folder) for file in self.files)

    @property
    def missing_bytes(self) -> int:
        """Bytes of the files that are absent or of another size: what a fetch has to bring, as far as it is known."""
        return sum(file.bytes or file.about or 0 for file in self.files if not file.lies_in(self.folder))

    @property
    def is_size_stated(self) -> bool:
        """Whether `missing_bytes` is exact."""
        return all(file.bytes is not None for file in self.files if not file.lies_in(self.folder))

    @property
    def graph_paths(self) -> tuple[Path, ...]:
        """Its graphs, in the order in which they are asked."""
        raise NotImplementedError

    def graph_path(self, stem: str) -> Path:
        """The graph of that name: as the files list it, else as it lies there; an IR's weights lie beside it."""
        names = [file.name for file in self.files if file.name in [stem + suffix for suffix in GRAPH_SUFFIXES]]
        there = [stem + suffix for suffix in GRAPH_SUFFIXES if (self.folder / (stem + suffix)).is_file()]
        return self.folder / [*names, *there, stem + ".xml"][0]


@dataclass(frozen=True, kw_only=True)
class ModelInfo(NetworkInfo):
    """A network that detects: how a picture becomes its input, and what its class indices mean.

    pad: value 0..255 of the padding. mean, scale: by channel in `order`, in 0..255 units; the input is
    (value - mean) / scale. categories: in the order of the class index, from 0. threshold: the score from which a
    detection is worth showing. outputs: their form. largest: the longer and the shorter side of the largest picture
    that goes in, where pictures have a size of their own (the resize "shrink"). server: where it runs, if not
    here; then it has no files. most: the objects that it finds in a picture at most, where that is said.
    """

    resize: ResizeRule
    pad: int
    order: Order
    mean: Triple
    scale: Triple
    categories: tuple[Category, ...]
    threshold: float
    outputs: Outputs = "regions"
    largest: tuple[int, int] | None = None
    server: Server | None = None
    most: int | None = None

    @property
    def has_masks(self) -> bool:
        return self.outputs not in BOXES_ALONE

    @property
    def xml_path(self) -> Path:
        """The graph; its weights lie beside it."""
        names = [file.name for file in self.files if file.name.endswith(".xml")]
        return self.folder / (names[0] if names else "model.xml")

    @property
    def graph_paths(self) -> tuple[Path, ...]:
        return () if self.server else (self.xml_path,)


@dataclass(frozen=True, kw_only=True)
class PromptInfo(NetworkInfo):
    """A network that answers prompts with masks: an encoder, which sees the picture, and a decoder.

    How pictures and prompts go in is what its graphs say: see `prompts/contracts.py`.
    """

    @property
    def graph_paths(self) -> tuple[Path, ...]:
        return self.graph_path("encoder"), self.graph_path("decoder")


def is_graph(path: Path) -> bool:
    """Whether a graph is there, and the weights of an IR beside it."""
    return path.is_file() and (path.suffix != ".xml" or path.with_suffix(".bin").is_file())


def _size(path: Path) -> int:
    """Bytes of a regular file, -1 where there is none."""
    return path.stat().st_size if path.is_file() else -1
