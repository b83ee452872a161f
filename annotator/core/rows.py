"""The few numbers of each instance by which a dataset is sorted, divided and counted, without reading its outline.

Tests: tests/core/test_spool.py
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from annotator.core.dataset import Dataset, Image, Instance
from annotator.core.measures import AT_ONCE
from annotator.core.spool import Numbers, SpooledInstances


@dataclass(frozen=True, eq=False)
class Rows:
    """Of each instance, in its order: (n,) int64 each."""

    ids: Numbers
    image_ids: Numbers
    category_ids: Numbers


def rows_of(instances: Sequence[Instance]) -> Rows:
    if isinstance(instances, SpooledInstances):
        return Rows(instances.ids, instances.image_ids, instances.category_ids)
    found = np.array([(one.id, one.image_id, one.category_id) for one in instances], np.int64).reshape(-1, 3)
    return Rows(*found.T)


def in_chunks(instances: Sequence[Instance]) -> Iterator[Sequence[Instance]]:
    """As many at a time as are measured at once."""
    for start in range(0, len(instances), AT_ONCE):
        yield instances[start : start + AT_ONCE]


def part_of(dataset: Dataset, image_ids: Collection[int]) -> Dataset:
    """The images with these ids and what is on them; the categories stay."""
    images = tuple(image for image in dataset.images if image.id in image_ids)
    on_them = np.isin(rows_of(dataset.instances).image_ids, np.fromiter(image_ids, np.int64))
    return replace(dataset, images=images, instances=_taken(dataset.instances, np.flatnonzero(on_them)))


class ByImage:
    """The instances of one image after another, each image's in their order."""

    def __init__(self, instances: Sequence[Instance]) -> None:
        self._instances = instances
        image_ids = rows_of(instances).image_ids
        self._order = np.argsort(image_ids, kind="stable")
        self._sorted = image_ids[self._order]

    def of(self, image: Image) -> Sequence[Instance]:
        begin, end = np.searchsorted(self._sorted, [image.id, image.id + 1])
        return tuple(_taken(self._instances, self._order[begin:end]))


def _taken(instances: Sequence[Instance], places: Numbers) -> Sequence[Instance]:
    if isinstance(instances, SpooledInstances):
        return instances.taken(places)
    return tuple(instances[place] for place in places.tolist())
