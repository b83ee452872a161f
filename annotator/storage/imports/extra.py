"""What an import carries along that is not ours: keys of images, annotations without a mask, top-level keys."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from annotator.core.dataset import PROVENANCE, WITHOUT_MASK, Image, without_mask
from annotator.core.same_objects import is_same_box
from annotator.core.settings import IMPORTED_EXTRA
from annotator.storage.datasets import imported_extra
from annotator.storage.imports.work import Work
from annotator.storage.settings import write_setting


def _canonical(value: object) -> str:
    """Equal values have equal texts, whatever the order of their keys."""
    return json.dumps(value, sort_keys=True)


_PLAIN = {"id", "image_id", "category_id", "segmentation", "area", "bbox", "iscrowd", "score", PROVENANCE}
"""What an annotation says of a box, and nothing more."""

Boxes = Mapping[int, Sequence[Sequence[float]]]
"""Of an image's instances by category, xywh."""


class ImageExtra:
    """What the project knows of an image beyond our keys, and what an import adds to it.

    boxes: an annotation without a mask is known by its box. Some tools leave the smallest masks out.
    """

    def __init__(self, mine: Image, boxes: Boxes) -> None:
        self._image_id = mine.id
        self._boxes = boxes
        self.kept = self.met = 0
        self._own = {name: value for name, value in mine.extra.items() if name != PROVENANCE}
        self._aside = without_mask(mine)
        self._said = set(map(_canonical, self._aside))

    def add(self, imported: Image, category_ids: Mapping[int, int]) -> None:
        """What the project has stays; the file's annotations without a mask follow their image and category."""
        for name, value in imported.extra.items():
            if name != PROVENANCE:
                self._own.setdefault(name, value)
        for annotation in without_mask(imported):
            kept = {**annotation, "image_id": self._image_id, "category_id": category_ids[annotation["category_id"]]}
            if self._is_met(kept):
                self.met += 1
                continue
            self.kept += 1
            said = _canonical(kept)
            if said not in self._said:
                self._said.add(said)
                self._aside.append(kept)

    def _is_met(self, annotation: Mapping[str, Any]) -> bool:
        box = annotation.get("bbox")
        if box is None or not set(annotation) <= _PLAIN:
            return False
        return any(is_same_box(box, other) for other in self._boxes.get(annotation["category_id"], ()))

    def to_json(self) -> str:
        ours: dict[str, Any] = {PROVENANCE: {WITHOUT_MASK: self._aside}} if self._aside else {}
        return json.dumps({**self._own, **ours})


def keep_top_level(work: Work) -> None:
    """Merge a file's own top-level keys into those of earlier imports: lists grow, what is there stays."""
    merged = imported_extra(work.connection)
    for name, value in work.dataset.extra.items():
        if name not in merged:
            merged[name] = value
        elif isinstance(merged[name], list) and isinstance(value, list):
            merged[name] = _joined(work, merged[name], value)
        elif merged[name] != value:
            work.note(name, "kept as an earlier import had it")
    if merged:
        write_setting(work.connection, IMPORTED_EXTRA, merged)


def _joined(work: Work, mine: list[Any], more: list[Any]) -> list[Any]:
    there = set(map(_canonical, mine))
    joined = list(mine)
    for item in more:
        work.step()
        said = _canonical(item)
        if said not in there:
            there.add(said)
            joined.append(item)
    return joined
