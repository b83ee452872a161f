"""What an import carries along that is not ours: keys of images, annotations without a mask, top-level keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects import sqlite

from annotator.core.dataset import PROVENANCE, WITHOUT_MASK, Image, without_mask
from annotator.core.settings import IMPORTED_EXTRA
from annotator.storage import schema
from annotator.storage.datasets import imported_extra
from annotator.storage.imports.work import Work


def _canonical(value: object) -> str:
    """Equal values have equal texts, whatever the order of their keys."""
    return json.dumps(value, sort_keys=True)


class ImageExtra:
    """What the project knows of an image beyond our keys, and what an import adds to it."""

    def __init__(self, mine: Image) -> None:
        self._image_id = mine.id
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
            said = _canonical(kept)
            if said not in self._said:
                self._said.add(said)
                self._aside.append(kept)

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
        row = {"name": IMPORTED_EXTRA.name, "value": json.dumps(merged)}
        statement = sqlite.insert(schema.settings).values(row)
        work.connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))


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
