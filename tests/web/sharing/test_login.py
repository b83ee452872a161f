"""Signing in on a Space: a project is its owner's. Hugging Face's part is played by a cookie, signed as Gradio does."""

import base64
import hashlib
import json
import time
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient

pytest.importorskip("authlib", reason="signing in needs gradio[oauth]")
itsdangerous = pytest.importorskip("itsdangerous", reason="signing in needs gradio[oauth]")

from annotator.core.errors import AnnotatorError  # noqa: E402
from annotator.core.project import project_id  # noqa: E402
from annotator.storage import archive  # noqa: E402
from annotator.web.jobs import Prelabelling  # noqa: E402
from annotator.web.projects import Projects, UnknownProjectError  # noqa: E402
from annotator.web.server import build_server  # noqa: E402
from annotator.web.sharing import visitor  # noqa: E402
from annotator.web.sharing.login import Login, SignInError  # noqa: E402
from annotator.web.sharing.visitor import Visitor  # noqa: E402
from tests.web.conftest import png  # noqa: E402

SECRET = "a secret of the Space"
SPACE = {
    "SPACE_ID": "someone/annotator",
    "SYSTEM": "spaces",
    "OAUTH_CLIENT_ID": "id",
    "OAUTH_CLIENT_SECRET": SECRET,
    "OAUTH_SCOPES": "openid profile",
    "OPENID_PROVIDER_URL": "http://127.0.0.1:9",
}


def cookie(name, *, secret=SECRET, expires=None, session=None):
    """What Gradio sets when Hugging Face has said who it is."""
    person = {"sub": f"id of {name}", "preferred_username": name, "name": name}
    info = {"access_token": "t", "expires_at": expires or time.time() + 3600, "userinfo": person}
    content = base64.b64encode(json.dumps({"oauth_info": info} if session is None else session).encode())
    return itsdangerous.TimestampSigner(hashlib.sha256(f"{secret}-v4".encode()).hexdigest()).sign(content).decode()


@pytest.fixture
def space(monkeypatch):
    for name, value in SPACE.items():
        monkeypatch.setenv(name, value)
        if name.startswith("O"):  # Gradio reads them when it is imported
            monkeypatch.setattr(f"gradio.oauth.{name}", value)
    monkeypatch.setenv("ANNOTATOR_LOGIN", "1")


@pytest.fixture
def server(space, tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    projects = Projects(visitors=tmp_path / "visitors", login=Login.from_environment())
    with TestClient(build_server(projects), base_url="https://testserver") as client:
        client.projects = projects
        yield client


@contextmanager
def signed_in(name):
    """The block is the work of this person, "" nobody's who signed in."""
    with visitor.acting_for(Visitor("1.2.3.4", cookie(name) if name else "")):
        yield


@pytest.fixture
def projects(space, tmp_path):
    made = Projects(visitors=tmp_path / "visitors", login=Login.from_environment())
    yield made
    made.close()


def welcomed(projects, name, key=""):
    with signed_in(name):
        return projects.welcome(key)


def ask(client, method, path, name, **options):
    client.cookies.clear()
    headers = {"cookie": f"session={cookie(name)}"} if name else {}
    return client.request(method, path, headers=headers, **options)


def test_a_key_opens_its_owners_project_to_nobody_else(server):
    key = welcomed(server.projects, "anna")
    for name, status in (("anna", 200), ("bert", 404), (None, 401)):
        assert ask(server, "GET", f"/annotator/{key}/queue", name).status_code == status, name
        answer = ask(server, "POST", f"/annotator/{key}/images?name=a.png", name, content=png())
        assert answer.status_code == status
    line = ask(server, "GET", f"/annotator/{key}/queue", None).json()["error"]
    assert line.startswith("sign in")
    foreign = ask(server, "GET", f"/annotator/{key}/queue", "bert").json()
    assert foreign == ask(server, "GET", f"/annotator/{'x' * 32}/queue", "bert").json()  # which keys there are: untold


def test_what_somebody_decided_carries_their_name(server):
    key = welcomed(server.projects, "anna")
    base = f"/annotator/{key}"
    ask(server, "POST", f"{base}/images?name=a.png", "anna", content=png())
    ask(server, "POST", f"{base}/categories", "anna", json={"name": "person"})
    change = {"key": "k", "category": 1, "state": "accepted", "parts": [[[[5, 5], [30, 5], [30, 40]]]]}
    gesture = {"client": "a", "number": 1, "revision": 0, "verb": "add", "changes": [change]}
    assert ask(server, "POST", f"{base}/images/1/gestures", "anna", json=gesture).status_code == 200
    for page in ("a", "b"):
        seen = ask(server, "POST", f"{base}/presence", "anna", json={"page": page * 32, "image": 1}).json()
    assert [other["name"] for other in seen["others"]] == ["anna"]
    with server.projects.use(key) as store:  # nobody's request: the server's own work
        assert [decision.who for decision in store.decisions()] == ["anna"]


def test_an_owner_finds_the_project_again_from_another_browser(projects, tmp_path):
    key = welcomed(projects, "anna")
    assert welcomed(projects, "anna") == key
    other = welcomed(projects, "bert", key)  # with anna's key
    assert other != key
    assert welcomed(projects, "bert") == other
    assert welcomed(projects, "anna", other) == key
    with pytest.raises(SignInError):
        welcomed(projects, "", key)
    projects.close()
    again = Projects(visitors=tmp_path / "visitors", login=Login.from_environment())
    assert welcomed(again, "anna") == key
    again.close()


def test_an_owner_lists_every_project_of_theirs_from_any_browser_and_nobody_elses(server):
    def names(name, **body):
        answer = ask(server, "POST", "/annotator/projects", name, json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["signed_in"] is True
        return sorted(one["name"] for one in answer.json()["projects"])

    made = {
        (name, title): ask(server, "POST", "/annotator/projects/new", name, json={"name": title}).json()["key"]
        for name, title in (("anna", "Helmets"), ("anna", "Vests"), ("bert", "Helmets"))
    }
    assert names("anna") == ["Helmets", "Vests"]
    # Keys that a browser brings along open nobody else's list.
    assert names("bert", keys=list(made.values())) == ["Helmets"]
    assert names("carl", keys=list(made.values())) == []
    assert ask(server, "POST", "/annotator/projects", None, json={}).status_code == 401
    vests = made["anna", "Vests"]
    for what in ({"name": "Mine"}, {"put_away": True}, {"binned": True}):
        assert ask(server, "POST", f"/annotator/{vests}/project", "bert", json=what).status_code == 404
    assert ask(server, "DELETE", f"/annotator/{vests}/project", "bert").status_code == 404
    assert ask(server, "POST", f"/annotator/{vests}/duplicate", "bert", json={"name": "Copy"}).status_code == 404
    assert names("anna") == ["Helmets", "Vests"]
    copy = ask(server, "POST", f"/annotator/{vests}/duplicate", "anna", json={"name": "Copy"}).json()["key"]
    assert names("anna") == ["Copy", "Helmets", "Vests"]
    ask(server, "POST", f"/annotator/{copy}/project", "anna", json={"binned": True})
    assert ask(server, "DELETE", f"/annotator/{copy}/project", "anna").status_code == 200
    assert names("anna") == ["Helmets", "Vests"]
    with signed_in("bert"):
        assert server.projects.find(project_id(vests), list(made.values())) is None
    with signed_in("anna"):
        assert server.projects.find(project_id(vests)) == vests


def test_a_project_from_before_becomes_the_first_owners_who_has_its_key(space, tmp_path):
    before = Projects(visitors=tmp_path / "visitors")
    key = before.create()
    before.close()
    projects = Projects(visitors=tmp_path / "visitors", login=Login.from_environment())
    with signed_in("anna"), pytest.raises(UnknownProjectError):
        projects.get(key)  # not before the page has welcomed somebody with it
    assert welcomed(projects, "anna", key) == key
    assert welcomed(projects, "bert", key) != key
    projects.close()


def test_the_servers_own_work_goes_on(projects):
    key = welcomed(projects, "anna")
    assert projects.get(key).key
    with signed_in("bert"), visitor.acting_for(None):
        assert projects.get(key).key


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "a.b.c",
        cookie("anna", secret="another"),
        cookie("anna", expires=1),
        cookie("", session={}),
        cookie("", session={"oauth_info": None}),
        cookie("", session={"oauth_info": {"expires_at": "soon"}}),
        cookie("", session={"oauth_info": {"expires_at": 9e9, "userinfo": {}}}),
        cookie("", session=[1]),
        cookie("anna")[:-1],
        "\udcff",
    ],
    # A cookie is signed with its time, which makes another name of it in every run.
    ids=range(12),
)
def test_a_cookie_that_is_not_gradios_signs_nobody_in(space, value):
    assert Login.from_environment().user(Visitor("", value)) is None


def test_who_signed_in_is_known(space):
    user = Login.from_environment().user(Visitor("", cookie("anna")))
    assert (user.id, user.name) == ("id of anna", "anna")


def test_events_of_the_page_are_their_askers_own(server, monkeypatch):
    """Through Gradio's real queue: the event's own request says who it is."""
    key = welcomed(server.projects, "anna")
    page = next(route.app for route in server.app.routes if hasattr(route, "app") and hasattr(route.app, "blocks"))
    looked = []
    monkeypatch.setattr(Prelabelling, "status", lambda _, key: looked.append(key))

    def said(name):
        """What the stream of this visitor says of both events: Gradio keeps each stream open for two seconds."""
        for event in ("cancel", "resume"):
            number, found = next((id, fn) for id, fn in page.blocks.fns.items() if fn.name == event)
            data = [key, *[None] * (len(found.inputs) - 1)]
            joined = {"data": data, "fn_index": number, "session_hash": f"session{name}"}
            assert ask(server, "POST", "/gradio_api/queue/join", name, json=joined).status_code == 200
        return ask(server, "GET", f"/gradio_api/queue/data?session_hash=session{name}", name).text

    assert "no such project" in said("bert")
    assert "sign in" in said(None)
    assert looked == []  # nor do they learn how far somebody else's batch is
    assert "no such project" not in said("anna")
    assert looked == [key]


def test_the_page_has_the_button_only_where_it_is_asked_for(server, tmp_path):
    components = server.get("/config").json()["components"]
    assert "sign-in" in [component["props"].get("elem_id") for component in components]
    plain = Projects(visitors=tmp_path / "plain")
    with TestClient(build_server(plain)) as client:
        components = client.get("/config").json()["components"]
    assert "sign-in" not in [component["props"].get("elem_id") for component in components]


def test_an_owner_does_not_travel_with_the_archive(projects, tmp_path):
    key = welcomed(projects, "anna")
    with projects.use(key) as store:
        archive.pack_project(store, tmp_path / "p.zip")
    mine = welcomed(projects, "bert")
    with signed_in("bert"), open(tmp_path / "p.zip", "rb") as packed:
        with projects.expect_archive(mine) as adopt:
            new = adopt(packed)
        assert [one.login for one in projects.get(new).people.all()] == ["id of bert"]
    assert new not in (key, mine)
    assert welcomed(projects, "bert") == new


@pytest.mark.parametrize("missing", ["SPACE_ID", "OAUTH_CLIENT_ID", "OPENID_PROVIDER_URL"])
def test_a_server_where_nobody_could_sign_in_says_so(space, monkeypatch, missing):
    monkeypatch.delenv(missing)
    with pytest.raises(AnnotatorError, match=f"ANNOTATOR_LOGIN.*{missing}"):
        Login.from_environment()


def test_without_the_switch_nobody_is_asked(monkeypatch):
    monkeypatch.delenv("ANNOTATOR_LOGIN", raising=False)
    assert Login.from_environment() is None
