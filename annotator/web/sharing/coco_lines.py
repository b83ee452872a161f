"""The answer of the child to the server: JSON, one item a line. It cannot run code, and no line is long enough to block
the interpreter for others.

Somebody who takes over the child can write anything here, so each value is checked again when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import chain
from typing import Any, TypeAlias

import numpy as np

from annotator.core import masks
from annotator.core.dataset import Category, Dataset, Image, Instance, State, Suggestion, without_mask
from annotator.core.errors import GeometryError
from annotator.core.limits import MAX_FLAGS, MAX_SIDE
from annotator.core.masks import Rle
from annotator.core.numbers import is_finite, is_id
from annotator.core.polygons import Part, Ring
from annotator.core.problems import Problem
from annotator.core.review import is_flag, is_note
from annotator.exchange.coco import Results

Answer: TypeAlias = Dataset | Results | list[Problem]


_END = ["end"]


class AnswerError(Exception):
    """An answer that no child of ours gives."""


def to_lines(answer: Answer) -> Iterator[bytes]:
    for item in chain(_items(answer), [_END]):
        yield json.dumps(item, separators=(",", ":")).encode("ascii") + b"\n"


def _items(answer: Answer) -> Iterator[list[Any]]:
    if isinstance(answer, list):
        yield ["problems"]
        yield from (["problem", asdict(problem)] for problem in answer)
    elif isinstance(answer, Results):
        yield ["results", answer.boxes, answer.empty]
        for image_id, suggestions in answer.suggestions.items():
            for one in suggestions:
                size = [one.rle.height, one.rle.width]
                yield ["suggestion", image_id, one.category_id, one.score, size, one.rle.counts, one.source]
    else:
        yield ["dataset", answer.extra]
        for category in answer.categories:
            yield ["category", category.id, category.name, category.supercategory, category.extra]
        for image in answer.images:
            yield [
                "image",
                image.id,
                image.file_name,
                image.width,
                image.height,
                image.reviewed,
                image.extra,
                image.note,
                image.flags,
            ]
        yield from map(_instance_to_item, answer.instances)


def _instance_to_item(one: Instance) -> list[Any]:
    parts = None if one.parts is None else [[ring.tolist() for ring in (part.outer, *part.holes)] for part in one.parts]
    ids = [one.id, one.image_id, one.category_id]
    said = [one.crowd, one.flags, one.note, one.locked]
    return ["instance", *ids, one.rle.counts, parts, one.source, one.score, said, one.extra]


def from_lines(lines: Iterable[bytes]) -> Answer:
    """Raises AnswerError where it is no answer, or one with a value that a dataset cannot have."""
    found = iter(lines)
    try:
        kind, *rest = json.loads(next(found))
        items = _until_end(map(json.loads, found))
        if kind == "problems":
            return [_problem(**item) for _, item in items]
        if kind == "results":
            return _results(rest, items)
        if kind == "dataset":
            return _dataset(rest, items)
    except (ValueError, TypeError, KeyError, StopIteration, RecursionError, OverflowError, GeometryError) as error:
        raise AnswerError(f"{type(error).__name__}: {error}") from error
    raise AnswerError("neither problems, nor results, nor a dataset")


def _until_end(items: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """A child that dies while it answers leaves half of it."""
    for item in items:
        if item == _END:
            return
        yield item
    raise ValueError("no end")


def _require(*conditions: bool) -> None:
    if not all(conditions):
        raise ValueError("a value that a dataset cannot have")


def _problem(level: Any, path: str, message: str, file: str, more: int) -> Problem:
    _require(level in ("error", "warning", "note"), is_id(more), *(isinstance(x, str) for x in (path, message, file)))
    return Problem(level, path, message, file, more)


def _results(rest: list[Any], items: Iterator[list[Any]]) -> Results:
    boxes, empty = rest
    _require(is_id(boxes), is_id(empty))
    found: dict[int, list[Suggestion]] = {}
    for _, image_id, category_id, score, (height, width), counts, source in items:
        _require(is_id(image_id), is_id(category_id), is_finite(score) and 0 <= score <= 1, _is_source(source))
        rle = _rle(counts, height, width)
        found.setdefault(image_id, []).append(Suggestion(category_id, float(score), rle, source))
    return Results({image_id: tuple(suggestions) for image_id, suggestions in found.items()}, boxes, empty)


def _dataset(rest: list[Any], items: Iterator[list[Any]]) -> Dataset:
    (extra,) = rest
    _require(isinstance(extra, dict))
    categories: dict[int, Category] = {}
    images: dict[int, Image] = {}
    instances: dict[int, Instance] = {}
    for kind, id, *values in items:
        _require(is_id(id))
        if kind == "category":
            categories[id] = _category(id, *values)
        elif kind == "image":
            images[id] = _image(id, values)
        else:
            image_id, category_id, *others = values
            _require(kind == "instance", category_id in categories)
            instances[id] = _instance(id, images[image_id], category_id, others)
    aside = (annotation["category_id"] in categories for image in images.values() for annotation in without_mask(image))
    _require(*aside)
    return Dataset(tuple(categories.values()), tuple(images.values()), tuple(instances.values()), extra)


def _are_flags(found: Any) -> bool:
    return isinstance(found, list) and all(map(is_flag, found)) and len(found) <= MAX_FLAGS


def _category(id: int, name: Any, supercategory: Any, extra: Any) -> Category:
    _require(isinstance(name, str), isinstance(supercategory, str), isinstance(extra, dict))
    return Category(id, name, supercategory, extra)


def _image(id: int, values: list[Any]) -> Image:
    file_name, width, height, reviewed, extra, note, flags = values
    sides = (is_id(side) and 1 <= side <= MAX_SIDE for side in (width, height))
    _require(isinstance(file_name, str), *sides, isinstance(reviewed, bool), isinstance(extra, dict))
    _require(is_note(note), _are_flags(flags))
    said = {"note": note, "flags": tuple(sorted(set(flags)))}
    return Image(id, file_name, width, height, "", reviewed=reviewed, extra=extra, **said)


def _instance(id: int, image: Image, category_id: int, values: list[Any]) -> Instance:
    counts, parts, source, score, (crowd, flags, note, locked), extra = values
    _require(_is_source(source), isinstance(crowd, bool), isinstance(locked, bool), isinstance(extra, dict))
    _require(_are_flags(flags), is_note(note))
    _require(score is None or (is_finite(score) and 0 <= score <= 1))
    return Instance(
        id=id,
        key=str(id),
        image_id=image.id,
        category_id=category_id,
        state=State.ACCEPTED,
        rle=_rle(counts, image.height, image.width),
        parts=None if parts is None else tuple(map(_part, parts)),
        source=source,
        score=None if score is None else float(score),
        crowd=crowd,
        flags=tuple(sorted(set(flags))),
        note=note,
        locked=locked,
        extra=extra,
    )


def _is_source(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable()


def _rle(counts: Any, height: Any, width: Any) -> Rle:
    _require(isinstance(counts, str), type(height) is int, type(width) is int)
    rle = masks.checked_rle(counts, height=height, width=width)
    _require(masks.rle_area(rle) > 0)
    return rle


def _part(rings: list[Any]) -> Part:
    outer, *holes = map(_ring, rings)
    return Part(outer, tuple(holes))


def _ring(points: Any) -> Ring:
    ring = np.array(points, np.float64)
    _require(ring.ndim == 2 and ring.shape[1:] == (2,) and len(ring) >= 3, bool(np.isfinite(ring).all()))
    ring.setflags(write=False)
    return ring
