"""Which role each route is for. It is asked here, before the route, and nowhere else.

Whoever is one of a project's people may read. What changes it is for those who manage it, unless it stands below: a
route that is forgotten here is closed to too many, never open to too many.

Tests: tests/web/routes/test_roles.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import Depends, Request

from annotator.core.people import Role
from annotator.web.people import require
from annotator.web.projects import Projects
from annotator.web.routes.requests import OF_PROJECT

NEEDED: dict[tuple[str, str], Role] = {
    ("POST", "images/{image_id}/gestures"): Role.ANNOTATE,
    ("POST", "images/{image_id}/mask"): Role.ANNOTATE,
    ("POST", "images/{image_id}/prompt"): Role.ANNOTATE,
    ("POST", "queue/review"): Role.ANNOTATE,
    ("POST", "queue/flag"): Role.ANNOTATE,
    ("POST", "queue/next"): Role.ANNOTATE,
    ("POST", "verdicts"): Role.REVIEW,
    ("POST", "images/{image_id}/lease"): Role.ANNOTATE,
    ("DELETE", "images/{image_id}/lease"): Role.ANNOTATE,  # their own: the route looks whose it is
    ("POST", "leases/leave"): Role.ANNOTATE,
    ("POST", "looks"): Role.ANNOTATE,
    ("POST", "looks/cancel"): Role.ANNOTATE,
    ("POST", "presence"): Role.ANNOTATE,
    ("POST", "archive"): Role.ANNOTATE,  # makes a project of their own
    ("POST", "exports/ahead"): Role.ANNOTATE,  # tells what would leave, and writes nothing
    ("POST", "insight/unseen/check"): Role.ANNOTATE,  # tells what a sample says: the route takes back for a manager
    ("POST", "twice/next"): Role.ANNOTATE,
    ("GET", "twice/images/{image_id}"): Role.REVIEW,
    ("POST", "twice/images/{image_id}"): Role.REVIEW,
    # What takes everything away with it.
    ("GET", "archive"): Role.MANAGE,
    ("GET", "archive/check"): Role.MANAGE,
    ("GET", "exports/{name}"): Role.MANAGE,
}
"""By method and path below a project, where it is not as above."""


def role_for(method: str, path: str) -> Role:
    """The role that a request needs. path: of the route, with `{key}`."""
    reads = method in ("GET", "HEAD")
    asked = ("GET" if reads else method, path.removeprefix(OF_PROJECT))
    return NEEDED.get(asked, Role.ANNOTATE if reads else Role.MANAGE)


def guards_of(projects: Projects) -> Sequence[Any]:
    """What a router asks before each of its routes: nothing where nobody signs in."""

    def may_do(request: Request) -> None:
        """Raises NotAllowedError, and as `Projects.use` does."""
        key, route = request.path_params.get("key"), request.scope.get("route")
        if key is None or route is None:
            return
        needed = role_for(request.method, route.path)
        if needed is not Role.ANNOTATE:  # which is everybody who can open it
            require(projects, key, needed)

    return [] if projects.login is None else [Depends(may_do)]
