"""Files and lists of results into a project through the command line: matched, merged, all of it or nothing."""

import json
import unicodedata

import pytest

from annotator.cli import main
from annotator.core.dataset import State
from annotator.storage.store import Store
from tests.exchange.coco.cases import RUNS, SQUARE, sound, write_pictures
from tests.storage.builders import accept, gesture


@pytest.fixture
def pictures(tmp_path):
    write_pictures(tmp_path / "pictures")
    return tmp_path / "pictures"


@pytest.fixture
def annotator(tmp_path, pictures, capsys):
    """Runs `import` on documents, each as a file of that name: the exit code, stdout, stderr."""

    def run(documents, *more, project="project", images=True):
        files = []
        for name, document in documents.items():
            files.append(tmp_path / name)
            files[-1].write_text(json.dumps(document))
        folder = ["--images", pictures] if images else []
        arguments = ["import", *files, *folder, "--project", tmp_path / project, *more]
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def project_of(tmp_path, name="project"):
    return Store.open(tmp_path / name)


def result(**more):
    segmentation = {"size": [8, 10], "counts": RUNS}
    return {"image_id": 3, "category_id": 1, "score": 0.75, "segmentation": segmentation} | more


def other(**changes):
    """A second file: C.png under an id that the first file has too, and a category of its own."""
    found = sound()
    found["images"] = [{"id": 3, "width": 10, "height": 8, "file_name": "sub/C.png"}]
    found["categories"] = [{"id": 1, "name": "vest"}, {"id": 2, "name": "person"}]
    found["annotations"] = [{**found["annotations"][0], "category_id": 1}]
    return found | changes


def exported(tmp_path, *more, project="project", out="out"):
    assert main(["export", "--project", str(tmp_path / project), "--out", str(tmp_path / out), *more]) == 0
    return tmp_path / out


# --- results ---------------------------------------------------------------------------------------------------------


def test_results_become_suggestions_of_the_project(tmp_path, annotator):
    assert annotator({"a.json": sound()})[0] == 0
    with project_of(tmp_path) as store:
        (instance,) = store.instances(3)
        store.record(gesture(store.image(3), accept(instance.key, category_id=95), verb="relabel"))
    mask = {"size": [8, 10], "counts": [50, 3, 27]}
    found = [result(segmentation=mask), result(), result(image_id=4, segmentation=[SQUARE], score=1)]
    code, printed, errors = annotator({"dets.json": found}, images=False)
    assert (code, errors) == (0, "")
    # What somebody decided upon is not asked again, whatever its category.
    assert "1 suggestion on 2 images, 2 spoke of what is decided upon already" in printed
    with project_of(tmp_path) as store:
        (offered,) = store.instances(3, states=[State.SUGGESTED])
        assert (offered.score, offered.source, offered.category_id) == (0.75, "dets@results", 1)
        assert store.image(3).prelabelled
    assert annotator({"dets.json": found}, "--source", "yolo@11", images=False)[0] == 0
    with project_of(tmp_path) as store:
        (offered,) = store.instances(3, states=[State.SUGGESTED])  # replaced, not doubled
        assert offered.source == "yolo@11"


def test_a_result_with_a_box_alone_has_that_box_for_a_mask(tmp_path, annotator):
    annotator({"a.json": sound() | {"annotations": []}})
    found = [
        {"image_id": 3, "category_id": 1, "score": 0.5, "bbox": [1.2, 1, 3.9, 3]},
        {"image_id": 3, "category_id": 1, "score": 0.5, "bbox": [8, 6, 1e308, 1e308], "segmentation": []},
        {"image_id": 3, "category_id": 1, "score": 0.5, "bbox": [40, 40, 2, 2]},
    ]
    code, printed, _ = annotator({"dets.json": found}, images=False)
    assert code == 0
    assert "3 results have a box alone" in printed
    assert "1 result covers no pixel" in printed
    with project_of(tmp_path) as store:
        assert len(store.instances(3)) == 2


@pytest.mark.parametrize(
    "named", [{"file_name": "sub/b.png"}, {"image_id": "b.png"}, {"image_id": "b"}, {"file_name": "sub\\b.png"}]
)
def test_a_result_finds_its_image_by_name(tmp_path, annotator, named):
    annotator({"a.json": sound() | {"annotations": []}})
    assert annotator({"d.json": [result(segmentation=[SQUARE]) | named]}, images=False)[0] == 0
    with project_of(tmp_path) as store:
        assert len(store.instances(4)) == 1


def test_results_beside_a_file_speak_of_its_ids(tmp_path, annotator):
    annotator({"a.json": sound()})
    found = other(annotations=[])
    code, _, errors = annotator({"b.json": found, "dets.json": [result(category_id=2)]})
    assert (code, errors) == (0, "")
    with project_of(tmp_path) as store:
        moved = next(row.image for row in store.queue() if row.image.file_name == "sub/C.png")
        assert moved.id != 3
        (offered,) = store.instances(moved.id)
        assert (offered.category_id, offered.state) == (1, State.SUGGESTED)  # the file's 2 is the project's person, 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (result(image_id=99), "[1].image_id: is 99, which is not among the images"),
        (result(image_id="none.png"), "[1].image_id: is 'none.png'; no image has that name"),
        (result(category_id=7), "[1].category_id: is 7, which is not among the categories"),
        (result(score=1.5), "[1].score: is 1.5, expected 0 to 1"),
        (result(score=float("nan")), "[1].score: is nan, expected a number"),
        (result(segmentation={"size": [9, 9], "counts": [81]}), "[1].segmentation: size [9, 9], image is [8, 10]"),
        (result(segmentation={"size": [8, 10], "counts": [4294967295, 4294967295, 0, 0]}), "[1].segmentation: RLE"),
        (result(segmentation=[[1, 1, 5, 1, 5, 4.3e8]]), "[1].segmentation: polygon reaches"),
        (result(segmentation=None), "[1].segmentation: is absent, expected a mask or at least a bbox"),
        (result(segmentation=None, bbox=[1, 2, -3, 4]), "[1].bbox: has a width of -3"),
        ("rubbish", "[1]: is 'rubbish', expected an object"),
    ],
)
def test_one_wrong_result_and_nothing_comes_in(tmp_path, annotator, wrong, said):
    annotator({"a.json": sound() | {"annotations": []}})
    code, _, errors = annotator({"dets.json": [result(), wrong]}, images=False)
    assert code == 1
    assert f"error: {said}" in errors
    with project_of(tmp_path) as store:
        assert store.instances(3) == ()


def test_results_need_a_project(annotator, tmp_path):
    code, _, errors = annotator({"dets.json": [result()]}, images=False)
    assert (code, errors.count("\n")) == (1, 1)
    assert "no project there" in errors
    assert not (tmp_path / "project").exists()


# --- several files ---------------------------------------------------------------------------------------------------


def test_files_with_the_same_ids_are_merged_and_what_moved_is_said(tmp_path, annotator):
    code, printed, errors = annotator({"a.json": sound(), "b.json": other()})
    assert (code, errors) == (0, "")
    assert "b.json: image 3 'sub/C.png': is image 5 in the project, its number was taken" in printed
    assert "b.json: category 1 'vest': is category 96 in the project" in printed
    assert "b.json: annotation 7: is annotation 9 in the project, its number was taken" in printed
    with project_of(tmp_path) as store:
        out = store.dataset()
    assert [(one.id, one.file_name) for one in out.images] == [(3, "a.png"), (4, "sub/b.png"), (5, "sub/C.png")]
    assert [(one.id, one.image_id, one.category_id) for one in out.instances] == [(7, 3, 1), (8, 4, 95), (9, 5, 96)]


def test_a_number_that_moves_takes_none_that_a_later_file_brings(tmp_path, annotator):
    third = other()
    third["images"][0] |= {"id": 5, "file_name": "sub/C.png"}
    third["annotations"][0] |= {"id": 9, "image_id": 5}
    second = other(categories=sound()["categories"])
    second["images"][0] |= {"file_name": "a.png"}
    second["annotations"][0] |= {"bbox": [1, 1, 2, 2], "area": 4, "segmentation": [[1, 1, 3, 1, 3, 3, 1, 3]]}
    code, printed, _ = annotator({"a.json": sound(), "b.json": second, "c.json": third})
    assert code == 0
    assert "annotation 7: is annotation 10 in the project" in printed
    assert "c.json: image" not in printed


def test_the_same_pictures_in_two_files_are_one_image(tmp_path, annotator):
    keypoints = sound()
    keypoints["annotations"][0] |= {"segmentation": [], "keypoints": [1, 2, 2], "num_keypoints": 1, "id": 70}
    keypoints["annotations"] = keypoints["annotations"][:1]
    code, printed, _ = annotator({"instances.json": sound(), "keypoints.json": keypoints})
    assert code == 0
    assert "keypoints.json: 0 images added, 2 already in the project" in printed
    path = exported(tmp_path) / "instances.json"
    carried = {one["id"]: one for one in json.loads(path.read_text())["annotations"]}
    assert carried[70]["keypoints"] == [1, 2, 2]


@pytest.mark.parametrize("broken", ["b.json", "c.json", "dets.json"])
def test_one_broken_file_and_none_of_them_comes_in(tmp_path, annotator, broken):
    documents = {"a.json": sound(), "b.json": other(), "c.json": sound(), "dets.json": [result(file_name="a.png")]}
    wrong = {"b.json": other(categories=[]), "c.json": {**sound(), "images": [{}]}, "dets.json": [result(score=7)]}
    code, _, errors = annotator(documents | {broken: wrong[broken]})
    assert code == 1
    assert errors
    assert all(line.startswith("error: ") and broken in line for line in errors.splitlines())
    if (tmp_path / "project").exists():
        with project_of(tmp_path) as store:
            assert store.queue() == ()
            assert store.categories() == ()
        assert not any(path.is_file() for path in (tmp_path / "project" / "images").rglob("*"))


def test_missing_pictures_of_all_files_are_listed(tmp_path, annotator, pictures):
    (pictures / "a.png").unlink()
    (pictures / "sub" / "C.png").unlink()
    code, _, errors = annotator({"a.json": sound(), "b.json": other()})
    assert code == 1
    assert errors.splitlines() == [
        "error: a.json: image 3 'a.png': no picture was given for it",
        "error: b.json: image 3 'sub/C.png': no picture was given for it",
    ]


# --- again -----------------------------------------------------------------------------------------------------------


def carrying():
    """A file with one of everything that is not ours."""
    found = sound()
    found["annotations"] += [
        {"id": 20, "image_id": 4, "category_id": 1, "bbox": [1, 1, 2, 2], "area": 4, "iscrowd": 0, "caption": "x"},
        {**found["annotations"][0], "id": 2**53 - 1, "iscrowd": 1, "segmentation": {"size": [8, 10], "counts": RUNS}},
    ]
    found["annotations"][1] |= {"attributes": {"occluded": True}, "keypoints": [1, 1, 2], "num_keypoints": 1}
    found["images"][1] |= {"coco_url": "http://x", "date_captured": "2026"}
    found["videos"] = [{"id": 1}]
    return found


@pytest.mark.parametrize("more", [[], ["--split", "0.5"], ["--with-images"]])
def test_ones_own_export_again_changes_nothing_and_leaves_as_the_same_bytes(tmp_path, annotator, capsys, more):
    annotator({"a.json": carrying()})
    first = exported(tmp_path, *more, out="first")
    files = sorted(path for path in first.rglob("instances*.json"))
    for project in ("project", "fresh"):
        arguments = ["import", *map(str, files), "--images", str(tmp_path / "pictures")]
        assert main([*arguments, "--project", str(tmp_path / project)]) == 0
        again = exported(tmp_path, *more, project=project, out=f"again {project}")
        for path in files:
            assert (again / path.relative_to(first)).read_bytes() == path.read_bytes()
    whole = json.loads((exported(tmp_path, project="fresh", out="whole") / "instances.json").read_text())
    for kind in ("images", "annotations"):
        expected = {one["id"]: one for one in carrying()[kind]}
        found = {one["id"]: one for one in whole[kind]}
        assert set(found) == set(expected)
        for id, one in expected.items():
            kept = {name for name in one if name not in ("segmentation", "area", "bbox")}
            assert {name: found[id][name] for name in kept} == {name: one[name] for name in kept}
    assert {name: whole[name] for name in ("info", "licenses", "videos")} == {
        name: carrying()[name] for name in ("info", "licenses", "videos")
    }


@pytest.mark.parametrize(("named", "lies"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_an_accent_in_a_name_is_one_letter_or_two(tmp_path, annotator, pictures, named, lies):
    for folder in ("é", "x"):
        path = pictures / unicodedata.normalize(lies, f"{folder}/ü.png")
        path.parent.mkdir()
        path.write_bytes((pictures / ("a.png" if folder == "é" else "sub/C.png")).read_bytes())
    found = sound()
    found["images"][0]["file_name"] = unicodedata.normalize(named, "é/ü.png")
    assert annotator({"a.json": found})[0] == 0
    with project_of(tmp_path) as store:
        expected = (pictures / "a.png").read_bytes()
        assert store.content(store.image(3)) == expected


def test_the_same_picture_under_two_names_is_one_image(tmp_path, annotator, pictures):
    (pictures / "copy.png").write_bytes((pictures / "a.png").read_bytes())
    found = sound()
    found["images"].append({**found["images"][0], "id": 9, "file_name": "copy.png"})
    found["annotations"].append({**found["annotations"][0], "id": 30, "image_id": 9})
    code, printed, _ = annotator({"a.json": found})
    assert code == 0
    assert "image 9 'copy.png': is image 3 in the project, the project has that picture" in printed
    with project_of(tmp_path) as store:
        assert [one.id for one in store.dataset().instances] == [7, 8]
