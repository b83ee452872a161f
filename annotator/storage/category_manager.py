"""A project's categories as people arrange them: each change is one transaction and one line of the log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, select

from annotator.core.categories import in_order
from annotator.core.dataset import Category
from annotator.core.errors import CategoryError
from annotator.core.limits import MAX_NAME
from annotator.core.numbers import is_finite
from annotator.core.text import is_plain
from annotator.storage import category_instances, schema
from annotator.storage.categories import CategoryBook, categories, category_name, is_live
from annotator.storage.category_changes import (
    CategoryChange,
    do_again,
    last_change,
    last_undone,
    take_back,
    version,
    write_change,
)
from annotator.storage.category_instances import Uses
from annotator.storage.database import Database
from annotator.storage.images import plain_text

_COLOR = re.compile(r"#[0-9a-f]{6}")
_TABLE = schema.categories


@dataclass(frozen=True)
class Added:
    """What a list of categories brought. `notes` says, a line each, where the project has something else."""

    categories: tuple[Category, ...]
    notes: tuple[str, ...]


class CategoryManager:
    """Renames, merges, removes and arranges categories; whatever is refused raises CategoryError and changes nothing.

    who: the name that stands in the log.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- what there is ---------------------------------------------------------------------------------------------

    def uses(self) -> dict[int, Uses]:
        """By id, how many instances there are of each category that has some."""
        with self._database.read() as connection:
            return category_instances.uses(connection)

    def last(self) -> CategoryChange | None:
        """The latest change that can be undone."""
        with self._database.read() as connection:
            return last_change(connection)

    def last_undone(self) -> CategoryChange | None:
        """The change that was undone last, where it can be done again."""
        with self._database.read() as connection:
            return last_undone(connection)

    def version(self) -> str:
        """Another text as soon as a category has changed, is new or gone."""
        with self._database.read() as connection:
            return version(connection)

    # --- changes ---------------------------------------------------------------------------------------------------

    def rename(self, id: int, name: str, *, who: str) -> None:
        """Another name for a category; its id stays, and so does what networks and files mean by its old name."""
        if not is_plain(name):
            raise CategoryError(f"category: expected a name of 1 to {MAX_NAME} printable characters")
        name = category_name(name)
        with self._database.write() as connection:
            row = _live(connection, id)
            _require_free(connection, name, beside={id})
            origin = row.known_as or row.name
            write_change(
                connection, "rename", {id: {"name": name, "known_as": None if origin == name else origin}}, who=who
            )

    def set_supercategory(self, id: int, supercategory: str, *, who: str) -> None:
        """ "" where it has none."""
        if len(supercategory) > MAX_NAME or not is_plain(supercategory):
            raise CategoryError(f"supercategory: expected at most {MAX_NAME} printable characters")
        self._set(id, "supercategory", plain_text(supercategory).strip(), who=who)

    def set_color(self, id: int, color: str | None, *, who: str) -> None:
        """color: `#rrggbb`; None gives the one that follows from its place."""
        if color is not None and not is_color(color):
            raise CategoryError(f"color: {color!r:.40}, expected #rrggbb")
        self._set(id, "color", color, who=who)

    def set_threshold(self, id: int, threshold: float | None, *, who: str) -> None:
        """The lowest score of its suggestions that are shown; None: the general threshold."""
        if threshold is not None and not (is_finite(threshold) and 0 <= threshold <= 1):
            raise CategoryError(f"threshold: {threshold!r:.40}, expected 0 to 1")
        self._set(id, "threshold", None if threshold is None else float(threshold), who=who)

    def set_digit(self, id: int, digit: int | None, *, who: str) -> None:
        """The key that gives the category; whichever had that key loses it. None: one that is free, by its place."""
        if digit is not None and digit not in range(1, 10):
            raise CategoryError(f"digit: {digit!r:.40}, expected 1 to 9")
        with self._database.write() as connection:
            _live(connection, id)
            others = [] if digit is None else [one.id for one in categories(connection) if one.digit == digit]
            after: dict[int, dict[str, Any]] = {other: {"digit": None} for other in others if other != id}
            write_change(connection, "digit", after | {id: {"digit": digit}}, who=who)

    def reorder(self, ids: Sequence[int], *, who: str) -> None:
        """Lists show these categories in this order; others that are there meanwhile come behind them."""
        with self._database.write() as connection:
            there = [one.id for one in in_order(categories(connection))]
            wanted = [id for id in dict.fromkeys(ids) if id in there]
            order = [*wanted, *(id for id in there if id not in set(wanted))]
            write_change(connection, "order", {id: {"position": place} for place, id in enumerate(order)}, who=who)

    def merge(self, id: int, *, into: int, who: str) -> None:
        """Everything of a category is of another from now on, which keeps its id; its own id counts as that."""
        with self._database.write() as connection:
            _live(connection, id)
            _live(connection, into)
            if id == into:
                raise CategoryError(f"category {id}: cannot be merged into itself")
            earlier = connection.scalars(select(_TABLE.c.id).where(_TABLE.c.merged_into == id))
            after = {other: {"merged_into": into} for other in (id, *earlier)}
            write_change(connection, "merge", after, who=who)
            category_instances.move(connection, id, into=into)

    def remove(self, id: int, *, who: str) -> None:
        """A category and all of its instances are gone; networks do not suggest it again."""
        with self._database.write() as connection:
            _live(connection, id)
            write_change(connection, "remove", {id: {"removed": True}}, who=who)
            category_instances.hide(connection, id)

    def add(self, wanted: Iterable[Category], *, who: str) -> Added:
        """A list of categories; a name that is there already stays as it is. An id of 0 is none in particular."""
        notes = []
        with self._database.write() as connection:
            book = CategoryBook(connection)
            fresh = []
            for category in (replace(one, name=category_name(one.name)) for one in wanted):
                mine = book.named(category.name)
                if mine is None:
                    mine = book.join(category) if category.id else book.add(category)
                    fresh.append(mine)
                else:
                    book.complete(mine, category)
                if category.id not in (0, mine.id):
                    notes.append(f"category {category.id} {category.name!r:.80} is category {mine.id} in the project")
            if fresh:
                ids = [one.id for one in fresh]
                before, after = ({id: {"removed": value} for id in ids} for value in (True, False))
                write_change(connection, "add", after, before=before, who=who)
        return Added(tuple(fresh), tuple(notes))

    def undo(self, change_id: int, *, who: str) -> None:
        """Take back the latest change. What was decided about instances since then stays as it was decided."""
        with self._database.write() as connection:
            change = last_change(connection)
            if change is None or change.id != change_id:
                raise CategoryError("categories: something else was changed since, so nothing is undone")
            if change.verb == "add":
                _require_unused(connection, change.after)
            for id, values in change.before.items():
                if "name" in values:
                    _require_free(connection, values["name"], beside={id})
            take_back(connection, change, who=who)
            for category_id in {values["merged_into"] for values in change.after.values() if "merged_into" in values}:
                category_instances.sort_out(connection, category_id)
            for id, values in change.before.items():
                if values.get("removed") is False:
                    category_instances.bring_back(connection, id)

    def redo(self, change_id: int, *, who: str) -> None:
        """Make the change again that was undone last, on what there is by now."""
        with self._database.write() as connection:
            change = last_undone(connection)
            if change is None or change.id != change_id:
                raise CategoryError("categories: something else was changed since, so nothing is done again")
            for id, values in change.after.items():
                if "name" in values:
                    _require_free(connection, values["name"], beside={id})
            do_again(connection, change, who=who)
            for id, values in change.after.items():
                if values.get("merged_into") is not None:
                    category_instances.move(connection, id, into=values["merged_into"])
                if values.get("removed"):
                    category_instances.hide(connection, id)

    def _set(self, id: int, column: str, value: Any, *, who: str) -> None:
        with self._database.write() as connection:
            _live(connection, id)
            write_change(connection, column, {id: {column: value}}, who=who)  # type: ignore[arg-type]


def is_color(text: str) -> bool:
    return _COLOR.fullmatch(text) is not None


def _live(connection: Connection, id: int) -> Row[Any]:
    """Raises CategoryError where no category has the id, or not any more."""
    row = connection.execute(select(_TABLE).where(_TABLE.c.id == id)).one_or_none()
    if row is None:
        raise CategoryError(f"category {id}: is not in the project")
    if not is_live(row):
        became = "was removed" if row.removed else f"was merged into category {row.merged_into}"
        raise CategoryError(f"category {row.name!r:.80}: {became} meanwhile")
    return row


def _require_free(connection: Connection, name: str, *, beside: set[int]) -> None:
    taken = next((one for one in categories(connection) if one.name == name and one.id not in beside), None)
    if taken is not None:
        raise CategoryError(f"category {name!r:.80}: exists already (category {taken.id}); merge the two instead")


def _require_unused(connection: Connection, ids: Iterable[int]) -> None:
    counted = category_instances.uses(connection)
    for id in ids:
        if id in counted:
            raise CategoryError(f"category {id}: has instances by now, so that it is not taken back")
