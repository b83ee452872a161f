"""Behind a proxy: any name, any path, TLS in front."""

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

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


@pytest.mark.parametrize("path", ["/static/editor.js", f"/{'k' * 32}/queue"])
def test_a_prefix_that_is_called_as_our_routes_are_is_taken_off_once(path):
    client = client_of("/annotator")
    for asked in (f"/annotator{path}", f"/annotator/annotator{path}"):
        assert client.get(asked).json()["path"] == f"/annotator{path}"
    assert client.get("/annotator/static/js/a.js").json()["path"] == "/static/js/a.js"
    assert client.get("/annotator/config").json()["path"] == "/config"


def test_without_the_slash_the_address_with_it_is_named():
    answer = client_of("/tools/a").get("/tools/a?__theme=dark", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/tools/a/?__theme=dark")


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
