"""Suggestion + decision -> instance: what a person's gesture makes of the instances it touches.

Scores and sources never come from a gesture: a known instance keeps its own, a new one is drawn by hand.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from annotator.core import masks
from annotator.core.dataset import Image, Instance, State
from annotator.core.errors import GeometryError, GestureError
from annotator.core.heatmap import LEVELS, Heatmap
from annotator.core.masks import Rle
from annotator.core.polygons import Part, parts_to_rle

Verb = Literal["accept", "reject", "edit", "add", "delete", "relabel", "review", "undo", "redo"]
VERBS: frozenset[str] = frozenset(get_args(Verb))
MANUAL = "manual"

MAX_CHANGES = 10_000
MAX_VERTICES = 200_000
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAX_TEXT = 200
_MAX_NUMBER = 2**53 - 1  # the largest whole number that a browser counts exactly


@dataclass(frozen=True)
class Change:
    """What one gesture makes of one instance: its whole new state.

    With neither `rle` nor `parts` the mask stays as it is stored; with `parts` it is their rasterisation (whatever
    `rle` says beside them); with `rle` alone it is that, and nobody's polygons describe it any more.
    `cut` says that `rle` is the instance's heatmap cut at this level, in hundredths. `heatmap` is what a new instance
    was cut from. `crowd` says whether it is a group annotated together; None leaves that as it is.
    """

    key: str
    category_id: int
    state: State
    rle: Rle | None = None
    parts: tuple[Part, ...] | None = None
    cut: int | None = None
    crowd: bool | None = None
    heatmap: Heatmap | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Gesture:
    """One act of a person on one image, from press to release, with everything it changes.

    `client` and `number` name it: sent again, it is applied once. `revision` is the image's last revision that the
    client has seen. `seconds` is the time that the act took, `threshold` the confidence threshold it was made at.
    """

    image_id: int
    client: str
    number: int
    revision: int
    verb: str
    who: str
    changes: tuple[Change, ...]
    reviewed: bool | None = None
    threshold: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Decision:
    """One line of a project's history: what a gesture decided about one instance. It is never changed or removed.

    `at` is the time of the commit, ISO 8601 in UTC. `revision` is the image's revision after the gesture.
    """

    id: int
    image_id: int
    client: str
    number: int
    revision: int
    verb: str
    who: str
    at: str
    key: str
    state: State
    category_id: int
    rle: Rle
    parts: tuple[Part, ...] | None
    source: str
    score: float | None
    threshold: float | None = None
    seconds: float | None = None
    cut: int | None = None
    """The level at which the instance's heatmap was cut, in hundredths, where that made the mask."""
    crowd: bool | None = None
    """None in a history from before it was written down."""


def require_well_formed(gesture: Gesture) -> None:
    """Raise GestureError unless every value of the gesture is of its type and range; masks are checked by `apply`."""
    place = f"gesture {gesture.client!r:.40}/{gesture.number!r:.20}"
    _require(
        _is_text(gesture.client) and gesture.client != "",
        f"{place}: client must be a printable text of 1 to {_MAX_TEXT} characters",
    )
    for name, value in (("number", gesture.number), ("revision", gesture.revision), ("image", gesture.image_id)):
        _require(_is_count(value), f"{place}: {name} is {value!r:.40}, expected a whole number from 0 on")
    _require(
        gesture.verb in VERBS, f"{place}: verb is {gesture.verb!r:.40}, expected one of {', '.join(sorted(VERBS))}"
    )
    _require(_is_text(gesture.who), f"{place}: who must be a printable text of at most {_MAX_TEXT} characters")
    _require(
        gesture.reviewed in (None, True, False), f"{place}: reviewed is {gesture.reviewed!r:.40}, expected a boolean"
    )
    if gesture.threshold is not None:
        inside = _is_number(gesture.threshold) and 0 <= gesture.threshold <= 1
        _require(inside, f"{place}: threshold is {gesture.threshold!r:.40}, expected 0 to 1")
    if gesture.seconds is not None:
        inside = _is_number(gesture.seconds) and gesture.seconds >= 0
        _require(inside, f"{place}: seconds is {gesture.seconds!r:.40}, expected a number from 0 on")
    count = len(gesture.changes)
    _require(count <= MAX_CHANGES, f"{place}: {count} changes, expected at most {MAX_CHANGES}")
    seen: set[str] = set()
    for index, change in enumerate(gesture.changes):
        here = f"{place}: changes[{index}]"
        known_form = isinstance(change.key, str) and _KEY.fullmatch(change.key) is not None
        _require(known_form, f"{here}.key is {change.key!r:.80}, expected 1 to 64 letters, digits, - or _")
        _require(change.key not in seen, f"{here}.key is {change.key} again, expected each instance once")
        _require(
            _is_count(change.category_id), f"{here}.category is {change.category_id!r:.40}, expected a category's id"
        )
        _require(
            isinstance(change.state, State), f"{here}.state is {change.state!r:.40}, expected a state of an instance"
        )
        _require(
            change.crowd in (None, True, False),
            f"{here}.crowd is {change.crowd!r:.40}, expected true, false or nothing",
        )
        if change.cut is not None:
            inside = _is_count(change.cut) and change.cut in LEVELS
            _require(inside, f"{here}.cut is {change.cut!r:.40}, expected 1 to 99 hundredths")
            _require(change.rle is not None and change.parts is None, f"{here}.cut: expected beside the rle it made")
        seen.add(change.key)


def apply(change: Change, *, image: Image, before: Instance | None, original: Rle | None, new_id: int = 0) -> Instance:
    """The instance as it stands after the change.

    before: the instance as stored, None for a key that is new. original: the mask that a model suggested or an import
    brought under this key, which `edited` is measured against; None for what was drawn by hand. new_id: the id of a
    new instance.
    Raises GestureError if a mask is malformed or of another size, if a new instance has none, if an accepted instance
    would be empty, or if a drawn instance would turn into a suggestion.
    """
    place = f"instance {change.key}"
    rle, parts = _mask_of(change, place=place, image=image)
    if before is None:
        if rle is None:
            raise GestureError(f"{place}: not known, expected a mask with it")
        _require(change.state != State.SUGGESTED, f"{place}: drawn by hand, so it cannot be a suggestion")
        before = Instance(new_id, change.key, image.id, change.category_id, change.state, rle, parts, MANUAL)
    elif before.source == MANUAL:
        _require(change.state != State.SUGGESTED, f"{place}: drawn by hand, so it cannot be a suggestion")
    if before.image_id != image.id:
        raise GestureError(f"{place}: is on image {before.image_id}, not on image {image.id}")
    if rle is None:
        rle, parts = before.rle, before.parts
    if change.state == State.ACCEPTED and masks.rle_area(rle) == 0:
        raise GestureError(f"{place}: the mask is empty, expected at least one pixel in an accepted instance")
    return replace(
        before,
        category_id=change.category_id,
        state=change.state,
        rle=rle,
        parts=parts,
        edited=original is not None and rle != original,
        crowd=before.crowd if change.crowd is None else change.crowd,
    )


def _mask_of(change: Change, *, place: str, image: Image) -> tuple[Rle | None, tuple[Part, ...] | None]:
    try:
        if change.parts is not None:
            vertices = sum(len(ring) for part in change.parts for ring in (part.outer, *part.holes))
            if vertices > MAX_VERTICES:
                raise GeometryError(f"{vertices} vertices, expected at most {MAX_VERTICES}")
            return parts_to_rle(change.parts, height=image.height, width=image.width), change.parts
        if change.rle is None:
            return None, None
        found, expected = [change.rle.height, change.rle.width], [image.height, image.width]
        if found != expected:
            raise GeometryError(f"size {found}, image is {expected}")
        return masks.checked_rle(change.rle.counts, height=image.height, width=image.width), None
    except GeometryError as error:
        raise GestureError(f"{place}: {error}") from error


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise GestureError(message)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_TEXT and value.isprintable()


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_NUMBER


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
