"""The page is made once, and is the same below every path and name."""

import json
import re

import pytest
from fastapi.testclient import TestClient

from annotator.web.hosting import Hosting
from annotator.web.page.kept_page import KeptPage
from annotator.web.projects import Projects
from annotator.web.server import build_server


@pytest.fixture
def client(tmp_path):
    projects = Projects(visitors=tmp_path / "visitors")
    with TestClient(build_server(projects, Hosting(root_path="/tools"))) as client:
        yield client


def test_no_address_in_the_page_is_absolute(client):
    page = client.get("/").text
    config = json.loads(re.search(r"window\.gradio_config = (\{.*?\});</script>", page)[1])
    assert config["root"] == "./"
    assert 'const root = "./"' in page
    assert "annotator.invalid" not in page
    assert re.findall(r"""(?:href|src)=["']/""", page) == []


def test_a_page_that_lacks_its_slash_is_opened_with_it_before_anything_is_loaded(client):
    page = client.get("/").text
    assert page.index("location.replace(location.pathname") < page.index("<base") < page.index('<script type="module"')


def test_whatever_a_visitor_says_the_page_is_the_same(client):
    plain = client.get("/").text
    for headers in (
        {"Host": "evil.test"},
        {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https"},
        {"Cookie": "session=x"},
    ):
        assert client.get("/?deep_link=x&page=y&__theme=dark", headers=headers).text == plain


def test_a_client_is_told_where_it_asked(client):
    assert client.get("/config", headers={"Host": "a.example.org:77"}).json()["root"] == "http://a.example.org:77/tools"
    forged = client.get(
        "/config",
        headers={"Host": "a.example.org", "X-Forwarded-Host": "evil.test", "X-Gradio-Server": "http://evil.test"},
    )
    assert "evil" not in forged.text
    assert client.get("/config", headers={"Host": 'a"b\\c'}).json()["root"] == 'http://a"b\\c/tools'


def test_the_page_comes_packed_and_not_twice(client):
    answer = client.get("/", headers={"Accept-Encoding": "br, gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 20_000
    plain = client.get("/", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == answer.text
    again = client.get("/", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Security-Policy" in again.headers


def answering(status):
    """An application that answers so, and the paths that it was asked for."""
    asked = []

    async def application(scope, receive, send):
        asked.append(scope["path"])
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"<head></head>"})

    return application, asked


def test_gradio_is_asked_once():
    application, asked = answering(200)
    client = TestClient(KeptPage(application))
    for _ in range(5):
        for path in ("/", "/config", "/config/", "/theme.css"):
            assert client.get(path).status_code == 200
            assert client.head(path).status_code == 200
    assert asked.count("/") == asked.count("/config") == 1
    assert asked.count("/theme.css") == 10


def test_what_is_no_page_is_not_kept():
    application, asked = answering(500)
    client = TestClient(KeptPage(application))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="500"):
            client.get("/")
    assert asked == ["/", "/"]
