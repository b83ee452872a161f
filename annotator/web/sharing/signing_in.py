"""Which way of signing in a server was told to use.

Tests: tests/web/sharing/test_proxy_names.py
"""

from __future__ import annotations

from annotator.core.errors import AnnotatorError
from annotator.web.sharing.login import SWITCH, Login, SignIn
from annotator.web.sharing.proxy_names import ProxyNames
from annotator.web.sharing.visitor import USER_HEADER


def choose_sign_in() -> SignIn | None:
    """The one that the environment asks for, None where nobody signs in. Raises AnnotatorError."""
    ways = {SWITCH: Login.from_environment(), USER_HEADER: ProxyNames.from_environment()}
    chosen = {name: way for name, way in ways.items() if way is not None}
    if len(chosen) > 1:
        raise AnnotatorError(f"{' and '.join(chosen)} are two ways of signing in: expected one")
    return next(iter(chosen.values()), None)
