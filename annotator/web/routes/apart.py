"""What somebody must not see yet of a picture that two people annotate apart: what the other one made of it.

It is asked here for every route of one picture, before the route; and lists leave out what it names. A reviewer sees
both takes. Where nobody signs in, nobody is told apart.

Tests: tests/web/routes/test_twice.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import Depends, Request

from annotator.core.people import Role
from annotator.core.query import Query, Term, of_ids
from annotator.storage.store import Store
from annotator.web.people import NotAllowedError, may, who_asks
from annotator.web.projects import Projects
from annotator.web.routes.requests import OF_PROJECT, who_decides

CHANGES = "images/{image_id}/gestures"
OPENS = "images/{image_id}"
"""Asked as well whether a take is another person's: what may not be saved is not opened either."""

TELLS_NOTHING = frozenset(
    {
        "pictures/{image_id}",
        "thumbnails/{image_id}",
        CHANGES,
        "images/{image_id}/lease",
    }
)
"""Paths below a project that name a picture and say nothing of what people made of it; any other one is kept apart."""


TOLD = frozenset(("name", "number"))
"""Terms of an expression that ask for nothing of what people made of a picture."""


class UnseenError(NotAllowedError):
    """A picture that somebody must not see yet, so that two people decide apart from each other."""


def apart_guards(projects: Projects) -> Sequence[Any]:
    """What a router asks before each of its routes: nothing where nobody signs in."""

    def may_see(request: Request) -> None:
        """Raises UnseenError, and as `Projects.use` does."""
        asked, route = request.path_params.get("image_id", ""), request.scope.get("route")
        if not asked.isdecimal() or route is None:
            return
        key, image_id, path = request.path_params["key"], int(asked), route.path.removeprefix(OF_PROJECT)
        with projects.use(key) as store:
            if path in (OPENS, CHANGES) and closed_takes(projects, store, key, (image_id,)):
                raise UnseenError(f"{_apart(image_id)}, and this take of it is not yours")
            if path not in TELLS_NOTHING and kept_apart(projects, store, key, (image_id,)):
                raise UnseenError(f"{_apart(image_id)}, and the other take of it is yours")

    return [] if projects.login is None else [Depends(may_see)]


def _apart(image_id: int) -> str:
    return f"image {image_id}: two people annotate it apart from each other"


def closed_takes(projects: Projects, store: Store, key: str, image_ids: Sequence[int] | None = None) -> frozenset[int]:
    """Those of these pictures, or of all, whose take is another person's than whoever asks, who may not review."""
    if who_asks(projects) is None or may(projects, key, Role.REVIEW):
        return frozenset()
    return store.twice.closed_to(who_decides(projects, key), image_ids)


def kept_apart(projects: Projects, store: Store, key: str, image_ids: Sequence[int] | None = None) -> frozenset[int]:
    """Those of these pictures, or of all, that whoever asks must not see: the other take is theirs.

    None for whoever may review.
    """
    if who_asks(projects) is None:
        return frozenset()
    found = store.twice.kept_from(who_decides(projects, key), image_ids)
    return frozenset() if not found or may(projects, key, Role.REVIEW) else found


def seen_only(projects: Projects, store: Store, key: str, query: Query) -> Query:
    """The expression without the pictures of `kept_apart`, where it asks what people made of them."""
    asks = any(term.field.name not in TOLD and not _is_of_review(term) for term in query.terms)
    hidden = kept_apart(projects, store, key) if asks else frozenset()
    if not hidden:
        return query
    return Query((*query.terms, *(replace(term, negated=True) for term in of_ids(hidden).terms)))


def _is_of_review(term: Term) -> bool:
    """Whether it asks no more than whether a picture is reviewed, which every row tells."""
    return term.field.name == "state" and set(term.texts) <= {"reviewed", "unreviewed"}


def without_apart(projects: Projects, store: Store, key: str, listed: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """listed: instances as the page knows them, each with the id of its `image`."""
    hidden = kept_apart(projects, store, key, [one["image"] for one in listed])
    return [one for one in listed if one["image"] not in hidden]
