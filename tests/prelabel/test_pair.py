"""Two networks see the same pictures, and what both suggest is stored once."""

import json
from collections import Counter

import numpy as np
import pytest
from sqlalchemy import select

from annotator.cli import main
from annotator.core.dataset import State
from annotator.core.query import parse
from annotator.core.settings import THRESHOLD
from annotator.core.vote import Agreement
from annotator.prelabel import batch
from annotator.prelabel.files import prelabel_files
from annotator.storage import schema
from annotator.storage.bulk_orders import Order, Verb
from annotator.storage.search import Search, Sort
from annotator.storage.store import Store
from annotator.vision.networks import zoo
from annotator.vision.networks.detector import Detector
from tests.conftest import picture
from tests.vision.graphs import constant_network, described

_OF_FIRST = schema.suggestions.c.image_id == 1
A, B, C, D = [10, 10, 50, 60], [80, 20, 120, 90], [2, 70, 30, 90], [130, 50, 155, 90]
FOUND = {
    "fine": ([[*A, 0.9], [*B, 0.8], [*C, 0.2]], [0, 0, 0]),
    "wide": ([[10, 10, 50, 58, 0.8], [*B, 0.6], [*D, 0.7]], [0, 1, 0]),
}


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """`fine` knows people and names two at most; `wide` knows a second category."""
    tmp_path = tmp_path_factory.mktemp("networks")
    patch = pytest.MonkeyPatch()
    patch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    patch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    for name, (boxes, labels) in FOUND.items():
        folder = tmp_path / "models" / name
        constant_network(folder, boxes=boxes, labels=labels, masks=np.ones((3, 28, 28)), input_size=(160, 96))
        described(folder, threshold=0.5 if name == "fine" else 0.3, categories=1 if name == "fine" else 2)
    path = tmp_path / "models" / "fine" / "model.toml"
    path.write_text(path.read_text().replace("[input]", "most = 2\n[input]", 1))
    yield [Detector(zoo.find(name)) for name in FOUND]
    patch.undo()


@pytest.fixture
def project(networks, tmp_path):
    """One picture that both have seen, one that `fine` alone has."""
    with Store.open(tmp_path / "project") as store:
        images = [
            store.add_image(picture(160, 96, seed=seed), file_name=f"{seed}.png", width=160, height=96)
            for seed in range(2)
        ]
        batch.prelabel_queued(store, networks[0], images[1:])
        report = batch.prelabel_queued(store, networks[0], images[:1], second=networks[1])
        assert (report.done, report.failures) == (1, ())
        yield store


def test_each_object_is_stored_once_with_what_the_other_network_says(project, networks):
    found = [(one.source, one.score, one.vote.agreement.value, one.vote.by) for one in project.instances(1)]
    assert [(source, round(score, 2), agreement, by) for source, score, agreement, by in found] == [
        ("fine@1", 0.9, "both", "wide@1"),
        ("fine@1", 0.8, "conflict", "wide@1"),
        ("fine@1", 0.2, "one", "wide@1"),
        ("wide@1", 0.7, "silent", "fine@1"),  # fine has named its two
    ]
    assert project.instances(1)[1].vote.category_id == 4
    assert project.setting(THRESHOLD) == 0.3
    with project._database.read() as connection:  # each network is measured by all that it found
        counted = Counter(connection.scalars(select(schema.suggestions.c.source).where(_OF_FIRST)))
        assert counted == {"fine@1": 3, "wide@1": 3}
        assert set(connection.scalars(select(schema.runs.c.source).where(schema.runs.c.image_id == 1))) == set(counted)
    assert [image.id for image in project.images(unseen_by="fine@1+wide@1")] == [2]
    # One network that sees it again has the last word.
    batch.prelabel_queued(project, networks[1], [project.image(1)])
    assert [(one.source, one.vote) for one in project.instances(1)] == [("wide@1", None)] * 3


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("agreement:", [1]),
        ("agreement:both iou:0.9..", [1]),
        ("agreement:both iou:0.99..", []),
        ("agreement:conflict,both score:0.85..", [1]),
        ("agreement:one", []),  # the only one is hidden
        ("agreement:one score:0..", [1]),
        ("disagree:network", [1]),
        ("-agreement:silent", [2]),
    ],
)
def test_agreement_is_searched_for(project, query, ids):
    assert project.worklist.ids(Search(parse(query), threshold=0.3)) == ids


def test_what_networks_disagree_about_comes_first(project):
    assert project.worklist.ids(Search(sort=Sort.DOUBT, threshold=0.79)) == [1, 2]
    assert project.worklist.ids(Search(sort=Sort.DOUBT, threshold=0.89)) == [2, 1]  # what is in doubt is hidden


def test_where_both_agree_one_order_accepts_and_one_takes_back(project):
    order = Order(Verb.ACCEPT, parse("agreement:both iou:0.9.."), 0.3)
    found = project.bulk.preview(order)
    bulk, report = project.bulk.carry_out(order, as_of=found.as_of, who="me")
    assert (found.instances, report.done) == (1, 1)
    (accepted,) = project.instances(1, states=[State.ACCEPTED])
    assert accepted.vote.agreement is Agreement.BOTH
    (left,) = project.dataset(reviewed_only=False).instances
    assert left.provenance["source"] == "fine@1"
    assert (left.provenance["agreement"], left.provenance["second"]) == ("both", "wide@1")
    project.bulk.undo(bulk, who="me")
    assert project.instances(1, states=[State.ACCEPTED]) == ()


def test_without_a_project_each_object_is_in_the_file_once(networks, tmp_path):
    (tmp_path / "one.png").write_bytes(picture(160, 96))
    dataset, report = prelabel_files([tmp_path / "one.png"], networks[0], second=networks[1])
    assert report.done == 1
    assert [(one.id, one.name) for one in dataset.categories] == [(1, "person"), (4, "thing 1")]
    found = [(one.id, one.source, one.provenance["agreement"]) for one in dataset.instances]
    assert found == [(1, "fine@1", "both"), (2, "fine@1", "conflict"), (3, "wide@1", "silent")]


def test_the_command_line_takes_two_networks(networks, tmp_path, capsys):
    (tmp_path / "one.png").write_bytes(picture(160, 96))
    both = ["prelabel", str(tmp_path / "one.png"), "--model", "fine", "--model", "wide"]
    assert main([*both, "--out", str(tmp_path / "found.json")]) == 0
    assert "3 instances on 1 picture" in capsys.readouterr().out
    assert len(json.loads((tmp_path / "found.json").read_text())["annotations"]) == 3
    assert main([*both, "--project", str(tmp_path / "made")]) == 0
    with Store.open(tmp_path / "made") as store:
        assert [one.vote.agreement.value for one in store.instances(1)] == ["both", "conflict", "one", "silent"]
    assert main([*both[:4], "--model", "fine", "--out", str(tmp_path / "again.json")]) == 1
    assert "expected one network, or two different ones" in capsys.readouterr().err
