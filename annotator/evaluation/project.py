"""The networks of a project against what people left on its reviewed pictures.

The matches of a picture are kept by its revision: after a decision one picture is compared again, not twenty thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotator.core.masks import Rle
from annotator.core.measures import areas_of, boxes_of
from annotator.evaluation.certainty import Estimate, difference
from annotator.evaluation.confusion import confuse
from annotator.evaluation.figures import Measured, ap_of, fit_of, measure_network
from annotator.evaluation.matching import Matches, Objects, match
from annotator.evaluation.precision import collect
from annotator.storage.comparisons import Compared, Outline, Overview, Seen
from annotator.system.progress import Progress

AT_ONCE = 100
"""Pictures that are read together."""

Read = Callable[[str, Sequence[Seen]], list[Compared]]


@dataclass(frozen=True, eq=False)
class Picture:
    """A compared picture. origins: how many of its objects are of each, as `Outline` says."""

    seen: Seen
    boxes: Matches
    masks: Matches
    origins: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class NetworkFigures:
    """A network on the reviewed pictures of a project; boxes are those around the masks.

    left_out: reviewed pictures of which not all that it found is kept. origins: of the objects, as `Outline` says.
    bias: AP of masks, and the mean overlap of found ones; None without pictures that people reviewed unaided.
    """

    network: str
    measured: Measured
    left_out: int
    origins: Mapping[str, int]
    bias: tuple[Bias, Bias] | None


@dataclass(frozen=True)
class Bias:
    """A figure where people saw the network's suggestions, and where they did not. None where there is none.

    flattery: how much higher it is where they saw them.
    """

    aided: Estimate | None
    unaided: Estimate | None

    @property
    def flattery(self) -> Estimate | None:
        return None if self.aided is None or self.unaided is None else difference(self.aided, self.unaided)


class ProjectComparison:
    """What was compared of one project so far. To be used by one thread at a time."""

    def __init__(self) -> None:
        self._categories = -1
        self._known: dict[str, dict[int, Picture]] = {}

    def update(
        self,
        overview: Overview,
        read: Read,
        *,
        progress: Progress = lambda done, total: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """Compare what is new or was changed, and forget what is gone. read: what is there, of AT_ONCE at most."""
        if overview.categories != self._categories:  # a merge changes objects without a gesture
            self._known, self._categories = {}, overview.categories
        kept: dict[str, dict[int, Picture]] = {}
        waiting: list[tuple[str, list[Seen]]] = []
        for network, pictures in overview.pictures.items():
            known = self._known.get(network, {})
            mine = {one.image_id: known[one.image_id] for one in pictures if _is_known(known, one)}
            kept[network] = mine
            waiting.append((network, [one for one in pictures if one.image_id not in mine]))
        self._known = kept
        total, done = sum(len(some) for _, some in waiting), 0
        for network, some in waiting:
            for start in range(0, len(some), AT_ONCE):
                if stopped():
                    return
                part = some[start : start + AT_ONCE]
                for seen, compared in zip(part, read(network, part), strict=True):
                    kept[network][seen.image_id] = _compare(seen, compared)
                done += len(part)
                progress(done, total)

    def figures(self, overview: Overview, *, threshold: float) -> tuple[NetworkFigures, ...]:
        """Of each network, those with most pictures first. threshold: where a category has none of its own."""
        found = []
        for network, pictures in self._known.items():
            ordered = [pictures[image_id] for image_id in sorted(pictures)]
            if ordered:
                found.append(_figures(network, ordered, overview, threshold=threshold))
        return tuple(sorted(found, key=lambda one: -one.measured.pictures))


def _is_known(known: Mapping[int, Picture], seen: Seen) -> bool:
    return seen.image_id in known and known[seen.image_id].seen == seen


def _compare(seen: Seen, compared: Compared) -> Picture:
    truth, found = _objects(compared.truth), _objects(compared.found)
    origins: dict[str, int] = {}
    for one in compared.truth:
        if not one.crowd:
            origins[one.origin] = origins.get(one.origin, 0) + 1
    return Picture(seen, match(truth, found, masks=False), match(truth, found, masks=True), origins)


def _objects(outlines: Sequence[Outline]) -> Objects:
    masks: list[Rle] = [one.rle for one in outlines]
    return Objects(
        categories=np.array([one.category_id for one in outlines], np.int64),
        boxes=np.array(boxes_of(masks), float).reshape(-1, 4),
        masks=masks,
        areas=np.array(areas_of(masks), float),
        scores=np.array([one.score for one in outlines], float),
        crowd=np.array([one.crowd for one in outlines], bool),
    )


def _figures(network: str, pictures: Sequence[Picture], overview: Overview, *, threshold: float) -> NetworkFigures:
    # What a network never says it does not know: it is not to blame for missing it.
    said = {category for one in pictures for category in one.masks.categories.tolist()}
    measured = measure_network(
        [one.boxes for one in pictures],
        [one.masks for one in pictures],
        sorted(said),
        threshold=threshold,
        own=overview.thresholds,
    )
    origins: dict[str, int] = {}
    for one in pictures:
        for origin, count in one.origins.items():
            origins[origin] = origins.get(origin, 0) + count
    left_out = overview.left_out.get(network, 0)
    return NetworkFigures(network, measured, left_out, origins, _bias(pictures, measured, own=overview.thresholds))


def _bias(pictures: Sequence[Picture], measured: Measured, *, own: Mapping[int, float]) -> tuple[Bias, Bias] | None:
    unaided = [one.masks for one in pictures if _is_unaided(one)]
    aided = [one.masks for one in pictures if not _is_unaided(one)]
    if not unaided:
        return None
    categories, ap, fit = measured.confusion.categories, [], []
    for some in (aided, unaided):
        ap.append(ap_of(collect(some), categories))
        fit.append(fit_of(confuse(some, categories, threshold=measured.threshold, own=own), len(some)))
    return Bias(*ap), Bias(*fit)


def _is_unaided(picture: Picture) -> bool:
    """Whether no outline came from the network, as one may where a page was open when the picture became blind."""
    return picture.seen.unaided and not picture.origins.get("own") and not picture.origins.get("adjusted")
