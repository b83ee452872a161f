"""The rows of categories."""

from __future__ import annotations

import json

from sqlalchemy import Connection, insert, select, update

from annotator.core.categories import COCO_BY_NAME, FIRST_OWN_ID
from annotator.core.dataset import Category
from annotator.core.errors import StoreError
from annotator.core.limits import MAX_NAME
from annotator.storage import schema
from annotator.storage.images import plain_text
from annotator.storage.stored import json_of

_ADD_CATEGORY = insert(schema.categories)


def categories(connection: Connection) -> tuple[Category, ...]:
    """Every category, in order of id."""
    rows = connection.execute(select(schema.categories).order_by(schema.categories.c.id))
    return tuple(
        Category(row.id, row.name, row.supercategory, json_of(row.extra, f"category {row.id}")) for row in rows
    )


def category_name(name: str) -> str:
    """A category's name as it is kept. Raises StoreError if nothing is left of it, or too much."""
    plain = plain_text(name).strip()
    if not 1 <= len(plain) <= MAX_NAME:
        raise StoreError(f"category {plain!r:.80}: a name of {len(plain)} characters, expected 1 to {MAX_NAME}")
    return plain


class CategoryBook:
    """A project's categories while some are added, inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._by_id: dict[int, Category] = {}
        self._by_name: dict[str, Category] = {}
        self._next = FIRST_OWN_ID
        for category in categories(connection):
            self._enter(category)

    def named(self, name: str) -> Category | None:
        """The category of this very name; the first one where several have it."""
        return self._by_name.get(name)

    def add(self, category: Category, *, id: int | None = None) -> Category:
        """Add a category under the wanted id, else under COCO's own for its name, else under the next from 91 on.

        Raises StoreError if the wanted id belongs to another category.
        """
        coco = COCO_BY_NAME.get(category.name)
        if id is not None and id in self._by_id:
            raise StoreError(f"category {category.name!r}: id {id} is taken by {self._by_id[id].name!r}")
        if id is None and coco is not None and coco.id not in self._by_id:
            id = coco.id
        if id is None:
            id = self._next
        supercategory = category.supercategory or (coco.supercategory if coco is not None else "")
        added = Category(id, category.name, plain_text(supercategory), category.extra)
        row = {"id": id, "name": added.name, "supercategory": added.supercategory, "extra": json.dumps(added.extra)}
        self._connection.execute(_ADD_CATEGORY, row)
        self._enter(added)
        return added

    def join(self, category: Category) -> Category:
        """Add a category that comes with an id, under that id where it is free."""
        return self.add(category, id=None if category.id in self._by_id else category.id)

    def complete(self, mine: Category, other: Category) -> None:
        """Add to a category of the project what another of that name says beyond it; what it says itself stays."""
        extra = {**other.extra, **mine.extra}
        supercategory = mine.supercategory or plain_text(other.supercategory)
        if (extra, supercategory) != (mine.extra, mine.supercategory):
            table = schema.categories
            values = {"extra": json.dumps(extra), "supercategory": supercategory}
            self._connection.execute(update(table).where(table.c.id == mine.id).values(values))

    def _enter(self, category: Category) -> None:
        self._by_id[category.id] = category
        self._by_name.setdefault(category.name, category)
        self._next = max(self._next, category.id + 1)
