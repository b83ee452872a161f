"""The rows of categories: those of the project, and those that were merged into others or removed.

A category's row stays for ever, so that its id is never given to another and the history can name it. What was merged
counts as the category that it was merged into; `Standing` says so to whoever reads or writes an id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, case, insert, literal, select, update
from sqlalchemy.sql import ColumnElement

from annotator.core.categories import COCO_BY_NAME, FIRST_OWN_ID
from annotator.core.dataset import Category
from annotator.core.errors import StoreError
from annotator.core.limits import MAX_NAME
from annotator.storage import schema
from annotator.storage.images import plain_text
from annotator.storage.stored import json_of

_TABLE = schema.categories
_ADD_CATEGORY = insert(_TABLE)
_ALL = select(_TABLE).order_by(_TABLE.c.id)
_STANDING = select(_TABLE.c.id, _TABLE.c.merged_into, _TABLE.c.removed)


def categories(connection: Connection) -> tuple[Category, ...]:
    """Every category that is neither merged nor removed, in order of id."""
    rows = connection.execute(_ALL).all()
    merged: dict[int, list[int]] = {}
    for row in rows:
        if row.merged_into is not None:
            merged.setdefault(row.merged_into, []).append(row.id)
    live = (category_of(row) for row in rows if is_live(row))
    return tuple(replace(one, also=tuple(merged[one.id])) if one.id in merged else one for one in live)


def category_of(row: Row[Any]) -> Category:
    return Category(
        id=row.id,
        name=row.name,
        supercategory=row.supercategory,
        extra=json_of(row.extra, f"category {row.id}"),
        color=row.color,
        position=row.position,
        digit=row.digit,
        threshold=row.threshold,
    )


def is_live(row: Row[Any]) -> bool:
    return row.merged_into is None and not row.removed


def category_name(name: str) -> str:
    """A category's name as it is kept. Raises StoreError if nothing is left of it, or too much."""
    plain = plain_text(name).strip()
    if not 1 <= len(plain) <= MAX_NAME:
        raise StoreError(f"category {plain!r:.80}: a name of {len(plain)} characters, expected 1 to {MAX_NAME}")
    return plain


def least_score(general: float, known: Iterable[Category]) -> ColumnElement[float]:
    """Of `schema.instances`: the threshold that counts for a suggestion, its category's own or the general one."""
    own = {one.id: one.threshold for one in known if one.threshold is not None}
    return case(own, value=schema.instances.c.category_id, else_=general) if own else literal(general)


@dataclass(frozen=True)
class Standing:
    """What each category's id counts as: itself, or what it was merged into. `removed` are among those."""

    ids: dict[int, int]
    removed: frozenset[int]

    def of(self, category_id: int) -> int:
        """An id that no category has stays as it is."""
        return self.ids.get(category_id, category_id)

    def is_live(self, category_id: int) -> bool:
        return category_id in self.ids and self.ids[category_id] not in self.removed


def standing(connection: Connection) -> Standing:
    """What every category counts as at this moment."""
    rows = connection.execute(_STANDING).all()
    ids = {row.id: row.id if row.merged_into is None else row.merged_into for row in rows}
    return Standing(ids, frozenset(row.id for row in rows if row.removed))


def revive(connection: Connection, ids: Iterable[int]) -> None:
    """Bring removed categories back, without the instances that went with them."""
    connection.execute(update(_TABLE).where(_TABLE.c.id.in_(list(ids))).values(removed=False))


class CategoryBook:
    """A project's categories while some are added, inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._by_id: dict[int, Category] = {}
        self._by_name: dict[str, Category] = {}
        self._removed: dict[str, Category] = {}
        # By the names that a category had before, or that one had which it took in.
        self._former: dict[str, Category] = {}
        self._gone: dict[str, int] = {}
        self._next = FIRST_OWN_ID
        rows = connection.execute(_ALL).all()
        removed = {row.id for row in rows if row.removed}
        for row in rows:
            self._by_id[row.id] = category_of(row)
            self._next = max(self._next, row.id + 1)
            if is_live(row):
                self._by_name.setdefault(row.name, self._by_id[row.id])
            elif row.merged_into is None:
                self._removed.setdefault(row.name, self._by_id[row.id])
        for row in rows:
            counts_as = row.id if row.merged_into is None else row.merged_into
            for name in {row.name, row.known_as or row.name}:
                if counts_as in removed:
                    self._gone.setdefault(name, counts_as)
                else:
                    self._former.setdefault(name, self._by_id[counts_as])

    def named(self, name: str) -> Category | None:
        """The category of this very name; the first one where several have it."""
        return self._by_name.get(name)

    def meant(self, name: str) -> Category | None:
        """What a network or a file means by a name: the category that has it, else the one that had it."""
        return self._by_name.get(name) or self._former.get(name)

    def gone(self, name: str) -> int | None:
        """The id of the removed category that is meant by a name, where no other is."""
        return None if self.meant(name) is not None else self._gone.get(name)

    def add(self, category: Category, *, id: int | None = None) -> Category:
        """Add a category under the wanted id, else under COCO's own for its name, else under the next from 91 on.

        One that was removed comes back under its own id. Raises StoreError if the wanted id is another category's.
        """
        gone = self._removed.pop(category.name, None)
        if gone is not None:
            revive(self._connection, [gone.id])
            self._by_name.setdefault(gone.name, gone)
            return gone
        coco = COCO_BY_NAME.get(category.name)
        if id is not None and id in self._by_id:
            raise StoreError(f"category {category.name!r}: id {id} is taken by {self._by_id[id].name!r}")
        if id is None and coco is not None and coco.id not in self._by_id:
            id = coco.id
        if id is None:
            id = self._next
        supercategory = category.supercategory or (coco.supercategory if coco is not None else "")
        added = replace(category, id=id, supercategory=plain_text(supercategory))
        row = {"id": id, "name": added.name, "supercategory": added.supercategory, "extra": json.dumps(added.extra)}
        self._connection.execute(_ADD_CATEGORY, row | {"removed": False})
        self._by_id[id] = added
        self._by_name.setdefault(added.name, added)
        self._next = max(self._next, id + 1)
        return added

    def join(self, category: Category) -> Category:
        """Add a category that comes with an id, under that id where it is free."""
        return self.add(category, id=None if category.id in self._by_id else category.id)

    def complete(self, mine: Category, other: Category) -> None:
        """Add to a category of the project what another of that name says beyond it; what it says itself stays."""
        extra = {**other.extra, **mine.extra}
        supercategory = mine.supercategory or plain_text(other.supercategory)
        if (extra, supercategory) != (mine.extra, mine.supercategory):
            values = {"extra": json.dumps(extra), "supercategory": supercategory}
            self._connection.execute(update(_TABLE).where(_TABLE.c.id == mine.id).values(values))
