"""The queue over HTTP: stretches of what fits, and what is done to many pictures at once."""

import json

import numpy as np
import pytest

from annotator.core.dataset import State
from annotator.core.review import Change, Gesture
from annotator.storage.looks import Seen
from annotator.web.gain_work import material_of
from tests.storage.builders import suggestion
from tests.web.batches import wait_until
from tests.web.conftest import png


@pytest.fixture
def store(projects, base):
    with projects.use(base.removeprefix("/annotator/")) as found:
        found.add_category("person")
        for number in range(1, 8):
            found.add_image(png(20, 12, seed=number), file_name=f"IMG_{number}.png", width=20, height=12)
        yield found


def listed(client, base, **asked):
    answer = client.get(f"{base}/queue", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(answer):
    return [image["id"] for image in answer["images"]]


def done(client, base, what, **said):
    answer = client.post(f"{base}/queue/{what}", json=said)
    assert answer.status_code == 200, answer.text
    return answer.json()["ids"]


def test_a_stretch_of_the_list_comes_with_what_there_is_of_everything(client, base, store):
    store.remove_image(7)
    done(client, base, "review", ids=[2, 3], reviewed=True)
    found = listed(client, base, query="state:unreviewed", offset=1, limit=2)
    assert ids(found) == [4, 5]
    assert [found[name] for name in ("total", "offset", "place", "all", "reviewed", "bin", "job")] == [
        4, 1, None, 6, 2, 1, None
    ]  # fmt: skip


def test_an_unchanged_list_is_answered_by_a_few_bytes(client, base, store):
    version = listed(client, base)["version"]
    answer = client.get(f"{base}/queue", params={"version": version})
    assert answer.json() == {"version": version, "job": None}
    assert len(answer.content) < 100
    store.remove_image(1)
    assert ids(listed(client, base, version=version)) == [2, 3, 4, 5, 6, 7]


def test_a_list_goes_both_ways_and_never_sends_more_than_a_stretch(client, base, store):
    assert ids(listed(client, base, sort="name", descending=True, limit=3)) == [7, 6, 5]
    assert ids(listed(client, base, limit=0)) == []
    assert len(ids(listed(client, base, limit=10**9))) == 7


def test_a_picture_is_found_in_the_list(client, base, store):
    found = listed(client, base, around=6, limit=2)
    assert (found["place"], found["offset"], ids(found)) == (5, 4, [5, 6])
    assert listed(client, base, around=6, query="IMG_1")["place"] is None
    assert listed(client, base, around=6, query="IMG_1", keep=6)["place"] == 1


def test_the_next_picture_to_do_lies_behind_the_open_one_and_then_at_the_top(client, base, store):
    def next_after(after, **asked):
        image = client.get(f"{base}/queue/next", params={"after": after, **asked}).json()["image"]
        return image and image["id"]

    done(client, base, "review", ids=[1, 3, 4, 7], reviewed=True)
    assert [next_after(after) for after in (1, 2, 5, 6, 7, 99)] == [2, 5, 6, 2, 2, 2]
    assert next_after(2, query="#2..4") is None
    assert next_after(6, sort="name", descending=True) == 5


def test_a_selection_is_made_of_ids(client, base, store):
    def selected(**asked):
        return client.get(f"{base}/queue/ids", params=asked).json()["ids"]

    assert selected(query="-#2") == [1, 3, 4, 5, 6, 7]
    assert selected(query="-#2", first=1, last=3) == [3, 4, 5]


def test_what_is_done_to_many_pictures_is_told_and_can_be_taken_back(client, base, store):
    assert done(client, base, "review", ids=[1, 2, 99], reviewed=True) == [1, 2]
    assert done(client, base, "review", ids=[1, 2, 3], reviewed=True) == [3]
    assert done(client, base, "review", ids=[3], reviewed=False) == [3]
    assert client.post(f"{base}/queue/review", json={"ids": [2, 99], "reviewed": True}).json() == {
        "ids": [],
        "gone": [99],
        "closed": [],
    }
    assert done(client, base, "remove", ids=[1, 5, 5]) == [1, 5]
    assert done(client, base, "restore", ids=[1, 5, 6]) == [1, 5]
    assert ids(listed(client, base, query="state:reviewed")) == [1, 2]
    assert ids(listed(client, base)) == [1, 2, 3, 4, 5, 6, 7]


def test_pictures_are_flagged_and_say_so(client, base, store):
    assert done(client, base, "flag", ids=[1, 2, 99], flag="blurred", on=True) == [1, 2]
    answer = client.post(f"{base}/queue/flag", json={"ids": [1, 3, 99], "flag": "blurred", "on": True})
    assert answer.json() == {"ids": [3], "gone": [99], "closed": []}
    found = listed(client, base, query="flag:blurred")
    assert [(image["id"], image["flags"]) for image in found["images"]] == [(id, ["blurred"]) for id in (1, 2, 3)]
    assert done(client, base, "flag", ids=[3, 4], flag="blurred", on=False) == [3]
    assert ids(listed(client, base, query="flag:")) == [1, 2]


@pytest.mark.parametrize("said", [{"flag": " a"}, {"flag": 7}, {}, {"flag": "a"}, {"flag": "a", "on": 1}])
def test_what_is_no_flag_is_refused_in_one_line(client, base, store, said):
    answer = client.post(f"{base}/queue/flag", json={"ids": [1], **said})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(("queue.flag: ", "queue.on: "))


def test_a_picture_says_why_it_could_not_be_pre_labelled(client, base, store):
    store.worklist.note_failures({2: "cannot be decoded"})
    assert [image["failure"] for image in listed(client, base, limit=2)["images"]] == ["", "cannot be decoded"]
    assert ids(listed(client, base, query="state:failed")) == [2]


def test_a_picture_that_was_changed_meanwhile_keeps_that(client, base, store):
    store.set_suggestions(1, [suggestion(1)])
    (key,) = [one.key for one in store.instances(1)]
    done(client, base, "review", ids=[1], reviewed=True)
    late = Gesture(1, "tab", 1, store.image(1).revision, "accept", "me", (Change(key, 1, State.ACCEPTED),))
    store.record(late)
    done(client, base, "review", ids=[1], reviewed=False)
    assert [one.state for one in store.instances(1)] == [State.ACCEPTED]


def test_an_expression_that_cannot_be_read_says_where(client, base, store):
    answer = client.get(f"{base}/queue", params={"query": "street state:done"})
    assert answer.status_code == 400
    found = answer.json()
    assert found["error"].startswith("search, character 14: 'done', expected one of new, started")
    assert (found["at"], found["trouble"], found["found"], found["words"][0]) == (13, "unknown_word", "done", "new")


@pytest.mark.parametrize(
    "asked",
    [
        {"sort": "beauty"},
        {"threshold": "nan"},
        {"threshold": 2},
        {"offset": -1},
        {"keep": -1},
        {"descending": "perhaps"},
    ],
)
def test_what_no_list_can_be_asked_for_is_refused_in_one_line(client, base, store, asked):
    answer = client.get(f"{base}/queue", params=asked)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(next(iter(asked)))


@pytest.mark.parametrize(
    "said",
    [[], {}, {"ids": 3}, {"ids": ["1"]}, {"ids": [-1]}, {"ids": [True]}, {"ids": [1]}, {"ids": [1], "reviewed": 1}],
)
def test_an_action_on_what_are_no_pictures_changes_nothing(client, base, store, said):
    answer = client.post(f"{base}/queue/review", content=json.dumps(said))
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("queue.")
    assert listed(client, base)["reviewed"] == 0


def test_pictures_with_most_to_gain_come_first_each_with_its_reasons(client, base, store):
    for image, scores in ((2, (0.98,)), (4, (0.52, 0.6, 0.4)), (6, (0.55,))):
        store.set_suggestions(image, [suggestion(x=3 * place, score=one) for place, one in enumerate(scores)])
    done(client, base, "review", ids=[1], reviewed=True)
    wait_until(lambda: "+" in listed(client, base, sort="gain")["version"])
    found = listed(client, base, sort="gain")
    assert ids(found) == [4, 6, 2, 3, 5, 7, 1]
    first, last = found["images"][0], found["images"][-1]
    assert first["reasons"] == {"doubtful": 2, "misses": 1, "apart": 0, "rare": 0, "unlike": False}
    assert "reasons" not in last
    assert listed(client, base, sort="gain", version=found["version"]) == {"version": found["version"], "job": None}
    assert ids(listed(client, base, sort="gain", descending=True))[:3] == [7, 5, 3]
    assert ids(listed(client, base, sort="gain", query="state:reviewed")) == [1]
    assert client.get(f"{base}/queue/ids", params={"sort": "gain", "last": 1}).json() == {"ids": [4, 6]}
    assert client.get(f"{base}/queue/next", params={"sort": "gain", "after": 4}).json()["image"]["id"] == 6


def test_what_a_network_sees_on_a_blind_picture_is_neither_a_reason_nor_moves_it(client, base, store):
    store.looks.put(4, Seen("net@1", 0, np.ones(2, np.float32), {}, besides=3))
    wait_until(lambda: "+" in listed(client, base, sort="gain")["version"])
    assert listed(client, base, sort="gain")["images"][0]["reasons"]["misses"] == 3
    store.blind.pick([4])
    row = next(one for one in listed(client, base, sort="gain")["images"] if one["id"] == 4)
    assert row["blind"]
    assert "reasons" not in row  # the order is still the one from before
    assert material_of(store).seen_besides == {}


def test_the_order_stays_while_somebody_works_along_it(client, base, store):
    store.set_suggestions(2, [suggestion(score=0.5)])
    wait_until(lambda: "+" in listed(client, base, sort="gain")["version"])
    assert ids(listed(client, base, sort="gain"))[0] == 2
    done(client, base, "review", ids=[2], reviewed=True)
    assert ids(listed(client, base, sort="gain"))[0] == 2
