"""A dataset into parts for training and validation: by share, by category, by folder; look-alikes stay together."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.core.dataset import Dataset
from annotator.core.errors import ExportError

ALIKE_BITS = 5
"""How many of a fingerprint's 64 bits may differ between two pictures that count as near-duplicates."""

_AT_ONCE = 1_000  # fingerprints compared with all others in one step
_FOLDERS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


def fingerprint(pixels: NDArray[np.uint8]) -> int:
    """A perceptual hash of 64 bits: whether each of 8 x 8 fields is darker than its right neighbour.

    pixels: (H, W, 3) RGB. Scaled and recompressed copies differ in few bits.
    Source: "difference hash", N. Krawetz 2013.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    fields = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    bits = np.packbits(fields[:, :-1] < fields[:, 1:])
    return int.from_bytes(bits.tobytes(), "big")


def near_duplicates(fingerprints: Mapping[int, int], *, bits: int = ALIKE_BITS) -> list[list[int]]:
    """Image ids whose pictures look alike, directly or through others, in groups of at least two."""
    ids = list(fingerprints)
    values = np.array([fingerprints[id] for id in ids], np.uint64)
    leader = list(range(len(ids)))

    def root(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    for start in range(0, len(ids), _AT_ONCE):
        differing = np.bitwise_count(values[start : start + _AT_ONCE, None] ^ values[None, start:])
        for first, second in zip(*np.nonzero(differing <= bits), strict=True):
            if second > first:
                leader[root(start + int(second))] = root(start + int(first))
    groups: dict[int, list[int]] = {}
    for index, id in enumerate(ids):
        groups.setdefault(root(index), []).append(id)
    return [group for group in groups.values() if len(group) > 1]


def split(
    dataset: Dataset, shares: Mapping[str, float], *, seed: int = 0, together: Iterable[Iterable[int]] = ()
) -> dict[str, Dataset]:
    """Deal the images out so that each part gets its share of every category, the rarest first.

    shares: of the images by the part's name, adding up to 1. together: groups of image ids that stay in one part.
    The same dataset, shares, seed and groups give the same parts.
    Raises ExportError if the shares do not add up to 1.
    Source: K. Sechidis and others, "On the Stratification of Multi-Label Data", 2011.
    """
    if not shares or any(not 0 < share <= 1 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-9:
        found = ", ".join(f"{name} {share:g}" for name, share in shares.items())
        raise ExportError(f"shares {found or 'of nothing'}: expected numbers above 0 that add up to 1")
    part_of = _dealt(_units(dataset, together), shares, seed=seed)
    return _parts(dataset, part_of, shares)


def split_by_folder(dataset: Dataset) -> dict[str, Dataset]:
    """Parts by the folder in an image's name: train, val (valid, validation) or test, wherever it stands in the path.

    Raises ExportError, naming an image that lies in none of them.
    """
    part_of = {}
    for image in dataset.images:
        folders = image.file_name.replace("\\", "/").lower().split("/")[:-1]
        part = next((_FOLDERS[folder] for folder in folders if folder in _FOLDERS), None)
        if part is None:
            raise ExportError(f"image {image.id} {image.file_name!r:.120}: in no folder train, val or test")
        part_of[image.id] = part
    return _parts(dataset, part_of, [name for name in ("train", "val", "test") if name in part_of.values()])


def _parts(dataset: Dataset, part_of: Mapping[int, str], names: Iterable[str]) -> dict[str, Dataset]:
    return {
        name: replace(
            dataset,
            images=tuple(image for image in dataset.images if part_of[image.id] == name),
            instances=tuple(instance for instance in dataset.instances if part_of[instance.image_id] == name),
        )
        for name in names
    }


def _units(dataset: Dataset, together: Iterable[Iterable[int]]) -> list[tuple[list[int], Counter[int]]]:
    """Image ids that go to one part, with how many of those images show each category."""
    shown: dict[int, set[int]] = {image.id: set() for image in dataset.images}
    for instance in dataset.instances:
        shown[instance.image_id].add(instance.category_id)
    groups = [[id for id in dict.fromkeys(group) if id in shown] for group in together]
    grouped = {id for group in groups for id in group}
    groups += [[image.id] for image in dataset.images if image.id not in grouped]
    return [(group, Counter(category for id in group for category in shown[id])) for group in groups if group]


def _dealt(units: list[tuple[list[int], Counter[int]]], shares: Mapping[str, float], *, seed: int) -> dict[int, str]:
    chance = random.Random(seed)  # noqa: S311 - a split is no secret
    chance.shuffle(units)
    units.sort(key=lambda unit: -len(unit[0]))  # large groups first, while there is still room for them
    totals: Counter[int] = Counter()
    for _, categories in units:
        totals.update(categories)
    images = sum(len(ids) for ids, _ in units)
    room = {name: share * images for name, share in shares.items()}
    wanted = {name: {category: share * count for category, count in totals.items()} for name, share in shares.items()}
    with_category: dict[int, list[int]] = {category: [] for category in totals}
    for index, (_, categories) in enumerate(units):
        for category in categories:
            with_category[category].append(index)
    part_of: dict[int, str] = {}
    waiting = dict.fromkeys(range(len(units)))
    left = totals.copy()

    def deal(index: int, category: int | None) -> None:
        ids, categories = units[index]
        best = max(shares, key=lambda name: (wanted[name][category] if category is not None else 0.0, room[name]))
        part_of.update(dict.fromkeys(ids, best))
        room[best] -= len(ids)
        for shown, count in categories.items():
            wanted[best][shown] -= count
            left[shown] -= count
        del waiting[index]

    while present := [category for category, count in left.items() if count > 0]:
        rarest = min(present, key=lambda category: (left[category], category))
        for index in with_category[rarest]:
            if index in waiting:
                deal(index, rarest)
    for index in list(waiting):
        deal(index, None)
    return part_of
