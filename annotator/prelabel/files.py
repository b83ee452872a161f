"""Pre-labelling without a project: pictures and a network give a dataset, for whoever wants a file and no review.

What a network without masks finds are boxes without a mask there too, which `annotator masks` turns into masks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from annotator.core.dataset import PROVENANCE, WITHOUT_MASK, Dataset, Image, Instance, State, Suggestion
from annotator.core.geometry import xyxy_to_xywh
from annotator.core.masks import rle_box_xyxy
from annotator.prelabel.batch import PATIENCE, BatchReport
from annotator.prelabel.journey import Failed, Failure, Journey, content_of, suggest
from annotator.system.progress import Progress
from annotator.vision.networks.detector import Detector
from annotator.vision.pictures.finding import relative_names


def prelabel_files(
    paths: Sequence[Path],
    detector: Detector,
    *,
    threshold: float,
    draft: bool = False,
    progress: Progress = lambda done, total: None,
) -> tuple[Dataset, BatchReport]:
    """What the network sees on pictures above the threshold, as a dataset.

    draft: as for `batch.prelabel_queued`. Raises ModelError where the network fails on all it gets.
    """
    failures: list[Failure] = []
    images: list[Image] = []
    instances: list[Instance] = []
    boxes = 0
    names = relative_names(paths)
    journey = Journey(detector, content_of, str, partial(suggest, source=detector.info.source, floor=threshold), draft)
    for outcome in journey.outcomes(paths, patience=PATIENCE):
        if isinstance(outcome, Failed):
            failures.append(outcome.failure)
        else:
            width, height = outcome.picture.size
            name, sha256 = names[outcome.item], outcome.picture.sha256
            image = Image(len(images) + 1, name, width, height, sha256, prelabelled=True)
            images.append(image)
            first = len(instances) + boxes + 1
            if detector.info.has_masks:
                instances += [
                    _as_instance(suggestion, id=first + index, image_id=image.id)
                    for index, suggestion in enumerate(outcome.suggestions)
                ]
            elif outcome.suggestions:
                boxes += len(outcome.suggestions)
                rows = [_as_box(suggestion, id=first + index) for index, suggestion in enumerate(outcome.suggestions)]
                images[-1] = replace(image, extra={PROVENANCE: {WITHOUT_MASK: rows}})
        progress(len(images) + len(failures), len(paths))
    dataset = Dataset(detector.info.categories, tuple(images), tuple(instances))
    return dataset, BatchReport(len(images), tuple(failures))


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
        provenance={"source": suggestion.source},
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
