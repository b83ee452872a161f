"""Signing in with any OpenID Connect provider: the authorization code flow with state, nonce and PKCE, by Authlib.

A browser comes to `/signin`, goes to the provider, and comes back to `/signin/callback`; from then on a signed cookie
says who it is. What went wrong on the way is one line on a page of its own, and nobody is signed in then.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope, Send

from annotator.core.people import PeopleError, checked_person
from annotator.core.text import escaped, first_unseen
from annotator.web.sharing.answers import answer
from annotator.web.sharing.forwarded import ROOT
from annotator.web.sharing.login import SignInError, User
from annotator.web.sharing.oidc_settings import OidcSettings
from annotator.web.sharing.requests import header
from annotator.web.sharing.sessions import Cookie, Sessions, Signer
from annotator.web.sharing.sign_in_failures import Failure, failure_of
from annotator.web.sharing.sign_in_pages import sign_in_page
from annotator.web.sharing.visitor import OUR_COOKIE, Visitor

SIGN_IN, CALLBACK, SIGN_OUT = "/signin", "/signin/callback", "/signout"

UNDER_WAY_S = 600
"""For so long a sign-in may be under way."""

MOST_UNDER_WAY, MOST_WANTED = 3, 300
"""Sign-ins in one browser, in several tabs, and characters of where each wanted to go: a cookie holds no more."""

LEEWAY_S = 60
"""By so much the clocks of the two servers may differ."""

_PATIENCE_S = 10.0
_FLOW = "annotator_sign_in"

_log = logging.getLogger(__name__)


class Oidc:
    """A `SignIn`."""

    has_page = False
    way_out = SIGN_OUT.lstrip("/")

    def __init__(self, settings: OidcSettings) -> None:
        from authlib.integrations.starlette_client import OAuth

        self._settings = settings
        # Whoever knows the secret is the provider or this server; several servers of one address know the same.
        self._sessions = Sessions(settings.client_secret, age_s=settings.age_s)
        self._flows = Signer(settings.client_secret, "sign-in")
        self._client: Any = OAuth().register(
            "provider",
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": settings.scopes, "code_challenge_method": "S256", "timeout": _PATIENCE_S},
        )

    def user(self, visitor: Visitor) -> User | None:
        return self._sessions.user(visitor.signed)

    async def turn_away(self, scope: Scope, send: Send) -> None:
        """Whoever opens the page goes to sign in, and comes back to where they wanted."""
        is_page = scope["method"] == "GET" and scope["path"] == "/" and "text/html" in header(scope, b"accept")
        if not is_page:
            return await answer(send, 401, str(SignInError()))
        wanted = quote(scope.get("query_string", b"").decode("latin-1"), safe="")
        # The empty fragment: a browser would else carry that of this address, which may hold a key, to the provider.
        target = f"{scope.get(ROOT, '')}{SIGN_IN}?to={wanted}#"
        headers = {"location": target, "cache-control": "no-store"}
        await answer(send, 303, str(SignInError()), headers=headers)

    # --- its routes -------------------------------------------------------------------------------------------------

    async def sign_in(self, request: Request) -> Response:
        try:
            await self._metadata()
            request.scope["session"] = self._flow_of(request)
            callback = _address(request, CALLBACK)
            asked = await self._client.create_authorization_url(callback)
            address = asked.pop("url")
            wanted = request.query_params.get("to", "")
            wanted = wanted if len(wanted) <= MOST_WANTED else ""
            await self._client.save_authorize_data(request, redirect_uri=callback, to=wanted, **asked)
        except Exception as error:
            return self._told(request, failure_of(error))
        # The latest last: an older tab begins anew.
        kept = dict(list(request.session.items())[-MOST_UNDER_WAY:])
        answered = RedirectResponse(f"{address}#", status_code=303, headers={"cache-control": "no-store"})
        flow = self._flow_cookie(request).header(self._flows.sign(kept), secure=_is_secure(request))
        answered.headers.append("set-cookie", flow)
        return answered

    async def callback(self, request: Request) -> Response:
        flows = self._flow_of(request)
        request.scope["session"] = dict(flows)
        began = flows.get(f"_state_provider_{request.query_params.get('state', '')}", {})
        try:
            if not began:  # what such an address says of an error, anybody may have written
                raise Failure("state")
            user = await self._finish(request)
        except Exception as error:
            return self._told(request, failure_of(error))
        wanted = began.get("data", {}).get("to", "")
        target = f"{_root(request)}/{f'?{wanted}' if wanted else ''}"
        answered = RedirectResponse(quote(target, safe="/?&=%+~:,@-._"), 303, headers={"cache-control": "no-store"})
        secure = _is_secure(request)
        answered.headers.append("set-cookie", self._cookie(request).header(self._sessions.begin(user), secure=secure))
        answered.headers.append("set-cookie", self._flow_cookie(request).header("", secure=secure))
        return answered

    async def sign_out(self, request: Request) -> Response:
        """Of this server, in this browser; the provider still knows who they are."""
        page = self._page(request, "signed_out", status=200)
        page.headers.append("set-cookie", self._cookie(request).header("", secure=_is_secure(request)))
        return page

    # --- within -----------------------------------------------------------------------------------------------------

    async def _metadata(self) -> Any:
        metadata = await self._client.load_server_metadata()
        if metadata.get("issuer") != self._settings.issuer:
            self._client.server_metadata.clear()  # asked again, once somebody has set it right
            raise Failure("issuer", status=502)
        return metadata

    async def _finish(self, request: Request) -> User:
        await self._metadata()
        # Signing in is rare: the provider's keys are those of today, however it renews them.
        self._client.server_metadata.pop("jwks", None)
        options = {
            "iss": {"essential": True, "value": self._settings.issuer},
            "aud": {"essential": True, "value": self._settings.client_id},
        }
        token = await self._client.authorize_access_token(request, claims_options=options, leeway=LEEWAY_S)
        claims = token.get("userinfo")
        if claims is None:
            raise Failure("strange", "no id_token", 502)
        name = self._name_in(claims)
        if not name and (await self._metadata()).get("userinfo_endpoint"):
            more = await self._client.userinfo(token=token)
            name = self._name_in(more) if more.get("sub") == claims["sub"] else ""
        if not name and not self._settings.name:
            name = _person_or_nobody(claims["sub"])
        if not name:
            raise Failure("nameless", self._settings.name or "sub")
        return User(f"{claims['sub']} of {self._settings.issuer}", name)

    def _name_in(self, claims: Any) -> str:
        """By which claim somebody is known, "" where the provider does not say it.

        Roles are given by this name: it must be nothing that people may write themselves, as what they want to be
        called or an address that nobody has proved. A claim that the server was told of may leave open whether it is.
        """
        claim, proved = self._settings.name or "email", claims.get("email_verified")
        is_proved = proved in (True, "true") or (bool(self._settings.name) and proved is None)
        return "" if claim == "email" and not is_proved else _person_or_nobody(claims.get(claim))

    def _flow_of(self, request: Request) -> dict[str, Any]:
        found = self._flows.read(request.cookies.get(_FLOW, ""), age_s=UNDER_WAY_S)
        return found if isinstance(found, dict) else {}

    def _cookie(self, request: Request) -> Cookie:
        return Cookie(OUR_COOKIE, f"{_root(request)}/", self._settings.age_s)

    def _flow_cookie(self, request: Request) -> Cookie:
        return Cookie(_FLOW, f"{_root(request)}{SIGN_IN}", UNDER_WAY_S)

    def _told(self, request: Request, failure: Failure) -> Response:
        _log.warning("signing in: %s %s", failure.name, escaped(failure.why)[:300])
        return self._page(request, failure.name, status=failure.status, why=failure.why)

    def _page(self, request: Request, name: str, *, status: int, why: str = "") -> Response:
        accepted = request.headers.get("accept-language", "")
        return sign_in_page(name, accepted=accepted, target=f"{_root(request)}{SIGN_IN}", status=status, why=why)


def _person_or_nobody(name: object) -> str:
    try:
        return checked_person(name)
    except PeopleError as error:
        if isinstance(name, str) and first_unseen(name.strip()) is not None:
            raise Failure("unseen", str(error)) from error
        return ""


def _root(request: Request) -> str:
    return str(request.scope.get(ROOT, ""))


def _is_secure(request: Request) -> bool:
    return bool(request.scope["scheme"] == "https")


def _address(request: Request, path: str) -> str:
    """Under which a browser finds a path of this server, proxies and all."""
    return f"{request.scope['scheme']}://{request.headers.get('host', '')}{_root(request)}{path}"
