"""A dataset into parts for training and validation: by share, by category, by folder; look-alikes stay together."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from annotator.core import rows
from annotator.core.dataset import Dataset, without_mask
from annotator.core.errors import ExportError
from annotator.core.words import counted

_OFF = 2.0  # images that a part or a category may be off its share without a word
_TRIES, _MOST_TRIES = 20, 100_000  # for each image and in all: two that might change places
_FOLDERS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


def split(
    dataset: Dataset, shares: Mapping[str, float], *, seed: int = 0, together: Iterable[Iterable[int]] = ()
) -> dict[str, Dataset]:
    """Deal the images out: each part gets its share of them, and of every category as well as that allows.

    shares: of the images by the part's name, adding up to 1. together: groups of image ids that stay in one part; only
    for these a part may be larger or smaller than its share, by less than the largest group.
    The same dataset, shares, seed and groups give the same parts. `unbalanced` says what did not come out even.
    Raises ExportError if the shares do not add up to 1.
    Source: K. Sechidis and others, "On the Stratification of Multi-Label Data", 2011.
    """
    if not shares or any(not 0 < share <= 1 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-9:
        found = ", ".join(f"{name} {share:g}" for name, share in shares.items())
        raise ExportError(f"shares {found or 'of nothing'}: expected numbers above 0 that add up to 1")
    chance = random.Random(seed)  # noqa: S311 - a split is no secret
    dealing = _Dealing(_units(dataset, together, chance=chance), shares, chance=chance)
    dealing.run()
    dealing.balance(chance)
    part_of = dealing.part_of
    return _parts(dataset, part_of, shares)


def unbalanced(parts: Mapping[str, Dataset], shares: Mapping[str, float]) -> list[str]:
    """Lines on what a split could not bring near its share: parts by their images, categories by those that show them.

    Images cannot be divided, so a difference of less than two images is not mentioned.
    """
    images = sum(len(part.images) for part in parts.values())
    lines = []
    for name, part in parts.items():
        if abs(len(part.images) - shares[name] * images) > _OFF:
            expected = f"expected {shares[name] * images:.0f}"
            lines.append(f"warning: {name} has {counted(len(part.images), 'image')}, {expected}: groups stay together")
    counts = {name: Counter(one for shown in _shown(part).values() for one in shown) for name, part in parts.items()}
    names = {category.id: category.name for part in parts.values() for category in part.categories}
    off: dict[int, float] = {}
    for id, total in sum(counts.values(), Counter[int]()).items():
        off[id] = max(abs(counts[name][id] - shares[name] * total) for name in parts)
    worst = sorted((id for id in off if off[id] > _OFF), key=lambda id: -off[id])
    if worst:
        id = worst[0]
        found = ", ".join(f"{name} {counts[name][id]}" for name in parts)
        first = f"{names.get(id, id)!r:.80} is on {found}"
        lines.append(f"warning: {counted(len(worst), 'category', 'categories')} not dealt by the shares ({first})")
    rare = [id for id in off if any(not counts[name][id] for name in parts)]
    if rare:
        missing = counted(len(rare), "category", "categories")
        lines.append(f"{missing} not in every part ({names.get(rare[0], rare[0])!r:.80})")
    return lines


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
        name: rows.part_of(dataset, {image.id for image in dataset.images if part_of[image.id] == name})
        for name in names
    }


def _shown(dataset: Dataset) -> dict[int, set[int]]:
    """By image id the categories that are on it, also of objects that are boxes only."""
    shown = {image.id: {item["category_id"] for item in without_mask(image)} for image in dataset.images}
    found = rows.rows_of(dataset.instances)
    for image_id, category_id in zip(found.image_ids.tolist(), found.category_ids.tolist(), strict=True):
        shown[image_id].add(category_id)
    return shown


Unit = tuple[list[int], Counter[int]]
"""Image ids that go to one part, and how many of those images show each category."""


def _units(dataset: Dataset, together: Iterable[Iterable[int]], *, chance: random.Random) -> list[Unit]:
    """The dataset in units, in an order of chance; large ones first, while there is still room for them."""
    shown = _shown(dataset)
    groups = [[id for id in dict.fromkeys(group) if id in shown] for group in together]
    grouped = {id for group in groups for id in group}
    groups += [[image.id] for image in dataset.images if image.id not in grouped]
    units = [(group, Counter(category for id in group for category in shown[id])) for group in groups if group]
    chance.shuffle(units)
    return sorted(units, key=lambda unit: -len(unit[0]))


class _Dealing:
    """Units on their way into parts: how many images each part still takes, and how many of each category it wants."""

    def __init__(self, units: Sequence[Unit], shares: Mapping[str, float], *, chance: random.Random) -> None:
        totals: Counter[int] = Counter()
        for _, categories in units:
            totals.update(categories)
        self._units = units
        self._shares = shares
        self._room = quotas(sum(len(ids) for ids, _ in units), shares)
        self._wanted = {
            name: {category: share * count for category, count in totals.items()} for name, share in shares.items()
        }
        self._waiting = dict.fromkeys(range(len(units)))
        self._totals = totals
        self._left = totals.copy()
        self._order = {category: chance.random() for category in sorted(totals)}  # of those that are equally rare
        self.part_of: dict[int, str] = {}

    def run(self) -> dict[int, str]:
        """Deal the units with the rarest category first; last those that show nothing."""
        with_category: dict[int, list[int]] = {category: [] for category in self._left}
        for index, (_, categories) in enumerate(self._units):
            for category in categories:
                with_category[category].append(index)
        while present := [category for category, count in self._left.items() if count > 0]:
            rarest = min(present, key=lambda category: (self._left[category], self._order[category]))
            for index in with_category[rarest]:
                if index in self._waiting:
                    self._deal(index, rarest)
        for index in list(self._waiting):
            self._deal(index, None)
        return self.part_of

    def _deal(self, index: int, category: int | None) -> None:
        ids, categories = self._units[index]
        fitting = [name for name, room in self._room.items() if room >= len(ids)]
        # Where a group fits nowhere, the part with the most room grows by the least beyond its share.
        best = (
            max(fitting, key=lambda name: self._want(name, category, categories))
            if fitting
            else max(self._room, key=lambda name: self._room[name])
        )
        self.part_of.update(dict.fromkeys(ids, best))
        self._room[best] -= len(ids)
        for shown, count in categories.items():
            self._wanted[best][shown] -= count
            self._left[shown] -= count
        del self._waiting[index]

    def _want(self, name: str, category: int | None, categories: Iterable[int]) -> tuple[float, float, float]:
        """The need of a part for a unit, to be compared in this order: its rarest category, all its categories, its
        images.
        """
        wanted = self._wanted[name]
        rarest = 0.0 if category is None else wanted[category]
        return rarest, sum(wanted[shown] for shown in categories), self._room[name] / self._shares[name]

    def balance(self, chance: random.Random) -> None:
        """Let units of one size change places wherever the categories come nearer to their shares by that.

        No part gets larger or smaller. The dealing went category by category, and the last ones had to take what was
        left.
        """
        for _ in range(min(_TRIES * len(self._units), _MOST_TRIES)):
            here, there = chance.randrange(len(self._units)), chance.randrange(len(self._units))
            first, second = (self.part_of[self._units[index][0][0]] for index in (here, there))
            if first != second and len(self._units[here][0]) == len(self._units[there][0]):
                moved = self._units[here][1].copy()
                moved.subtract(self._units[there][1])
                if self._gain(moved, first, second) > 1e-9:
                    for category, count in moved.items():
                        self._wanted[first][category] += count
                        self._wanted[second][category] -= count
                    self.part_of.update(dict.fromkeys(self._units[here][0], second))
                    self.part_of.update(dict.fromkeys(self._units[there][0], first))

    def _gain(self, moved: Mapping[int, int], first: str, second: str) -> float:
        """How much nearer to their shares both parts come when these counts go from the first to the second."""
        gain = 0.0
        for category, count in moved.items():
            for name, change in ((first, count), (second, -count)):
                wanted = self._wanted[name][category]
                gain += (wanted**2 - (wanted + change) ** 2) / (self._shares[name] * self._totals[category])
        return gain


def quotas(images: int, shares: Mapping[str, float]) -> dict[str, int]:
    """How many images each part gets: its share of them, rounded so that they add up; one, where there are enough."""
    found = {name: int(share * images + 1e-9) for name, share in shares.items()}
    by_rest = sorted(shares, key=lambda name: found[name] - shares[name] * images)
    for name in by_rest[: images - sum(found.values())]:
        found[name] += 1
    for name in [name for name, count in found.items() if not count]:
        most = max(found, key=lambda one: found[one])
        if found[most] > 1:
            found[most] -= 1
            found[name] += 1
    return found
