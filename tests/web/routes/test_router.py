"""What the editor asks the server for, over HTTP."""

import json

import numpy as np
import pytest

from annotator.core.dataset import Suggestion
from annotator.core.masks import mask_to_rle
from annotator.web.projects import Projects
from tests.web.conftest import client_of, png


def upload(client, base, **size):
    answer = client.post(f"{base}/images", params={"name": "one.png"}, content=png(**size))
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def suggest(projects, image_id, *, score=0.9):
    store = projects.get(projects.welcome(None))
    mask = np.zeros((48, 64), bool)
    mask[10:20, 10:30] = True
    store.add_category("person")
    store.set_suggestions(image_id, [Suggestion(1, score, mask_to_rle(mask), "known@1")])


def gesture(document, number, verb="accept", state="accepted", **change):
    changes = [
        {"key": item["key"], "category": item["category"], "state": state} | change for item in document["instances"]
    ]
    return {
        "client": "tab",
        "number": number,
        "revision": document["revision"],
        "verb": verb,
        "changes": changes,
    }


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


@pytest.mark.parametrize("content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_picture_is_refused_in_one_line(client, base, content):
    answer = client.post(f"{base}/images", params={"name": "x.png"}, content=content)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("x.png: ")
    assert "\n" not in answer.json()["error"]
    assert client.get(f"{base}/queue").json()["images"] == []


def test_a_gesture_is_saved_once_and_shown_again(client, base, projects):
    image_id = upload(client, base)
    suggest(projects, image_id)
    document = client.get(f"{base}/images/{image_id}").json()
    assert document["instances"][0]["state"] == "suggested"
    sent = gesture(document, 1)
    answers = [client.post(f"{base}/images/{image_id}/gestures", json=sent) for _ in range(3)]
    assert [answer.json() for answer in answers] == [{"revision": 1}] * 3
    again = client.get(f"{base}/images/{image_id}").json()
    assert again["revision"] == 1
    assert again["instances"][0]["state"] == "accepted"
    assert again["instances"][0]["score"] == pytest.approx(0.9)


def test_a_stale_gesture_is_refused_with_the_revision_that_is_there(client, base, projects):
    image_id = upload(client, base)
    suggest(projects, image_id)
    document = client.get(f"{base}/images/{image_id}").json()
    client.post(f"{base}/images/{image_id}/gestures", json=gesture(document, 1))
    late = client.post(
        f"{base}/images/{image_id}/gestures", json=gesture(document, 1, "reject", "rejected") | {"client": "other tab"}
    )
    assert late.status_code == 409
    assert late.json()["revision"] == 1
    assert client.get(f"{base}/images/{image_id}").json()["instances"][0]["state"] == "accepted"


def test_a_drawn_polygon_comes_back_with_its_vertices(client, base):
    client.post(f"{base}/categories", json={"name": "person"})
    image_id = upload(client, base)
    document = client.get(f"{base}/images/{image_id}").json()
    parts = [[[[5, 5], [30, 5], [30, 40], [5, 40]], [[10, 10], [20, 10], [20, 20]]]]
    sent = gesture(document, 1, "add")
    sent["changes"] = [{"key": "new-1", "category": 1, "state": "accepted", "parts": parts}]
    assert client.post(f"{base}/images/{image_id}/gestures", json=sent).status_code == 200
    saved = client.get(f"{base}/images/{image_id}").json()["instances"][0]
    assert saved["parts"] == parts
    assert saved["source"] == "manual"
    assert saved["score"] is None


@pytest.mark.parametrize(
    "broken",
    [
        {"verb": "explode"},
        {"number": -1},
        {"number": "1"},
        {"seconds": 10**400},
        {"threshold": 10**400},
        {"threshold": 1.5},
        {"number": 2**53},
        {"client": "\ud800"},
        {"verb": "\ud800"},
        {"revision": None},
        {"client": ""},
        {"client": "x" * 1000},
        {"changes": {}},
        {"changes": [{"key": "k", "category": 1, "state": "accepted"}]},
        {"changes": [{"key": "k", "category": 99, "state": "accepted", "parts": [[[[0, 0], [9, 0], [9, 9]]]]}]},
        {"changes": [{"key": "k", "category": 1, "state": "accepted", "rle": "zzz"}]},
        {"changes": [{"key": "k", "category": 1, "state": "accepted", "parts": [[[[0, 0], [1, "x"], [2, 2]]]]}]},
        {"changes": [{"key": "k", "category": 1, "state": "accepted", "parts": [[[[0, 0], [1e300, 0], [2, 2]]]]}]},
        {"changes": [{"key": "k", "category": 1, "state": "accepted", "parts": []}]},
        {"changes": [{"key": "k", "category": 1, "state": "accepted", "parts": [[]]}]},
        {"changes": [{"key": "../../x", "category": 1, "state": "accepted", "parts": [[[[0, 0], [9, 0], [9, 9]]]]}]},
    ],
)
def test_a_malformed_gesture_changes_nothing(client, base, broken):
    client.post(f"{base}/categories", json={"name": "person"})
    image_id = upload(client, base)
    document = client.get(f"{base}/images/{image_id}").json()
    sent = json.dumps(gesture(document, 1) | broken)
    answer = client.post(f"{base}/images/{image_id}/gestures", content=sent)
    assert answer.status_code == 400, answer.text
    assert "\n" not in answer.json()["error"]
    assert client.get(f"{base}/images/{image_id}").json() == document


def test_a_body_that_is_not_json_is_refused(client, base):
    image_id = upload(client, base)
    answer = client.post(f"{base}/images/{image_id}/gestures", content=b"[" * 100_000)
    assert answer.status_code == 400


def test_an_image_that_was_removed_is_gone(client, base):
    image_id = upload(client, base)
    assert client.delete(f"{base}/images/{image_id}").status_code == 200
    assert client.get(f"{base}/images/{image_id}").status_code == 404
    assert client.get(f"{base}/queue").json()["images"] == []


@pytest.mark.parametrize("key", ["x", "a" * 32, "..%2f..%2fetc", "%00"])
def test_a_key_that_opens_nothing_says_so(client, key):
    answer = client.get(f"/annotator/{key}/queue")
    assert answer.status_code == 404
    assert "project" in answer.text or "nothing is there" in answer.text


@pytest.mark.parametrize("name", ["..%2frouts.py", "%2e%2e/routes.py", "..%2f..%2fcore%2ferrors.py"])
def test_static_serves_its_own_folder_only(client, name):
    assert client.get(f"/annotator/static/{name}").status_code == 404


def test_visitors_cannot_see_each_other(tmp_path):
    projects = Projects(visitors=tmp_path / "visitors")
    client = client_of(projects)
    first, second = projects.welcome(None), projects.welcome("not a key")
    assert first != second
    image_id = upload(client, f"/annotator/{first}")
    assert client.get(f"/annotator/{second}/queue").json()["images"] == []
    assert client.get(f"/annotator/{second}/pictures/{image_id}").status_code == 404
    assert projects.welcome(first) == first
    projects.close()


def test_a_visitor_finds_the_project_again_after_a_restart(tmp_path):
    projects = Projects(visitors=tmp_path / "visitors")
    key = projects.welcome(None)
    upload(client_of(projects), f"/annotator/{key}")
    projects.close()
    again = Projects(visitors=tmp_path / "visitors")
    assert again.welcome(key) == key
    assert len(client_of(again).get(f"/annotator/{key}/queue").json()["images"]) == 1
    again.close()


def test_the_example_shows_people_without_a_connection(client, base):
    assert client.post(f"{base}/example").status_code == 200
    names = [row["name"] for row in client.get(f"{base}/queue").json()["images"]]
    assert names == ["eileen-collins.jpg", "grace-hopper.jpg"]


def test_what_is_removed_goes_to_the_bin_and_comes_back_until_it_is_emptied(client, base, projects):
    for seed in range(3):
        client.post(f"{base}/images", params={"name": f"{seed}.png"}, content=png(seed=seed))
    client.delete(f"{base}/images/1")
    assert client.get(f"{base}/queue").json()["bin"] == 1
    assert client.get(f"{base}/bin").json() == {"images": [{"id": 1, "name": "0.png"}]}
    assert client.post(f"{base}/bin/1/restore").json() == {"count": 1}
    assert client.post(f"{base}/bin/1/restore").status_code == 404
    assert client.post(f"{base}/bin").json() == {"count": 3}
    assert client.get(f"{base}/queue").json()["images"] == []
    assert client.post(f"{base}/bin/restore").json() == {"count": 3}
    client.delete(f"{base}/images/2")
    sha256 = projects.get(projects.local_key).bin()[0].sha256
    folder = projects.get(projects.local_key).folder
    assert [path.parent.name for path in folder.rglob(f"*{sha256}*")]
    assert client.delete(f"{base}/bin").json() == {"count": 1}
    assert list(folder.rglob(f"*{sha256}*")) == []  # nor a thumbnail of it
    assert client.get(f"{base}/bin").json() == {"images": []}
    gone = client.post(f"{base}/bin/2/restore")
    assert gone.status_code == 404
    assert "emptied" in gone.json()["error"]
    assert client.post(f"{base}/bin/restore").json() == {"count": 0}
    assert client.delete(f"{base}/bin").json() == {"count": 0}
    # The same picture added again is the same image, whole.
    assert client.post(f"{base}/images", params={"name": "again.png"}, content=png(seed=1)).json()["id"] == 2
    assert client.get(f"{base}/pictures/2").status_code == 200
