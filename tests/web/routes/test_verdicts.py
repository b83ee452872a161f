"""What a reviewer says of pictures, over HTTP."""

import pytest

from tests.web.conftest import png


@pytest.fixture
def store(projects, base):
    with projects.use(base.removeprefix("/annotator/")) as found:
        for number in range(1, 4):
            found.add_image(png(20, 12, seed=number), file_name=f"{number}.png", width=20, height=12)
        found.worklist.mark_reviewed([1, 2], True, who="ann")
        yield found


def test_pictures_are_accepted_sent_back_with_a_note_and_taken_back(client, base, store):
    assert client.get(f"{base}/verdicts").json() == {"on": False, "reviews": True, "manages": True, "counts": None}
    counts = client.put(f"{base}/verdicts", json={"on": True}).json()["counts"]
    assert counts == {"toreview": 2, "accepted": 0, "sentback": 0}

    def say(verdict, *ids, **more):
        answer = client.post(f"{base}/verdicts", json={"ids": ids, "verdict": verdict, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()["ids"]

    assert say("accepted", 1, 2, 3) == [1, 2]
    assert say("sentback", 2, note="the dog") == [2]
    found = client.get(f"{base}/images/2/verdicts").json()
    assert (found["stands"], [one["verdict"] for one in found["history"]]) == ("sentback", ["accepted", "sentback"])
    assert (found["history"][1]["note"], found["history"][1]["whom"]) == ("the dog", "ann")
    assert say("free", 2) == [2]
    assert say("withdrawn", 1, 2) == [1, 2]
    assert client.get(f"{base}/queue", params={"query": "verdict:toreview"}).json()["total"] == 2


def test_a_verdict_on_an_older_state_of_a_picture_is_a_conflict_and_one_without_a_note_is_refused(client, base, store):
    seen = client.get(f"{base}/images/1").json()["revision"]
    accept = {"ids": [1], "verdict": "accepted", "revision": seen}
    assert client.post(f"{base}/verdicts", json=accept).json() == {"ids": [1]}
    answer = client.post(f"{base}/verdicts", json=accept)
    assert (answer.status_code, answer.json()["error"].split(":")[0]) == (409, "image 1")
    answer = client.post(f"{base}/verdicts", json={"ids": [2], "verdict": "sentback", "note": " "})
    assert (answer.status_code, answer.json()["error"].split(":")[0]) == (400, "verdict.note")
    assert store.verdicts.among([1, 2]) == {1: "accepted", 2: "toreview"}


@pytest.mark.parametrize(
    "body",
    [{}, [], {"ids": [1]}, {"ids": ["1"], "verdict": "accepted"}, {"ids": [1], "verdict": "x"},
     {"ids": [1], "verdict": "sentback", "note": 1}, {"ids": [1, 2], "verdict": "accepted", "revision": 1},
     {"ids": [1], "verdict": "accepted", "revision": -1}],
)  # fmt: skip
def test_what_is_no_verdict_is_refused_in_one_line(client, base, store, body):
    answer = client.post(f"{base}/verdicts", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("verdicts.")
