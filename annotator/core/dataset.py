"""What a project holds, as frozen values: categories, images, instances.

Tests: tests/exchange/coco/test_writer.py, tests/storage/test_datasets.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from annotator.core.heatmap import Heatmap
from annotator.core.masks import Rle
from annotator.core.numbers import is_id
from annotator.core.polygons import Part
from annotator.core.prompt import Prompted
from annotator.core.vote import Vote

PROVENANCE = "annotator"
"""The one key of ours in a COCO file, on annotations and on images; strict readers ignore it."""

WITHOUT_MASK = "without_mask"
"""Under our key of an image: its annotations that have no mask, carried through an import as they were."""


FLAGS = ("occluded", "truncated", "difficult")
"""The flags that formats know; a crowd is a field of its own, as it is COCO's."""


class State(StrEnum):
    """Where an instance stands in its review."""

    SUGGESTED = "suggested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DELETED = "deleted"


@dataclass(frozen=True)
class Category:
    """One class of objects. `id` is COCO's (1..90 for its 80 classes) and never changes."""

    id: int
    name: str
    supercategory: str = ""
    extra: dict[str, Any] = field(default_factory=dict, hash=False)
    """Keys of an imported COCO category that are not ours (keypoints, skeleton), carried through to the export."""
    color: str | None = None
    """`#rrggbb`, where somebody chose one."""
    position: int | None = None
    """Its place in lists; without one it comes behind those that have one, in order of id."""
    digit: int | None = None
    """The key, 1 to 9, that gives it, where somebody chose one."""
    threshold: float | None = None
    """The lowest score of its suggestions that are shown; None: the general threshold."""
    also: tuple[int, ...] = ()
    """The ids of those that were merged into it, which a page may still speak of."""


@dataclass(frozen=True, slots=True)
class Image:
    """One photograph of the project; sizes are those of the upright picture, in pixels."""

    id: int
    file_name: str
    width: int
    height: int
    sha256: str
    reviewed: bool = False
    prelabelled: bool = False
    revision: int = 0
    extra: dict[str, Any] = field(default_factory=dict)
    """Keys of an imported COCO image that are not ours, carried through to the export."""
    note: str = ""
    """What a person wrote about the picture."""
    flags: tuple[str, ...] = ()
    """What a person says of the picture, and so of everything on it: FLAGS, or words of their own, sorted."""
    verdict: str = ""
    """What a reviewer said, `accepted` or `sentback`, "" where nothing stands; filled for an export alone."""
    verdict_note: str = ""


def without_mask(image: Image) -> list[dict[str, Any]]:
    """The image's annotations that an import carried through because they have no mask."""
    ours = image.extra.get(PROVENANCE)
    carried = ours.get(WITHOUT_MASK) if isinstance(ours, dict) else None
    # A project that somebody handed over may hold anything here.
    found = [item for item in carried if isinstance(item, dict)] if isinstance(carried, list) else []
    return [item for item in found if is_id(item.get("id")) and is_id(item.get("category_id"))]


@dataclass(frozen=True, slots=True)
class Instance:
    """One object on one image, suggested or decided upon.

    `key` names it everywhere outside the database; `id` is its COCO annotation id. `rle` is the mask and the truth;
    `parts` are the polygons that a person drew or dragged, when they decode to exactly that mask, else None.
    `score` is the model's confidence and `source` is manual, import or `model@version`.
    """

    id: int
    key: str
    image_id: int
    category_id: int
    state: State
    rle: Rle
    parts: tuple[Part, ...] | None = None
    source: str = "manual"
    score: float | None = None
    edited: bool = False
    crowd: bool = False
    """Whether it is a group that was annotated together: COCO's iscrowd. Nothing else of it follows from that."""
    flags: tuple[str, ...] = ()
    """What a person says of it beside its category: FLAGS, or words of their own, sorted."""
    note: str = ""
    """What a person wrote about it."""
    locked: bool = False
    """Whether the editor leaves it as it is."""
    prompted: Prompted | None = None
    """What was said to the network that made or repaired the mask, so that a later repair goes on from it."""
    vote: Vote | None = None
    """What a second network says of it; None where none was asked."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Keys of an imported COCO annotation that are not ours, carried through to the export."""
    provenance: dict[str, Any] = field(default_factory=dict)
    """How it came to be (source, model, score, edits, seconds), filled for an export; never read back as truth."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One detection offered for review: a mask in image pixels, with the model that made it.

    `heatmap` is what the mask came from, where it is at hand.
    """

    category_id: int
    score: float
    rle: Rle
    source: str
    heatmap: Heatmap | None = field(default=None, compare=False)
    vote: Vote | None = None
    """What a second network says of it; None where none was asked."""


@dataclass(frozen=True)
class Dataset:
    """What leaves in an export, or what an import brings."""

    categories: tuple[Category, ...]
    images: tuple[Image, ...]
    instances: Sequence[Instance]
    """A tuple, or where there may be many, those of a `core.spool`: read as often as needed, a few at a time."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Top-level keys of an imported file that are not ours (info, licenses and whatever else it had)."""
