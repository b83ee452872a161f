"""An import in short transactions, so that nobody who saves waits long for the lock.

Each one brings some images with all that belongs to them. An import that is killed and run again finds what is there,
and ends as if it had run once; until then the project says that it is unfinished.

Tests: tests/storage/test_import_stretches.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import Connection

from annotator.core.dataset import Dataset, Image, Instance
from annotator.core.limits import MAX_NAME
from annotator.core.rows import ByImage, rows_of
from annotator.core.settings import UNFINISHED
from annotator.storage.imports.arrival import Arrival, How, Imported, ImportReport, Offer
from annotator.storage.imports.files import begin_file, bring_stretch, end_file
from annotator.storage.imports.results import in_our_categories, offers_by_image, suggest
from annotator.storage.imports.work import Work
from annotator.storage.picture_store import PictureStore
from annotator.storage.settings import read_setting, write_setting

WEIGHT = 500
"""Images and instances in one transaction, at least one image with all of its own: about a tenth of a second."""


@dataclass(frozen=True)
class _Piece:
    """What is brought inside one transaction, beside others. weight: images and instances. images: those alone."""

    run: Callable[[Connection], None]
    weight: int = 0
    images: int = 0


class Importing:
    """An import on its way. hashes: for each file their SHA-256, by its image ids."""

    def __init__(
        self,
        pictures: PictureStore,
        arrivals: Sequence[Arrival],
        hashes: Sequence[Mapping[int, str]],
        offers: Sequence[Offer],
        how: How,
    ) -> None:
        last_image_id = max((image.id for one in arrivals for image in one.dataset.images), default=0)
        last_instance_id = max((int(rows_of(one.dataset.instances).ids.max(initial=0)) for one in arrivals), default=0)
        self._files = [
            (
                Work(pictures, arrival, of_file, how, last_image_id, last_instance_id),
                stretches(arrival.dataset, of_file),
            )
            for arrival, of_file in zip(arrivals, hashes, strict=True)
        ]
        self._offers, self._how = offers, how
        self._reports: list[ImportReport] = []
        self._offered = self._answered = 0
        self._total = sum(len(arrival.dataset.images) for arrival in arrivals)
        self._total += len({(offer.arrival, offer.image_id) for offer in offers})

    def bring(self, write: Callable[[], AbstractContextManager[Connection]]) -> Imported:
        """Bring everything. write: a transaction."""
        pieces = self._pieces()
        piece = next(pieces, None)
        done = 0
        while piece is not None:
            weight = 0
            with write() as connection:
                while piece is not None and (weight == 0 or weight + piece.weight <= WEIGHT):
                    piece.run(connection)
                    weight, done = weight + piece.weight, done + piece.images
                    piece = next(pieces, None)
                self._note(connection, done, is_over=piece is None)
            self._how.progress(done, self._total)
        return Imported(tuple(self._reports), self._offered, self._answered)

    def _note(self, connection: Connection, done: int, *, is_over: bool) -> None:
        """Let the project say how far this is, for as long as it is not over."""
        if not is_over:
            write_setting(connection, UNFINISHED, {"name": self._how.name, "done": done, "total": self._total})
        elif read_setting(connection, UNFINISHED) is not None:
            write_setting(connection, UNFINISHED, None)

    def _pieces(self) -> Iterator[_Piece]:
        for work, parts in self._files:
            yield _Piece(partial(begin_file, work))
            for part in parts:
                size = len(part.images) + len(part.instances)
                yield _Piece(partial(bring_stretch, work, part), weight=size, images=len(part.images))
            yield _Piece(partial(self._end_file, work))
        for image_id, offers in offers_by_image(self._offers, self._reports).items():
            weight = 1 + sum(len(offer.suggestions) for offer in offers)
            yield _Piece(partial(self._suggest, image_id, offers), weight=weight, images=1)

    def _end_file(self, work: Work, connection: Connection) -> None:
        self._reports.append(end_file(work, connection))

    def _suggest(self, image_id: int, offers: Sequence[Offer], connection: Connection) -> None:
        self._how.pulse()
        suggestions = [one for offer in offers for one in in_our_categories(offer, self._reports)]
        fresh = suggest(connection, image_id, suggestions)
        self._offered += fresh
        self._answered += len(suggestions) - fresh


def stretches(dataset: Dataset, hashes: Mapping[int, str]) -> Iterator[Dataset]:
    """A file's images with their instances, some at a time; images of one picture come together."""
    of_image = ByImage(dataset.instances)
    of_picture: dict[str, list[Image]] = {}
    for image in dataset.images:
        of_picture.setdefault(hashes[image.id], []).append(image)
    images: list[Image] = []
    instances: list[Instance] = []
    for alike in of_picture.values():
        own = [instance for image in alike for instance in of_image.of(image)]
        if images and len(images) + len(alike) + len(instances) + len(own) > WEIGHT:
            yield replace(dataset, images=tuple(images), instances=tuple(instances))
            images, instances = [], []
        images += alike
        instances += own
    if images:
        yield replace(dataset, images=tuple(images), instances=tuple(instances))


def is_unfinished(value: object) -> bool:
    """Whether a stored value is what the setting UNFINISHED holds of an import that was stopped."""
    return (
        isinstance(value, dict)
        and set(value) == {"name", "done", "total"}
        and isinstance(value["name"], str)
        and len(value["name"]) <= MAX_NAME
        and all(type(value[count]) is int and value[count] >= 0 for count in ("done", "total"))
    )
