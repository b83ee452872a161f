"""A server whose disk takes not one more byte: everything is still shown, and what cannot be kept says so."""

import io
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from tests.web.conftest import png

resource = pytest.importorskip("resource", reason="needs RLIMIT_FSIZE")


@contextmanager
def full_disk():
    """The system refuses every byte that is to be written to a file, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))


def test_a_full_disk_hides_nothing_and_says_what_it_cannot_keep(client, base, tmp_path):
    picture = io.BytesIO()
    Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save(picture, "TIFF")
    client.post(f"{base}/images", params={"name": "a.tif"}, content=picture.getvalue())
    shutil.rmtree(tmp_path / "project" / "thumbnails")
    gesture = {"client": "t", "number": 1, "revision": 0, "verb": "review", "changes": [], "reviewed": True}
    with full_disk():
        shown = [client.get(f"{base}/{path}") for path in ("pictures/1", "thumbnails/1", "queue", "images/1")]
        refused = [
            client.post(f"{base}/images/1/gestures", json=gesture),
            client.post(f"{base}/images/1/gestures", json=gesture | {"more": "x" * 400_000}),
            client.post(f"{base}/images", params={"name": "b"}, content=png(seed=1)),
            client.post(f"{base}/images", params={"name": "b"}, content=png(400, 400)),
            client.post(f"{base}/categories", json={"name": "x"}),
            client.get(f"{base}/archive"),
        ]
    assert [answer.status_code for answer in shown] == [200] * 4
    assert [answer.headers["content-type"] for answer in shown[:2]] == ["image/png", "image/jpeg"]
    assert [answer.status_code for answer in refused] == [507] * 6
    for answer in refused:
        assert "\n" not in answer.json()["error"]
    assert client.post(f"{base}/images/1/gestures", json=gesture).json() == {"revision": 1}
    assert client.get(f"{base}/queue").json()["images"][0]["reviewed"]
