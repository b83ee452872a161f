"""The people of a project and their roles, as rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from annotator.core.people import PeopleError, Person, Role, checked_person, folded_person, is_login_of
from annotator.storage import schema
from annotator.storage.answers import AnswersReader
from annotator.storage.database import Database, now
from annotator.storage.people_figures import FiguresReader, PersonFigures
from annotator.storage.verdicts import let_go_of

_people = schema.people


class People:
    """Of a project. Safe to use from several threads, and beside other processes."""

    def __init__(self, database: Database, evidence: AnswersReader) -> None:
        self._database = database
        self._figures = FiguresReader(database, evidence)

    def all(self) -> tuple[Person, ...]:
        """In the order in which they were added."""
        with self._database.read() as connection:
            return _all(connection)

    def figures(self) -> tuple[PersonFigures, ...]:
        """What everybody did who ever decided something, and those who have not yet; who did most comes first."""
        return self._figures.read(self.all())

    def role_of(self, login: str, name: str) -> Role | None:
        """What somebody may do, as `person_of` finds them."""
        found = self.person_of(login, name)
        return None if found is None else found.role

    def person_of(self, login: str, name: str) -> Person | None:
        """Somebody who signed in; None where they are none of the project's people.

        login: their stable id. name: what they are called today. Whoever was added by name gets the id at their first
        visit, and is known by it from then on. Their name here stays, so that all that they do is one person's.
        """
        with self._database.read() as connection:
            found = _known(connection, login)
            if found is not None or _awaited(connection, login, name) is None:
                return found
        with self._database.write() as connection:
            found, awaited = _known(connection, login), _awaited(connection, login, name)
            if found is None and awaited is not None:
                _change(connection, awaited, login=login)
            return _known(connection, login)

    def claim(self, login: str, name: str) -> bool:
        """Make somebody the manager of a project that has no people yet; whether it had none."""
        with self._database.write() as connection:
            if _all(connection):
                return False
            _add(connection, name, Role.MANAGE, by=name, login=login)
            return True

    def add(self, name: str, role: Role, *, by: str) -> Person:
        """Raises PeopleError for a name that none can have, or that is there already."""
        name = checked_person(name)
        with self._database.write() as connection:
            if any(folded_person(one.name) == folded_person(name) for one in _all(connection)):
                raise PeopleError(f"{name} is one of the project's people already")
            return _person(_add(connection, name, role, by=by))

    def set_role(self, id: int, role: Role, *, revision: int) -> Person:
        """revision: of the person, as whoever asks saw them. Raises PeopleError where they are another one by now."""
        with self._database.write() as connection:
            found = _require(connection, id, revision)
            if role is not Role.MANAGE:
                _require_manager_beside(connection, found)
            if role is not found.role:
                _change(connection, found, role=role.value)
            return _require(connection, id, None)

    def remove(self, id: int, *, revision: int) -> None:
        """Take somebody out; what they did stays, what they held is free. Raises as `set_role` does."""
        with self._database.write() as connection:
            found = _require(connection, id, revision)
            _require_manager_beside(connection, found)
            connection.execute(delete(_people).where(_people.c.id == id))
            let_go_of(connection, found.name)


def _all(connection: Connection) -> tuple[Person, ...]:
    return tuple(map(_person, connection.execute(select(_people).order_by(_people.c.id))))


def _known(connection: Connection, login: str) -> Person | None:
    row = connection.execute(select(_people).where(_people.c.login == login)).one_or_none()
    return None if row is None else _person(row)


def _awaited(connection: Connection, login: str, name: str) -> Person | None:
    """Who was added by this name and has not signed in since, or did so by this login as it was written before."""
    named = [one for one in _all(connection) if folded_person(one.name) == folded_person(name)]
    return next((one for one in named if one.login is None or is_login_of(one.login, login)), None)


def _add(connection: Connection, name: str, role: Role, *, by: str, login: str | None = None) -> Row[Any]:
    values = {"name": name, "role": role.value, "login": login, "revision": 1, "added_at": now(), "added_by": by}
    return connection.execute(insert(_people).values(values).returning(_people)).one()


def _change(connection: Connection, person: Person, **values: str) -> None:
    changed = update(_people).where(_people.c.id == person.id)
    connection.execute(changed.values(revision=person.revision + 1, **values))


def _require(connection: Connection, id: int, revision: int | None) -> Person:
    row = connection.execute(select(_people).where(_people.c.id == id)).one_or_none()
    if row is None:
        raise PeopleError("this person was taken out of the project meanwhile")
    person = _person(row)
    if revision not in (None, person.revision):
        raise PeopleError(f"{person.name} was changed meanwhile, and has the role {person.role.value} now: look again")
    return person


def _require_manager_beside(connection: Connection, person: Person) -> None:
    """Raise PeopleError where nobody would manage the project without this person.

    Who never signed in may be a slip of the pen: for somebody who did, they do not count.
    """
    if person.role is not Role.MANAGE:
        return
    others = [one for one in _all(connection) if one.id != person.id and one.role is Role.MANAGE]
    if not any(one.login is not None or person.login is None for one in others):
        raise PeopleError(f"{person.name} is the only one who manages this project: let somebody else manage it first")


def _person(row: Row[Any]) -> Person:
    return Person(row.id, row.login, row.name, Role(row.role), row.revision, row.added_at, row.added_by)
