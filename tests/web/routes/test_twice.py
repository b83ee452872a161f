"""Two people on the same pictures over HTTP: each sees their own take alone, and a reviewer sees both."""

import pytest

from annotator.core.people import Role
from tests.storage.builders import suggestion
from tests.web.conftest import png
from tests.web.teams import team_of


@pytest.fixture
def team(tmp_path):
    """Of six people: mara manages, rolf reviews, four annotate. Ann has done the one picture."""
    people = {"rolf": Role.REVIEW} | dict.fromkeys(("ann", "ben", "cat", "dan"), Role.ANNOTATE)
    with team_of(tmp_path / "projects", people) as team:
        team.store.add_image(png(20, 12), file_name="a.png", width=20, height=12)
        team.store.add_category("person")
        team.store.set_suggestions(1, [suggestion(2), suggestion(9, score=0.4)], by="net@1")
        accept_all(team, "ann", 1)
        yield team


def accept_all(ask, name, image_id, *, most=9):
    """Accept what is suggested on a picture, and mark it reviewed."""
    document = ask(name, "GET", f"images/{image_id}").json()
    changes = [{"key": one["key"], "category": 1, "state": "accepted"} for one in document["instances"][:most]]
    said = {"client": name, "number": image_id, "revision": document["revision"], "verb": "accept", "reviewed": True}
    answer = ask(name, "POST", f"images/{image_id}/gestures", json=said | {"changes": changes})
    assert answer.status_code == 200, answer.text


def test_a_second_person_is_given_the_picture_and_neither_sees_the_other_until_it_is_compared(team):
    assert team("ben", "POST", "twice", json={"share": 1}).status_code == 403
    assert team("mara", "POST", "twice", json={"share": 1}).json()["open"] == 1
    assert team("ann", "POST", "twice/next").json() == {"image": None}
    waits = team("ann", "GET", "twice").json()
    assert (waits["open"], waits["others"], waits["named"]) == (0, 1, True)
    take = team("ben", "POST", "twice/next").json()["image"]
    refused = team("ben", "GET", "images/1")
    assert refused.status_code == 403
    assert "two people annotate it apart from each other" in refused.json()["error"]
    assert team("ann", "GET", f"images/{take}").status_code == 403
    assert team("rolf", "GET", f"images/{take}").status_code == team("ann", "GET", "images/1").status_code == 200
    assert team("ben", "GET", f"pictures/{take}").content == team("ann", "GET", "pictures/1").content
    assert team("ben", "GET", f"thumbnails/{take}").status_code == 200
    gallery = "gallery?category=1&state=accepted"
    first = team("rolf", "GET", gallery).json()["instances"]
    assert len(first) == len(team("ann", "GET", gallery).json()["instances"]) == 2
    assert team("ben", "GET", gallery).json()["instances"] == []
    cutout = first[0]["cutout"].split("/", 2)[2]
    assert [team(who, "GET", cutout).status_code for who in ("rolf", "ann", "ben")] == [200, 200, 403]
    assert team("ben", "GET", f"images/1/heatmaps/{first[0]['key']}").status_code == 403
    counts = [team(who, "GET", "queue").json()["images"][0]["accepted"] for who in ("rolf", "ann", "ben")]
    assert counts == [2, 2, 0]
    offered = team("ben", "GET", f"images/{take}").json()["instances"][0]["key"]
    assert team("ann", "GET", f"cutouts/{take}/{offered}").status_code == 403
    assert team("ben", "GET", f"cutouts/{take}/{offered}").status_code == 200
    accept_all(team, "ben", take, most=1)
    assert len(team("ben", "GET", gallery).json()["instances"]) == 2
    assert team("ben", "GET", cutout).status_code == 200
    assert team("ben", "GET", "images/1").status_code == 200, "theirs is done: nothing is given away"
    assert team("ben", "POST", f"queue/next?after={take}", json={"tab": "b"}).json()["image"] is None
    assert [one["id"] for one in team("ben", "GET", "queue").json()["images"]] == [1]
    found = team("ben", "GET", "twice/agreement").json()
    assert (found["all"]["first"], found["all"]["second"], found["all"]["both"]) == (2, 1, 1)
    assert found["people"][0]["people"] == ["ann", "ben"]
    assert found["pictures"][0]["agreement"] == pytest.approx(0.6667)
    assert (
        team("ben", "GET", "twice/pictures.csv").text.splitlines()[1].startswith("1,a.png,ann,ben,1,1,1,0,0.6667,1.0")
    )
    assert team("ben", "GET", "twice/images/1").status_code == 403, "to compare is a reviewer's"
    both = team("rolf", "GET", "twice/images/1").json()
    assert [one["only"] for one in both["first"]] == [False, True]
    assert [(one["first"], one["second"], one["iou"]) for one in both["pairs"]] == [(0, 0, 1.0)]
    assert both["second"][0]["path"].startswith("M")
    revision = team("rolf", "POST", "twice/images/1", json={"take": "second"}).json()["revision"]
    document = team("rolf", "GET", "images/1").json()
    assert (document["revision"], len(document["instances"])) == (revision, 1)
    assert team("rolf", "GET", "twice/images/1").json()["settled"] == "second"
    assert team("rolf", "POST", "twice/images/1", json={"add": both["second"][0]["key"]}).status_code == 200
    assert team("ben", "GET", "twice/agreement").json()["all"]["both"] == 1


def test_the_next_one_comes_after_a_second_take_and_the_queue_after_the_last(team):
    team("mara", "POST", "images?name=b.png", content=png(20, 12, seed=1))
    accept_all(team, "ann", 2)
    team("mara", "POST", "twice", json={"pick": [1, 2]})
    team("mara", "POST", "images?name=c.png", content=png(20, 12, seed=2))
    first = team("ben", "POST", "twice/next").json()["image"]
    accept_all(team, "ben", first)
    assert team("ben", "GET", f"queue/next?after={first}").json()["image"]["name"] == "c.png"
    assert team("ben", "GET", "twice").json()["open"] == 1
    row = team("ben", "POST", f"queue/next?after={first}", json={"tab": "b"}).json()["image"]
    assert (row["name"], row["reviewed"]) == ("b.png", False)
    assert row["id"] not in (1, 2, first)
    accept_all(team, "ben", row["id"])
    assert team("ben", "GET", f"queue/next?after={row['id']}").json()["image"]["name"] == "c.png"


def test_no_search_and_no_order_tells_what_is_on_the_other_take(team):
    team("mara", "POST", "images?name=b.png", content=png(20, 12, seed=1))
    team("mara", "POST", "twice", json={"pick": [1]})
    take = team("ben", "POST", "twice/next").json()["image"]

    def finds(name, query):
        """The same as a list, as what can be picked, and as what an export would hold."""
        ids = team(name, "GET", "queue/ids", params={"query": query}).json()["ids"]
        listed = team(name, "GET", "queue", params={"query": query}).json()
        assert ([one["id"] for one in listed["images"]], listed["total"]) == (ids, len(ids))
        ahead = team(name, "POST", "exports/ahead", json={"only": query, "unreviewed": True}).json()
        assert ahead["pictures"] == len(ids)
        return ids

    asked = ("category:person", "-category:person", "instances:2", "state:started", "-note:", "disagree:", "by:ann")
    assert [finds("ben", query) for query in asked] == [[], [2], [], [], [2], [], []]
    assert [finds("cat", query) for query in asked] == [[1], [2], [1], [], [1, 2], [1], [1]]
    for plain in ("", "a", "#1", "state:reviewed", "-state:unreviewed"):
        assert finds("ben", plain) == finds("cat", plain)
    orders = [("count", True), ("count", False), ("changed", True), ("doubt", False), ("name", False)]
    got = [team("ben", "GET", f"queue/ids?sort={sort}&descending={down}").json()["ids"] for sort, down in orders]
    assert got == [[2, 1], [2, 1], [2, 1], [2, 1], [1, 2]], "behind all others, where an order would tell"
    accept_all(team, "ben", take)
    assert finds("ben", "category:person") == [1]


def test_nobody_saves_anything_in_the_take_of_somebody_else(team):
    def saves(name, image_id):
        """Whether that is taken: a review, and one of many."""
        revision = team("rolf", "GET", f"images/{image_id}").json()["revision"]
        said = {"client": name, "number": next(numbers), "revision": revision, "verb": "review", "changes": []}
        answer = team(name, "POST", f"images/{image_id}/gestures", json=said)
        if answer.status_code == 403:
            assert "this take of it is not yours" in answer.json()["error"]
            assert answer.json()["closed"] == "picture"
        opened = team(name, "GET", f"images/{image_id}").status_code
        assert opened == answer.status_code, "what may not be saved is not opened"
        return answer.status_code == 200

    def marks(name):
        """Whether they may mark and flag the picture with others, which are marked all the same."""
        said = [("review", {"reviewed": False}), ("review", {"reviewed": True})]
        said += [("flag", {"flag": name, "on": True}), ("flag", {"flag": name, "on": False})]
        answers = [team(name, "POST", f"queue/{path}", json={"ids": [1, 99], **body}).json() for path, body in said]
        taken = [[one["ids"], one["gone"], one["closed"]] for one in answers]
        assert taken in ([[[1], [99], []]] * 4, [[[], [99], [1]]] * 4), "one or the other"
        return taken[0][0] == [1]

    numbers = iter(range(100, 200))
    everybody = ("ann", "ben", "cat", "rolf", "mara")
    team("mara", "POST", "twice", json={"share": 1})
    assert saves("cat", 1), "no second take has begun"
    take = team("ben", "POST", "twice/next").json()["image"]
    later = [name for name in (*everybody, "dan") if saves(name, 1)]
    assert later == [name for name in (*everybody, "dan") if marks(name)] == ["ann", "cat", "rolf", "mara"]
    assert [name for name in everybody if saves(name, take)] == ["ben", "rolf", "mara"]
    team("rolf", "POST", "queue/review", json={"ids": [1], "reviewed": False})
    handed = [team(name, "POST", "queue/next", json={"tab": name}).json()["image"] for name in ("ann", "dan")]
    assert [image and image["id"] for image in handed] == [1, None]
    accept_all(team, "ben", take)
    assert saves("dan", 1), "both are done"
    assert not saves("dan", take)


def test_where_nobody_signs_in_one_person_may_do_both_and_is_told_what_that_is(client, base, projects):
    store = projects.get(base.rpartition("/")[2])
    store.add_category("person")
    store.add_image(png(20, 12), file_name="a.png", width=20, height=12)
    document = client.get(f"{base}/images/1").json()
    done = {"client": "a", "number": 1, "revision": document["revision"], "verb": "review", "reviewed": True}
    client.post(f"{base}/images/1/gestures", json=done | {"changes": []})
    state = client.post(f"{base}/twice", json={"share": 1, "suggestions": False}).json()
    assert (state["named"], state["open"], state["suggestions"]) == (False, 1, False)
    take = client.post(f"{base}/twice/next").json()["image"]
    client.post(f"{base}/images/{take}/gestures", json=done | {"number": 2, "revision": 0, "changes": []})
    found = client.get(f"{base}/twice/agreement").json()
    assert (found["of_one"], found["all"]["pictures"]) == (1, 0)


@pytest.mark.parametrize(
    "body", [{}, [], {"share": 2}, {"share": True}, {"share": 0.1, "suggestions": 1}, {"pick": [0.5]}, {"unpick": 1}]
)
def test_what_is_no_order_is_refused(client, base, body):
    assert client.post(f"{base}/twice", json=body).status_code == 400


@pytest.mark.parametrize("body", [{}, {"take": "third"}, {"add": 3}, {"take": "first", "add": "x"}])
def test_what_is_no_choice_is_refused(client, base, body):
    assert client.post(f"{base}/twice/images/1", json=body).status_code == 400
    assert client.post(f"{base}/twice/images/1", json={"take": "first"}).status_code == 404
