"""Pre-labelling without a project: pictures and a network give a dataset, for whoever wants a file and no review.

What a network without masks finds are boxes without a mask there too, which `annotator masks` turns into masks.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from annotator.core.dataset import PROVENANCE, WITHOUT_MASK, Category, Dataset, Image, Instance, State, Suggestion
from annotator.core.geometry import xyxy_to_xywh
from annotator.core.masks import rle_box_xyxy
from annotator.core.vote import provenance_of
from annotator.prelabel.batch import PATIENCE, SCORE_FLOOR, BatchReport
from annotator.prelabel.journey import Done, Failed, Failure, Journey, Way, content_of, suggest
from annotator.prelabel.pair import PairJourney, voter_of
from annotator.system.progress import Progress
from annotator.vision.networks.detector import Detector
from annotator.vision.networks.zoo import ModelInfo
from annotator.vision.pictures.finding import relative_names


def prelabel_files(
    paths: Sequence[Path],
    detector: Detector,
    *,
    second: Detector | None = None,
    threshold: float | None = None,
    draft: bool = False,
    progress: Progress = lambda done, total: None,
) -> tuple[Dataset, BatchReport]:
    """What the network sees on pictures above the threshold, by default its own, as a dataset.

    second, draft: as for `batch.prelabel_queued`. Raises ModelError where a network fails on all it gets.
    """
    failures: list[Failure] = []
    names = relative_names(paths)
    detectors = [detector] if second is None else [detector, second]
    infos = {one.info.source: one.info for one in detectors}
    categories, ids = _shared([one.info.categories for one in detectors])
    gathered = Gathered(list(infos.values()), categories)
    for outcome in _way(detectors, ids, threshold=threshold, draft=draft).outcomes(paths, patience=PATIENCE):
        if isinstance(outcome, Failed):
            failures.append(outcome.failure)
        else:
            likely = [
                suggestion
                for suggestion in outcome.suggestions
                if suggestion.score >= (infos[suggestion.source].threshold if threshold is None else threshold)
            ]
            gathered.add(replace(outcome, suggestions=likely), name=names[outcome.item])
        progress(len(gathered.images) + len(failures), len(paths))
    return gathered.dataset(), BatchReport(len(gathered.images), tuple(failures))


class Gathered:
    """Pictures that were seen, as they become a dataset. first_image, first_annotation: the first ids."""

    def __init__(
        self,
        infos: Sequence[ModelInfo],
        categories: tuple[Category, ...],
        *,
        first_image: int = 1,
        first_annotation: int = 1,
    ) -> None:
        self._has_masks = {info.source: info.has_masks for info in infos}
        self._categories = categories
        self._first = first_image
        self._ids = itertools.count(first_annotation)
        self.images: list[Image] = []
        self._instances: list[Instance] = []

    def add(self, done: Done[Any], *, name: str) -> None:
        """Take a picture in under its name, with all that is suggested on it."""
        width, height = done.picture.size
        image = Image(self._first + len(self.images), name, width, height, done.picture.sha256, prelabelled=True)
        rows = []
        for suggestion in done.suggestions:
            if self._has_masks[suggestion.source]:
                self._instances.append(_as_instance(suggestion, id=next(self._ids), image_id=image.id))
            else:
                rows.append(_as_box(suggestion, id=next(self._ids)))
        self.images.append(replace(image, extra={PROVENANCE: {WITHOUT_MASK: rows}}) if rows else image)

    def dataset(self) -> Dataset:
        return Dataset(self._categories, tuple(self.images), tuple(self._instances))


def _way(
    detectors: Sequence[Detector], ids: Sequence[dict[int, int]], *, threshold: float | None, draft: bool
) -> Way[Path]:
    """Of two networks also what is below the threshold is looked at: it says where they agree."""
    journeys = []
    for one, own in zip(detectors, ids, strict=True):
        least = one.info.threshold if threshold is None else threshold
        floor = least if len(detectors) == 1 else min(least, SCORE_FLOOR)
        journeys.append(
            Journey(one, content_of, str, partial(suggest, source=one.info.source, floor=floor, ids=own), draft)
        )
    if len(journeys) == 1:
        return journeys[0]
    voters = [voter_of(one.info, set(own.values())) for one, own in zip(detectors, ids, strict=True)]
    return PairJourney(journeys[0], journeys[1], (voters[0], voters[1]))


def _shared(tables: Sequence[Sequence[Category]]) -> tuple[tuple[Category, ...], list[dict[int, int]]]:
    """The networks' categories, each name once, and for each network the ids of its own in that list."""
    found: dict[str, Category] = {}
    ids = []
    for table in tables:
        for category in table:
            taken = {one.id for one in found.values()}
            id = category.id if category.id not in taken else max(taken) + 1
            found.setdefault(category.name, replace(category, id=id))
        ids.append({category.id: found[category.name].id for category in table})
    return tuple(found.values()), ids


def _as_instance(suggestion: Suggestion, *, id: int, image_id: int) -> Instance:
    return Instance(
        id=id,
        key=str(id),
        image_id=image_id,
        category_id=suggestion.category_id,
        # Whoever asks for a file instead of a review takes every suggestion above the threshold.
        state=State.ACCEPTED,
        rle=suggestion.rle,
        source=suggestion.source,
        score=suggestion.score,
        # COCO's results carry a score beside the annotation; so does this file, for whoever filters it.
        extra={"score": round(suggestion.score, 6)},
        provenance={"source": suggestion.source} | provenance_of(suggestion.vote),
    )


def _as_box(suggestion: Suggestion, *, id: int) -> dict[str, Any]:
    """An annotation without a mask, as COCO has it."""
    x, y, width, height = xyxy_to_xywh(rle_box_xyxy(suggestion.rle))
    return {
        "id": id,
        "category_id": suggestion.category_id,
        "bbox": [x, y, width, height],
        "area": width * height,
        "iscrowd": 0,
        "score": round(suggestion.score, 6),
        PROVENANCE: {"source": suggestion.source},
    }
