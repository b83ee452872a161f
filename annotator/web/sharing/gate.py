"""Where people sign in before they see the page: nobody else passes, whatever they ask for.

Tests: tests/web/sharing/test_proxy_names.py, tests/web/sharing/test_oidc.py
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from annotator.web.sharing import visitor
from annotator.web.sharing.login import SignIn


class Gate:
    """ASGI middleware behind `Visitors`."""

    def __init__(self, app: ASGIApp, login: SignIn, *, free: Collection[str] = ()) -> None:
        """free: paths that everybody may ask for."""
        self.app, self._login, self._free = app, login, frozenset(free)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._free:
            return await self.app(scope, receive, send)
        asking = visitor.current()
        if asking is None or self._login.user(asking) is None:
            return await self._login.turn_away(scope, send)
        await self.app(scope, receive, send)
