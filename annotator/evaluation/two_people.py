"""How far two people agree who annotated the same pictures apart from each other.

Objects are the same where their masks overlap by an IoU of 0.5, one to one, as two networks are compared. Crowds are
left out, and with them what lies in the other one's crowd: neither says how many objects there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from pycocotools import mask as coco_mask

from annotator.core.two_networks import match
from annotator.evaluation.certainty import Estimate, estimate
from annotator.evaluation.matching import Floats, Integers
from annotator.storage.comparisons import Outline

STRICT_IOU = 0.75
"""The IoU from which on two outlines are held to be close: COCO's stricter bar."""

_IN_CROWD = 0.5  # of an object, inside a crowd: COCO's own bar


@dataclass(frozen=True)
class Doubled:
    """A picture that two people annotated.

    people: of the first and of the second take. pairs: of the same object the category of the first, of the second, and
    the IoU of the masks. only_first, only_second: the categories of objects that the other one does not have.
    """

    image_id: int
    people: tuple[str, str]
    pairs: tuple[tuple[int, int, float], ...]
    only_first: tuple[int, ...]
    only_second: tuple[int, ...]

    @property
    def agreement(self) -> float:
        """Of the objects of both, the share that both have in one category; 1 where neither has any."""
        objects = 2 * len(self.pairs) + len(self.only_first) + len(self.only_second)
        same = sum(first == second for first, second, _ in self.pairs)
        return 2 * same / objects if objects else 1.0

    @property
    def iou(self) -> float | None:
        """The mean over what both have."""
        return sum(iou for *_, iou in self.pairs) / len(self.pairs) if self.pairs else None


@dataclass(frozen=True)
class OfCategory:
    """One category. first, second: objects of each take. both: those that both have, in this category.

    f1: 2 both / (first + second). iou: the mean over `both`, None where there is none.
    """

    category: int
    first: int
    second: int
    both: int
    f1: float
    iou: float | None


@dataclass(frozen=True)
class Agreement:
    """How far two takes of so many pictures agree.

    first, second: objects of each take. both: those that both have, in whatever category. same: those of one category.
    close: of `both`, from an IoU of STRICT_IOU on. f1, f1_close: the share of objects that both have, 2 both / (first +
    second). iou: the mean over `both`. alpha: of their categories. None where there is nothing to say it of.
    """

    pictures: int
    first: int
    second: int
    both: int
    same: int
    close: int
    f1: Estimate | None
    f1_close: Estimate | None
    iou: Estimate | None
    alpha: Estimate | None
    categories: tuple[OfCategory, ...]


@dataclass(frozen=True)
class LaidOver:
    """Two takes of a picture by the indices of their objects; crowds are in none of these.

    pairs: of the same object in each, and the IoU of the masks. only_first, only_second: what the other does not have.
    """

    pairs: tuple[tuple[int, int, float], ...]
    only_first: tuple[int, ...]
    only_second: tuple[int, ...]


def lay_over(first: Sequence[Outline], second: Sequence[Outline]) -> LaidOver:
    """first, second: all objects of the picture. Raises GeometryError where too many masks lie over each other."""
    ours, theirs = ([index for index, one in enumerate(take) if not one.crowd] for take in (first, second))
    found = match([first[index] for index in ours], [second[index] for index in theirs])
    pairs = tuple((ours[one.first], theirs[one.second], one.iou) for one in found)
    met = {one for one, _, _ in pairs}, {other for _, other, _ in pairs}
    return LaidOver(
        pairs,
        _alone(first, [index for index in ours if index not in met[0]], second),
        _alone(second, [index for index in theirs if index not in met[1]], first),
    )


def _alone(take: Sequence[Outline], left: list[int], other: Sequence[Outline]) -> tuple[int, ...]:
    """Without what lies in a crowd of the other take."""
    crowds = [one.rle.to_coco() for one in other if one.crowd]
    if not crowds or not left:
        return tuple(left)
    inside = coco_mask.iou([take[index].rle.to_coco() for index in left], crowds, [1] * len(crowds)).max(axis=1)
    return tuple(index for index, share in zip(left, inside.tolist(), strict=True) if share < _IN_CROWD)


def compare(image_id: int, people: tuple[str, str], first: Sequence[Outline], second: Sequence[Outline]) -> Doubled:
    """As `lay_over`, by categories."""
    laid = lay_over(first, second)
    return Doubled(
        image_id,
        people,
        tuple((first[one].category_id, second[other].category_id, iou) for one, other, iou in laid.pairs),
        tuple(first[index].category_id for index in laid.only_first),
        tuple(second[index].category_id for index in laid.only_second),
    )


def agreement(pictures: Sequence[Doubled]) -> Agreement:
    """Intervals by leaving out groups of pictures: what is on one picture is not independent."""
    both = np.array([len(one.pairs) for one in pictures], float)
    first = both + [len(one.only_first) for one in pictures]
    second = both + [len(one.only_second) for one in pictures]
    close = np.array([sum(iou >= STRICT_IOU for *_, iou in one.pairs) for one in pictures], float)
    ious = np.array([sum(iou for *_, iou in one.pairs) for one in pictures], float)
    labels = _Labels.of(pictures)

    def ratio(part: Floats, whole: Floats) -> Estimate | None:
        return estimate(lambda weights: _share(float(weights @ part), float(weights @ whole)), len(pictures))

    return Agreement(
        pictures=len(pictures),
        first=int(first.sum()),
        second=int(second.sum()),
        both=int(both.sum()),
        same=sum(one == other for each in pictures for one, other, _ in each.pairs),
        close=int(close.sum()),
        f1=ratio(2 * both, first + second),
        f1_close=ratio(2 * close, first + second),
        iou=ratio(ious, both),
        alpha=_alpha(labels, len(pictures)),
        categories=_by_category(pictures),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def by_people(pictures: Sequence[Doubled]) -> dict[tuple[str, str], Agreement]:
    """For each two people, whichever of them came first; `first` and `second` are counted as the names are ordered."""
    found: dict[tuple[str, str], list[Doubled]] = {}
    for one in pictures:
        turned = one if one.people[0] <= one.people[1] else _turned(one)
        found.setdefault(turned.people, []).append(turned)
    return {people: agreement(some) for people, some in sorted(found.items())}


def _turned(one: Doubled) -> Doubled:
    return replace(
        one,
        people=(one.people[1], one.people[0]),
        pairs=tuple((second, first, iou) for first, second, iou in one.pairs),
        only_first=one.only_second,
        only_second=one.only_first,
    )


# --- categories ------------------------------------------------------------------------------------------------------


def krippendorff_alpha(counts: Floats) -> float:
    """Agreement about categories beyond chance: 1 all alike, 0 as by chance; NaN where only one category was given.

    counts: (k, k), how often the one said a category and the other another. Whoever said which does not matter, so that
    pairs of different people can be taken together.
    Source: K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), C: nominal data, two observers.

    >>> round(krippendorff_alpha(np.array([[5.0, 3.0], [1.0, 3.0]])), 3)
    0.343
    """
    said = counts.sum(axis=0) + counts.sum(axis=1)
    values = said.sum()
    by_chance = values * values - (said * said).sum()
    if by_chance <= 0:
        return float("nan")
    disagree = counts.sum() - np.trace(counts)
    # 1 - (disagree / n) / ((values^2 - sum of said^2) / (values (values - 1))), with values = 2 n.
    return float(1 - 2 * disagree * (values - 1) / by_chance)


@dataclass(frozen=True, eq=False)
class _Labels:
    """What both said of each object that both have: the picture's index, and two indices of categories."""

    picture: Integers
    first: Integers
    second: Integers
    categories: int

    @classmethod
    def of(cls, pictures: Sequence[Doubled]) -> _Labels:
        rows = [(index, *pair[:2]) for index, one in enumerate(pictures) for pair in one.pairs]
        table = np.array(rows, np.int64).reshape(-1, 3)
        known, codes = np.unique(table[:, 1:], return_inverse=True)
        codes = codes.reshape(-1, 2)
        return cls(table[:, 0], codes[:, 0], codes[:, 1], len(known))

    def counts(self, weights: Floats) -> Floats:
        """(k, k), each picture counted so many times."""
        found = np.zeros((self.categories, self.categories))
        np.add.at(found, (self.first, self.second), weights[self.picture])
        return found


def _alpha(labels: _Labels, pictures: int) -> Estimate | None:
    # An estimate is of what is 0 or more, and alpha may be as low as -1.
    half = estimate(lambda weights: (1 + krippendorff_alpha(labels.counts(weights))) / 2, pictures)
    if half is None:
        return None
    return Estimate(2 * half.value - 1, half.pictures, None if half.error is None else 2 * half.error)


def _by_category(pictures: Sequence[Doubled]) -> tuple[OfCategory, ...]:
    first: Counter[int] = Counter()
    second: Counter[int] = Counter()
    ious: dict[int, list[float]] = {}
    for one in pictures:
        first.update([*(pair[0] for pair in one.pairs), *one.only_first])
        second.update([*(pair[1] for pair in one.pairs), *one.only_second])
        for mine, other, iou in one.pairs:
            if mine == other:
                ious.setdefault(mine, []).append(iou)
    return tuple(
        OfCategory(
            category,
            first[category],
            second[category],
            len(both := ious.get(category, [])),
            2 * len(both) / (first[category] + second[category]),
            sum(both) / len(both) if both else None,
        )
        for category in sorted(set(first) | set(second))
    )
