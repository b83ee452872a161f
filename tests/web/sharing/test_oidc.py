"""Signing in with an OpenID Connect provider: the whole way there and back, and each thing that can be wrong."""

import re
import time
from dataclasses import replace
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient

pytest.importorskip("authlib", reason="the extra team is not installed")

from annotator.core.errors import AnnotatorError
from annotator.core.people import Role
from annotator.web.hosting import Hosting
from annotator.web.projects import Projects
from annotator.web.server import build_server
from annotator.web.sharing import visitor
from annotator.web.sharing.login import User
from annotator.web.sharing.sessions import Sessions
from annotator.web.sharing.signing_in import choose_sign_in
from annotator.web.sharing.visitor import Visitor
from tests.web.sharing.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider

PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The provider, and a client of the server, which asks that provider."""
    folder, provider = tmp_path_factory.mktemp("oidc"), Provider()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANNOTATOR_HOME", str(folder / "home"))
        patch.setenv("ANNOTATOR_OIDC_ISSUER", provider.issuer)
        patch.setenv("ANNOTATOR_OIDC_CLIENT_ID", CLIENT_ID)
        patch.setenv("ANNOTATOR_OIDC_CLIENT_SECRET", CLIENT_SECRET)
        patch.setenv("ANNOTATOR_OIDC_NAME", "preferred_username")
        projects = Projects(home=folder / "projects", login=choose_sign_in())
        server = build_server(projects, Hosting(allowed_hosts=("annotate.example.org",)))
        with TestClient(server, base_url="http://localhost", follow_redirects=False) as client:
            client.projects = projects
            yield provider, client
    provider.stop()


@pytest.fixture
def provider(served):
    provider, client = served
    client.cookies.clear()
    provider.person, provider.claims, provider.denies = {"sub": "17", "preferred_username": "anna"}, {}, ""
    return provider


@pytest.fixture
def client(served, provider):
    return served[1]


def go(client, to="", headers=None):
    """To the provider and back: the path and query under which the browser comes back."""
    sent = client.get(f"/signin?to={to}", headers=headers)
    assert sent.status_code == 303, sent.text
    back = httpx.get(sent.headers["location"].removesuffix("#"))
    return back.headers["location"]


def come(client, location, headers=None):
    address = urlsplit(location)
    return client.get(f"{address.path}?{address.query}", headers=headers)


def line_of(answer):
    """What the page says, and that nobody is signed in."""
    assert answer.status_code >= 400
    assert "annotator_session" not in answer.headers.get("set-cookie", "")
    return re.search(r'role="alert">(.*?)</p>', answer.text)[1]


def test_whoever_opens_the_page_signs_in_and_comes_back_to_where_they_wanted(client):
    first = client.get("/?project=0123&image=7", headers=PAGE)
    assert first.status_code == 303
    assert first.headers["location"] == "/signin?to=project%3D0123%26image%3D7#"
    sent = client.get(first.headers["location"])
    asked = parse_qs(urlsplit(sent.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    assert asked["redirect_uri"] == ["http://localhost/signin/callback"]
    done = come(client, httpx.get(sent.headers["location"]).headers["location"])
    assert done.status_code == 303
    assert done.headers["location"] == "/?project=0123&image=7"
    session = next(one for one in done.headers.get_list("set-cookie") if one.startswith("annotator_session"))
    assert "HttpOnly; SameSite=Lax" in session
    assert "Secure" not in session
    assert client.get("/", headers=PAGE).status_code == 200
    assert client.post("/annotator/projects", json={}).json()["user"] == "anna"
    out = client.post("/signout", headers={**PAGE, "accept-language": "de-CH"})
    assert "Sie sind abgemeldet." in out.text
    assert client.get("/", headers=PAGE).status_code == 303
    assert client.post("/annotator/projects", json={}).status_code == 401


def test_nobody_is_sent_elsewhere_once_they_are_signed_in(client):
    for wanted in ("//evil.example.org", "%5Cevil", "%0d%0aSet-Cookie:x=1", "https://evil.example.org/"):
        done = come(client, go(client, wanted))
        assert done.headers["location"].startswith("/?"), wanted
        assert "x=1" not in done.headers.get("set-cookie", "")


def test_behind_a_proxy_and_below_a_path_the_way_back_is_the_browsers(client):
    proxied = {
        "x-forwarded-proto": "https",
        "x-forwarded-host": "annotate.example.org",
        "x-forwarded-prefix": "/tools/annotator",
    }
    first = client.get("/", headers={**PAGE, **proxied})
    assert first.headers["location"] == "/tools/annotator/signin?to=#"
    sent = client.get("/signin?to=", headers=proxied)
    asked = parse_qs(urlsplit(sent.headers["location"]).query)
    assert asked["redirect_uri"] == ["https://annotate.example.org/tools/annotator/signin/callback"]
    flow = SimpleCookie(sent.headers["set-cookie"])["annotator_sign_in"]
    assert (flow["path"], flow["secure"], flow["httponly"]) == ("/tools/annotator/signin", True, True)
    back = httpx.get(sent.headers["location"].removesuffix("#")).headers["location"]
    done = come(client, back.replace("/tools/annotator", ""), {**proxied, "cookie": f"annotator_sign_in={flow.value}"})
    assert done.headers["location"] == "/tools/annotator/"
    session = next(one for one in done.headers.get_list("set-cookie") if one.startswith("annotator_session"))
    assert session.endswith("Path=/tools/annotator/; HttpOnly; SameSite=Lax; Secure")


def test_a_state_that_this_browser_did_not_begin_signs_nobody_in(client):
    mine = go(client)
    forged = re.sub(r"state=[^&]+", "state=another", mine)
    assert line_of(come(client, forged)).startswith("This sign-in was begun in another browser")
    refused = client.get("/signin/callback?state=x&error=y&error_description=call+0900")
    assert line_of(refused).startswith("This sign-in was begun in another browser"), "text of whoever made the link"
    client.cookies.clear()  # another browser, to which somebody sent the address
    assert line_of(come(client, mine)).startswith("This sign-in was begun in another browser")


def test_many_sign_ins_at_once_fit_into_a_cookie(client):
    for number in range(5):
        sent = client.get(f"/signin?to=project%3D0123%26search%3D{'a' * 250}{number}")
    assert len(sent.headers["set-cookie"]) < 4000
    done = come(client, httpx.get(sent.headers["location"].removesuffix("#")).headers["location"])
    assert done.headers["location"].endswith("a4")


def test_a_code_is_good_for_one_sign_in(client):
    mine = go(client)
    kept = dict(client.cookies)
    assert come(client, mine).status_code == 303
    client.cookies.clear()
    client.cookies.update(kept)
    assert line_of(come(client, mine)) == "The sign-in server refused: the code fits nothing"


@pytest.mark.parametrize(
    ("claims", "line"),
    [
        ({"nonce": "of another sign-in"}, "answer belongs to another sign-in"),
        ({"nonce": None}, "answer belongs to another sign-in"),
        ({"exp": 1_000_000_000}, "answer has expired"),
        ({"aud": "another application"}, "meant for another application"),
        ({"aud": [CLIENT_ID, "another"], "azp": "another"}, "meant for another application"),
        ({"iss": "https://login.example.com"}, "calls itself by another address"),
        ({"exp": None}, "otherwise than OpenID Connect says"),
        ({"preferred_username": None, "email": "anna@example.org", "email_verified": False}, "does not say your name"),
        ({"preferred_username": "a\u202eb"}, "has a character that nobody sees"),
    ],
)
def test_a_wrong_token_signs_nobody_in_and_is_told_in_one_line(client, provider, claims, line):
    provider.claims = claims
    assert line in line_of(come(client, go(client))).replace("&#x27;", "'")


def test_nobody_gets_a_managers_role_by_a_name_that_they_chose_themselves(client, provider, monkeypatch):
    mara, projects = "mara@example.org", client.projects
    monkeypatch.setattr(projects.login, "_settings", replace(projects.login._settings, name=""))
    boss = Sessions(CLIENT_SECRET, age_s=60).begin(User("1", "boss"))
    with visitor.acting_for(Visitor("1.2.3.4", signed=boss)):
        key = projects.make("Helmets")
        projects.get(key).people.add(mara, Role.MANAGE, by="boss")
    chosen = {"sub": "99", "preferred_username": mara, "name": mara, "nickname": mara, "email": mara}
    for proved in (None, False, "false"):
        provider.person = chosen | {"email_verified": proved}
        assert come(client, go(client)).status_code == 303
        assert client.post("/annotator/projects", json={}).json()["user"] == "99"
        assert client.get(f"/annotator/{key}/people").status_code == 404
    provider.person = {"sub": "2", "name": "Mara", "email": "Mara@example.org", "email_verified": True}
    assert come(client, go(client)).status_code == 303
    assert client.get(f"/annotator/{key}/people").json()["role"] == "manage"


def test_a_renewed_key_is_known_at_once_and_a_key_that_is_nobodys_is_not(client, provider):
    provider.renew_key("second")
    assert come(client, go(client)).status_code == 303
    provider.renew_key("stolen", published=False)
    assert line_of(come(client, go(client))).startswith("The signature of the sign-in server")
    provider.renew_key("second", published=False)  # a name that is known
    assert line_of(come(client, go(client))).startswith("The signature of the sign-in server")
    provider.renew_key("third")


def test_who_is_refused_reads_why_as_text(client, provider):
    provider.denies = "<b>not in this team</b>"
    assert line_of(come(client, go(client))) == "The sign-in server refused: &lt;b&gt;not in this team&lt;/b&gt;"


def test_a_provider_that_is_down_is_told_and_found_again(client, monkeypatch):
    login = choose_down(monkeypatch)
    answer = TestClient(build_down(login), base_url="http://localhost").get("/signin", headers=PAGE)
    assert answer.status_code == 503
    assert line_of(answer) == "The sign-in server does not answer. Try again in a moment."
    assert come(client, go(client)).status_code == 303


def choose_down(monkeypatch):
    monkeypatch.setenv("ANNOTATOR_OIDC_ISSUER", "http://127.0.0.1:9")
    monkeypatch.setenv("ANNOTATOR_OIDC_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("ANNOTATOR_OIDC_CLIENT_SECRET", CLIENT_SECRET)
    return choose_sign_in()


def build_down(login):
    from fastapi import FastAPI

    from annotator.web.sharing.signing_in import add_sign_in_routes

    server = FastAPI()
    add_sign_in_routes(server, login)
    return server


def test_a_session_ends_and_one_that_was_not_signed_here_never_begins(client, monkeypatch):
    mine = Sessions(CLIENT_SECRET, age_s=3600)
    signed = mine.begin(User("17", "anna"))
    assert mine.user(signed) == User("17", "anna")
    assert Sessions("another", age_s=3600).user(signed) is None
    for wrong in ("", "x", signed[:-2], signed.replace(".", "x", 1)):
        assert mine.user(wrong) is None
    later = time.time() + 3700
    monkeypatch.setattr(time, "time", lambda: later)
    assert mine.user(signed) is None


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"ANNOTATOR_OIDC_ISSUER": "http://login.example.org"}, "expected an address like https"),
        ({"ANNOTATOR_OIDC_CLIENT_SECRET": ""}, "needs ANNOTATOR_OIDC_CLIENT_SECRET"),
        ({"ANNOTATOR_OIDC_SCOPES": "profile"}, "expected openid among them"),
        ({"ANNOTATOR_SESSION_HOURS": "-1"}, "ANNOTATOR_SESSION_HOURS"),
        ({"ANNOTATOR_USER_HEADER": "X-User", "ANNOTATOR_USER_PROXIES": "127.0.0.1"}, "two ways of signing in"),
    ],
)
def test_settings_by_which_nobody_could_sign_in_are_told_at_the_start(monkeypatch, changed, line):
    choose_down(monkeypatch)
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AnnotatorError, match=line):
        choose_sign_in()
