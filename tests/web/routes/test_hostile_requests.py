"""Whatever a client sends: a status that fits and one line, nothing of the server, and never silence."""

import asyncio
import http.server
import json
import threading

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.web.projects import Projects
from annotator.web.server import MAX_SESSIONS, build_server
from annotator.web.sharing import guard, pace
from annotator.web.sharing.guard import Guard
from tests.web.conftest import png, run

EXAMPLES = 60
CANARY = "canary-5b1e-do-not-tell"


class Server:
    """The whole application for visitors, two of whom are here, with something to hide."""

    def __init__(self, folder):
        self.folder = folder
        self.projects = Projects(visitors=folder / "visitors")
        self.client = TestClient(build_server(self.projects), raise_server_exceptions=False)
        self.key, self.other = self.projects.create(), self.projects.create()
        for key, seed in ((self.key, 0), (self.other, 1)):
            answer = self.client.post(f"/annotator/{key}/images", params={"name": "a.png"}, content=png(seed=seed))
            assert answer.status_code == 200
        self.client.post(f"/annotator/{self.key}/categories", json={"name": "person"})
        self.client.post(f"/annotator/{self.other}/categories", json={"name": CANARY})
        exports = self.projects.export_folder(self.other, folder / "exports")
        exports.mkdir()
        (exports / "instances.json").write_text(CANARY)
        (folder / "secret.txt").write_text(CANARY)

    def document(self):
        return self.client.get(f"/annotator/{self.key}/images/1").json()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANNOTATOR_HOME", str(folder / "home"))
        made = Server(folder)
        with made.client:
            yield made


def require_polite(answer, server, *, allowed=()):
    """No failure of the server, one line, and nothing of what lies there."""
    assert answer.status_code < 500 or answer.status_code in allowed, answer.text
    for told in ("Traceback", str(server.folder), "site-packages", '.py"', CANARY):
        assert told not in answer.text
    if answer.status_code >= 400 and answer.content and answer.headers.get("content-type") == "application/json":
        found = answer.json()
        line = found.get("error", found.get("detail"))  # Gradio's own has a detail
        assert isinstance(line, str), answer.text
        assert "\n" not in line
        assert len(line) < 1000


numbers = st.one_of(
    st.integers(),
    st.sampled_from([2**53, 2**63, -(2**63) - 1, 10**30, 10**400]),
    st.floats(allow_nan=True, allow_infinity=True),
)
leaves = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=30))
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5)
)
rings = st.lists(st.lists(numbers | leaves, max_size=3), max_size=6)
packed = st.sampled_from(["", "eJxjYAAAAAIAAQ==", "eJxjYGBgAAAABAAB"]) | st.text(max_size=30)
heatmaps = st.fixed_dictionaries(
    {},
    optional={
        "region": st.lists(st.integers(-9, 99) | leaves, min_size=3, max_size=5) | leaves,
        "size": st.integers(1, 2) | leaves,
        "values": packed | leaves,
        "half": leaves,
    },
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "key": st.text(max_size=70) | leaves,
        "category": st.sampled_from([1, 99]) | leaves,
        "state": st.sampled_from(["accepted", "rejected", "suggested", "deleted"]) | leaves,
        "rle": st.text(max_size=40) | st.from_regex(r"[0-o]{1,40}", fullmatch=True) | leaves,
        "parts": st.lists(st.lists(rings, max_size=3), max_size=3) | leaves,
        "cut": st.integers(1, 99) | leaves,
        "heatmap": heatmaps | leaves,
    },
)
gestures = st.fixed_dictionaries(
    {
        "client": st.just("fuzz") | leaves,
        "number": st.integers(0, 1 << 60) | leaves,
        "revision": st.integers(0, 3) | leaves,
        "verb": st.sampled_from(["accept", "add", "edit", "review", "import"]) | leaves,
    },
    optional={
        "changes": st.lists(changes | leaves, max_size=4) | leaves,
        "reviewed": leaves,
        "threshold": numbers | leaves,
        "seconds": numbers | leaves,
    },
)
boxes = st.fixed_dictionaries(
    {"model": st.sampled_from(["starter-person", "../models", "x"]) | leaves, "category": numbers | leaves},
    optional={"box": st.lists(numbers | leaves, max_size=5) | leaves},
)

ROUTES = ["queue", "images", "images/{}", "images/{}/gestures", "images/{}/mask", "categories", "pictures/{}"]
ROUTES += ["images/{}/heatmaps/k", "thumbnails/{}", "exports/{}", "archive", "example/{}", "{}"]

few = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def body_of(value):
    return json.dumps(value, ensure_ascii=True).encode()


@few
@given(value=gestures | anything)
def test_no_gesture_breaks_the_server(server, value):
    answer = server.client.post(f"/annotator/{server.key}/images/1/gestures", content=body_of(value))
    require_polite(answer, server)
    if answer.status_code == 200:
        assert isinstance(answer.json()["revision"], int)
    json.dumps(server.document(), allow_nan=False)  # what was taken can be shown again


@few
@given(value=boxes | anything)
def test_no_box_breaks_the_server(server, value):
    require_polite(server.client.post(f"/annotator/{server.key}/images/1/mask", content=body_of(value)), server)


@few
@given(value=st.fixed_dictionaries({"name": st.text(max_size=120) | leaves}) | anything)
def test_no_category_breaks_the_server(server, value):
    require_polite(server.client.post(f"/annotator/{server.key}/categories", content=body_of(value)), server)


@few
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"]),
    route=st.sampled_from(ROUTES),
    place=st.one_of(
        numbers.map(str), st.sampled_from(["%00", "..", "%2e%2e%2f", "1%0a", "-1", "1e3", "", "%ff", "0x1"])
    ),
    body=st.binary(max_size=200),
    own=st.booleans(),
)
def test_no_method_on_no_route_breaks_the_server(server, method, route, place, body, own):
    key = server.key if own else "A" * 32
    if method == "DELETE" and place in ("1", "1.0"):
        return  # that takes the picture out of the queue, as it should
    address = f"/annotator/{key}/{route.format(place)}"
    answer = server.client.request(method, address, params={"name": "x"}, content=body)
    require_polite(answer, server)
    if not own and "example" not in route:
        assert answer.status_code >= 400 or method in ("HEAD", "OPTIONS")


@few
@given(
    name=st.text(max_size=1200),
    body=st.binary(max_size=300),
    head=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"GIF89a"]),
)
def test_no_upload_breaks_the_server(server, name, body, head):
    answer = server.client.post(f"/annotator/{server.key}/images", params={"name": name}, content=head + body)
    require_polite(answer, server)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"[]," * 1_000_001 + b"[]]",
        b"[" * 200_000,
        b'{"a":' * 50_000,
        b"1" * 100_000,
        b"\xff\xfe{}",
        b"",
        b"NaN",
        b'"\\ud800"',
    ],
)
def test_json_that_is_meant_to_hurt_is_refused(server, body):
    for route in ("images/1/gestures", "images/1/mask", "categories"):
        answer = server.client.post(f"/annotator/{server.key}/{route}", content=body)
        require_polite(answer, server)
        assert answer.status_code in (400, 413)


def pieces(count, size):
    for _ in range(count):
        yield b"x" * size


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/annotator/{}/categories", 2 * 4096),
        ("/annotator/{}/images/1/mask", 2 * 4096),
        ("/annotator/{}/images/1/gestures", guard.MAX_GESTURE_BYTES + 1),
        ("/annotator/{}/images?name=x", guard.MAX_PICTURE_BYTES + 1),
        ("/gradio_api/queue/join", guard.MAX_BODY_BYTES + 1),
        ("/gradio_api/cancel", guard.MAX_BODY_BYTES + 1),
    ],
)
def test_a_body_that_does_not_say_how_long_it_is_has_its_cap_too(server, path, size):
    address = path.format(server.key)
    answer = server.client.post(address, content=pieces(64, size // 64 + 1))
    assert answer.status_code == 413, answer.text
    require_polite(answer, server)


@pytest.mark.parametrize("length", ["99999999999", "-1", "1e3", "9" * 5000, "²"])
def test_a_length_that_is_none_or_too_much_is_refused(server, length):
    headers = {"content-length": length.encode()}
    answer = server.client.post(f"/annotator/{server.key}/categories", headers=headers, content=b"{}")
    assert answer.status_code == 413
    require_polite(answer, server)


def run_guarded(application, *messages, path="/annotator/x/categories", pause=None):
    """What the guard sends when these messages come in, the last of them never."""
    sent, left = [], list(messages)

    async def receive():
        if not left:
            await asyncio.sleep(pause or 3600)
        return left.pop(0)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": []}
    run(Guard(application)(scope, receive, send))
    return sent


async def reads_everything(scope, receive, send):
    while (await receive()).get("more_body"):
        pass


def test_a_client_that_falls_silent_in_its_body_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(pace, "PAUSE_S", 0.05)
    sent = run_guarded(reads_everything, {"type": "http.request", "body": b"x", "more_body": True})
    assert sent[0]["status"] == 408


def test_an_error_nobody_foresaw_is_one_line_without_a_traceback():
    async def breaks(scope, receive, send):
        raise RuntimeError("the password is 123")

    sent = run_guarded(breaks)
    assert sent[0]["status"] == 500
    assert b"password" not in sent[1]["body"]
    assert json.loads(sent[1]["body"])["error"]


def test_a_page_of_another_site_cannot_act_here(server):
    address = f"/annotator/{server.key}/example"
    assert server.client.post(address, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert server.client.post(address, headers={"sec-fetch-site": "same-origin"}).status_code == 200


def test_every_answer_carries_the_headers_that_keep_a_browser_in(server):
    for path in ("/", "/config", "/annotator/nothing/queue", "/gradio_api/file=x", "/annotator/static/editor.js"):
        headers = server.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
    picture = server.client.get(f"/annotator/{server.key}/pictures/1")
    assert picture.headers["content-security-policy"] == "sandbox; default-src 'none'"


def test_the_page_remembers_few_of_its_sessions(server):
    holders = [route.app.state_holder for route in server.client.app.routes if hasattr(route, "app")]
    assert [holder.capacity for holder in holders] == [MAX_SESSIONS]


@pytest.fixture(scope="module")
def canary_address():
    """A server that nobody may be made to ask: its address, and how often it was asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CANARY.encode())

        do_POST = do_HEAD = do_GET

        def log_message(self, *_):
            pass

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listener.server_port}/latest/meta-data", asked
    listener.shutdown()


PROBES = [
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/file={folder}/secret.txt",
    "/gradio_api/file={folder}/visitors/{other}/project.db",
    "/gradio_api/file=..%2f..%2f..%2fetc%2fpasswd",
    "/gradio_api/file/{folder}/secret.txt",
    "/gradio_api/file={address}",
    "/file={folder}/secret.txt",
    "//gradio_api//file={folder}/secret.txt",
    "/gradio_api/proxy={address}",
    "/gradio_api/proxy=https://someone.hf.space/x",
    "/gradio_api/stream/{folder}/secret.txt",
    "/gradio_api/custom_component/1/client/component/..%2f..%2fsecret.txt",
    "/gradio_api/upload_progress?upload_id=1",
    "/static/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/svelte/..%2f..%2f..%2fetc%2fpasswd",
    "/theme.css?x=/etc/passwd",
    "/annotator/static/..%2froutes.py",
    "/annotator/static/..%2f..%2f..%2fapp.py",
    "/annotator/{key}/exports/..%2fproject.db",
    "/annotator/{key}/exports/project.db",
    "/annotator/{key}/exports/%2fetc%2fpasswd",
    "/annotator/{key}/exports/..%2f..%2f{other}%2fexports%2finstances.json",
    "/annotator/{key}/../{other}/exports/instances.json?key={key}",
    "/annotator/..%2fvisitors%2f{other}/queue",
    "/annotator/{key}%2f..%2f{other}/queue",
    "/annotator/{key}/pictures/..%2f..%2fproject.db",
    "/annotator/{key}/thumbnails/..%2f..%2fproject.db",
    "/annotator/{key}/pictures/99",
    "/monitoring",
    "/gradio_api/openapi.json",
    "/gradio_api/vibe-code",
    "/gradio_api/call/predict/1",
]


@pytest.mark.parametrize("path", ["run/predict", "run/export_project", "api/predict", "call/predict", "call/v2/x"])
def test_no_event_jumps_the_queue(server, path):
    for number in range(20):
        body = {"data": ["x"] * 7, "fn_index": number, "session_hash": "s"}
        answer = server.client.post(f"/gradio_api/{path}", json=body)
        assert answer.status_code == 404
        require_polite(answer, server)


@pytest.mark.parametrize("path", ["queue/join", "cancel", "reset"])
@pytest.mark.parametrize(
    "body",
    [b'{"data":[],"fn_index":1e400}', b'{"fn_index":99999,"data":[],"session_hash":"s"}', b"[]", b"\xff", b"NaN"],
)
def test_what_is_no_event_is_refused_in_one_line(server, path, body):
    answer = server.client.post(f"/gradio_api/{path}", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    require_polite(answer, server)


@pytest.mark.parametrize("probe", PROBES)
def test_no_path_leads_to_what_is_not_ones_own(server, probe, canary_address):
    address, asked = canary_address
    path = probe.format(folder=server.folder, key=server.key, other=server.other, address=address)
    if "/../" in path:  # a client would walk it; the server must see it as it is
        path = path.replace("/../", "/%2e%2e/")
    answer = server.client.get(path)
    assert "root:x:" not in answer.text
    assert b"SQLite format" not in answer.content
    assert "import annotations" not in answer.text
    if "theme.css" not in path:
        assert answer.status_code in (400, 403, 404, 405), (answer.status_code, answer.text[:200])
    require_polite(answer, server)
    assert asked == []


HOSTILE_DATA = [
    {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    {"path": "{folder}/secret.txt", "meta": {"_type": "gradio.FileData"}},
    {"path": "{address}", "url": "{address}", "meta": {"_type": "gradio.FileData"}},
    {"__type__": "file", "path": "/etc/passwd"},
    [["x"] * 100],
    "{other}/../{other}",
    "\ud800",
    10**400,
    float("nan"),
    None,
]


@pytest.mark.parametrize("data", HOSTILE_DATA, ids=lambda data: f"{data!s:.30}")
def test_no_event_of_the_page_leads_to_what_is_not_ones_own(server, data, canary_address):
    address, asked = canary_address
    text = json.dumps(data).replace("{folder}", str(server.folder)).replace("{other}", server.other)
    hostile = text.replace("{address}", address)
    functions = server.client.get("/config").json()["dependencies"]
    for function in functions:
        if not function["backend_fn"]:
            continue
        values = ",".join([hostile] * len(function["inputs"]))
        body = f'{{"data": [{values}], "fn_index": {function["id"]}, "session_hash": "s{function["id"]}"}}'
        joined = server.client.post(
            "/gradio_api/queue/join", content=body.encode(), headers={"content-type": "application/json"}
        )
        require_polite_gradio(joined, server)
        if joined.status_code == 200 and "event_id" in joined.json():
            with server.client.stream("GET", f"/gradio_api/queue/data?session_hash=s{function['id']}") as stream:
                for line in stream.iter_lines():
                    require_untold(line, server)
                    if "close_stream" in line or "process_completed" in line:
                        break
    assert asked == []


def require_untold(text, server):
    for told in ("Traceback", str(server.folder), "site-packages", CANARY, "root:x:"):
        assert told not in text


def require_polite_gradio(answer, server):
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    require_untold(answer.text, server)
