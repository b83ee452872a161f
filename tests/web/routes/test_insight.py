"""What the decisions say, over HTTP and as CSV."""

import csv
import io

import pytest
from fastapi.testclient import TestClient

from annotator.core.dataset import State
from annotator.core.review import Change
from annotator.web.projects import Projects
from annotator.web.server import build_server
from tests.storage.builders import accept, add_image, block, gesture, suggestion


@pytest.fixture
def desk(tmp_path):
    projects = Projects(visitors=tmp_path / "visitors")
    key = projects.create()
    with TestClient(build_server(projects)) as client, projects.use(key) as store:
        yield client, f"/annotator/{key}/insight", store


def decide(store, count, *, right_from=0.5):
    """So many pictures with five suggestions each, accepted from a score on and rejected below; one drawn on each."""
    store.add_category("person")
    for number in range(count):
        image = add_image(store, b"%d" % number, f"{number}.jpg")
        scores = [0.2, 0.4, 0.5, 0.7, 0.9]
        offered = [suggestion(1 + x, score=score, source="net@1") for x, score in enumerate(scores)]
        store.set_suggestions(image.id, offered, by="net@1")
        changes = [
            accept(one.key) if one.score >= right_from else Change(one.key, 1, State.REJECTED)
            for one in store.instances(image.id)
        ]
        store.record(gesture(image, *changes, number=2 * number, reviewed=True, threshold=0.1, seconds=5.0))
        drawn = accept(f"drawn{number}", rle=block(9))
        store.record(gesture(store.image(image.id), drawn, number=2 * number + 1, verb="add", seconds=20.0))


def test_a_project_without_a_decision_says_what_is_needed(desk):
    client, base, _ = desk
    found = client.get(base).json()
    assert (found["advice"], found["unseen"]["offers"], found["ledger"]["pace"]) == ([], [], None)
    assert found["needs"] == {"answers": 20, "drawings": 10, "unseen": 217, "batch": 300}
    assert client.get(f"{base}/thresholds.csv").text == ""


def test_the_page_gets_the_advice_and_the_ledger(desk):
    client, base, store = desk
    decide(store, 12)
    found = client.get(base).json()
    (advice,) = found["advice"]
    assert (advice["network"], advice["category"], advice["answers"]) == ("net@1", 1, 60)
    # Nothing lies between 0.4, which is wrong, and 0.5: any threshold between shows the same.
    assert 0.4 < advice["advised"] <= 0.5
    assert (advice["precision"]["share"][50], advice["precision"]["total"][50]) == (1, 36)
    assert advice["missed"]["share"][50] == 0.25
    assert advice["missed"]["share"][5] is None, "reviewed with suggestions from 0.1 on"
    assert (advice["costs"]["draw"], advice["costs"]["accept"]) == (20, 1)
    entry = found["ledger"]["entries"][0]
    assert (entry["accepted"]["count"], entry["rejected"]["count"], entry["worth"]) == (36, 24, "saves")
    assert found["ledger"]["pace"] == pytest.approx(
        {"left": 0, "pictures": 12, "each": 25, "seconds": 0, "low": 0, "high": 0}
    )
    (offer,) = found["unseen"]["offers"]
    assert (offer["border"], offer["waiting"]) == (None, 0)


def test_the_numbers_follow_the_next_decision(desk):
    client, base, store = desk
    decide(store, 1)
    before = client.get(base).json()
    assert before["advice"][0]["answers"] == 5
    assert client.get(base).json() == before
    one = store.instances(1)[0]
    store.record(gesture(store.image(1), Change(one.key, 1, State.SUGGESTED), number=99, verb="undo"))
    assert client.get(base).json()["advice"][0]["answers"] == 4


def test_a_spreadsheet_gets_every_number(desk):
    client, base, store = desk
    decide(store, 12)
    rows = list(csv.DictReader(io.StringIO(client.get(f"{base}/thresholds.csv").text)))
    assert len(rows) == 101
    assert (rows[50]["threshold"], rows[50]["answers"], rows[50]["precision"]) == ("0.5", "36", "1.0")
    assert [row["threshold"] for row in rows if row["advised"] == "True"] == [rows[45]["threshold"]]
    (row,) = csv.DictReader(io.StringIO(client.get(f"{base}/effort.csv").text))
    assert (row["accepted"], row["drawn"], row["seconds_by_hand"], row["worth"]) == ("36", "12", "20.0", "saves")


@pytest.mark.parametrize("address", ["/people.csv", "/thresholds.json", "/../statistics.csv"])
def test_anything_else_is_one_line(desk, address):
    client, base, _ = desk
    answer = client.get(base + address)
    assert answer.status_code in (400, 404)
    assert "\n" not in answer.json()["error"]


def test_likely_errors_are_listed_with_their_reasons(desk):
    client, base, store = desk
    assert client.get(f"{base}/doubts").json() == {"instances": [], "total": 0, "looked_at": 0}
    decide(store, 2)
    car = store.add_category("car").id
    mistaken = store.instances(1)[-2]
    store.record(gesture(store.image(1), accept(mistaken.key, category_id=car), number=50, verb="relabel"))
    listed = client.get(f"{base}/doubts").json()
    assert (listed["total"], listed["looked_at"]) == (len(listed["instances"]), 8)
    (found, *_) = listed["instances"]
    assert (found["key"], found["category"], found["reason"], found["other"]) == (mistaken.key, car, "category", 1)
    assert found["cutout"].startswith("annotator/")
