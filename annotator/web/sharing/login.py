"""Signing in with Hugging Face, for private work on a Space: a project is its owner's, and its key alone opens nothing.

Gradio runs the exchange with Hugging Face (`gr.LoginButton`, `hf_oauth: true` in the README's front matter) and keeps
who it was in a signed cookie. Here that cookie is only read.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import time
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.types import Scope, Send

from annotator.core.errors import AnnotatorError
from annotator.system import paths
from annotator.web.sharing.answers import answer
from annotator.web.sharing.visitor import Visitor

SWITCH = "ANNOTATOR_LOGIN"
_NEEDED = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL")
_MAX_AGE_S = 14 * 24 * 3600


class SignInError(AnnotatorError):
    """Nobody is signed in, and this server asks for it. What was not saved can be saved afterwards."""

    def __init__(self, line: str = "sign in to go on: nothing that this page holds is lost") -> None:
        super().__init__(line)


@dataclass(frozen=True)
class User:
    """id: survives a new name. name: as others see it."""

    id: str
    name: str


class SignIn(Protocol):
    """One way in which people say who they are.

    has_page: whether the page is for everybody, and has the button to sign in itself. way_out: the path, below the
    page, by which somebody signs out; "" where that is not this server's to offer.
    """

    has_page: bool
    way_out: str

    def user(self, visitor: Visitor) -> User | None:
        """Who signed in, None where nobody did."""

    async def turn_away(self, scope: Scope, send: Send) -> None:
        """Answer a request of somebody who is not signed in. Not asked where `has_page`."""


class Login:
    """Reads who signed in with Hugging Face."""

    has_page = True
    way_out = ""

    def __init__(self, secret: str) -> None:
        """secret: OAUTH_CLIENT_SECRET, with which Gradio signs."""
        from itsdangerous import TimestampSigner

        # As gradio.oauth.attach_oauth makes it.
        self._signer = TimestampSigner(hashlib.sha256(f"{secret}-v4".encode()).hexdigest())

    @classmethod
    def from_environment(cls) -> Login | None:
        """None where ANNOTATOR_LOGIN is not 1. Raises AnnotatorError where it is and nobody could sign in."""
        if os.environ.get(SWITCH, "0") in ("", "0"):
            return None
        missing = [name for name in _NEEDED if not os.environ.get(name)]
        if not paths.on_a_space() or missing:
            raise AnnotatorError(
                f"{SWITCH}: signing in works on a Hugging Face Space with `hf_oauth: true` in its README "
                f"(not set here: {', '.join(missing) or 'SPACE_ID'})"
            )
        if any(importlib.util.find_spec(name) is None for name in ("authlib", "itsdangerous")):
            raise AnnotatorError(f"{SWITCH}: signing in needs `pip install gradio[oauth]`")
        return cls(os.environ["OAUTH_CLIENT_SECRET"])

    async def turn_away(self, scope: Scope, send: Send) -> None:
        await answer(send, 401, str(SignInError()))

    def user(self, visitor: Visitor) -> User | None:
        """Who signed in, None where nobody did, where it is too long ago, or where the cookie is not Gradio's."""
        from itsdangerous import BadSignature

        try:
            session = json.loads(base64.b64decode(self._signer.unsign(visitor.session, max_age=_MAX_AGE_S)))
            found: dict[str, Any] = session["oauth_info"]
            if found.get("expires_at", 0) < time.time():
                return None
            person = found["userinfo"]
            return User(str(person["sub"]), str(person["preferred_username"])[:100])
        except (BadSignature, ValueError, KeyError, TypeError, AttributeError):
            return None
