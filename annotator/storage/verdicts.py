"""A reviewer accepts what is done, or sends it back with a note; and takes either back. All of it stays as history."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, select, update

from annotator.core.errors import GestureError, StaleRevisionError
from annotator.core.people import Role
from annotator.core.review import is_note
from annotator.core.settings import VERDICTS
from annotator.storage import schema
from annotator.storage.database import Database, now
from annotator.storage.gestures import gestures_of
from annotator.storage.images import plain_text
from annotator.storage.instances import among, chunks
from annotator.storage.settings import read_setting, write_setting
from annotator.storage.standing import VERDICT, Verdict, sent_back_to, stands_as

_images, _leases, _verdicts, _gestures = schema.images, schema.leases, schema.verdicts, schema.gestures
_people = schema.people

_REVIEWING = [role.value for role in Role if role.covers(Role.REVIEW)]


@dataclass(frozen=True)
class Said:
    """One verdict on a picture. whom: who did it, "" for anybody. at: ISO 8601. stands: whether it still does."""

    image_id: int
    verdict: Verdict
    note: str
    who: str
    whom: str
    at: str
    stands: bool


class Verdicts:
    """Of a project. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_on(self) -> bool:
        with self._database.read() as connection:
            return bool(read_setting(connection, VERDICTS))

    def switch(self, on: bool) -> None:
        """Off, verdicts stay as they are."""
        with self._database.write() as connection:
            write_setting(connection, VERDICTS, on)

    # --- saying ----------------------------------------------------------------------------------------------------

    # revision: of one picture, as whoever judges it saw it; StaleRevisionError where it is another one by now.

    def accept(self, ids: Sequence[int], *, who: str, revision: int | None = None) -> list[int]:
        """Accept pictures that are done; the ids of those that were not accepted yet.

        Somebody's own work is passed over where another person could review it; a GestureError says so where that
        leaves nothing.
        """
        with self._database.write() as connection:
            waiting = [row for row in _seen(connection, ids, revision) if row.reviewed and not row.accepted]
            own = _own(connection, [row.id for row in waiting], who)
            if waiting and len(own) == len(waiting):
                raise GestureError("this is your own work: another reviewer of the project is to accept it")
            return _say(connection, [row for row in waiting if row.id not in own], Verdict.ACCEPTED, who=who)

    def send_back(self, ids: Sequence[int], *, note: str, who: str, revision: int | None = None) -> list[int]:
        """Have pictures that are done done again, by whoever did each; the ids of these. Raises GestureError."""
        if not is_note(note):
            raise GestureError("verdict.note: expected a text of no more characters than a note has")
        if not plain_text(note).strip():
            raise GestureError("verdict.note: found nothing, expected what is to be done: whoever did it must know")
        with self._database.write() as connection:
            done = [row for row in _seen(connection, ids, revision) if row.reviewed]
            whom = _who_did(connection, [row.id for row in done])
            # Whoever looked at it while they judged it does not keep it from whoever is to do it.
            connection.execute(delete(_leases).where(among(_leases.c.image_id, whom)))
            return _say(connection, done, Verdict.SENT_BACK, who=who, note=note, whom=whom)

    def free(self, ids: Sequence[int], *, who: str, revision: int | None = None) -> list[int]:
        """Let anybody do what was sent back to one person; the ids of these."""
        with self._database.write() as connection:
            _seen(connection, ids, revision)
            return _free(connection, ids, who=who)

    def withdraw(self, ids: Sequence[int], *, who: str, revision: int | None = None) -> list[int]:
        """Take the last verdict on each of these pictures back; the ids of those that had one that stood.

        What was sent back, and not touched since, is done again.
        """
        with self._database.write() as connection:
            said = _last_of(connection, ids)
            seen = _seen(connection, ids, revision)
            rows = [row for row in seen if row.id in said and _stands(said[row.id], row)]
            return _say(connection, rows, Verdict.WITHDRAWN, who=who, done=_untouched(said, rows))

    # --- reading ---------------------------------------------------------------------------------------------------

    def history(self, image_id: int) -> tuple[Said, ...]:
        """All that was said of a picture, the newest last."""
        with self._database.read() as connection:
            row = next(iter(_rows(connection, [image_id])), None)
            found = connection.execute(
                select(_verdicts).where(_verdicts.c.image_id == image_id).order_by(_verdicts.c.id)
            ).all()
        last = found[-1].id if found else None
        return tuple(_said(one, stands=row is not None and one.id == last and _stands(one, row)) for one in found)

    def is_own(self, image_id: int, who: str) -> bool:
        """Whether somebody else is to accept a picture, because it is this person's own work."""
        with self._database.read() as connection:
            return bool(_own(connection, [image_id], who))

    def among(self, ids: Sequence[int]) -> dict[int, str]:
        """By image, how each of these stands: one of core.query.VERDICTS; left out are those that are not done."""
        found = {}
        with self._database.read() as connection:
            said = _last_of(connection, ids)
            for row in _rows(connection, ids):
                if row.reviewed:
                    found[row.id] = "accepted" if row.accepted else "toreview"
                elif row.id in said and said[row.id].verdict == Verdict.SENT_BACK.value:
                    found[row.id] = "sentback"
        return found

    def counts(self) -> dict[str, int]:
        """How many pictures stand how, without those in the bin: by the words of core.query.VERDICTS."""
        accepted = and_(_verdicts.c.verdict == Verdict.ACCEPTED.value, _verdicts.c.revision == _images.c.revision)
        judged = select(func.count()).select_from(_verdicts.join(_images, _images.c.id == _verdicts.c.image_id))
        judged = judged.where(~_images.c.removed, _images.c.reviewed, accepted)
        counted = select(func.count()).select_from(_images).where(~_images.c.removed)
        with self._database.read() as connection:
            done = int(connection.scalar(counted.where(_images.c.reviewed)) or 0)
            taken = int(connection.scalar(judged) or 0)
            again = int(connection.scalar(counted.where(stands_as("sentback"))) or 0)
        return {"toreview": done - taken, "accepted": taken, "sentback": again}


def verdicts_of(connection: Connection, images: Sequence[Row[Any]]) -> dict[int, tuple[str, str]]:
    """The verdicts that stand, each with its note, by image. images: with their id, revision and `reviewed`."""
    said = _last_of(connection, [row.id for row in images])
    standing = (row for row in images if row.id in said and _stands(said[row.id], row))
    return {row.id: (said[row.id].verdict, said[row.id].note) for row in standing}


def let_go_of(connection: Connection, whom: str) -> None:
    """Somebody is not waited for any more: what they hold is free, and anybody may do what was sent back to them."""
    connection.execute(delete(_leases).where(_leases.c.name == whom))
    mine = sent_back_to(whom)
    _free(connection, connection.scalars(select(mine.c.image_id)).all())


def wait_again(connection: Connection, touched: ColumnElement[bool]) -> None:
    """Of the images that fit, those that are accepted wait for a reviewer again: nobody has seen what becomes of them.

    For changes that give a picture no revision; all others end what was accepted by the revision alone. Those in the
    bin are among them. It is nobody's gesture: who merges categories has neither seen nor judged these pictures.
    """
    _end(connection, stands_as("accepted"), touched)


def forget_verdicts(connection: Connection, ids: Sequence[int]) -> None:
    """As the bin is emptied, no verdict on these images stands any more and nobody holds them; the history stays."""
    connection.execute(delete(_leases).where(among(_leases.c.image_id, ids)))
    _end(connection, among(_images.c.id, _last_of(connection, ids)))


def _end(connection: Connection, *fit: ColumnElement[bool]) -> None:
    """No verdict on the images that fit stands any more, and nobody said so."""
    rows: list[Row[Any]] = list(connection.execute(select(_images.c.id, _images.c.revision).where(*fit)))
    _say(connection, rows, Verdict.WITHDRAWN, who="")


def _rows(connection: Connection, ids: Sequence[int]) -> list[Row[Any]]:
    """The images that are there and not in the bin, in the order of the ids, with whether each is accepted."""
    columns = (_images.c.id, _images.c.reviewed, _images.c.revision, stands_as("accepted").label("accepted"))
    wanted = list(dict.fromkeys(ids))
    found: dict[int, Row[Any]] = {}
    for some in chunks(wanted):
        query = select(*columns).where(among(_images.c.id, some), ~_images.c.removed)
        found |= {row.id: row for row in connection.execute(query)}
    return [found[id] for id in wanted if id in found]


def _seen(connection: Connection, ids: Sequence[int], revision: int | None) -> list[Row[Any]]:
    """As `_rows`. Raises StaleRevisionError."""
    rows = _rows(connection, ids)
    if revision is not None and any(row.revision != revision for row in rows):
        raise StaleRevisionError(f"image {ids[0]}: was changed or judged since you looked at it, so look at it again")
    return rows


def _own(connection: Connection, ids: Sequence[int], who: str) -> set[int]:
    """Those that this person did; none where nobody else who has signed in may review."""
    other = select(_people.c.id).where(
        _people.c.name != who, _people.c.login.is_not(None), _people.c.role.in_(_REVIEWING)
    )
    if connection.scalar(other.limit(1)) is None:
        return set()
    return {id for id, name in _who_did(connection, ids).items() if name == who}


def _free(connection: Connection, ids: Sequence[int], *, who: str | None = None) -> list[int]:
    """who: None for whoever sent each back."""
    rows = [row for row in _rows(connection, ids) if not row.reviewed]
    said = _last_of(connection, [row.id for row in rows])
    freed: list[int] = []
    for row in rows:
        last = said.get(row.id)
        if last is not None and last.verdict == Verdict.SENT_BACK.value:
            name = last.who if who is None else who
            freed += _say(connection, [row], Verdict.SENT_BACK, who=name, note=last.note)
    return freed


def _last_of(connection: Connection, ids: Sequence[int]) -> dict[int, Row[Any]]:
    found: dict[int, Row[Any]] = {}
    for some in chunks(list(ids)):
        query = select(_verdicts).where(among(_verdicts.c.image_id, some)).order_by(_verdicts.c.id)
        found |= {row.image_id: row for row in connection.execute(query)}
    return found


def _stands(said: Row[Any], image: Row[Any]) -> bool:
    """Of the last verdict on an image."""
    if said.verdict == Verdict.ACCEPTED.value:
        return bool(image.reviewed) and said.revision == image.revision
    return said.verdict == Verdict.SENT_BACK.value and not image.reviewed


def _untouched(said: dict[int, Row[Any]], rows: Sequence[Row[Any]]) -> set[int]:
    """Those that were sent back, and nobody has worked on since."""
    sent = (row for row in rows if said[row.id].verdict == Verdict.SENT_BACK.value)
    return {row.id for row in sent if said[row.id].revision == row.revision}


def _who_did(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """By image, who did it last, "" where nobody did, as in an import. Whoever took a verdict back did nothing."""
    found = dict.fromkeys(ids, "")
    for some in chunks(list(ids)):
        query = select(_gestures.c.image_id, _gestures.c.who).where(
            among(_gestures.c.image_id, some), _gestures.c.reviewed, _gestures.c.verb != VERDICT
        )
        found |= {row.image_id: row.who for row in connection.execute(query.order_by(_gestures.c.id))}
    return found


def _say(
    connection: Connection,
    rows: Sequence[Row[Any]],
    verdict: Verdict,
    *,
    who: str,
    note: str = "",
    whom: dict[int, str] | None = None,
    done: set[int] | None = None,
) -> list[int]:
    """One verdict and one gesture for each picture; whoever has it open notices the new revision.

    done: those that are done again. Sent back, a picture is not done any more.
    """
    if not rows:
        return []
    client, at = f"{VERDICT}-{secrets.token_hex(8)}", now()
    gestures = gestures_of([(row.id, row.revision) for row in rows], verb=VERDICT, client=client, who=who)
    for gesture in gestures:
        if verdict is Verdict.SENT_BACK:
            gesture["reviewed"] = False
        elif gesture["image_id"] in (done or ()):
            gesture["reviewed"] = True
    connection.execute(insert(_gestures), gestures)
    connection.execute(
        insert(_verdicts),
        [
            {
                "image_id": row.id,
                "revision": row.revision + 1,
                "verdict": verdict.value,
                "note": plain_text(note),
                "who": plain_text(who),
                "whom": (whom or {}).get(row.id, ""),
                "at": at,
            }
            for row in rows
        ],
    )
    ids = [row.id for row in rows]
    new: dict[str, Any] = {"revision": _images.c.revision + 1}
    if verdict is Verdict.SENT_BACK:
        new["reviewed"] = False
    connection.execute(update(_images).where(among(_images.c.id, ids)).values(new))
    if done:
        connection.execute(update(_images).where(among(_images.c.id, done)).values(reviewed=True))
    return ids


def _said(row: Row[Any], *, stands: bool) -> Said:
    return Said(row.image_id, Verdict(row.verdict), row.note, row.who, row.whom, row.at, stands)
