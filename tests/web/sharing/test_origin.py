"""No page but this server's own gets anything out of it or does anything to it."""

import pytest
from fastapi.testclient import TestClient

from annotator.web.hosting import Hosting
from annotator.web.projects import Projects
from annotator.web.server import build_server
from tests.web.conftest import png

HERE = "localhost:7860"
OTHERS = {
    "another port of this computer": {"Origin": "http://localhost:8529"},
    "the same, as newer browsers say it": {"Origin": "http://localhost:8529", "Sec-Fetch-Site": "same-site"},
    "another name of this computer": {"Origin": "http://127.0.0.1:7860"},
    "no port, which is port 80": {"Origin": "http://localhost"},
    "a web site": {"Origin": "https://evil.test"},
    "a web site that begins alike": {"Origin": "http://localhost:7860.evil.test"},
    "a web site that ends alike": {"Origin": "http://evil.test/localhost:7860"},
    "a file or a sandboxed frame": {"Origin": "null"},
    "an element of another site": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "an element of a sibling": {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
    "something that no browser says": {"Sec-Fetch-Site": "cross-site, same-origin", "Sec-Fetch-Mode": "cors"},
    "no origin that could be read": {"Origin": "http://[::1"},
}
OWN = {
    "no browser": {},
    "this page": {"Origin": "http://localhost:7860"},
    "this page, as newer browsers say it": {"Origin": "http://localhost:7860", "Sec-Fetch-Site": "same-origin"},
    "a GET of this page": {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"},
    "an address that was typed": {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
}
ASKED = (
    ("GET", "/"),
    ("GET", "/config"),
    ("GET", "/annotator/{key}/queue"),
    ("GET", "/gradio_api/queue/data?session_hash=abc"),
    ("GET", "/gradio_api/heartbeat/abc"),
    ("GET", "/theme.css"),
    ("POST", "/gradio_api/queue/join"),
    ("POST", "/gradio_api/cancel"),
    ("POST", "/annotator/{key}/bin"),
    ("DELETE", "/annotator/{key}/bin"),
    ("PUT", "/annotator/{key}/queue"),
    ("OPTIONS", "/annotator/{key}/bin"),
    ("OPTIONS", "/gradio_api/queue/join"),
)


@pytest.fixture(params=["127.0.0.1", "0.0.0.0"])
def client(request, tmp_path):
    """A local server with one picture, bound to this computer or to everything."""
    projects = Projects(local=tmp_path / "project")
    server = build_server(projects, Hosting(host=request.param))
    with TestClient(server, base_url=f"http://{HERE}") as client:
        client.key = projects.welcome(None)
        assert client.post(f"/annotator/{client.key}/images?name=a.png", content=png()).status_code == 200
        yield client


@pytest.mark.parametrize("who", OTHERS)
def test_a_page_of_another_origin_is_answered_nothing(client, who):
    for method, path in ASKED:
        preflight = {"Access-Control-Request-Method": "DELETE"} if method == "OPTIONS" else {}
        answer = client.request(method, path.replace("{key}", client.key), headers=OTHERS[who] | preflight)
        assert answer.status_code == 403, (method, path)
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert len(client.get(f"/annotator/{client.key}/queue").json()["images"]) == 1


@pytest.mark.parametrize("who", OWN)
def test_its_own_page_and_whoever_has_no_browser_are_answered(client, who):
    headers = OWN[who]
    for path in ("/", "/config", "/theme.css", f"/annotator/{client.key}/queue"):
        assert client.get(path, headers=headers).status_code == 200
    if headers.get("Sec-Fetch-Mode") != "navigate":
        answer = client.post(f"/annotator/{client.key}/categories", json={"name": "person"}, headers=headers)
        assert answer.status_code == 200
        joined = client.post(
            "/gradio_api/queue/join", json={"data": [], "fn_index": 0, "session_hash": "s"}, headers=headers
        )
        assert joined.status_code != 403


def test_a_link_from_elsewhere_opens_the_page_and_changes_nothing(client):
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=link).status_code == 200
    assert client.post(f"/annotator/{client.key}/bin", headers=link).status_code == 403
    form = {"Origin": "https://evil.test", **link}
    assert client.post(f"/annotator/{client.key}/bin", headers=form).status_code == 403


def test_nobody_is_told_that_more_is_allowed(client):
    asked = {"Origin": f"http://{HERE}", "Access-Control-Request-Method": "DELETE"}
    for path in ("/gradio_api/queue/join", f"/annotator/{client.key}/bin", "/"):
        answer = client.options(path, headers=asked)
        assert answer.status_code == 405
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    own = client.get("/theme.css", headers={"Origin": f"http://{HERE}"})
    assert not [name for name in own.headers if name.startswith("access-control-")]


def test_behind_a_proxy_the_pages_of_its_name_are_own(tmp_path):
    projects = Projects(local=tmp_path / "project")
    named = Hosting(allowed_hosts=("annotate.example.org", "other.example.org:8443"))
    with TestClient(build_server(projects, named), base_url="http://127.0.0.1:7860") as client:
        statuses = {
            origin: client.post("/gradio_api/cancel", headers={"Origin": origin}).status_code
            for origin in (
                "https://annotate.example.org",
                "http://annotate.example.org",
                "https://other.example.org:8443",
                "https://annotate.example.org:8443",
                "https://other.example.org",
                "https://more.annotate.example.org",
            )
        }
        assert [origin for origin, status in statuses.items() if status == 403] == list(statuses)[3:]
        # A proxy that passes its own name, and a browser that says that page and request belong together.
        told = {"Origin": "https://unnamed.example.org", "Sec-Fetch-Site": "same-origin"}
        assert client.post("/gradio_api/cancel", headers=told).status_code != 403
        assert client.post("/gradio_api/cancel", headers={"Origin": told["Origin"]}).status_code == 403
