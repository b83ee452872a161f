"""The people of a project: who may do what.

Tests: tests/storage/test_people.py
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from annotator.core.errors import StoreError
from annotator.core.text import first_unseen

MAX_PERSON_NAME = 100
"""Characters."""

BY_PROXY = "proxy:"
"""Before a name that a proxy's header says, it is a login."""


class PeopleError(StoreError):
    """A change of a project's people that cannot be made; nothing has changed."""


class Role(StrEnum):
    """Each may do what the ones before it may."""

    ANNOTATE = "annotate"
    REVIEW = "review"
    MANAGE = "manage"

    def covers(self, other: Role) -> bool:
        """Whether who has this role may do what the other one may."""
        order = tuple(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True)
class Person:
    """One of a project's people.

    login: the stable id that signing in gives, None until they sign in for the first time under this name.
    name: by which they were added, and by which the project knows them for ever, whatever they are called later.
    revision: one more with each change, so that a change of an older state is noticed. added_at: ISO 8601.
    """

    id: int
    login: str | None
    name: str
    role: Role
    revision: int
    added_at: str
    added_by: str


def checked_person(name: object) -> str:
    """A person's name as it is kept, with single spaces in it and none around. Raises PeopleError."""
    plain = " ".join(one for one in name.split(" ") if one) if isinstance(name, str) else ""
    unseen = first_unseen(plain)
    if unseen is not None:
        raise PeopleError(
            f"the person's name: found {plain!r:.120}, expected no character that nobody sees, as U+{ord(unseen):04X}"
        )
    if not 0 < len(plain) <= MAX_PERSON_NAME:
        raise PeopleError(
            f"the person's name: found {name!r:.120}, expected 1 to {MAX_PERSON_NAME} printable characters"
        )
    return unicodedata.normalize("NFC", plain)


def checked_role(role: object) -> Role:
    """Raises PeopleError."""
    try:
        return Role(str(role))
    except ValueError:
        raise PeopleError(f"role: found {role!r:.80}, expected {', '.join(Role)}") from None


def folded_person(name: str) -> str:
    """Two names with the same one are one person's: capitals, and other forms of the same letters, do not count."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def is_login_of(kept: str | None, login: str) -> bool:
    """Whether a login that a project keeps is this one. Of a proxy's names, old projects have the capitals as well."""
    return kept == login or (kept is not None and login.startswith(BY_PROXY) and folded_person(kept) == login)
