"""Behind a proxy: any name, any path, TLS in front."""

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from annotator.web.hosting import Hosting
from annotator.web.projects import Projects
from annotator.web.server import build_server
from annotator.web.sharing.forwarded import Forwarded
from annotator.web.sharing.hosts import Hosts, Reach


def client_of(root_path=""):
    server = FastAPI()

    @server.get("/{rest:path}")
    def seen(rest: str, request: Request):
        return {"path": request.url.path, "scheme": request.url.scheme, "headers": dict(request.headers)}

    server.add_middleware(Forwarded, hosts=Hosts(Reach.HERE, ("annotate.example.org",)), root_path=root_path)
    return TestClient(server, base_url="http://127.0.0.1:7860")


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("/tools/a/", "/"),
        ("/tools/a/config", "/config"),
        ("/config", "/config"),
        ("/", "/"),
        ("/tools/ab/c", "/tools/ab/c"),
        ("/tools/a//config", "/config"),
    ],
)
def test_the_prefix_is_taken_off_where_the_proxy_left_it_on(asked, seen):
    assert client_of("/tools/a").get(asked).json()["path"] == seen


@pytest.mark.parametrize("path", ["/static/editor.js", "/projects", "/projects/new", f"/{'k' * 32}/queue"])
def test_a_prefix_that_is_called_as_our_routes_are_is_taken_off_once(path):
    client = client_of("/annotator")
    for asked in (f"/annotator{path}", f"/annotator/annotator{path}"):
        assert client.get(asked).json()["path"] == f"/annotator{path}"
    assert client.get("/annotator/static/js/a.js").json()["path"] == "/static/js/a.js"
    assert client.get("/annotator/config").json()["path"] == "/config"


def test_without_the_slash_the_address_with_it_is_named():
    answer = client_of("/tools/a").get("/tools/a?__theme=dark", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/tools/a/?__theme=dark")


@pytest.mark.parametrize(
    ("told", "asked", "seen"),
    [
        ("/tools/a", "/tools/a/config", "/config"),  # left on
        ("/tools/a/", "/config", "/config"),  # taken off, as Traefik tells it
        ("/annotator", f"/annotator/{'k' * 32}/queue", f"/annotator/{'k' * 32}/queue"),
        ("//evil.test", "//evil.test/config", "/evil.test/config"),
        ("/a b", "/a b/config", "/a b/config"),
        ("", "/config", "/config"),
    ],
)
def test_the_prefix_that_a_proxy_tells_counts(told, asked, seen):
    answer = client_of().get(f"http://127.0.0.1:7860{asked}", headers={"X-Forwarded-Prefix": told}).json()
    assert answer["path"] == seen
    assert "x-forwarded-prefix" not in answer["headers"]
    assert client_of("/b").get("/tools/a/config", headers={"X-Forwarded-Prefix": "/tools/a"}).json()["path"] == (
        "/tools/a/config"  # what the server was started with wins
    )


def test_without_the_slash_a_prefix_that_is_told_leads_to_the_address_with_it():
    asked = {"X-Forwarded-Prefix": "/tools/a"}
    answer = client_of().get("/tools/a", headers=asked, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/tools/a/")
    for strange in ("//evil.test", "/\\evil.test"):
        answer = client_of().get(f"http://127.0.0.1:7860{strange}", headers={"X-Forwarded-Prefix": strange})
        assert answer.status_code == 200  # no redirect


def test_whoever_opens_a_page_below_a_path_that_was_left_on_is_told_what_to_set(tmp_path):
    projects = Projects(local=tmp_path / "project")
    for root_path, beside in (("", ""), ("/b", " instead of /b")):
        client = TestClient(build_server(projects, Hosting(root_path=root_path)), base_url="http://127.0.0.1:7860")
        for path in ("/tools/annotator/", "/tools", "/annotator/", "/annotator"):
            answer = client.get(path, headers={"Accept": "text/html,*/*"})
            assert answer.status_code == 404
            assert f"nothing is at {path}; " in answer.json()["error"]
            assert f"start it with --root-path {path.rstrip('/')}{beside}, or" in answer.json()["error"]
            assert "Content-Security-Policy" in answer.headers
            assert "root-path" not in client.get(path, headers={"Accept": "application/json"}).text
        gone = client.get(f"/annotator/{projects.welcome(None)}/exports/a.zip", headers={"Accept": "text/html"})
        assert gone.json()["error"] == "no export a.zip"
    projects.close()


def test_a_name_that_a_proxy_passes_on_counts_where_it_is_allowed():
    headers = client_of().get("/", headers={"X-Forwarded-Host": "annotate.example.org"}).json()["headers"]
    assert headers["host"] == "annotate.example.org"
    for name in ("evil.test", "evil.test, annotate.example.org", '"><script>'):
        headers = (
            client_of()
            .get("/", headers={"X-Forwarded-Host": name, "X-Gradio-Server": "http://evil.test"})
            .json()["headers"]
        )
        assert headers["host"] == "127.0.0.1:7860"
        assert "evil" not in str(headers)


def test_tls_in_front_is_believed():
    assert client_of().get("/", headers={"X-Forwarded-Proto": "https"}).json()["scheme"] == "https"
    assert client_of().get("/", headers={"X-Forwarded-Proto": "gopher"}).json()["scheme"] == "http"
