"""Documents: large ones are made one at a time and wait on the disk, and read as small ones do."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from annotator.web.routes import documents
from tests.web.conftest import client_of, png

SQUARE = [[[[5, 5], [30, 5], [30, 40], [5, 40]]]]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def address(client, base):
    """Of a picture with one instance."""
    client.post(f"{base}/images", params={"name": "a.png"}, content=png())
    client.post(f"{base}/categories", json={"name": "person"})
    change = {"key": "k", "category": 1, "state": "accepted", "parts": SQUARE}
    gesture = {"client": "a", "number": 1, "revision": 0, "verb": "add", "changes": [change]}
    assert client.post(f"{base}/images/1/gestures", json=gesture).status_code == 200
    return f"{base}/images/1"


def test_a_large_document_reads_as_a_small_one_and_leaves_nothing_behind(client, address, monkeypatch, home):
    small = client.get(address)
    monkeypatch.setattr(documents, "LARGE_BYTES", 0)
    for _ in range(documents.MAX_LEAVING_EACH + 1):
        large = client.get(address)
        assert large.status_code == 200
        assert large.json() == small.json()
        assert large.headers["content-type"] == small.headers["content-type"] == "application/json"
    assert list((home / "documents").iterdir()) == []


def test_large_documents_are_made_one_at_a_time_and_saving_goes_on(client, base, address, monkeypatch):
    monkeypatch.setattr(documents, "LARGE_BYTES", 0)
    making, made, done = [], documents.document_head_to_json, threading.Event()

    def slow(store, image_id, *, url):
        making.append(threading.get_ident())
        assert len(making) == 1
        assert done.wait(30)
        making.pop()
        return made(store, image_id, url=url)

    monkeypatch.setattr(documents, "document_head_to_json", slow)
    with client, ThreadPoolExecutor() as pool:
        asked = [pool.submit(client.get, address) for _ in range(4)]
        while not making:
            time.sleep(0.01)
        reviewed = {"client": "a", "number": 2, "revision": 1, "verb": "review", "reviewed": True}
        assert client.post(f"{address}/gestures", json=reviewed).status_code == 200
        done.set()
        assert [one.result().json()["revision"] for one in asked] == [2] * 4


def test_what_nobody_reads_is_bounded(projects, monkeypatch, home):
    monkeypatch.setattr(documents, "LARGE_BYTES", -1)
    monkeypatch.setattr(documents, "MAX_LEAVING_EACH", 0)
    client, base = client_of(projects), f"/annotator/{projects.local_key}"
    client.post(f"{base}/images", params={"name": "a.png"}, content=png())
    refused = client.get(f"{base}/images/1")
    assert refused.status_code == 507
    assert "try again in a moment" in refused.json()["error"]
    assert not (home / "documents").exists()


def test_a_document_that_cannot_be_made_is_told_and_not_counted(client, base, address, monkeypatch):
    monkeypatch.setattr(documents, "LARGE_BYTES", -1)
    for _ in range(documents.MAX_LEAVING_EACH + 1):
        assert client.get(f"{base}/images/7").status_code == 404
    assert json.loads(client.get(address).content)["image"]["id"] == 1
