"""The batch over pictures of a project: one thread feeds the network, another stores what came of them.

Several pictures are stored in a transaction; those that could not be done are named and counted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Generic

from annotator.core.dataset import Image, State
from annotator.core.errors import MissingError, ModelError
from annotator.core.overlap import unanswered
from annotator.core.settings import THRESHOLD
from annotator.core.two_networks import source_of_both
from annotator.prelabel.ahead import DECODE_AHEAD, DECODERS
from annotator.prelabel.journey import Failed, Failure, Item, Journey, Outcome, Ready, Way, content_of, suggest
from annotator.prelabel.pair import PairJourney, voter_of
from annotator.prelabel.resuming import FilesDone
from annotator.storage.store import Store
from annotator.system.groups import Groups
from annotator.system.progress import Progress
from annotator.vision.networks.detector import Detector
from annotator.vision.networks.runtime import WAITING
from annotator.vision.networks.zoo import ModelInfo
from annotator.vision.pictures.finding import relative_names

SCORE_FLOOR = 0.05
"""Suggestions below this score are not stored: the threshold can be lowered to here without the network."""

STORED_TOGETHER = 8
"""Most pictures of one transaction; as many may wait for it, with their suggestions."""

STORED_EVERY_S = 0.25
"""Quick networks share a transaction: each one costs the processor 2 ms, and waits for the disk."""

UNDER_WAY = DECODE_AHEAD + DECODERS + 2 * STORED_TOGETHER + (os.cpu_count() or 2) + WAITING
"""As many pictures as are ever begun and not yet stored: the device works on no more at once than it has cores."""

PATIENCE = 16
"""Pictures in a row on which a network may fail: some networks do on some pictures, one that always does is broken."""


@dataclass(frozen=True)
class BatchReport:
    """What came of a batch; `cancelled` when a person stopped it before its end."""

    done: int
    failures: tuple[Failure, ...]
    cancelled: bool = False


Finished = Callable[[Sequence[Outcome[Image]]], None]
"""Called with outcomes that are stored, and with failures."""


class Keeper(Generic[Item]):
    """Stores the outcomes of pictures and counts them.

    image_of: the project's image of a picture, asked inside the transaction. by: networks. stored: called at the end
    of the transaction, finished: after it. progress: called with pictures done or failed, and pictures in all.
    """

    def __init__(
        self,
        store: Store,
        image_of: Callable[[Ready[Item]], Image],
        *,
        name: Callable[[Item], str],
        by: Sequence[str],
        total: int,
        progress: Progress = lambda done, total: None,
        stored: Callable[[Sequence[Outcome[Item]]], None] = lambda outcomes: None,
        finished: Callable[[Sequence[Outcome[Item]]], None] = lambda outcomes: None,
    ) -> None:
        self._store = store
        self._image_of = image_of
        self._name = name
        self._by = by
        self._total = total
        self._progress = progress
        self._stored = stored
        self._finished = finished
        self.done = 0
        self.failures: list[Failure] = []

    def keep(self, outcomes: Sequence[Outcome[Item]]) -> None:
        """Store a group of pictures in one transaction, and tell what came of each."""
        with self._store.together():
            kept = [self._keep_one(outcome) for outcome in outcomes]
            self._stored(kept)
        for outcome in kept:
            if isinstance(outcome, Failed):
                self.failures.append(outcome.failure)
            else:
                self.done += 1
            self._progress(self.done + len(self.failures), self._total)
        self._finished(kept)

    def _keep_one(self, outcome: Outcome[Item]) -> Outcome[Item]:
        if isinstance(outcome, Failed):
            return outcome
        try:
            image = self._image_of(outcome.picture)
            known = self._store.instances(image.id, states=tuple(State))
            fresh = unanswered(outcome.suggestions, known)
            found = [*outcome.suggestions, *outcome.others]
            self._store.set_suggestions(image.id, fresh, by=self._by, found=found)
        except MissingError as error:  # a person took the picture out of the queue while the batch was under way
            return Failed(outcome.item, Failure.of(self._name(outcome.item), error))
        return outcome


def prelabel_queued(
    store: Store,
    detector: Detector,
    queued: Sequence[Image],
    *,
    second: Detector | None = None,
    floor: float = SCORE_FLOOR,
    draft: bool = False,
    patience: int = 1,
    progress: Progress = lambda done, total: None,
    finished: Finished = lambda outcomes: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> BatchReport:
    """Pre-label images of a project; each one is stored as soon as it is done, a bad one is named and passed over.

    second: another network that sees them too; what both suggest is merged (see core/two_networks.py).
    draft: decode large JPEG files at a part of their size, for speed (see `decode.decode`); suggestions are in pixels
    of the whole picture all the same. finished: called in the order of `queued` after pictures are stored, from
    another thread.

    Raises ModelError where the network fails on `patience` pictures in a row: by default at the first one, and the
    caller then does each one alone.
    """
    journey = journey_of(store, detector, second=second, floor=floor, draft=draft)
    keeper = keeper_of(store, journey, total=len(queued), progress=progress, finished=finished)
    return _run(journey, keeper, queued, patience=patience, cancelled=cancelled)


def prelabel_new(
    store: Store,
    detector: Detector,
    paths: Sequence[Path],
    *,
    second: Detector | None = None,
    floor: float = SCORE_FLOOR,
    draft: bool = False,
    progress: Progress = lambda done, total: None,
) -> BatchReport:
    """Put pictures into a project and pre-label them, each decoded once; otherwise as `prelabel_queued`.

    A picture on which the network fails is named and passed over too. Raises ModelError where it fails on all it gets,
    which are not done then. What a killed run of the same files, network and options has done is not done again; the
    report counts it.
    """
    names = relative_names(paths)
    source = detector.info.source if second is None else source_of_both(detector.info.source, second.info.source)
    before = FilesDone(store, paths, how=(source, floor, draft, detector.device, detector.precision))

    def add(picture: Ready[Path]) -> Image:
        width, height = picture.size
        return store.add_image(picture.content, file_name=names[picture.item], width=width, height=height)

    journey = _way(store, detector, second, read=content_of, name=str, floor=floor, draft=draft)
    count = len(paths)
    keeper = Keeper(store, add, name=str, by=journey.sources, total=count, progress=progress, stored=before.note)
    keeper.failures += before.failures
    keeper.done = before.count - len(before.failures)
    try:
        report = _run(journey, keeper, paths[before.count :], patience=PATIENCE)
    except ModelError:
        before.take_back_failures()
        raise
    before.end()
    return report


def journey_of(
    store: Store, detector: Detector, *, second: Detector | None = None, floor: float = SCORE_FLOOR, draft: bool = False
) -> Way[Image]:
    """The journey of a project's images, which now has the networks' categories and their threshold."""

    def read(image: Image) -> tuple[bytes, str]:
        return store.content(image), image.sha256

    return _way(store, detector, second, read=read, name=attrgetter("file_name"), floor=floor, draft=draft)


def keeper_of(
    store: Store,
    journey: Way[Image],
    *,
    total: int,
    progress: Progress = lambda done, total: None,
    finished: Finished = lambda outcomes: None,
) -> Keeper[Image]:
    """Stores what came of a project's images on such a journey."""
    name, image_of = journey.name, attrgetter("item")
    return Keeper(store, image_of, name=name, by=journey.sources, total=total, progress=progress, finished=finished)


def adopt_networks(store: Store, infos: Sequence[ModelInfo]) -> list[dict[int, int]]:
    """Give a project the networks' categories and their threshold; for each, its ids -> the project's."""
    with store.together():
        # Scores of two networks are not on one scale: the review begins at the threshold that suits these.
        store.set_setting(THRESHOLD, min(info.threshold for info in infos))
        return [store.add_categories(info.categories) for info in infos]


def _way(
    store: Store,
    detector: Detector,
    second: Detector | None,
    *,
    read: Callable[[Item], tuple[bytes, str | None]],
    name: Callable[[Item], str],
    floor: float,
    draft: bool,
) -> Way[Item]:
    detectors = [detector] if second is None else [detector, second]
    with store.together():
        ids = adopt_networks(store, [one.info for one in detectors])
        live = {category.id for category in store.categories()}
    journeys = [
        Journey(one, read, name, partial(suggest, source=one.info.source, floor=floor, ids=own), draft)
        for one, own in zip(detectors, ids, strict=True)
    ]
    if second is None:
        return journeys[0]
    voters = [voter_of(one.info, set(own.values()) & live) for one, own in zip(detectors, ids, strict=True)]
    return PairJourney(journeys[0], journeys[1], (voters[0], voters[1]))


def _run(
    journey: Way[Item],
    keeper: Keeper[Item],
    items: Sequence[Item],
    *,
    patience: int,
    cancelled: Callable[[], bool] = lambda: False,
) -> BatchReport:
    stopped = False
    with Groups(keeper.keep, most=STORED_TOGETHER, linger_s=STORED_EVERY_S, name="store") as groups:
        for outcome in journey.outcomes(items, patience=patience):
            groups.put(outcome)  # answers that are already computed are stored even after a cancel
            if stopped := cancelled():
                break
    return BatchReport(keeper.done, tuple(keeper.failures), cancelled=stopped)
