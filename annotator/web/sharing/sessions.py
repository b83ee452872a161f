"""Cookies that this server signs: who signed in, and a sign-in that is under way. Nothing of either is kept here, so
that several servers behind one address need not ask each other.

Tests: tests/web/sharing/test_oidc.py
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from annotator.web.sharing.login import User


@dataclass(frozen=True)
class Cookie:
    """path: below which a browser sends it. age_s: seconds after which it is worth nothing."""

    name: str
    path: str
    age_s: int

    def header(self, value: str, *, secure: bool) -> str:
        """Of `Set-Cookie`. value: "" takes it away. secure: the browser came over TLS, and sends it over TLS alone."""
        age = self.age_s if value else 0
        # Not Strict: whoever follows a link to a picture is signed in there too.
        flags = f"Max-Age={age}; Path={self.path}; HttpOnly; SameSite=Lax"
        return f"{self.name}={value}; {flags}{'; Secure' if secure else ''}"


class Signer:
    """Signs values for one purpose, and reads them again."""

    def __init__(self, secret: str, purpose: str) -> None:
        from itsdangerous import URLSafeTimedSerializer

        self._serializer = URLSafeTimedSerializer(
            secret,
            salt=f"annotator {purpose}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sign(self, value: Any) -> str:
        """value: anything that JSON holds."""
        return str(self._serializer.dumps(value))

    def read(self, text: str, *, age_s: int) -> Any | None:
        """None for what was not signed here for this purpose, or longer ago."""
        from itsdangerous import BadData

        try:
            return self._serializer.loads(text, max_age=age_s)
        except (BadData, ValueError):
            return None


class Sessions:
    """Who signed in, as a signed value."""

    def __init__(self, secret: str, *, age_s: int) -> None:
        self._signer, self._age_s = Signer(secret, "session"), age_s

    def begin(self, user: User) -> str:
        return self._signer.sign([user.id, user.name])

    def user(self, text: str) -> User | None:
        """None where nobody is, or too long ago."""
        found = self._signer.read(text, age_s=self._age_s) if text else None
        return User(*found) if isinstance(found, list) and len(found) == 2 and all(map(_is_text, found)) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str)
