"""The networks of a project against its reviewed pictures, over HTTP and as CSV."""

import csv
import io
import time

import pytest
from fastapi.testclient import TestClient

from annotator.core.dataset import State
from annotator.core.review import Change
from annotator.evaluation import project
from annotator.web import evaluation_work
from annotator.web.evaluation_work import EvaluationWork
from annotator.web.projects import Projects
from annotator.web.routes.evaluation import evaluation_to_json
from annotator.web.server import build_server
from tests.storage.builders import accept, add_image, block, gesture, suggestion
from tests.web.evaluations import settled

NET = "net@1"


@pytest.fixture
def projects(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation_work, "REST", 0)  # a slow machine would still rest as it is asked again
    found = Projects(visitors=tmp_path / "visitors")
    yield found
    found.close()


def review(store, number):
    """Four suggestions: accepted, adjusted, of nothing, of the other category; and one person drawn beside them."""
    image = add_image(store, b"%d" % number, f"{number}.jpg")
    places = ((1, 0.9), (5, 0.8), (9, 0.7), (13, 0.6))
    store.set_suggestions(image.id, [suggestion(x, score=score, source=NET) for x, score in places], by=NET)
    first, second, third, fourth = store.instances(image.id)
    changes = [
        accept(first.key),
        accept(second.key, rle=block(5, 2, 4, 4)),
        Change(third.key, 1, State.REJECTED),
        accept(fourth.key, category_id=2),
        accept(f"drawn{number}", rle=block(1, 8)),
    ]
    store.record(gesture(image, *changes, number=number, reviewed=True))
    return image


def test_a_network_is_measured_by_what_it_suggested_and_what_people_left(projects, monkeypatch):
    monkeypatch.setattr(project, "WORTH_WRITING", 1)
    key, work = projects.create(), EvaluationWork(projects)
    with projects.use(key) as store:
        store.add_category("person", id=1)
        store.add_category("dog", id=2)
        assert evaluation_to_json(settled(work, key))["networks"] == []
        image = review(store, 1)
        review(store, 2)
        (found,) = evaluation_to_json(settled(work, key))["networks"]
        assert (found["network"], found["pictures"], found["left_out"]) == (NET, 2, 0)
        assert found["origins"] == {"own": 4, "adjusted": 2, "drawn": 2, "other": 0}
        # It never suggested a dog: it is not to blame for missing one, and that suggestion is of nothing.
        assert [one["category"] for one in found["by_category"]] == ["person"]
        assert found["confusion"]["counts"] == [[4]]
        assert (found["confusion"]["missed"], found["confusion"]["nothing_there"]) == ([2], [4])
        assert found["mask_iou"]["counts"] == [0, 0, 0, 0, 0, 2, 0, 0, 0, 2]  # 12 of 16 pixels, and all
        # Of three people each: two found before anything wrong, at 0.5; one of them not at 0.8 and above.
        assert found["mask"]["AP50"] == pytest.approx(67 / 101, abs=1e-5)
        # One more decision: that picture alone is read again.
        store.record(gesture(store.image(image.id), accept("late", rle=block(13, 8)), number=9))
        read, compared = store.comparisons.read, []
        store.comparisons.read = lambda network, seen: compared.extend(seen) or read(network, seen)
        (found,) = evaluation_to_json(settled(work, key))["networks"]
        assert [one.image_id for one in compared] == [image.id]
        assert found["confusion"]["missed"] == [3]
        # Nor is anything compared again once the server was started again.
        assert evaluation_to_json(settled(EvaluationWork(projects), key))["networks"] == [found]
        assert len(compared) == 1


def test_the_page_hears_how_far_it_is_and_every_chart_has_its_numbers(projects):
    key = projects.create()
    with TestClient(build_server(projects)) as client, projects.use(key) as store:
        store.add_category("=person", id=1)
        store.add_category("dog", id=2)
        for number in range(3):
            review(store, number)
        base = f"/annotator/{key}/evaluation"
        assert client.get(base).json()["measuring"] is not None
        until = time.monotonic() + 60
        while client.get(base).json()["measuring"] is not None:
            assert time.monotonic() < until
            time.sleep(0.05)
        table = {
            name: list(csv.DictReader(io.StringIO(client.get(f"{base}/{name}.csv").text)))
            for name in ("average-precision", "precision-recall", "confusion", "mask-iou", "calibration")
        }
        assert {row["network"] for rows in table.values() for row in rows} == {NET}
        assert [row["category"] for row in table["average-precision"]] == ["", "", "'=person", "'=person"]
        assert len(table["precision-recall"]) == 2 * 101
        taken = {(row["object"], row["taken_for"]): int(row["count"]) for row in table["confusion"]}
        assert taken == {("'=person", "'=person"): 6, ("'=person", "(missed)"): 3, ("(nothing there)", "'=person"): 6}
        assert sum(int(row["objects"]) for row in table["mask-iou"]) == 6
        assert next((row["score_from"], row["right"]) for row in table["calibration"]) == ("0.6", "0.0")
        assert client.get(f"{base}/passwords.csv").status_code == 400
