"""Pictures that join the queue."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image as Picture

from annotator.system import paths
from annotator.web.projects import Projects
from tests.web.conftest import client_of, png, upload


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


def test_an_uploaded_picture_stands_in_the_queue_with_its_thumbnail(client, base):
    image_id = upload(client, base)
    row = client.get(f"{base}/queue").json()["images"][0]
    assert (row["id"], row["name"], row["width"], row["height"]) == (image_id, "one.png", 64, 48)
    thumbnail = client.get("/" + row["thumbnail"])
    assert thumbnail.headers["content-type"] == "image/jpeg"
    picture = client.get(f"{base}/pictures/{image_id}")
    assert picture.content == png()
    assert "default-src 'none'" in picture.headers["content-security-policy"]


def test_the_same_picture_is_known(client, base):
    first = client.post(f"{base}/images", params={"name": "a.png"}, content=png()).json()
    again = client.post(f"{base}/images", params={"name": "b.png"}, content=png()).json()
    assert (first["known"], again["known"]) == (False, True)
    assert first["id"] == again["id"]


def test_whether_the_project_has_a_picture_is_known_by_its_bytes_before_they_are_sent(client, base):
    digest = hashlib.sha256(png()).hexdigest()
    assert client.get(f"{base}/known/{digest}").json() == {"id": None}
    image_id = upload(client, base)
    assert client.get(f"{base}/known/{digest}").json() == {"id": image_id}
    # What lies in the bin comes back by being sent.
    client.delete(f"{base}/images/{image_id}")
    assert client.get(f"{base}/known/{digest}").json() == {"id": None}
    assert client.get(f"{base}/known/{digest[:-1]}").status_code == 400


@pytest.mark.parametrize("content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_picture_is_refused_in_one_line(client, base, content):
    answer = client.post(f"{base}/images", params={"name": "x.png"}, content=content)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("x.png: ")
    assert "\n" not in answer.json()["error"]
    assert client.get(f"{base}/queue").json()["images"] == []


def test_the_example_shows_people_without_a_connection(client, base):
    assert client.post(f"{base}/example").status_code == 200
    names = [row["name"] for row in client.get(f"{base}/queue").json()["images"]]
    assert names == [path.name for path in sorted(paths.EXAMPLES.glob("*.jpg"))]
