"""The queue as a list to work from: which pictures fit, a stretch of them, and what is done to many of them at once."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, insert, select, update

from annotator.core.dataset import State
from annotator.core.limits import MAX_FLAGS, MAX_NOTE
from annotator.core.query import EVERYTHING, FIELDS, Query, Term
from annotator.storage import categories, images, schema, search
from annotator.storage.database import Database
from annotator.storage.gestures import gestures_of
from annotator.storage.images import QueueRow
from annotator.storage.instances import among, chunks
from annotator.storage.search import Search
from annotator.storage.shapes import measure_for
from annotator.storage.stored import json_of

REVIEW = "review"
FLAG = "flag"
"""The verbs of gestures that mark a picture, and change no instance."""

TO_DO = Query((Term(FIELDS["state"], ("unreviewed",)),))
NEW = Query((Term(FIELDS["state"], ("new",)),))


class Worklist:
    """Images in an order that was asked for. Those in the bin are not among them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def version(self) -> str:
        """Another text as soon as anybody has stored anything; asked for before what is then read."""
        return self._database.version()

    def ids(self, asked: Search) -> list[int]:
        """The ids of all images that fit, in order."""
        measure_for(self._database, asked.query)
        with self._database.read() as connection:
            return search.matching_ids(connection, asked)

    def rows(self, ids: Sequence[int]) -> tuple[QueueRow, ...]:
        """These images with how many of their instances stand where; what is gone is left out."""
        found: list[QueueRow] = []
        with self._database.read() as connection:
            for some in chunks(ids):
                found += images.queue(connection, some)
        return tuple(found)

    def counts(self) -> tuple[int, int]:
        """How many images there are, and how many of these are reviewed."""
        with self._database.read() as connection:
            return images.review_counts(connection)

    def undecided(self, threshold: float, only: Query = EVERYTHING) -> tuple[int, int]:
        """How many reviewed images hold suggestions from the threshold on that nobody decided about, and how many."""
        asked = Search(Query((*only.terms, *NEW.terms)), threshold=threshold)
        table = schema.instances
        measure_for(self._database, only)
        with self._database.read() as connection:
            found = search.matching_ids(connection, asked)
            above = search.is_above(threshold, categories.categories(connection))
            counts = _counts(connection, table.c.state == State.SUGGESTED.value, above) if found else {}
        return len(found), sum(counts.get(id, 0) for id in found)

    def accepted(self, ids: Sequence[int]) -> int:
        """How many accepted instances these images hold."""
        with self._database.read() as connection:
            counts = _counts(connection, schema.instances.c.state == State.ACCEPTED.value)
        return sum(counts.get(id, 0) for id in set(ids))

    def missing(self, ids: Sequence[int]) -> list[int]:
        """Which of these are gone, or in the bin."""
        with self._database.read() as connection:
            there = {row.id for row in _standing(connection, ids)}
        return [id for id in dict.fromkeys(ids) if id not in there]

    def mark_reviewed(self, ids: Sequence[int], reviewed: bool, *, who: str) -> list[int]:
        """Mark images reviewed, or not: a gesture for each that is not so yet; the ids of these.

        Images that are gone, or in the bin, are passed over: see `missing`.
        """
        with self._database.write() as connection:
            changed = [row for row in _standing(connection, ids) if row.reviewed is not reviewed]
            if changed:
                client = f"{REVIEW}-{secrets.token_hex(8)}"
                revisions = [(row.id, row.revision) for row in changed]
                rows = gestures_of(revisions, verb=REVIEW, client=client, who=who, reviewed=reviewed)
                connection.execute(insert(schema.gestures), rows)
                table = schema.images
                new = {"reviewed": reviewed, "revision": table.c.revision + 1}
                _change(connection, [row.id for row in changed], new)
        return [row.id for row in changed]

    def flag(self, ids: Sequence[int], flag: str, on: bool, *, who: str) -> list[int]:
        """Give images a flag, or take it from them: a gesture for each that it changes; the ids of these.

        Images that are gone, or in the bin, and those that have MAX_FLAGS, are passed over.
        """
        flag = images.plain_text(flag)
        with self._database.write() as connection:
            changed = {}
            for row in _standing(connection, ids):
                before = set(json_of(row.flags, f"image {row.id}"))
                after = before | {flag} if on else before - {flag}
                if after != before and len(after) <= MAX_FLAGS:
                    changed[row.id] = (row.revision, json.dumps(sorted(after)))
            client = f"{FLAG}-{secrets.token_hex(8)}"
            revisions = [(id, revision) for id, (revision, _) in changed.items()]
            rows = gestures_of(revisions, verb=FLAG, client=client, who=who)
            for flags in {flags for _, flags in changed.values()}:
                same = [id for id, (_, after) in changed.items() if after == flags]
                _change(connection, same, {"flags": flags, "revision": schema.images.c.revision + 1})
            if rows:
                said = [{**row, "flags": changed[row["image_id"]][1]} for row in rows]
                connection.execute(insert(schema.gestures), said)
        return list(changed)

    def note_failures(self, reasons: Mapping[int, str]) -> None:
        """Note why images could not be pre-labelled; it stands until they are."""
        table = schema.images
        rows = [{"of": id, "failure": images.plain_text(reason)[:MAX_NOTE]} for id, reason in reasons.items()]
        if rows:
            with self._database.write() as connection:
                connection.execute(update(table).where(table.c.id == bindparam("of"), ~table.c.removed), rows)

    def remove(self, ids: Sequence[int]) -> list[int]:
        """Put images into the bin; the ids of those that were not in it."""
        with self._database.write() as connection:
            there = [row.id for row in _standing(connection, ids)]
            _change(connection, there, {"removed": True})
        return there


def _counts(connection: Connection, *conditions: ColumnElement[bool]) -> dict[int, int]:
    """How many instances each image has that fit."""
    table = schema.instances
    query = select(table.c.image_id, func.count()).where(*conditions).group_by(table.c.image_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def _standing(connection: Connection, ids: Iterable[int]) -> list[Row[Any]]:
    """The rows of those that are there and not in the bin, in the order of the ids."""
    table = schema.images
    wanted = list(dict.fromkeys(ids))
    columns = (table.c.id, table.c.reviewed, table.c.revision, table.c.flags)
    query: Select[Any] = select(*columns).where(among(table.c.id, wanted), ~table.c.removed)
    found = {row.id: row for row in connection.execute(query)}
    return [found[id] for id in wanted if id in found]


def _change(connection: Connection, ids: Sequence[int], values: dict[str, Any]) -> None:
    table = schema.images
    connection.execute(update(table).where(among(table.c.id, ids)).values(values))
