"""Who asks, and what they may do in a project. Where nobody signs in, everybody may do everything."""

from __future__ import annotations

from annotator.core.errors import AnnotatorError
from annotator.core.people import Role
from annotator.web.projects import Projects
from annotator.web.sharing.login import User

_MAY = {
    Role.ANNOTATE: "annotate",
    Role.REVIEW: "review what others did",
    Role.MANAGE: "manage it",
}


class NotAllowedError(AnnotatorError):
    """Somebody who may open a project, and not do this in it."""


def who_asks(projects: Projects) -> User | None:
    """Whose work is done: a stable id and a name; None where nobody signs in, and in the server's own work."""
    return projects.user()


def may(projects: Projects, key: str, role: Role) -> bool:
    """Whether whoever asks may do in a project what a role may. Raises UnknownProjectError, SignInError."""
    return projects.role(key).covers(role)


def require(projects: Projects, key: str, role: Role) -> None:
    """Raises NotAllowedError unless `may`, and as it does."""
    found = projects.role(key)
    if not found.covers(role):
        line = f"your role in this project is to {found.value}; this is for those who may {_MAY[role]}"
        raise NotAllowedError(f"{line}: ask somebody who manages it")
