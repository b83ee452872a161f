"""The JSON that the editor and the server share (frontend/src/document/protocol.ts has the same shapes)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotator.core.answers import TOOLS
from annotator.core.categories import in_order
from annotator.core.dataset import Category, Instance, State
from annotator.core.errors import GeometryError, GestureError
from annotator.core.heatmap import Heatmap, pack, unpack
from annotator.core.limits import MAX_CHANGES, MAX_TEXT, MAX_VERTICES
from annotator.core.masks import Rle
from annotator.core.numbers import is_finite, is_id
from annotator.core.polygons import Part
from annotator.core.prompt import Prompted, prompted_from_json, prompted_to_json
from annotator.core.review import Change, Gesture
from annotator.core.vote import Vote
from annotator.exchange.outlook import threshold_of
from annotator.storage.store import Store

MAX_HEATMAP = 200_000
"""Characters of a packed heatmap."""


def document_to_json(store: Store, image_id: int, *, url: str) -> dict[str, Any]:
    """One image with everything that the editor shows of it."""
    head = document_head_to_json(store, image_id, url=url)
    return head | {"instances": [instance_to_json(instance) for instance in store.instances(image_id)]}


def document_head_to_json(store: Store, image_id: int, *, url: str) -> dict[str, Any]:
    """A document but for its instances; asked for first, so that its revision is never newer than they are."""
    image = store.image(image_id)
    category_version = store.category_manager.version()
    return {
        "image": {
            "id": image.id,
            "name": image.file_name,
            "width": image.width,
            "height": image.height,
            "url": url,
            "reviewed": image.reviewed,
            "prelabelled": image.prelabelled,
            "blind": store.blind.is_hidden(image_id),
            "take": store.twice.take_of(image_id) is not None,
            "note": image.note,
        },
        "revision": image.revision,
        "threshold": threshold_of(store),
        "categories": [category_to_json(category) for category in in_order(store.categories())],
        "category_version": category_version,
    }


def category_to_json(category: Category) -> dict[str, Any]:
    """A category by its COCO id. What nobody has chosen is null: its colour, its key, its own threshold."""
    return {
        "id": category.id,
        "name": category.name,
        "supercategory": category.supercategory,
        "color": category.color,
        "digit": category.digit,
        "threshold": category.threshold,
        "also": list(category.also),
    }


def instance_to_json(instance: Instance) -> dict[str, Any]:
    """An instance by its key; the database's ids stay inside."""
    return {
        "key": instance.key,
        "category": instance.category_id,
        "state": instance.state.value,
        "score": instance.score,
        "source": instance.source,
        "edited": instance.edited,
        "crowd": instance.crowd,
        "flags": list(instance.flags),
        "note": instance.note,
        "locked": instance.locked,
        "rle": instance.rle.counts,
        "parts": None if instance.parts is None else parts_to_json(instance.parts),
        "prompt": None if instance.prompted is None else prompted_to_json(instance.prompted),
        "vote": vote_to_json(instance.vote),
    }


def vote_to_json(vote: Vote | None) -> dict[str, Any] | None:
    """What a second network, `by`, says of an instance; null where none was asked."""
    if vote is None:
        return None
    return {
        "agreement": vote.agreement.value,
        "by": vote.by,
        "score": vote.score,
        "iou": vote.iou,
        "category": vote.category_id,
    }


def heatmap_to_json(heatmap: Heatmap) -> dict[str, Any]:
    """A heatmap: hundredths over the region [left, top, width, height], packed, as base64."""
    return {
        "region": list(heatmap.region),
        "size": len(heatmap.values),
        "values": base64.b64encode(pack(heatmap.values)).decode("ascii"),
        "half": None if heatmap.half is None else heatmap.half.counts,
    }


def parts_to_json(parts: tuple[Part, ...]) -> list[list[list[list[float]]]]:
    """Parts as [[outer, hole, ...], ...], each ring [[x, y], ...]."""
    return [[ring.tolist() for ring in (part.outer, *part.holes)] for part in parts]


def gesture_from_json(found: Any, *, image_id: int, who: str, height: int, width: int) -> Gesture:
    """What a browser sent about an image of height x width -> a gesture.

    Raises GestureError naming the path, what was found and what was expected.
    """
    if not isinstance(found, dict):
        raise GestureError(f"gesture: {type(found).__name__}, expected an object")
    changes = found.get("changes", [])
    if not isinstance(changes, list) or len(changes) > MAX_CHANGES:
        raise GestureError(f"gesture.changes: expected a list of at most {MAX_CHANGES}")
    reviewed = found.get("reviewed")
    if reviewed is not None and not isinstance(reviewed, bool):
        raise GestureError(f"gesture.reviewed: {reviewed!r}, expected true or false")
    return Gesture(
        image_id=image_id,
        client=text_in(found, "client", "gesture"),
        number=whole_in(found, "number", "gesture"),
        revision=whole_in(found, "revision", "gesture"),
        verb=text_in(found, "verb", "gesture"),
        who=who,
        changes=tuple(
            _change(change, f"gesture.changes[{index}]", height=height, width=width)
            for index, change in enumerate(changes)
        ),
        reviewed=reviewed,
        threshold=_number(found, "threshold"),
        seconds=_number(found, "seconds"),
        note=_note(found.get("note"), "gesture.note"),
        tool=_tool(found.get("tool")),
        clicks=whole_in(found, "clicks", "gesture") if "clicks" in found else None,
    )


def _tool(found: Any) -> str | None:
    """One that is not known counts as none: a page may be newer than the server."""
    return found if found in TOOLS else None


@dataclass(frozen=True)
class AskedMask:
    """A box whose mask the editor asks for. soon: it, or one like it, will be; without a box, any one."""

    model: str
    category_id: int
    box_xyxy: tuple[float, float, float, float] | None
    soon: bool


def box_from_json(found: Any) -> AskedMask:
    """`{"model", "category", "box": [x0, y0, x1, y1] | null, "soon"?: true}` -> AskedMask. Raises GestureError."""
    if not isinstance(found, dict):
        raise GestureError(f"mask: {type(found).__name__}, expected an object")
    box = found.get("box")
    if box is not None:
        numbers = isinstance(box, list) and len(box) == 4 and all(map(is_finite, box))
        if not numbers or not (box[0] < box[2] and box[1] < box[3]) or max(map(abs, box)) > 1e6:
            raise GestureError("mask.box: expected [x0, y0, x1, y1] in image pixels, x0 < x1 and y0 < y1")
    return AskedMask(
        model=text_in(found, "model", "mask"),
        category_id=whole_in(found, "category", "mask"),
        box_xyxy=None if box is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3])),
        soon=box is None or found.get("soon") is True,
    )


@dataclass(frozen=True)
class OpenPage:
    """A page that says which picture it shows; None where it shows none, or is being closed."""

    page: str
    image_id: int | None


def page_from_json(found: Any) -> OpenPage:
    """`{"page": NAME, "image": ID | null}` -> OpenPage. Raises GestureError."""
    if not isinstance(found, dict) or "image" not in found:
        raise GestureError("presence: expected an object with page and image")
    page = text_in(found, "page", "presence")
    if not page.isalnum():
        raise GestureError("presence.page: expected letters and digits")
    return OpenPage(page, None if found["image"] is None else whole_in(found, "image", "presence"))


def _change(found: Any, path: str, *, height: int, width: int) -> Change:
    if not isinstance(found, dict):
        raise GestureError(f"{path}: {type(found).__name__}, expected an object")
    state = text_in(found, "state", path)
    if state not in set(State):
        raise GestureError(f"{path}.state: {state!r}, expected one of {', '.join(State)}")
    rle, parts = found.get("rle"), found.get("parts")
    if rle is not None and (not isinstance(rle, str) or not rle.isascii()):
        raise GestureError(f"{path}.rle: expected COCO's compressed counts")
    crowd = found.get("crowd")
    if crowd is not None and not isinstance(crowd, bool):
        raise GestureError(f"{path}.crowd: {crowd!r:.80}, expected true or false")
    locked = found.get("locked")
    if locked is not None and not isinstance(locked, bool):
        raise GestureError(f"{path}.locked: {locked!r:.80}, expected true or false")
    # The wire and the database call the level `cut`: browsers hold gestures that they have not sent yet.
    level = None if found.get("cut") is None else whole_in(found, "cut", path)
    return Change(
        key=text_in(found, "key", path),
        category_id=whole_in(found, "category", path),
        state=State(state),
        rle=None if rle is None or parts is not None else Rle(height, width, rle),
        parts=None if parts is None else _parts(parts, f"{path}.parts"),
        level=level,
        crowd=crowd,
        flags=_flags(found.get("flags"), f"{path}.flags"),
        note=_note(found.get("note"), f"{path}.note"),
        locked=locked,
        prompted=_prompted(found["prompt"], f"{path}.prompt") if "prompt" in found else None,
        heatmap=None if found.get("heatmap") is None else heatmap_from_json(found["heatmap"], f"{path}.heatmap"),
    )


def _prompted(found: Any, path: str) -> Prompted:
    try:
        return prompted_from_json(found, path)
    except GeometryError as error:
        raise GestureError(f"{error.path}: {error.message}") from error


def _flags(found: Any, path: str) -> tuple[str, ...] | None:
    """A well-formed gesture says more of them than this."""
    if found is None:
        return None
    return tuple(str(flag) if isinstance(flag, str) and _is_unicode(flag) else "" for flag in _list(found, path))


def _note(found: Any, path: str) -> str | None:
    if found is not None and not (isinstance(found, str) and _is_unicode(found)):
        raise GestureError(f"{path}: expected a text")
    return found


def heatmap_from_json(found: Any, path: str) -> Heatmap:
    """The inverse of `heatmap_to_json`; which mask is the one at 0.5 is not for a browser to say."""
    if not isinstance(found, dict):
        raise GestureError(f"{path}: {type(found).__name__}, expected an object")
    region, packed = found.get("region"), found.get("values")
    if not isinstance(region, list) or len(region) != 4 or not all(type(value) is int for value in region):
        raise GestureError(f"{path}.region: expected [left, top, width, height] in whole image pixels")
    if not isinstance(packed, str) or len(packed) > MAX_HEATMAP:
        raise GestureError(f"{path}.values: expected a text of at most {MAX_HEATMAP} characters")
    try:
        values = unpack(base64.b64decode(packed, validate=True), size=whole_in(found, "size", path))
        return Heatmap(values, *region)
    except (GeometryError, ValueError) as error:
        raise GestureError(f"{path}: {error}") from error


def _parts(found: Any, path: str) -> tuple[Part, ...]:
    rings = [
        [_ring(ring, f"{path}[{index}][{within}]") for within, ring in enumerate(part)]
        for index, part in enumerate(_list(found, path))
        if _list(part, f"{path}[{index}]")
    ]
    if not rings:
        raise GestureError(f"{path}: empty, expected at least one ring")
    if sum(len(ring) for part in rings for ring in part) > MAX_VERTICES:
        raise GestureError(f"{path}: more than {MAX_VERTICES} vertices")
    return tuple(Part(part[0], tuple(part[1:])) for part in rings)


def _ring(found: Any, path: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        ring = np.array(_list(found, path), np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise GestureError(f"{path}: expected a list of [x, y]") from error
    if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 3:
        raise GestureError(f"{path}: shape {list(ring.shape)}, expected at least 3 points [x, y]")
    return ring


def _list(found: Any, path: str) -> list[Any]:
    if not isinstance(found, list):
        raise GestureError(f"{path}: {type(found).__name__}, expected a list")
    return found


def text_in(found: dict[str, Any], name: str, path: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT or not _is_unicode(value):
        raise GestureError(f"{path}.{name}: expected a text of 1 to {MAX_TEXT} characters")
    return value


def whole_in(found: dict[str, Any], name: str, path: str) -> int:
    value: Any = found.get(name)
    if not is_id(value):
        raise GestureError(f"{path}.{name}: {value!r:.80}, expected a whole number from 0 on")
    return int(value)


def _number(found: dict[str, Any], name: str) -> float | None:
    value = found.get(name)
    if value is None:
        return None
    if not is_finite(value):
        raise GestureError(f"gesture.{name}: expected a finite number")
    return float(value)


def _is_unicode(text: str) -> bool:
    """JSON may escape half of a surrogate pair, which no database keeps."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
