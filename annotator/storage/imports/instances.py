"""The instances of an imported file: known already, met by another outline, or new."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from annotator.core.dataset import Instance, State
from annotator.core.errors import CocoError
from annotator.core.masks import Rle
from annotator.core.review import MANUAL
from annotator.core.same_objects import same_objects
from annotator.core.torn_objects import pieces_of
from annotator.storage import schema
from annotator.storage.imports.earlier import EarlierVersions
from annotator.storage.imports.ids import InstanceIds
from annotator.storage.imports.work import Work
from annotator.storage.instances import chunks, require_room, row_of
from annotator.storage.stored import json_of
from annotator.storage.votes import vote_of

_Key = tuple[int, int, str]
"""The project's image, its category, and the mask's counts: equal ones are one object."""


def import_instances(work: Work) -> None:
    """Add new instances, accept those that a model suggested, and treat those met by another outline as asked."""
    comparison = _Comparison(work)
    entering = _Entering(work)
    for instance in work.dataset.instances:
        work.step()
        key, row = comparison.keys.get(instance.id), comparison.same.get(instance.id)
        met, is_piece = comparison.met.get(instance.id), instance.id in comparison.pieces
        keeps = row is not None and row.state == State.ACCEPTED.value
        if keeps and row is not None and comparison.differs_as_crowd(row, instance):
            met, row, keeps = row, None, work.how.on_conflict != "replace"
        is_skipped = work.how.on_conflict == "skip" and (met is not None or is_piece)
        if key is None or keeps or instance.id in comparison.earlier or is_skipped:
            work.instances_known += 1
            continue
        mine = replace(instance, image_id=key[0], category_id=key[1], state=State.ACCEPTED)
        if met is not None and work.how.on_conflict == "replace":
            entering.replace(met, mine)
            work.instances_known += 1
        elif row is not None:
            entering.accept(row, mine)
            work.instances_added += 1
        else:
            entering.add(mine)
            work.instances_added += 1
    entering.write()
    require_room(work.connection, list(work.touched), error=CocoError)
    work.instances_met += len(comparison.met) + len(comparison.pieces)
    work.earlier += sorted(comparison.earlier)


class _Comparison:
    """What each of a file's instances is in the project, by its id in the file.

    keys: all but those that another entry of the same picture brings too. same: the row that it is, exactly, or that a
    model suggested for the same object. met: the accepted row that shows the same object by another outline. pieces:
    those that make up such a row together with the one that met it.
    """

    def __init__(self, work: Work) -> None:
        table = schema.instances
        there: dict[_Key, list[Row[Any]]] = {}
        for some in chunks(sorted({work.image_ids[image.id] for image in work.dataset.images})):
            query = select(table).where(table.c.image_id.in_(some), table.c.state != State.DELETED.value)
            for row in work.connection.execute(query.order_by(table.c.id)):
                there.setdefault((row.image_id, row.category_id, row.rle), []).append(row)
        self.keys = _keys_of(work)
        # What the file has as it is now comes first: only what is left over may be an earlier version of something.
        self.same = {id: there[key].pop() for id, key in self.keys.items() if there.get(key)}
        shown = {image_id for image_id, _, _ in there}
        earlier = EarlierVersions(work.connection, shown, current={row.key for row in self.same.values()})
        self.earlier: set[int] = set()
        left: dict[tuple[int, int], list[Instance]] = {}
        for instance in work.dataset.instances:
            work.step()
            key = self.keys.get(instance.id)
            if key is None or instance.id in self.same or key[0] not in shown:
                continue
            if earlier.take(key):
                self.earlier.add(instance.id)
            else:
                left.setdefault(key[:2], []).append(instance)
        self._work = work
        self.met: dict[int, Row[Any]] = {}
        self.pieces: set[int] = set()
        self._meet(left, there, spoken_of=earlier.spoken_of)

    def _meet(
        self,
        left: Mapping[tuple[int, int], list[Instance]],
        there: Mapping[_Key, list[Row[Any]]],
        *,
        spoken_of: set[str],
    ) -> None:
        rows: dict[tuple[int, int], list[Row[Any]]] = {}
        for (image_id, category_id, _), some in there.items():
            if (image_id, category_id) in left:
                rows.setdefault((image_id, category_id), []).extend(
                    row for row in some if row.state != State.REJECTED.value and row.key not in spoken_of
                )
        for group, candidates in rows.items():
            self._work.step()
            found = left[group]
            size = found[0].rle
            known = [Rle(size.height, size.width, row.rle) for row in candidates]
            rles = [one.rle for one in found]
            matches = same_objects(rles, known)
            for index, other in matches.items():
                row = candidates[other]
                matched = self.met if row.state == State.ACCEPTED.value else self.same
                matched[found[index].id] = row
            met = set(matches.values())
            for index, other in pieces_of(rles, known, matches).items():
                if candidates[other].state != State.ACCEPTED.value:
                    continue
                if other in met:
                    self.pieces.add(found[index].id)
                else:
                    self.met[found[index].id] = candidates[other]
                met.add(other)

    def differs_as_crowd(self, row: Row[Any], instance: Instance) -> bool:
        """Whether the same mask is a crowd in the file or in the project alone, which is noted.

        False where it was once in the project as it is in the file: that is an older export.
        """
        if row.crowd == instance.crowd:
            return False
        was = schema.decisions.c
        once = select(was.id).where(was.key == row.key, was.rle == row.rle, was.crowd.is_(instance.crowd))
        if self._work.connection.execute(once.limit(1)).first():
            return False
        here, there = ("no crowd", "a crowd") if instance.crowd else ("a crowd", "no crowd")
        now = f"was {here} in the project, and is {there} now" if self._work.how.on_conflict == "replace" else ""
        self._work.note(
            f"annotation {instance.id}", now or f"is {here} in the project, which keeps that, and {there} here"
        )
        return True


def _keys_of(work: Work) -> dict[int, _Key]:
    keys: dict[int, _Key] = {}
    brought_by: dict[_Key, int] = {}
    for instance in work.dataset.instances:
        key = work.image_ids[instance.image_id], work.category_ids[instance.category_id], instance.rle.counts
        # A picture that the file lists twice is one image: what both show is one object.
        if brought_by.setdefault(key, instance.image_id) == instance.image_id:
            keys[instance.id] = key
    return keys


class _Entering:
    """Instances on their way into the project; each joins what the history is told of."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._ids = InstanceIds(work)
        self._new: list[dict[str, Any]] = []

    def add(self, instance: Instance) -> None:
        mine = replace(instance, key=secrets.token_hex(8))
        mine = replace(mine, id=self._ids.take(instance.id, mine))
        self._new.append({**row_of(mine), "id": mine.id})
        self._touch(mine)

    def accept(self, row: Row[Any], instance: Instance) -> None:
        """What a model suggested is what the file holds: it is accepted by that, with the file's outline."""
        self._ids.release(row.key)
        mine = replace(instance, key=row.key, source=row.source, score=row.score, vote=vote_of(row))
        mine = replace(mine, id=self._ids.take(instance.id, mine), edited=row.edited or instance.rle.counts != row.rle)
        self._change(mine)

    def replace(self, row: Row[Any], instance: Instance) -> None:
        """The file's outline for an instance of the project, which keeps its number and where it comes from."""
        extra = {**json_of(row.extra, f"instance {row.key}"), **instance.extra}
        mine = replace(instance, id=row.id, key=row.key, source=row.source, score=row.score, extra=extra)
        self._change(replace(mine, vote=vote_of(row), edited=row.source != MANUAL))

    def _change(self, mine: Instance) -> None:
        table = schema.instances
        values = {**row_of(mine), "id": mine.id, "of": mine.key}
        statement = update(table).where(table.c.key == bindparam("of"))
        self._work.connection.execute(statement, values)
        self._touch(mine)

    def _touch(self, mine: Instance) -> None:
        self._work.touched.setdefault(mine.image_id, []).append(mine)

    def write(self) -> None:
        if self._new:
            self._work.connection.execute(insert(schema.instances), self._new)
