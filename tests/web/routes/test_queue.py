"""Pictures into the queue over HTTP."""

import io

import numpy as np
import pytest
from PIL import Image as Picture

from annotator.web.projects import Projects
from tests.web.conftest import client_of


@pytest.fixture(scope="module")
def scan():
    """A TIFF of 72 MB, as scanners and cameras write them."""
    stream = io.BytesIO()
    Picture.fromarray(np.zeros((4000, 6000, 3), np.uint8)).save(stream, "TIFF")
    content = stream.getvalue()
    assert len(content) > 72_000_000
    return content


def test_ones_own_machine_takes_a_large_picture_and_a_shared_server_does_not(client, base, scan, tmp_path):
    answer = client.post(f"{base}/images", params={"name": "scan.tiff"}, content=scan)
    assert answer.status_code == 200, answer.text
    visitors = Projects(visitors=tmp_path / "visitors")
    theirs = client_of(visitors).post(
        f"/annotator/{visitors.create()}/images", params={"name": "scan.tiff"}, content=scan
    )
    assert theirs.status_code == 413
    assert "expected at most" in theirs.json()["error"]
    visitors.close()
