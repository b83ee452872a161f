"""What a server is told of the OpenID Connect provider by which people sign in.

Tests: tests/web/sharing/test_oidc.py
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from annotator.core.errors import AnnotatorError
from annotator.system.environment import number_above_0

ISSUER = "ANNOTATOR_OIDC_ISSUER"
CLIENT_ID = "ANNOTATOR_OIDC_CLIENT_ID"
CLIENT_SECRET = "ANNOTATOR_OIDC_CLIENT_SECRET"  # noqa: S105, the name of a variable
SCOPES = "ANNOTATOR_OIDC_SCOPES"
NAME = "ANNOTATOR_OIDC_NAME"
HOURS = "ANNOTATOR_SESSION_HOURS"

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class OidcSettings:
    """issuer: as the provider writes it. name: the claim that people are known by, "" for a proved email
    or else the provider's own id. age_s: how
    long somebody stays signed in, in seconds.
    """

    issuer: str
    client_id: str
    client_secret: str
    scopes: str = "openid profile email"
    name: str = ""
    age_s: int = 12 * 3600

    @classmethod
    def from_environment(cls) -> OidcSettings | None:
        """None where no issuer is named. Raises AnnotatorError in one line where something is missing."""
        issuer = os.environ.get(ISSUER, "").strip()
        if not issuer:
            return None
        parts = urlsplit(issuer)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        if not is_safe or not parts.hostname:
            raise AnnotatorError(
                f"{ISSUER}: found {issuer[:100]!r}, expected an address like https://login.example.org"
            )
        missing = [one for one in (CLIENT_ID, CLIENT_SECRET) if not os.environ.get(one)]
        if missing:
            raise AnnotatorError(f"{ISSUER}: signing in also needs {' and '.join(missing)}")
        if any(importlib.util.find_spec(one) is None for one in ("authlib", "itsdangerous")):
            raise AnnotatorError(f"{ISSUER}: signing in needs the extra team: pip install 'photo-annotator[team]'")
        scopes = os.environ.get(SCOPES, "") or cls.scopes
        if "openid" not in scopes.split():
            raise AnnotatorError(f"{SCOPES}: found {scopes[:100]!r}, expected openid among them")
        try:
            age_s = round(number_above_0(HOURS, cls.age_s / 3600) * 3600)
        except ValueError as error:
            raise AnnotatorError(str(error)) from error
        name = os.environ.get(NAME, "")
        return cls(issuer, os.environ[CLIENT_ID], os.environ[CLIENT_SECRET], scopes, name, age_s)
