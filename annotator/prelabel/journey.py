"""One picture's journey, read from top to bottom: from its file to what is offered for review.

Threads read and decode pictures and resize them to the network's input; whoever asks for the outcomes feeds the
network, which answers in the order of the pictures.

Tests: tests/prelabel/test_batch.py, tests/prelabel/test_files.py
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from annotator.core.dataset import Suggestion
from annotator.core.errors import AnnotatorError, StoreError
from annotator.core.masks import rle_area
from annotator.prelabel.ahead import read_ahead
from annotator.vision.networks.detector import Detections, Detector, Prepared
from annotator.vision.pictures import decode
from annotator.vision.pictures.photo import Buffers

Item = TypeVar("Item")


@dataclass(frozen=True)
class Failure:
    """A picture that could not be done, with the one line that says why."""

    file_name: str
    reason: str

    @classmethod
    def of(cls, file_name: str, error: AnnotatorError) -> Failure:
        """The reader of a picture names it too; the batch names it once, with its folder."""
        reason = str(error)
        for name in (file_name, Path(file_name).name):
            reason = reason.removeprefix(f"{name}: ")
        return cls(file_name, reason)

    def __str__(self) -> str:
        return f"{self.file_name}: {self.reason}"


@dataclass(frozen=True, eq=False)
class Ready(Generic[Item]):
    """An item whose picture the network can take; `content` only where somebody needs it still.

    size: (width, height) of the whole picture, upright.
    """

    item: Item
    content: bytes
    sha256: str
    size: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Done(Generic[Item]):
    """A picture that the network has seen, and what is offered for review.

    others: what one of two networks found about objects that are offered as the other one found them.
    """

    picture: Ready[Item]
    suggestions: list[Suggestion]
    others: Sequence[Suggestion] = ()

    @property
    def item(self) -> Item:
        return self.picture.item


@dataclass(frozen=True)
class Failed(Generic[Item]):
    """An item that could not be read, seen or stored, and why. by_network: the network failed on it. by_store: the
    store that it lies in did not answer.
    """

    item: Item
    failure: Failure
    by_network: bool = False
    by_store: bool = False


Outcome = Done[Item] | Failed[Item]


class Way(Protocol[Item]):
    """What pictures go through, past one network or two. sources: of these, model@version."""

    @property
    def sources(self) -> tuple[str, ...]: ...

    @property
    def name(self) -> Callable[[Item], str]: ...

    def outcomes(self, items: Sequence[Item], *, patience: int) -> Generator[Outcome[Item]]:
        """What came of each item, in their order. Raises ModelError, as `Journey.outcomes` does."""
        ...


@dataclass(frozen=True, eq=False)
class Journey(Generic[Item]):
    """What happens to each picture, from its file to its suggestions.

    read: an item's bytes, and their SHA-256 where it is known. name: how its failure calls it.
    draft: decode large JPEG files at a part of their size (see `decode.decode`).
    """

    detector: Detector
    read: Callable[[Item], tuple[bytes, str | None]]
    name: Callable[[Item], str]
    suggest: Callable[[Detections], list[Suggestion]]
    draft: bool = False
    threads: threading.local = field(default_factory=threading.local)

    @property
    def sources(self) -> tuple[str, ...]:
        """The network, model@version."""
        return (self.detector.info.source,)

    def outcomes(self, items: Sequence[Item], *, patience: int) -> Generator[Outcome[Item]]:
        """What came of each item, in their order.

        Raises ModelError where the network fails on `patience` pictures in a row, those that cannot be read apart.
        """
        failing = 0
        arriving = (self._arrive(item, reading) for item, reading in read_ahead(items, self._make_ready))
        for (item, picture), answer in self.detector.stream_prepared(arriving, self.suggest):
            if isinstance(answer, AnnotatorError):
                failing += picture is not None
                if failing == patience:
                    raise answer  # not the picture, but what all of them go through
                failure, by_store = Failure.of(self.name(item), answer), isinstance(answer, StoreError)
                yield Failed(item, failure, by_network=picture is not None, by_store=by_store)
            elif picture is not None:
                failing = 0
                yield Done(picture, answer)

    def _make_ready(self, item: Item) -> tuple[Ready[Item], Prepared]:
        """Read, decode and resize in one thread: only what is of the network's size waits for the network."""
        content, sha256 = self.read(item)
        if not hasattr(self.threads, "buffers"):
            self.threads.buffers = Buffers()
        photo = decode.decode(
            content,
            file_name=Path(self.name(item)).name,
            sha256=sha256,
            enough=self.detector.network.input_size if self.draft else None,
            buffers=self.threads.buffers,
        )
        kept = content if sha256 is None else b""
        return Ready(item, kept, photo.sha256, (photo.width, photo.height)), self.detector.prepare(photo)

    def _arrive(
        self, item: Item, reading: Future[tuple[Ready[Item], Prepared]]
    ) -> tuple[tuple[Item, Ready[Item] | None], Prepared | AnnotatorError]:
        """Wait for an item: its prepared picture, or in its place the reason why it could not be read."""
        try:
            picture, prepared = reading.result()
        except AnnotatorError as error:
            return (item, None), error
        return (item, picture), prepared


def suggest(
    detections: Detections, *, source: str, floor: float, ids: Mapping[int, int] | None = None
) -> list[Suggestion]:
    """Detections -> what is offered for review: above the floor, and with a mask.

    ids: the project's category id for each of the network's, where they differ.
    """
    offered = []
    likely = [index for index, score in enumerate(detections.scores) if score >= floor]
    for index, rle, heatmap in zip(likely, detections.masks(likely), detections.kept_heatmaps(likely), strict=True):
        if rle_area(rle):
            category_id = int(detections.category_ids[index])
            own = category_id if ids is None else ids[category_id]
            offered.append(Suggestion(own, float(detections.scores[index]), rle, source, heatmap))
    return offered


def content_of(path: Path) -> tuple[bytes, None]:
    """A file's bytes, of which no SHA-256 is known: what a journey reads that begins with files."""
    return decode.content_of(path), None
