"""The networks of a project against what people left on its reviewed pictures.

The matches of a picture are kept by its revision: after a decision one picture is compared again, not twenty thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from annotator.evaluation.certainty import Estimate, difference
from annotator.evaluation.confusion import confuse
from annotator.evaluation.figures import Measured, ap_of, fit_of, measure_network
from annotator.evaluation.kept import FILE, read_known, write_known
from annotator.evaluation.picture import Picture, compare
from annotator.evaluation.precision import collect
from annotator.storage.comparisons import Compared, Overview, Seen
from annotator.system.progress import Progress

AT_ONCE = 100
"""Pictures that are read together."""

WORTH_WRITING = 500
"""So many pictures are compared again after a restart rather than written down each time."""

Read = Callable[[str, Sequence[Seen]], list[Compared]]


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
    """What was compared of one project so far. To be used by one thread at a time.

    folder: of the project, where it is kept; in memory alone where none is given. project: its key.
    """

    def __init__(self, folder: Path | None = None, *, project: str = "") -> None:
        self._file = None if folder is None else folder / FILE
        self._project = project
        self._categories = -1
        self._known: dict[str, dict[int, Picture]] = {}
        self._unwritten = 0

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
            self._known, self._categories = self._read(overview), overview.categories
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
                    kept[network][seen.image_id] = compare(seen, compared)
                done += len(part)
                progress(done, total)
        self._unwritten += total
        if self._unwritten >= WORTH_WRITING:
            self._write()

    def figures(self, overview: Overview, *, threshold: float) -> tuple[NetworkFigures, ...]:
        """Of each network, those with most pictures first. threshold: where a category has none of its own."""
        found = []
        for network, pictures in self._known.items():
            ordered = [pictures[image_id] for image_id in sorted(pictures)]
            if ordered:
                found.append(_figures(network, ordered, overview, threshold=threshold))
        return tuple(sorted(found, key=lambda one: -one.measured.pictures))

    def _read(self, overview: Overview) -> dict[str, dict[int, Picture]]:
        if self._file is None:
            return {}
        return read_known(self._file, project=self._project, categories=overview.categories)

    def _write(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # a full disk costs time after the next start, and nothing else
                write_known(self._file, self._known, project=self._project, categories=self._categories)
        self._unwritten = 0


def _is_known(known: Mapping[int, Picture], seen: Seen) -> bool:
    return seen.image_id in known and known[seen.image_id].seen == seen


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
