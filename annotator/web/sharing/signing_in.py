"""Which way of signing in a server was told to use, and the routes that belong to it.

Tests: tests/web/sharing/test_proxy_names.py, tests/web/sharing/test_oidc.py
"""

from __future__ import annotations

from fastapi import FastAPI

from annotator.core.errors import AnnotatorError
from annotator.web.sharing.login import SWITCH, Login, SignIn
from annotator.web.sharing.oidc import CALLBACK, SIGN_IN, SIGN_OUT, Oidc
from annotator.web.sharing.oidc_settings import ISSUER, OidcSettings
from annotator.web.sharing.proxy_names import ProxyNames
from annotator.web.sharing.visitor import USER_HEADER


def choose_sign_in() -> SignIn | None:
    """The one that the environment asks for, None where nobody signs in. Raises AnnotatorError."""
    settings = OidcSettings.from_environment()
    ways: dict[str, SignIn | None] = {
        SWITCH: Login.from_environment(),
        USER_HEADER: ProxyNames.from_environment(),
        ISSUER: None if settings is None else Oidc(settings),
    }
    chosen = {name: way for name, way in ways.items() if way is not None}
    if len(chosen) > 1:
        raise AnnotatorError(f"{' and '.join(chosen)} are two ways of signing in: expected one")
    return next(iter(chosen.values()), None)


def add_sign_in_routes(server: FastAPI, login: SignIn | None) -> tuple[str, ...]:
    """The paths that everybody may ask for, signed in or not."""
    if not isinstance(login, Oidc):
        return ()
    server.add_route(SIGN_IN, login.sign_in, methods=["GET"])
    server.add_route(CALLBACK, login.callback, methods=["GET"])
    server.add_route(SIGN_OUT, login.sign_out, methods=["POST"])
    return SIGN_IN, CALLBACK, SIGN_OUT
