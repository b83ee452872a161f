"""Suggestion + decision -> instance: how a person's gesture changes instances.

Scores and sources never come from a gesture: a known instance keeps its own, a new one is drawn by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeGuard, get_args

from annotator.core import masks
from annotator.core.budget import WorkBudget
from annotator.core.dataset import Image, Instance, State
from annotator.core.errors import GeometryError, GestureError
from annotator.core.heatmap import LEVELS, Heatmap
from annotator.core.limits import MAX_CHANGES, MAX_FLAG, MAX_FLAGS, MAX_NOTE, MAX_TEXT, MAX_VERTICES
from annotator.core.masks import Rle
from annotator.core.numbers import is_finite, is_id
from annotator.core.polygons import Part, parts_to_rle
from annotator.core.prompt import Prompted, require_inside
from annotator.core.text import is_plain

Verb = Literal["accept", "reject", "edit", "add", "delete", "relabel", "flag", "note", "review", "undo", "redo"]
VERBS: frozenset[str] = frozenset(get_args(Verb))
MANUAL = "manual"

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Change:
    """What one gesture makes of one instance: its whole new state.

    With neither `rle` nor `parts` the mask stays as it is stored; with `parts` it is their rasterisation, and `rle` is
    ignored; with `rle` alone it is that, and the stored polygons are dropped.
    `level` says that `rle` is the instance's heatmap at this level, in hundredths. `heatmap` is that of a new instance.
    `crowd` says whether it is a group annotated together, `flags` and `note` what a person says of it, `locked` whether
    the editor leaves it as it is, `prompted` what was said to the network that made the mask (an empty one: nothing);
    None leaves each as it is.
    """

    key: str
    category_id: int
    state: State
    rle: Rle | None = None
    parts: tuple[Part, ...] | None = None
    level: int | None = None
    crowd: bool | None = None
    flags: tuple[str, ...] | None = None
    note: str | None = None
    locked: bool | None = None
    prompted: Prompted | None = None
    heatmap: Heatmap | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Gesture:
    """One act of a person on one image, from press to release, with everything it changes.

    `client` and `number` name it: sent again, it is applied once. `revision` is the image's last revision that the
    client has seen. `seconds` is the time that the act took, `threshold` the confidence threshold it was made at.
    `note` is the picture's from then on; None leaves it as it is. `tool` is what an outline was drawn or changed with,
    see `core/answers.py`, `clicks` how often the picture was pressed for it.
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
    note: str | None = None
    tool: str | None = None
    clicks: int | None = None


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
    level: int | None = None
    """Where the mask is the instance's heatmap at a level, that level in hundredths."""
    crowd: bool | None = None
    """None in a history from before it was written down; the same holds for what follows."""
    flags: tuple[str, ...] | None = None
    note: str | None = None
    locked: bool | None = None
    prompted: Prompted | None = None
    """None where nothing was said to a network as well."""


def require_well_formed(gesture: Gesture) -> None:
    """Raise GestureError unless every value of the gesture is of its type and range; masks are checked by `draw`."""
    place = f"gesture {gesture.client!r:.40}/{gesture.number!r:.20}"
    _require(
        _is_text(gesture.client) and gesture.client != "",
        f"{place}: client must be a printable text of 1 to {MAX_TEXT} characters",
    )
    for name, value in (("number", gesture.number), ("revision", gesture.revision), ("image", gesture.image_id)):
        _require(is_id(value), f"{place}: {name} is {value!r:.40}, expected a whole number from 0 on")
    _require(
        gesture.verb in VERBS, f"{place}: verb is {gesture.verb!r:.40}, expected one of {', '.join(sorted(VERBS))}"
    )
    _require(_is_text(gesture.who), f"{place}: who must be a printable text of at most {MAX_TEXT} characters")
    _require(
        gesture.reviewed in (None, True, False), f"{place}: reviewed is {gesture.reviewed!r:.40}, expected a boolean"
    )
    if gesture.threshold is not None:
        inside = is_finite(gesture.threshold) and 0 <= gesture.threshold <= 1
        _require(inside, f"{place}: threshold is {gesture.threshold!r:.40}, expected 0 to 1")
    if gesture.seconds is not None:
        inside = is_finite(gesture.seconds) and gesture.seconds >= 0
        _require(inside, f"{place}: seconds is {gesture.seconds!r:.40}, expected a number from 0 on")
    if gesture.note is not None:
        _require(is_note(gesture.note), f"{place}: note: expected at most {MAX_NOTE} characters")
    count = len(gesture.changes)
    _require(count <= MAX_CHANGES, f"{place}: {count} changes, expected at most {MAX_CHANGES}")
    seen: set[str] = set()
    for index, change in enumerate(gesture.changes):
        here = f"{place}: changes[{index}]"
        known_form = isinstance(change.key, str) and _KEY.fullmatch(change.key) is not None
        _require(known_form, f"{here}.key is {change.key!r:.80}, expected 1 to 64 letters, digits, - or _")
        _require(change.key not in seen, f"{here}.key is {change.key} again, expected each instance once")
        _require(is_id(change.category_id), f"{here}.category is {change.category_id!r:.40}, expected a category's id")
        _require(
            isinstance(change.state, State), f"{here}.state is {change.state!r:.40}, expected a state of an instance"
        )
        _require(
            change.crowd in (None, True, False),
            f"{here}.crowd is {change.crowd!r:.40}, expected true, false or nothing",
        )
        _require_well_said(change, here)
        if change.level is not None:
            inside = is_id(change.level) and change.level in LEVELS
            _require(inside, f"{here}.level is {change.level!r:.40}, expected 1 to 99 hundredths")
            _require(change.rle is not None and change.parts is None, f"{here}.level: expected beside the rle it made")
        seen.add(change.key)


def _require_well_said(change: Change, here: str) -> None:
    if change.flags is not None:
        _require(
            len(change.flags) <= MAX_FLAGS and all(map(is_flag, change.flags)),
            f"{here}.flags: expected at most {MAX_FLAGS} printable texts of 1 to {MAX_FLAG} characters",
        )
    if change.note is not None:
        _require(is_note(change.note), f"{here}.note: expected at most {MAX_NOTE} characters")
    _require(
        change.locked in (None, True, False), f"{here}.locked is {change.locked!r:.40}, expected true, false or nothing"
    )


def is_flag(value: object) -> TypeGuard[str]:
    """Whether the value can be a flag: a short printable text without blanks at its ends."""
    return isinstance(value, str) and 0 < len(value) <= MAX_FLAG and is_plain(value) and value == value.strip()


def is_note(value: object) -> TypeGuard[str]:
    """Whether the value can be a note: a text of several lines, "" for none."""
    return isinstance(value, str) and len(value) <= MAX_NOTE and is_plain(value.replace("\n", "").replace("\t", ""))


@dataclass(frozen=True)
class Drawn:
    """The mask that a change brings, in its normal form; with the polygons that it is the rasterisation of, if any.

    `level` is that of the change where the instance has a heatmap, whose mask at this level it is.
    """

    rle: Rle
    parts: tuple[Part, ...] | None = None
    level: int | None = None


def draw(gesture: Gesture, *, image: Image, heatmaps: Mapping[str, Heatmap]) -> tuple[Drawn | None, ...]:
    """The masks that a gesture brings, one for each change; None where a change leaves the mask as it is.

    This is the slow part of a gesture. It does not depend on other gestures.
    heatmaps: by key, those of the instances whose change says a level, where there are any.
    Raises GestureError for a mask that is malformed, of another size or longer than is kept, for one that is not that
    of its level, and for more work than one gesture may ask for.
    """
    budget = WorkBudget.of_gesture()
    drawn = []
    for change in gesture.changes:
        try:
            drawn.append(_draw(change, image=image, heatmap=heatmaps.get(change.key), budget=budget))
        except GeometryError as error:
            raise GestureError(f"instance {change.key}: {error}") from error
    return tuple(drawn)


def _draw(change: Change, *, image: Image, heatmap: Heatmap | None, budget: WorkBudget) -> Drawn | None:
    if change.prompted is not None:
        require_inside(change.prompted.prompt, width=image.width, height=image.height)
    size = [image.height, image.width]
    if change.parts is not None:
        vertices = sum(len(ring) for part in change.parts for ring in (part.outer, *part.holes))
        if vertices > MAX_VERTICES:
            raise GeometryError(f"{vertices} vertices, expected at most {MAX_VERTICES}")
        rle = parts_to_rle(change.parts, height=image.height, width=image.width, budget=budget)
        return Drawn(masks.require_storable(rle), change.parts)
    if change.rle is None:
        return None
    if [change.rle.height, change.rle.width] != size:
        raise GeometryError(f"size {[change.rle.height, change.rle.width]}, image is {size}")
    masks.require_storable(change.rle)
    rle = masks.checked_rle(change.rle.counts, height=image.height, width=image.width)
    if change.level is None or heatmap is None:
        return Drawn(rle)
    budget.spend(heatmap.steps(height=image.height, width=image.width))
    if rle != heatmap.at(change.level, height=image.height, width=image.width):
        raise GeometryError(f"the mask is not its heatmap at level 0.{change.level:02d}")
    return Drawn(rle, level=change.level)


def apply(
    change: Change, *, drawn: Drawn | None, image: Image, before: Instance | None, original: Rle | None
) -> Instance:
    """The instance as it stands after the change.

    drawn: the mask that the change brings, as `draw` gives it. before: the instance as stored, None for a key that is
    new. original: the mask that a model suggested or an import brought under this key, which `edited` is measured
    against; None for what was drawn by hand.
    Raises GestureError if a new instance has no mask, if an accepted instance would be empty, or if a drawn instance
    would turn into a suggestion.
    """
    place = f"instance {change.key}"
    if before is None:
        if drawn is None:
            raise GestureError(f"{place}: not known, expected a mask with it")
        before = Instance(
            id=0,
            key=change.key,
            image_id=image.id,
            category_id=change.category_id,
            state=change.state,
            rle=drawn.rle,
            source=MANUAL,
        )
    if before.source == MANUAL:
        _require(change.state != State.SUGGESTED, f"{place}: drawn by hand, so it cannot be a suggestion")
    if before.image_id != image.id:
        raise GestureError(f"{place}: is on image {before.image_id}, not on image {image.id}")
    rle, parts = (before.rle, before.parts) if drawn is None else (drawn.rle, drawn.parts)
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
        flags=before.flags if change.flags is None else tuple(sorted(set(change.flags))),
        note=before.note if change.note is None else change.note,
        locked=before.locked if change.locked is None else change.locked,
        prompted=before.prompted if change.prompted is None else None if change.prompted.is_empty else change.prompted,
    )


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise GestureError(message)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT and value.isprintable()
