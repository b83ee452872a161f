"""What is brought into a project, how, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

from annotator.core.dataset import Dataset, Image, Suggestion
from annotator.system.progress import Progress

OnConflict = Literal["skip", "replace", "add"]
"""What becomes of an instance that the project has by another outline: the project's stays, the file's takes its place
(a decision in the history), or both are there."""

ON_CONFLICT: tuple[OnConflict, ...] = get_args(OnConflict)


@dataclass(frozen=True)
class Picture:
    """A picture's bytes, with the size that it has upright, in pixels."""

    content: bytes
    width: int
    height: int


class Pictures(Protocol):
    """The pictures of a dataset by image id, asked for one at a time; an image of the project stands for its own."""

    def __getitem__(self, image_id: int, /) -> Picture | Image:
        """Raises KeyError where there is none, or AnnotatorError that says why."""


@dataclass(frozen=True)
class Arrival:
    """One file of an import: its dataset and its pictures.

    name: stands before the file's problems and notes; empty for a file that comes alone.
    """

    name: str
    dataset: Dataset
    pictures: Pictures


@dataclass(frozen=True)
class Offer:
    """Results that become suggestions of one image.

    arrival: the index of the file whose ids they speak; None for the project's.
    """

    image_id: int
    suggestions: Sequence[Suggestion]
    arrival: int | None = None


@dataclass(frozen=True)
class How:
    """How an import goes.

    most: notes and problems of a kind that are told. pulse: called now and then; what it raises ends the import.
    progress: of images that are stored. name: what a person calls the import, where its files have no names.
    """

    on_conflict: OnConflict = "skip"
    most: int | None = None
    pulse: Callable[[], None] = lambda: None
    progress: Progress = lambda done, total: None
    name: str = ""


@dataclass(frozen=True)
class ImportReport:
    """What one file changed. `notes` says, a line each, which ids could not stay as they were and why.

    instances_met: those that the project has by another outline, whatever became of them. crowds: of the file's
    instances. image_ids, category_ids: the project's id for each of the file's.
    """

    images_added: int
    images_known: int
    instances_added: int
    instances_known: int
    instances_met: int
    categories_added: int
    crowds: int
    notes: tuple[str, ...] = ()
    image_ids: Mapping[int, int] = field(default_factory=dict)
    category_ids: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Imported:
    """What an import changed, a report for each file.

    offered: results that became suggestions. answered: results that speak of what is decided upon already.
    """

    reports: tuple[ImportReport, ...]
    offered: int = 0
    answered: int = 0
