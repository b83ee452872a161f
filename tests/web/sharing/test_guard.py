"""What stands before every route: doors, headers, time, and failures of what lies behind."""

import asyncio

import pytest
from fastapi.testclient import TestClient

from annotator.web.sharing import pace
from annotator.web.sharing.guard import Guard, body_limit
from tests.web.conftest import run


async def failing(scope, receive, send):
    raise OSError(36, "File name too long", scope["path"])


@pytest.mark.parametrize(
    "path", ["/static/" + "a" * 5000, "/assets/" + "a/" * 3000, "/svelte/" + "ä" * 200, "/static/%00"]
)
def test_a_path_that_no_file_can_have_does_not_reach_gradio(path):
    assert TestClient(Guard(failing)).get(path).status_code == 404


def test_signing_in_where_nobody_can_says_so():
    answer = TestClient(Guard(failing)).get("/login/huggingface")
    assert answer.status_code == 503
    assert "sign in" in answer.json()["error"]
    assert TestClient(Guard(failing)).get("/config").status_code == 500


def test_frames_and_the_hubs_header_are_let_in_on_a_space_only():
    here, space = (
        TestClient(Guard(failing, on_a_space=on)).get("/").headers["content-security-policy"] for on in (False, True)
    )
    assert "frame-ancestors 'self'" in here
    assert "huggingface" not in here
    assert "connect-src 'self' https://huggingface.co;" in space
    assert "img-src 'self' data: blob: https://huggingface.co https://*.huggingface.co" in space
    assert "frame-ancestors 'self' https://huggingface.co" in space


def test_whoever_does_not_read_is_not_sent_to_for_ever(monkeypatch):
    monkeypatch.setattr(pace, "PAUSE_S", 0.05)
    sent, given_up = [], []

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            for _ in range(100):
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
        finally:
            given_up.append(True)

    async def unread(message):
        sent.append(message)
        if len(sent) > 2:
            await asyncio.sleep(10)

    async def receive():
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    run(asyncio.wait_for(Guard(application)(scope, receive, unread), 5))
    assert len(sent) == 3
    assert given_up == [True]


async def reading(scope, receive, send):
    """Read the whole body, and answer with its size."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


@pytest.mark.parametrize("path", ["/", "/annotator/key/images/1/gestures"])
@pytest.mark.parametrize("in_pieces", [False, True])
def test_a_body_may_be_as_long_as_its_cap_and_no_byte_longer(path, in_pieces):
    client, most = TestClient(Guard(reading)), body_limit(path)
    for size, status in ((most, 200), (most + 1, 413)):
        body = bytes(size)
        content = (body[begin : begin + 2**20] for begin in range(0, size, 2**20)) if in_pieces else body
        answer = client.post(path, content=content)
        assert answer.status_code == status
        assert answer.text == str(size) if status == 200 else str(most) in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/" + "a" * 255, 200),
        ("/" + "a" * 256, 404),
        ("/ä" + "ä" * 126, 200),
        ("/ä" + "ä" * 127, 404),
        ("/" + "/".join(["a" * 199] * 10), 200),
        ("/" + "/".join(["a" * 199] * 10) + "b", 404),
    ],
)
def test_a_path_may_be_as_long_as_that_of_a_file(path, status):
    assert TestClient(Guard(reading)).get(path).status_code == status
