"""Accepting unseen over HTTP: a network that is right, and one that changes its ways."""

import time

import pytest
from fastapi.testclient import TestClient

from annotator.core.dataset import State
from annotator.core.review import Change
from annotator.insight.auto_accept import SAMPLE
from annotator.web.projects import Projects
from annotator.web.server import build_server
from tests.storage.builders import accept, add_image, gesture, suggestion

EACH = 5


@pytest.fixture
def desk(tmp_path):
    projects = Projects(visitors=tmp_path / "visitors")
    key = projects.create()
    with TestClient(build_server(projects)) as client, projects.use(key) as store:
        store.add_category("person", id=1)
        yield client, f"/annotator/{key}", store


def add(store, count, *, first=0, decide=False):
    """Pictures with five suggestions each of 0.9, all of them right where they are decided."""
    with store.together():
        for number in range(first, first + count):
            image = add_image(store, b"%d" % number, f"{number}.jpg")
            store.set_suggestions(image.id, [suggestion(1 + 2 * x, source="net@1") for x in range(EACH)])
            if decide:
                changes = [accept(one.key) for one in store.instances(image.id)]
                store.record(gesture(image, *changes, number=number, reviewed=True, threshold=0.1))


def wait_until_done(client, base):
    patience = time.monotonic() + 60
    while client.get(f"{base}/bulk").json()["run"]["running"] and time.monotonic() < patience:
        time.sleep(0.02)
    return client.get(f"{base}/bulk").json()


def counted(store, state):
    return sum(one.state == state for image in store.images() for one in store.instances(image.id))


def answer_sample(store, *, wrong):
    """The open suggestions, so many of them wrong."""
    left = wrong
    for image in store.images():
        changes = []
        for one in store.instances(image.id):
            if one.state == State.SUGGESTED:
                changes.append(Change(one.key, 1, State.REJECTED if left > 0 else State.ACCEPTED))
                left -= 1
        if changes:
            store.record(gesture(store.image(image.id), *changes, number=10_000 + image.id, client="person"))


def test_what_answers_do_not_show_is_not_accepted(desk):
    client, base, store = desk
    add(store, 70)
    answer = client.post(f"{base}/insight/unseen")
    assert (answer.status_code, counted(store, State.ACCEPTED)) == (400, 0)
    assert "expected at least 300" in answer.json()["error"]
    assert client.post(f"{base}/insight/unseen/check").json() == {"taken_back": 0, "batches": []}


def test_a_batch_holds_once_its_sample_is_answered(desk):
    client, base, store = desk
    add(store, 60, decide=True)
    add(store, 80, first=60)
    (offer,) = client.get(f"{base}/insight").json()["unseen"]["offers"]
    assert (offer["border"], offer["waiting"]) == (0.9, 400)
    client.post(f"{base}/insight/unseen").raise_for_status()
    wait_until_done(client, base)
    assert counted(store, State.SUGGESTED) == SAMPLE
    (batch,) = client.post(f"{base}/insight/unseen/check").json()["batches"]
    assert (batch["outcome"], batch["accepted"], batch["left"], batch["allowed"]) == ("open", 250, 150, 3)
    answer_sample(store, wrong=3)
    found = client.post(f"{base}/insight/unseen/check").json()
    assert (found["taken_back"], found["batches"][0]["outcome"]) == (0, "holds")
    assert counted(store, State.ACCEPTED) == 300 + 250 + SAMPLE - 3


def test_a_batch_is_taken_back_when_its_sample_says_so(desk):
    client, base, store = desk
    add(store, 60, decide=True)
    add(store, 80, first=60)
    client.post(f"{base}/insight/unseen").raise_for_status()
    wait_until_done(client, base)
    answer_sample(store, wrong=4)
    assert client.post(f"{base}/insight/unseen/check").json()["taken_back"] == 250
    done = wait_until_done(client, base)
    assert (done["run"]["undoes"], done["run"]["passed_over"]) == (True, 0)
    assert counted(store, State.SUGGESTED) == 250
    assert client.post(f"{base}/insight/unseen/check").json() == {"taken_back": 0, "batches": []}
