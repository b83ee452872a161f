"""Names from a proxy's header: believed from where the proxy is said to be, and from nobody else."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from annotator.core.errors import AnnotatorError
from annotator.web.mounting import mount
from annotator.web.projects import Projects
from annotator.web.server import build_server
from annotator.web.sharing.proxy_names import ProxyNames
from annotator.web.sharing.signing_in import choose_sign_in
from annotator.web.sharing.visitor import Visitor, visitor_of
from tests.web.conftest import png

HEADER = "X-Forwarded-User"


@pytest.fixture
def proxy(monkeypatch):
    monkeypatch.setenv("ANNOTATOR_USER_HEADER", HEADER)
    monkeypatch.setenv("ANNOTATOR_USER_PROXIES", "10.0.5.0/24, 127.0.0.1,fd00::1")


@pytest.fixture
def asked_from(proxy, tmp_path, monkeypatch):
    """A function that makes a client whose connections come from an address."""
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    projects = Projects(home=tmp_path / "projects", login=choose_sign_in())
    server = build_server(projects)
    with TestClient(server, base_url="http://localhost", client=("10.0.5.9", 5)) as first:
        yield lambda address: TestClient(server, base_url="http://localhost", client=(address, 5)) if address else first


@pytest.mark.parametrize("peer", ["10.0.5.1", "127.0.0.1", "::ffff:10.0.5.7", "fd00::1"])
def test_the_proxy_names_who_asks(proxy, peer):
    user = ProxyNames.from_environment().user(Visitor(peer=peer, named=("anna",)))
    assert (user.id, user.name) == ("proxy:anna", "anna")


@pytest.mark.parametrize("peer", ["10.0.6.1", "127.0.0.2", "::1", "fd00::2", "testclient", "", "10.0.5.1, 10.0.5.1"])
def test_from_elsewhere_the_header_names_nobody(proxy, peer):
    assert ProxyNames.from_environment().user(Visitor(peer=peer, named=("anna",))) is None


@pytest.mark.parametrize("named", [(), ("mallory", "anna"), ("mallory, anna",), ("a\x00b",), ("x" * 101,), (" ",)])
def test_a_header_that_is_not_one_name_names_nobody(proxy, named):
    assert ProxyNames.from_environment().user(Visitor(peer="127.0.0.1", named=named)) is None


def test_one_person_is_one_login_however_the_proxy_writes_them(proxy):
    said = ProxyNames.from_environment()
    logins = {said.user(Visitor(peer="127.0.0.1", named=(name,))).id for name in ("Anna", "anna", "ＡNNA", " anna ")}
    assert logins == {"proxy:anna"}


def test_a_name_with_something_that_nobody_sees_is_refused_in_one_line(asked_from):
    headers = {HEADER: "an\u200bna".encode()}
    answer = asked_from("").get("/", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"].startswith("nobody is signed in: the person's name: found 'an\\u200bna'")
    assert answer.json()["error"].endswith("as U+200B")


def test_a_name_beyond_ascii_arrives(proxy):
    said = visitor_of({"x-forwarded-user": "Jürgen".encode().decode("latin-1")}, "127.0.0.1")
    assert ProxyNames.from_environment().user(said).name == "Jürgen"


def test_a_forged_name_opens_nothing_and_a_true_one_stands_beside_what_was_decided(asked_from):
    proxy, stranger = asked_from(""), asked_from("192.0.2.1")
    forged = {HEADER: "anna", "X-Forwarded-For": "10.0.5.9", "Forwarded": "for=10.0.5.9"}
    for path in ("/", "/config", "/annotator/projects", "/gradio_api/queue/data?session_hash=x", "/annotator/static/x"):
        answer = stranger.request("POST" if path.endswith("projects") else "GET", path, headers=forged)
        assert answer.status_code == 401, path
        assert answer.json()["error"].startswith("nobody is signed in: open this page through the proxy")
    anna = {HEADER: "anna"}
    assert proxy.get("/").status_code == 401
    assert proxy.get("/", headers=anna).status_code == 200
    key = proxy.post("/annotator/projects/new", json={"name": "Helmets"}, headers=anna).json()["key"]
    base = f"/annotator/{key}"
    assert proxy.post(f"{base}/images?name=a.png", content=png(), headers=anna).status_code == 200
    proxy.post(f"{base}/categories", json={"name": "person"}, headers=anna)
    change = {"key": "k", "category": 1, "state": "accepted", "parts": [[[[5, 5], [30, 5], [30, 40]]]]}
    gesture = {"client": "a", "number": 1, "revision": 0, "verb": "add", "changes": [change]}
    assert stranger.post(f"{base}/images/1/gestures", json=gesture, headers=forged).status_code == 401
    assert proxy.post(f"{base}/images/1/gestures", json=gesture, headers={HEADER: "bert"}).status_code == 404
    assert proxy.post(f"{base}/images/1/gestures", json=gesture, headers=anna).status_code == 200
    projects = proxy.post("/annotator/projects", json={}, headers=anna).json()["projects"]
    assert [one["name"] for one in projects if one["name"] == "Helmets"] == ["Helmets"]


@pytest.mark.parametrize(
    ("header", "proxies", "line"),
    [
        ("X-User", "", "ANNOTATOR_USER_PROXIES"),
        ("X-User", "0.0.0.0/0", "as wide as this"),
        ("X-User", "::/0", "as wide as this"),
        ("X-User", "proxy.example.org", "found 'proxy.example.org'"),
        ("X User", "127.0.0.1", "ANNOTATOR_USER_HEADER"),
        ("Cookie", "127.0.0.1", "ANNOTATOR_USER_HEADER"),
    ],
)
def test_settings_that_would_let_anybody_be_anybody_are_refused(monkeypatch, header, proxies, line):
    monkeypatch.setenv("ANNOTATOR_USER_HEADER", header)
    monkeypatch.setenv("ANNOTATOR_USER_PROXIES", proxies)
    with pytest.raises(AnnotatorError, match=line):
        choose_sign_in()


def test_a_page_inside_another_application_does_not_pretend_to_ask(proxy, tmp_path):
    with pytest.raises(AnnotatorError, match="here the application asks them"):
        mount(FastAPI(), project=tmp_path / "project")
