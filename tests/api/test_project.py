"""A project from a script: pictures, suggestions, decisions, imports and exports."""

import json

import numpy as np
import pytest

import annotator
from annotator.core.review import Change, Gesture
from annotator.storage.store import Store
from tests.conftest import picture
from tests.vision.graphs import described, fragile_network


@pytest.fixture
def project(tmp_path):
    with annotator.Project(tmp_path / "project") as project:
        yield project


def accept(project, image, instance):
    """As the page does it."""
    change = Change(instance.key, instance.category_id, annotator.State.ACCEPTED)
    with Store.open(project.folder) as store:
        store.record(Gesture(image.id, "tab", 1, 0, "accept", "me", (change,), reviewed=True))


def test_pictures_come_in_from_folders_and_from_memory(project, tmp_path):
    (tmp_path / "photos" / "a").mkdir(parents=True)
    (tmp_path / "photos" / "a" / "1.png").write_bytes(picture(30, 20))
    (tmp_path / "photos" / "2.png").write_bytes(picture(30, 20, seed=2))
    seen = []
    added = project.add_pictures(tmp_path / "photos", progress=lambda done, total: seen.append((done, total)))
    assert [one.file_name for one in added] == ["2.png", "a/1.png"]
    assert seen == [(1, 2), (2, 2)]
    pixels = np.random.default_rng(3).integers(0, 256, (20, 30, 3), np.uint8)
    third = project.add_picture(pixels, name="made.png")
    assert (project.pixels(third) == pixels).all()
    assert project.add_picture(picture(30, 20), name="again.png") == added[1]
    assert len(project.pictures()) == 3


def test_what_a_model_suggests_is_reviewed_and_leaves(project, known_model, tmp_path):
    image = project.add_picture(picture(160, 96), name="photo.png")
    report = project.prelabel(annotator.load_model(known_model))
    assert (report.done, report.failures) == (1, ())
    assert project.prelabel(annotator.load_model(known_model)).done == 0  # it has seen it
    assert project.instances(image) == ()
    sure, _ = project.instances(image, states=[annotator.State.SUGGESTED])
    accept(project, image, sure)

    (decision,) = project.decisions(image)
    assert (decision.verb, decision.who, decision.key) == ("accept", "me", sure.key)
    assert [one.key for one in project.instances(image)] == [sure.key]
    exported = project.export(tmp_path / "out", with_images=True)
    written = tmp_path / "out" / "annotations" / "instances.json"
    assert written in exported.files
    assert all(path.is_file() for path in exported.files)
    annotations = json.loads(written.read_text())["annotations"]
    assert annotations == project.to_coco()["annotations"]
    assert [(row["category_id"], row["annotator"]["score"]) for row in annotations] == [(1, pytest.approx(0.9))]


def test_a_picture_on_which_the_network_fails_is_named_and_the_others_are_done(project, tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    fragile_network(tmp_path / "models" / "fragile")
    described(tmp_path / "models" / "fragile")
    for name, grey in (("bright.png", 250), ("dark.png", 20)):
        project.add_picture(np.full((48, 64, 3), grey, np.uint8), name=name)
    report = project.prelabel(annotator.load_model("fragile"))
    assert report.done == 1
    assert ["bright.png" in str(failure) for failure in report.failures] == [True]


def test_suggestions_of_another_network_are_offered_but_not_what_is_answered(project):
    image = project.add_picture(picture(20, 10), name="photo.png")
    masks = np.zeros((2, 10, 20), bool)
    masks[0, 2:8, 2:8] = masks[1, 2:8, 12:18] = True
    found = annotator.Detections.from_masks(masks, scores=[0.9, 0.8], names=["cat", "heap"], source="mine@1")
    assert project.suggest(image, found) == 2
    offered = project.instances(image, states=[annotator.State.SUGGESTED])
    assert [one.source for one in offered] == ["mine@1"] * 2
    accept(project, image, offered[0])
    assert project.suggest(image, found) == 1
    assert {one.name for one in project.categories()} == {"cat", "heap"}
    with pytest.raises(annotator.GeometryError, match="found on 20 x 10 pixels, the picture has 30 x 10"):
        project.suggest(project.add_picture(picture(30, 10), name="other.png"), found)


def test_an_export_comes_in_again(project, tmp_path):
    image = project.add_picture(picture(20, 10), name="photo.png")
    masks = np.zeros((1, 10, 20), bool)
    masks[0, 2:8, 2:8] = True
    found = annotator.Detections.from_masks(masks, scores=[1.0], names=["cat"], source="mine@1")
    (tmp_path / "cats.json").write_text(json.dumps(found.to_coco("photo.png")))
    lines = project.import_coco(tmp_path / "cats.json")
    assert "1 instance added, 0 already in the project" in lines
    assert [instance.category_id for instance in project.instances(image)] == [17]


def test_what_goes_wrong_is_of_one_family_and_names_its_place(project, tmp_path):
    with pytest.raises(annotator.ExportError, match="format 'yolo': not known, expected one of coco"):
        project.export(tmp_path / "out", format="yolo")
    with pytest.raises(annotator.QueryError, match="search, character 1"):
        project.export(tmp_path / "out", only="wrong:thing")
    with pytest.raises(annotator.ImageError, match=r"note\.png"):
        project.add_picture(b"not a picture", name="note.png")
    with pytest.raises(annotator.CocoError, match=r"no-such\.json"):
        project.import_coco(tmp_path / "no-such.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(annotator.StoreError, match="cannot be made"):
        annotator.Project(tmp_path / "file")
