"""Why nobody is signed in, as whoever tried is told.

Tests: tests/web/sharing/test_oidc.py
"""

from __future__ import annotations


class Failure(Exception):  # noqa: N818, it is told and ends there
    """name: of the text that says why nobody is signed in. why: what it leaves open."""

    def __init__(self, name: str, why: str = "", status: int = 403) -> None:
        super().__init__(f"{name} {why}".rstrip())
        self.name, self.why, self.status = name, why, status


_CLAIMS = {"nonce": "nonce", "aud": "audience", "azp": "audience", "iss": "issuer"}

_CLIENTS = ("httpx", "httpx2", "httpcore", "httpcore2")
"""Authlib takes httpx or its successor, whose errors have no base in common."""


def failure_of(error: Exception) -> Failure:
    """error: of Authlib, or of what it works with."""
    from authlib.integrations.base_client import MismatchingStateError, OAuthError
    from joserfc import errors as tokens

    if isinstance(error, tokens.InvalidClaimError | tokens.MissingClaimError):
        name = _CLAIMS.get(str(getattr(error, "claim", "")))
        return Failure("strange", str(error)) if name is None else Failure(name)
    if isinstance(error, OSError) or type(error).__module__.partition(".")[0] in _CLIENTS:
        return Failure("down", status=503)
    told = (
        (Failure, error),
        (MismatchingStateError, Failure("state")),
        (OAuthError, Failure("refused", str(getattr(error, "description", "") or error))),
        (tokens.ExpiredTokenError, Failure("expired")),
        (tokens.BadSignatureError, Failure("signature")),
        (tokens.InvalidKeyIdError, Failure("signature")),
    )
    found = next((failure for kind, failure in told if isinstance(error, kind)), None)
    return found if isinstance(found, Failure) else Failure("strange", type(error).__name__, 502)
