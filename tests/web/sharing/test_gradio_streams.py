"""A page's events are heard of over a stream that is still open when the next one is asked for."""

import asyncio
import json
import urllib.request

from annotator.web.sharing import gradio_streams
from tests.web.conftest import run


def join(served, session):
    """Ask for an event that ends at once; its id."""
    _, config = served.call("/config")
    number = next(one["id"] for one in config["dependencies"] if one["backend_fn"] and len(one["inputs"]) == 1)
    asked = {"data": [""], "fn_index": number, "session_hash": session}
    request = urllib.request.Request(
        f"{served.address}/gradio_api/queue/join",
        data=json.dumps(asked).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())["event_id"]


def messages(stream):
    for line in stream:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


def completed(stream):
    return next(one["event_id"] for one in messages(stream) if one["msg"] == "process_completed")


def test_an_event_that_is_asked_for_after_the_last_one_has_ended_is_heard_of_on_the_same_stream(served):
    first = join(served, "one")
    with urllib.request.urlopen(f"{served.address}/gradio_api/queue/data?session_hash=one", timeout=60) as stream:
        assert completed(stream) == first
        second = join(served, "one")
        assert completed(stream) == second
        assert [one["msg"] for one in messages(stream)][-1] == "close_stream"


class Messages(list):
    put_nowait = list.append


async def linger(sessions, ids):
    """The session's messages once each of these events has ended."""
    sessions["s"] = set()
    for id in ids:
        sessions["s"].add(id)
    for id in ids:
        sessions["s"].remove(id)
    await asyncio.sleep(4 * gradio_streams.LINGER_S)


def test_a_session_that_nobody_listens_to_any_more_is_forgotten(monkeypatch):
    monkeypatch.setattr(gradio_streams, "LINGER_S", 0.02)
    told = Messages()
    sessions = gradio_streams._Sessions({"s": told})
    run(linger(sessions, ["a", "b"]))
    assert [message.event_id for message in told] == [gradio_streams._NONE]
    assert sessions == {}
