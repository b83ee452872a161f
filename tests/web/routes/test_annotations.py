"""COCO files over HTTP, about pictures that the project has."""

import json
import re

import pytest

from annotator.core.dataset import State
from annotator.storage.imports import stretches, work
from annotator.web.projects import Projects
from annotator.web.routes import annotations
from annotator.web.sharing import coco_child
from annotator.web.sharing.limits import Limits
from tests.web.conftest import client_of, png

NO_PICTURE = "the project has no picture of that name"
SQUARE = [[10, 10, 30, 10, 30, 30, 10, 30]]


def coco(*names, segmentation=SQUARE, categories=("helmet",)):
    return {
        "images": [{"id": 7 + n, "file_name": name, "width": 64, "height": 48} for n, name in enumerate(names)],
        "annotations": [
            {"id": 70 + n, "image_id": 7 + n, "category_id": 5, "segmentation": segmentation, "area": 400, "iscrowd": 0}
            | {"bbox": [10, 10, 20, 20]}
            for n in range(len(names))
        ],
        "categories": [{"id": 5 + n, "name": name} for n, name in enumerate(categories)],
    }


def bring(client, base, document, *, name="instances.json"):
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return client.post(f"{base}/annotations", params={"name": name}, content=content)


@pytest.fixture
def pictures(client, base):
    for seed, name in enumerate(("street/a.png", "b.png")):
        assert client.post(f"{base}/images", params={"name": name}, content=png(seed=seed)).status_code == 200


def test_instances_join_the_pictures_of_their_names(client, base, projects, pictures):
    answer = bring(client, base, coco("a.png", "images\\b.png"))
    assert answer.status_code == 200, answer.text
    assert "2 instances added, 0 already in the project" in answer.json()["lines"]
    with projects.use(base.rpartition("/")[2]) as store:
        assert [(row.image.file_name, row.accepted, row.image.reviewed) for row in store.queue()] == [
            ("street/a.png", 1, True),
            ("b.png", 1, True),
        ]
        assert [one.id for image in store.images() for one in store.instances(image.id)] == [70, 71]
        assert {category.name: category.id for category in store.categories()} == {"helmet": 5}
    assert "0 instances added, 2 already in the project" in bring(client, base, coco("a.png", "b.png")).json()["lines"]


def test_a_file_that_is_called_as_macos_calls_screenshots_comes_in(client, base, pictures):
    assert bring(client, base, coco("a.png"), name="10.32\u202fAM.json").status_code == 200


def test_a_list_of_results_becomes_suggestions(client, base, projects, pictures):
    client.post(f"{base}/categories", json={"name": "helmet"})
    category = client.get(f"{base}/images/1").json()["categories"][0]["id"]
    result = {"image_id": 1, "category_id": category, "score": 0.75, "segmentation": SQUARE}
    assert bring(client, base, [result], name="mine.bbox.json").status_code == 200
    with projects.use(base.rpartition("/")[2]) as store:
        (one,) = store.instances(1)
        assert (one.state, one.score, one.source) == (State.SUGGESTED, 0.75, "mine.bbox@results")


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (
            coco("b.png", "missing.png", "gone.png"),
            [f"image 8 'missing.png': {NO_PICTURE}", "image 9 'gone.png'"],
        ),
        (coco("b.png", segmentation=[[1, 2, 3]]), ["annotations[0]"]),
        (b"{", ["instances.json: is not JSON"]),
        (b"[" * 100_000, ["instances.json: is not JSON"]),
        ({"images": []}, ["annotations"]),
    ],
    ids=["pictures that are not there", "malformed", "cut short", "too deep", "half a document"],
)
def test_all_of_a_file_or_nothing_and_each_problem_is_named(client, base, projects, pictures, document, found):
    answer = bring(client, base, document)
    assert answer.status_code == 400
    problems = answer.json()["problems"]
    assert len(problems) >= len(found)
    assert all(problem.startswith(start) for problem, start in zip(problems, found, strict=False))
    with projects.use(base.rpartition("/")[2]) as store:
        assert all(row.accepted == 0 and not row.image.reviewed for row in store.queue())
        assert store.categories() == ()


def test_a_name_that_two_pictures_have_is_nobodys(client, base, pictures):
    client.post(f"{base}/images", params={"name": "other/a.png"}, content=png(seed=9))
    assert bring(client, base, coco("a.png")).json()["problems"] == [
        "image 7 'a.png': 2 pictures have that name: 'street/a.png', 'other/a.png'"
    ]
    assert bring(client, base, coco("street/a.png")).status_code == 200


def test_a_visitor_brings_no_more_than_fits(tmp_path):
    projects = Projects(visitors=tmp_path / "visitors", limits=Limits(categories=3))
    client = client_of(projects)
    base = f"/annotator/{projects.create()}"
    client.post(f"{base}/images", params={"name": "a.png"}, content=png())
    answer = bring(client, base, coco("a.png", categories=[f"c{n}" for n in range(4)]))
    assert (answer.status_code, answer.json()["error"]) == (507, "this project is full, expected at most 3 categories")
    assert bring(client, base, coco("a.png", categories=["c0", "c1", "c2"])).status_code == 200
    assert bring(client, "/annotator/not-a-key-of-anybody-here-at-all", coco("a.png")).status_code == 404
    assert bring(client, base, coco("a.png"), name="a\nb.json").status_code == 400
    projects.close()


@pytest.fixture
def visitor(tmp_path):
    """A visitor's client and the beginning of their addresses."""
    projects = Projects(visitors=tmp_path / "visitors", limits=Limits(coco_mb=2))
    client, base = client_of(projects), f"/annotator/{projects.create()}"
    client.post(f"{base}/images", params={"name": "a.png"}, content=png())
    yield client, base
    projects.close()


def test_a_visitors_file_is_read_in_a_child_to_the_same_end(visitor):
    client, base = visitor
    assert "1 instance added, 0 already in the project" in bring(client, base, coco("a.png")).json()["lines"]
    row = client.get(f"{base}/queue").json()["images"][0]
    assert (row["accepted"], row["reviewed"]) == (1, True)
    broken = coco("a.png")
    broken["annotations"][0]["image_id"] = 99
    answer = bring(client, base, broken)
    assert answer.status_code == 400
    assert "annotations[0].image_id" in answer.json()["error"]


def test_a_visitors_file_takes_neither_the_time_nor_the_memory_of_others(visitor, monkeypatch):
    client, base = visitor
    many = b'{"images":[' + b'{"id":1},' * 20_000 + b"{}]}"
    answer = bring(client, base, many)
    assert answer.status_code == 400
    assert len(answer.content) < 20_000
    assert re.search(r"\(and 19,\d{3} more like this\)", " ".join(answer.json()["problems"]))
    assert bring(client, base, b"[" + b" " * 2_000_000 + b"]").status_code == 413
    monkeypatch.setattr(coco_child, "TIMEOUT_SECONDS", 0.05)
    assert "took longer than" in bring(client, base, coco("a.png")).json()["error"]
    monkeypatch.undo()
    monkeypatch.setenv("PATH", "/nowhere")
    assert "1 instance added" in str(bring(client, base, coco("a.png")).json())


def test_pictures_beside_a_file_come_before_others_of_their_name(client, base, projects):
    for seed, name in enumerate(("data/train/1.png", "data/valid/1.png")):
        client.post(f"{base}/images", params={"name": name}, content=png(seed=seed))
    for part in ("valid", "train"):
        answer = bring(client, base, coco("1.png"), name=f"data/{part}/_annotations.coco.json")
        assert answer.status_code == 200, answer.text
    with projects.use(base.rpartition("/")[2]) as store:
        assert [row.accepted for row in store.queue()] == [1, 1]


@pytest.mark.parametrize(("on_conflict", "added", "count"), [("skip", 0, 1), ("replace", 0, 1), ("add", 1, 2)])
def test_what_is_here_by_another_outline_is_counted_and_treated_as_asked(
    client, base, projects, pictures, on_conflict, added, count
):
    bring(client, base, coco("b.png"))
    traced = coco("b.png", segmentation=[[10, 10, 29, 10, 29, 29, 10, 29]])
    traced["annotations"][0]["id"] = 500
    address = f"{base}/annotations"
    asked = {"name": "x.json", "on_conflict": on_conflict}
    answer = client.post(address, params=asked, content=json.dumps(traced)).json()
    assert answer["met"] == 1
    assert f"{added} instance{'s' * (added != 1)} added, {1 - added} already in the project" in answer["lines"]
    with projects.use(base.rpartition("/")[2]) as store:
        assert len(store.dataset().instances) == count
    assert client.post(address, params={**asked, "on_conflict": "both"}, content=b"{}").status_code == 400


def test_a_visitors_results_are_read_in_the_child_for_the_projects_pictures(visitor):
    client, base = visitor
    assert bring(client, base, coco("a.png")).status_code == 200
    found = [{"image_id": "a.png", "category_id": 5, "score": 0.5, "segmentation": [[40, 20, 60, 20, 60, 40, 40, 40]]}]
    lines = bring(client, base, found, name="mine.json").json()["lines"]
    assert "1 suggestion on 1 image, 0 spoke of what is decided upon already" in lines
    wrong = bring(client, base, [{**found[0], "image_id": "z.png"}], name="mine.json")
    assert "no image has that name" in wrong.json()["error"]


def test_a_visitors_file_that_comes_in_too_slowly_changes_nothing(visitor, monkeypatch):
    client, base = visitor
    monkeypatch.setattr(annotations, "BRING_SECONDS", -1.0)
    many = coco("a.png", categories=[f"c{index}" for index in range(300)])
    answer = bring(client, base, many)
    assert answer.status_code == 400
    assert "took longer than" in answer.json()["error"]
    assert client.get(f"{base}/images/1").json()["categories"] == []


def test_a_child_that_answers_without_end_or_ends_half_way_is_one_line(visitor, monkeypatch):
    client, base = visitor
    monkeypatch.setattr(coco_child, "MOST_ANSWERED", 10)
    assert "needs more memory than there is" in bring(client, base, coco("a.png")).json()["error"]
    monkeypatch.undo()
    monkeypatch.setattr(coco_child, "_run", lambda *_, **__: b'["dataset", {}]\n')
    assert "needs more memory than there is" in bring(client, base, coco("a.png")).json()["error"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32-be"])
def test_a_visitors_file_may_be_in_whatever_json_may_be_in(visitor, encoding):
    client, base = visitor
    answer = bring(client, base, json.dumps(coco("a.png")).encode(encoding))
    assert answer.status_code == 200, answer.text


def test_a_file_with_pictures_missing_is_refused_and_the_rest_of_it_comes_in_when_asked_for(
    client, base, projects, pictures
):
    document = coco("a.png", "missing.png", "b.png", "gone.png")
    refused = bring(client, base, document)
    assert refused.status_code == 400
    assert (refused.json()["there"], refused.json()["missing"]) == (2, 2)
    assert "'missing.png'" in refused.json()["problems"][0]
    with projects.use(base.rpartition("/")[2]) as store:
        assert store.dataset().instances == ()
    asked = {"name": "instances.json", "partly": "true"}
    answer = client.post(f"{base}/annotations", params=asked, content=json.dumps(document).encode())
    assert answer.status_code == 200, answer.text
    assert "2 instances added, 0 already in the project" in answer.json()["lines"]
    left_out = "2 images left out, the project has no picture of that name: 'missing.png', 'gone.png'"
    assert answer.json()["lines"][-1] == left_out
    with projects.use(base.rpartition("/")[2]) as store:
        assert [one.id for image in store.images() for one in store.instances(image.id)] == [70, 72]


@pytest.mark.parametrize("names", [("x.png", "y.png"), ("a.png",)])
def test_the_rest_is_offered_only_where_there_is_some_and_where_pictures_are_what_is_missing(
    client, base, pictures, names
):
    document = coco(*names)
    document["annotations"][0]["category_id"] = 99
    refused = bring(client, base, document if names == ("a.png",) else coco(*names))
    assert refused.status_code == 400
    assert "there" not in refused.json()


def test_how_much_of_a_file_is_in_is_told_while_it_comes(client, base, pictures, monkeypatch):
    said, original = [], annotations.coming.bring

    def bring_slowly(*asked, storing, **more):
        storing(1, 4)
        said.append(client.get(f"{base}/annotations/progress").json())
        return original(*asked, storing=storing, **more)

    monkeypatch.setattr(annotations.coming, "bring", bring_slowly)
    assert client.get(f"{base}/annotations/progress").json() == {"percent": None}
    assert bring(client, base, coco("a.png")).status_code == 200
    assert said == [{"percent": 25}]
    assert client.get(f"{base}/annotations/progress").json() == {"percent": None}


def test_a_file_that_is_cancelled_says_how_far_it_came_and_goes_on_from_there(
    client, base, pictures, projects, monkeypatch
):
    monkeypatch.setattr(stretches, "WEIGHT", 2)
    assert client.post(f"{base}/annotations/cancel").json() == {"cancelled": False}
    original = annotations.coming.bring

    def cancelled_on_the_way(*asked, storing, **more):
        def told(done, total):
            storing(done, total)
            assert client.post(f"{base}/annotations/cancel").json() == {"cancelled": True}

        return original(*asked, storing=told, **more)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(work, "_PULSE_EVERY", 1)
        meanwhile.setattr(annotations.coming, "bring", cancelled_on_the_way)
        answer = bring(client, base, coco("a.png", "b.png"))
    assert answer.status_code == 400
    assert "instances.json: cancelled" in answer.text
    assert "1 of 2 images came in; the same import again brings the rest" in answer.text
    with projects.use(base.rpartition("/")[2]) as store:
        assert len(store.dataset(reviewed_only=False).instances) == 1
    assert bring(client, base, coco("a.png", "b.png")).status_code == 200
    with projects.use(base.rpartition("/")[2]) as store:
        assert len(store.dataset(reviewed_only=False).instances) == 2
