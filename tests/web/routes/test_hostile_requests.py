"""Whatever a client sends: a status that fits and one line, nothing of the server, and never silence."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.web.server import MAX_SESSIONS
from annotator.web.sharing import guard, pace
from annotator.web.sharing.guard import Guard
from tests.web.conftest import run
from tests.web.routes.hostile import require_polite

EXAMPLES = 60


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

prompts = st.fixed_dictionaries(
    {"model": st.sampled_from(["starter-click", "mobile-sam", "starter-person", "../models"]) | leaves},
    optional={
        "points": st.lists(st.lists(numbers | leaves, max_size=4) | leaves, max_size=5) | leaves,
        "box": st.lists(numbers | leaves, max_size=5) | leaves,
        "rle": leaves,
        "heatmap": leaves,
        "number": numbers | leaves,
        "soon": leaves,
    },
)

ROUTES = ["queue", "images", "images/{}", "images/{}/gestures", "images/{}/mask", "categories", "pictures/{}"]
ROUTES += ["images/{}/prompt", "images/{}/heatmaps/k", "thumbnails/{}", "exports/{}", "archive", "example/{}", "{}"]

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
@given(value=prompts | anything)
def test_no_prompt_breaks_the_server(server, value):
    require_polite(server.client.post(f"/annotator/{server.key}/images/1/prompt", content=body_of(value)), server)


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
    for route in ("images/1/gestures", "images/1/mask", "images/1/prompt", "categories"):
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
