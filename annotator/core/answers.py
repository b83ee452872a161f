"""What people answered to a network's suggestions, as columns: the material of every advice.

Tests: tests/insight/test_advice.py, tests/storage/test_answers.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Table = TypeVar("Table", bound="_Columns")


class Verdict(IntEnum):
    """How a suggestion stands by now.

    An adjusted one is right about the object and wrong about its outline. One of another category than suggested is
    wrong.
    """

    AS_IT_IS = 0
    ADJUSTED = 1
    WRONG = 2


class _Columns:
    """A table of equally long, read-only columns."""

    def __post_init__(self) -> None:
        columns = list(vars(self).values())  # `fields` takes longer than all else, in a table of a picture each
        if len({len(column) for column in columns}) > 1:
            raise ValueError(f"columns of {', '.join(str(len(one)) for one in columns)} rows, expected the same")
        for column in columns:
            column.flags.writeable = False

    def where(self: Table, chosen: NDArray[Any]) -> Table:
        """The rows that are chosen, by truth values or by indices."""
        return type(self)(*(getattr(self, one.name)[chosen] for one in fields(self)))  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Answers(_Columns):
    """Suggestions that somebody decided about, each by itself or with its picture; each column is (n,).

    images: ids. networks: indices into `Evidence.networks`. categories: the suggested ones' ids. scores: 0 to 1.
    verdicts: of `Verdict`. seconds, gestures: spent on each, a gesture about several shared out among them. seen:
    whether it was shown as others of its score are; what was hidden and yet decided about says nothing of the others.
    """

    images: Integers
    networks: Integers
    categories: Integers
    scores: Floats
    verdicts: Integers
    seconds: Floats
    gestures: Floats
    seen: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether there is such an object, whatever became of its outline."""
        return np.asarray(self.verdicts != Verdict.WRONG, np.bool_)

    def by_network_and_category(self) -> Iterator[tuple[int, int, Answers]]:
        """The network's index, the category's id, and the answers that belong to both."""
        if len(self):
            pairs = np.unique(np.stack((self.networks, self.categories), axis=1), axis=0)
            for network, category in pairs.tolist():
                yield network, category, self.where((self.networks == network) & (self.categories == category))


@dataclass(frozen=True, eq=False)
class Drawings(_Columns):
    """Instances that a person drew and kept; each column is (n,), as those of `Answers`."""

    images: Integers
    categories: Integers
    seconds: Floats
    gestures: Floats

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, eq=False)
class Open(_Columns):
    """Suggestions that nobody decided about yet, counted; each column is (n,), as those of `Answers`.

    scores: from which on, in steps of a hundredth. reviewed: whether the pictures are. counts: how many there are.
    """

    networks: Integers
    categories: Integers
    scores: Floats
    reviewed: NDArray[np.bool_]
    counts: Integers


@dataclass(frozen=True, eq=False)
class Waiting:
    """Suggestions on pictures that are not reviewed, one a row, which nobody decided about; each column is (n,).

    networks: indices into `networks_by_name`, which are of this table alone. votes: what a second network said of each,
    1 where it differs, 0 where it agrees or has nothing to say, -1 where none was asked. The others are as those of
    `Answers`.
    """

    networks_by_name: tuple[str, ...]
    images: Integers
    networks: Integers
    categories: Integers
    scores: Floats
    votes: Integers

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, eq=False)
class Pictures(_Columns):
    """Pictures on which somebody worked; each column is (n,).

    networks: whose suggestions were there when it was first reviewed, an index into `Evidence.networks`, -1 for none of
    these. alone: whether no other network had seen it by then. reviewed: whether all on it is decided. seen_from: the
    score from which on suggestions were shown when it was reviewed, 2 where nobody knows. seconds, gestures: spent on
    it. latest: the number of its last gesture.
    """

    ids: Integers
    networks: Integers
    alone: NDArray[np.bool_]
    reviewed: NDArray[np.bool_]
    seen_from: Floats
    seconds: Floats
    gestures: Integers
    latest: Integers

    def __len__(self) -> int:
        return len(self.ids)


TOOLS = (
    *("select", "point", "polygon", "box", "ellipse", "brush", "eraser", "level", "knife"),
    *("paste", "duplicate", "merge", "separate", "fillHoles", "dropSpecks", "fillBoxes"),
    *("makeHoles", "makeParts", "makeInstances", "simplify", "shrinkMask", "growMask"),
)
"""What an outline is drawn or changed with: the editor's tools, and its commands that do so by themselves."""


@dataclass(frozen=True, eq=False)
class Repairs(_Columns):
    """What each tool took on each instance that was adjusted or drawn and kept, a row for both; each column is (n,).

    drawn: whether it was drawn, not suggested. tools: indices into TOOLS. clicks: presses on the picture. The others
    are as those of `Answers`. What was done before tools were written down is not among them.
    """

    drawn: NDArray[np.bool_]
    tools: Integers
    seconds: Floats
    gestures: Floats
    clicks: Floats

    @classmethod
    def none(cls) -> Repairs:
        return cls(np.zeros(0, bool), np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0))


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that a project's decisions say.

    networks: model@version. waiting: how many pictures are not reviewed. thresholds: of the categories that have one of
    their own, by id.
    """

    networks: tuple[str, ...]
    answers: Answers
    drawings: Drawings
    open: Open
    pictures: Pictures
    waiting: int
    thresholds: Mapping[int, float]
    repairs: Repairs = field(default_factory=Repairs.none)


@dataclass(frozen=True, eq=False)
class Boxes(_Columns):
    """Instances or suggestions of one picture.

    categories: ids, (n,). boxes: xyxy in image pixels, (n, 4). scores: (n,), 1 for instances.
    """

    categories: Integers
    boxes: Floats
    scores: Floats
