"""Dataset to COCO and back: what a reader decodes is what was stored, and nothing that came in gets lost."""

import contextlib
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO

from annotator.core import masks
from annotator.core.dataset import PROVENANCE, WITHOUT_MASK, Category, Dataset, Image, Instance, State
from annotator.core.errors import CocoError, ExportError
from annotator.core.polygons import Part, parts_to_rle
from annotator.core.problems import Problem
from annotator.exchange import coco
from annotator.exchange.coco import writer
from annotator.exchange.matching import Names
from tests.core.strategies import examples
from tests.core.strategies import masks as any_mask

SQUARE = np.array([[1.25, 1], [6.5, 1], [6.5, 5.75], [1.25, 5]], np.float64)


def dataset_of(*found, **more):
    """Each mask, or each Instance, on an image of its own."""
    images, instances = [], []
    for index, item in enumerate(found, start=1):
        rle = item.rle if isinstance(item, Instance) else masks.mask_to_rle(item)
        made = item if isinstance(item, Instance) else Instance(index, f"k{index}", index, 1, State.ACCEPTED, rle)
        images.append(Image(index, f"{index}.jpg", rle.width, rle.height, f"{index:064x}", reviewed=True))
        instances.append(replace(made, id=index, image_id=index))
    return Dataset((Category(1, "person", "person"),), tuple(images), tuple(instances), **more)


def instance(parts, *, width=10, height=8, **more):
    rle = parts_to_rle(parts, height=height, width=width)
    return Instance(1, "k", 1, 1, State.ACCEPTED, rle, tuple(parts), **more)


def read_by_pycocotools(path):
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def donut(size=9):
    mask = np.zeros((size, size), bool)
    mask[1:-1, 1:-1] = True
    mask[3:-3, 3:-3] = False
    return mask


# --- out -------------------------------------------------------------------------------------------------------------


@given(st.lists(any_mask(min_pixels=1), min_size=1, max_size=6), st.sampled_from(coco.MASK_FORMS))
@settings(max_examples=examples(60, 5000))
def test_every_form_decodes_to_the_very_mask(tmp_path_factory, found, form):
    path = tmp_path_factory.mktemp("export") / "instances.json"
    dataset = dataset_of(*found)
    report = coco.write(dataset, path, masks=form)
    assert (report.worst_iou, report.area_difference, report.box_difference, report.losses) == (1, 0, 0, {})
    read = read_by_pycocotools(path)
    for mask, annotation in zip(found, read.dataset["annotations"], strict=True):
        assert np.array_equal(read.annToMask(annotation), mask)
        assert annotation["area"] == mask.sum()
        y, x = np.nonzero(mask)
        assert annotation["bbox"] == [x.min(), y.min(), x.max() + 1 - x.min(), y.max() + 1 - y.min()]
        assert annotation["iscrowd"] == 0
        if form == "rle":
            assert isinstance(annotation["segmentation"]["counts"], str)
        if form == "rle-uncompressed":
            assert isinstance(annotation["segmentation"]["counts"], list)
        if form == "polygons":
            assert isinstance(annotation["segmentation"], list)
    assert [one.rle for one in coco.read(path).instances] == [one.rle for one in dataset.instances]


def test_a_donut_is_an_rle_and_no_crowd():
    (annotation,) = coco.dataset_to_coco(dataset_of(donut()))["annotations"]
    assert isinstance(annotation["segmentation"]["counts"], str)
    assert annotation["iscrowd"] == 0


def test_a_donut_as_polygons_keeps_its_hole_behind_a_bridge():
    (annotation,) = coco.dataset_to_coco(dataset_of(donut()), masks="polygons")["annotations"]
    assert len(annotation["segmentation"]) == 1
    assert annotation["area"] == donut().sum()


def test_several_parts_stay_one_annotation():
    mask = np.zeros((9, 9), bool)
    mask[1:3, 1:3] = mask[5:8, 5:8] = True
    (annotation,) = coco.dataset_to_coco(dataset_of(mask))["annotations"]
    assert len(annotation["segmentation"]) == 2


def test_a_persons_own_polygons_leave_as_they_were_drawn():
    overlapping = [Part(SQUARE), Part(SQUARE + 1.5)]
    (annotation,) = coco.dataset_to_coco(dataset_of(instance(overlapping)))["annotations"]
    assert annotation["segmentation"] == [SQUARE.ravel().tolist(), (SQUARE + 1.5).ravel().tolist()]


def test_polygons_that_do_not_describe_the_mask_are_not_believed():
    stale = replace(instance([Part(SQUARE)]), rle=masks.mask_to_rle(np.eye(8, 10, dtype=bool)))
    (annotation,) = coco.dataset_to_coco(dataset_of(stale))["annotations"]
    assert len(annotation["segmentation"]) == 8


def test_polygons_with_holes_become_an_rle():
    part = Part(np.array([[0, 0], [9, 0], [9, 8], [0, 8]], float), (np.array([[2, 2], [4, 2], [4, 4], [2, 4]], float),))
    (annotation,) = coco.dataset_to_coco(dataset_of(instance([part])))["annotations"]
    assert isinstance(annotation["segmentation"], dict)


def test_the_same_dataset_is_the_same_bytes(tmp_path):
    dataset = dataset_of(donut(), ~donut(), instance([Part(SQUARE)]))
    reports = [coco.write(dataset, tmp_path / name / "instances.json") for name in "ab"]
    assert (tmp_path / "a" / "instances.json").read_bytes() == (tmp_path / "b" / "instances.json").read_bytes()
    assert reports[0] == reports[1]
    assert (reports[0].to_json(), reports[0].to_text()) == (reports[1].to_json(), reports[1].to_text())


def test_provenance_stands_under_one_key_and_can_be_left_out():
    made = replace(instance([Part(SQUARE)]), provenance={"source": "m@1", "score": 0.5})
    (annotation,) = coco.dataset_to_coco(dataset_of(made))["annotations"]
    assert annotation["annotator"] == {"source": "m@1", "score": 0.5}
    (annotation,) = coco.dataset_to_coco(dataset_of(made), provenance=False)["annotations"]
    assert "annotator" not in annotation


def test_a_report_says_what_was_read_back(tmp_path, capsys):
    tiny = np.zeros((9, 9), bool)
    tiny[0, 0] = True
    twice = dataset_of(donut(), tiny)
    twice = replace(twice, instances=(*twice.instances, replace(twice.instances[0], id=3)))
    report = coco.write(twice, tmp_path / "instances.json")
    stored = json.loads(report.to_json())
    assert stored["instances"] == 3
    assert stored["instances_by_category"] == {"person": 3}
    assert stored["duplicates"] == [[1, 3]]
    assert stored["tiny"] == [2]
    assert stored["touching_the_border"] == 1
    assert stored["sha256"] == report.sha256
    text = report.to_text()
    assert "every mask, area and box is exact" in text
    assert "1 instance appears twice" in text
    assert capsys.readouterr().out == ""  # pycocotools talks while it reads


def test_an_export_that_does_not_read_back_is_not_written(tmp_path, monkeypatch):
    path = tmp_path / "instances.json"
    coco.write(dataset_of(donut()), path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    wrong = {"size": [9, 9], "counts": masks.mask_to_rle(~donut()).counts}
    monkeypatch.setattr(writer, "_segmentation", lambda instance, **_: (wrong, instance.rle))
    with pytest.raises(ExportError, match=r"annotation 1: reads back with IoU 0\.0"):
        coco.write(dataset_of(donut()), path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_polygons_that_lose_say_so(tmp_path, monkeypatch):
    mask = np.zeros((9, 9), bool)
    mask[1:8, 1:8] = True
    monkeypatch.setattr(writer, "bridge_holes", lambda part: part.outer)  # as if holes were dropped
    report = coco.write(dataset_of(donut(), mask), tmp_path / "instances.json", masks="polygons")
    exact = donut().sum() / mask.sum()
    assert report.losses == {1: pytest.approx(exact, abs=1e-6)}
    assert report.worst_iou == pytest.approx(exact, abs=1e-6)
    assert report.mean_iou == pytest.approx((1 + exact) / 2, abs=1e-6)
    assert "1 mask is not exact" in report.to_text()


@pytest.mark.parametrize("where", ["file/instances.json", "folder"])
def test_a_place_that_cannot_be_written_is_one_line(tmp_path, where):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ExportError, match="cannot be written"):
        coco.write(dataset_of(donut()), tmp_path / where)
    assert [path.name for path in (tmp_path / "folder").iterdir()] == []


def test_an_unknown_form_is_refused(tmp_path):
    with pytest.raises(ExportError, match="expected one of lossless, polygons, rle"):
        coco.write(dataset_of(donut()), tmp_path / "x.json", masks="masks")


# --- in --------------------------------------------------------------------------------------------------------------


def document():
    """One of everything that COCO files hold."""
    mask = masks.mask_to_rle(donut())
    box = {"area": 4, "bbox": [1, 1, 2, 2]}
    return {
        "info": {"year": 2017, "contributor": "somebody"},
        "licenses": [{"id": 3, "name": "CC"}],
        "ours": {"deep": [1, {"x": None}]},
        "images": [
            {"id": 12, "width": 9, "height": 9, "file_name": "b/c.jpg", "license": 3, "coco_url": "http://x"},
            {"id": 5, "width": 10, "height": 8, "file_name": "a.jpg"},
        ],
        "categories": [
            {"id": 1, "name": "person", "supercategory": "person", "keypoints": ["nose"], "skeleton": [[1, 1]]},
            {"id": 0, "name": "thing"},
        ],
        "annotations": [
            {"id": 40, "image_id": 5, "category_id": 1, "iscrowd": 0, "segmentation": [SQUARE.ravel().tolist()], **box},
            {
                "id": 7,
                "image_id": 12,
                "category_id": 0,
                "iscrowd": 0,
                "segmentation": {"size": [9, 9], "counts": mask.counts},
                "attributes": {"occluded": True},
                **box,
            },
            {
                "id": 900100000012,
                "image_id": 12,
                "category_id": 1,
                "iscrowd": 1,
                "segmentation": {"size": [9, 9], "counts": masks.rle_to_runs(mask).tolist()},
                **box,
            },
            {
                "id": 41,
                "image_id": 5,
                "category_id": 1,
                "iscrowd": 0,
                "keypoints": [1, 2, 2],
                "num_keypoints": 1,
                **box,
            },
            {"id": 42, "image_id": 5, "category_id": 1, "iscrowd": 1, "segmentation": None, **box},
            {"id": 43, "image_id": 5, "category_id": 1, "iscrowd": 0, "segmentation": [[3, 3, 3, 3, 3, 3]], **box},
        ],
    }


def test_everything_that_came_in_leaves_again(tmp_path):
    path = tmp_path / "in.json"
    path.write_text(json.dumps(document()))
    dataset = coco.read(path)
    assert [one.id for one in dataset.instances] == [40, 7, 900100000012]
    coco.write(dataset, tmp_path / "out.json")
    out, expected = json.loads((tmp_path / "out.json").read_text()), document()
    assert {name: out[name] for name in ("info", "licenses", "ours")} == {
        name: expected[name] for name in ("info", "licenses", "ours")
    }
    expected["categories"][1]["supercategory"] = ""
    assert out["categories"] == expected["categories"]
    assert out["images"] == expected["images"]
    before = {one["id"]: one for one in expected["annotations"]}
    after = {one["id"]: one for one in out["annotations"]}
    assert set(before) == set(after)
    assert after[40]["segmentation"] == before[40]["segmentation"]
    assert after[7]["segmentation"] == before[7]["segmentation"]
    assert after[7]["attributes"] == {"occluded": True}
    assert after[900100000012]["iscrowd"] == 1
    assert after[900100000012]["segmentation"] == before[7]["segmentation"]
    for id in (41, 42, 43):  # without a mask: as they came
        assert after[id] == before[id]


def test_an_export_read_again_is_the_same_export(tmp_path):
    path = tmp_path / "in.json"
    found = document()
    half = masks.mask_to_rle(np.tile(np.arange(9) > 4, (9, 1)))
    found["annotations"][1]["segmentation"] = {"size": [9, 9], "counts": half.counts}  # leaves as a traced polygon
    path.write_text(json.dumps(found))
    first = coco.write(coco.read(path), tmp_path / "1.json")
    assert "[[5,0,9,0,9,9,5,9]]" in (tmp_path / "1.json").read_text()
    assert coco.write(coco.read(tmp_path / "1.json"), tmp_path / "2.json").sha256 == first.sha256


def test_every_offending_place_is_listed_and_nothing_is_read(tmp_path):
    found = document()
    found["images"][1]["width"] = 11
    found["annotations"][1]["segmentation"]["size"] = [480, 640]
    found["annotations"][0]["segmentation"] = [[1, 2, 3]]
    found["annotations"][3]["image_id"] = 99
    path = tmp_path / "in.json"
    path.write_text(json.dumps(found))
    with pytest.raises(CocoError) as error:
        coco.read(path)
    assert list(map(str, error.value.problems)) == [
        "annotations[0].segmentation[0]: has 3 numbers, expected an even count of at least 6 (id 40)",
        "annotations[1].segmentation: size [480, 640], image is [9, 9] (id 7)",
        "annotations[3].image_id: is 99, which is not among the images (id 41)",
    ]
    assert "(and 2 more problems)" in str(error.value)


def test_problems_beyond_those_that_are_told_are_counted():
    error = CocoError([Problem("error", f"annotations[{index}]", "bad") for index in range(15)])
    assert str(error) == "annotations[0]: bad (and 14 more problems)"
    assert error.told(9)[8:] == ["annotations[8]: bad", "and 6 more problems"]
    assert str(CocoError("alone")) == "alone"


def test_our_own_provenance_comes_back():
    made = replace(instance([Part(SQUARE)]), provenance={"source": "m@1", "score": 0.5, "decision": "edit", "edits": 2})
    (read,) = coco.coco_to_dataset(coco.dataset_to_coco(dataset_of(made))).instances
    assert (read.source, read.score) == ("m@1", 0.5)
    assert read.extra["annotator"]["edits"] == 2


@pytest.mark.parametrize(
    "ours", [5, [], {"source": 5, "score": "x"}, {"source": "", "score": 7}, {"source": "x" * 999}]
)
def test_a_strange_value_under_our_key_is_only_carried(ours):
    found = coco.dataset_to_coco(dataset_of(donut()))
    found["annotations"][0]["annotator"] = found["images"][0]["annotator"] = ours
    dataset = coco.coco_to_dataset(found)
    assert (dataset.instances[0].source, dataset.instances[0].score) == ("import", None)


def test_results_are_suggestions():
    dataset = coco.coco_to_dataset(document())
    mask = {"size": [9, 9], "counts": masks.mask_to_rle(donut()).counts}
    results = [
        {"image_id": 12, "category_id": 1, "score": 0.75, "segmentation": mask},
        {"image_id": 5, "category_id": 0, "score": 0.5, "segmentation": [SQUARE.ravel().tolist()]},
        {"image_id": 12, "category_id": 1, "score": 0.25, "segmentation": mask, "bbox": [1, 2, 3, 4]},
    ]
    found = coco.results_to_suggestions(results, dataset, source="mine@2").suggestions
    assert [one.score for one in found[12]] == [0.75, 0.25]
    assert (found[5][0].source, found[5][0].category_id) == ("mine@2", 0)
    results[0]["image_id"] = 77
    results[1]["score"] = 3
    results[2]["segmentation"] = {"size": [8, 10], "counts": [80]}
    with pytest.raises(CocoError) as error:
        coco.results_to_suggestions(results, dataset)
    assert [problem.path for problem in error.value.problems] == ["[0].image_id", "[1].score", "[2].segmentation"]


def test_a_name_that_is_no_utf8_leaves_as_valid_json_and_is_found_again(tmp_path):
    odd = "caf\udce9 \U0001f600.png"
    made = replace(dataset_of(instance([Part(SQUARE)])), extra={"videos": [{"\ud800": ["\udfff", "é"]}]})
    made = replace(made, images=tuple(replace(image, file_name=odd) for image in made.images))
    coco.write(made, tmp_path / "out.json")
    text = (tmp_path / "out.json").read_text("ascii")
    json.loads(text)["images"][0]["file_name"].encode("utf-8")
    back = coco.read(tmp_path / "out.json")
    assert back.images[0].file_name == "caf? \U0001f600.png"
    assert back.extra["videos"] == [{"?": ["?", "é"]}]
    assert Names([(odd, 1)]).find(back.images[0].file_name).found == 1


def test_what_has_no_mask_leaves_under_an_id_that_no_other_annotation_has(tmp_path):
    carried = [{"id": id, "category_id": 1, "segmentation": [], "bbox": [1, 2, 3, 4], "iscrowd": 0} for id in (1, 9, 9)]
    whole = dataset_of(np.ones((4, 5), bool), np.ones((4, 5), bool))
    image = replace(whole.images[1], extra={PROVENANCE: {WITHOUT_MASK: carried}})
    coco.write(replace(whole, images=(whole.images[0], image)), tmp_path / "a.json")
    annotations = json.loads((tmp_path / "a.json").read_text())["annotations"]
    expected = [(1, 1, 5), (2, 2, 5), (3, 2, 3), (9, 2, 3), (10, 2, 3)]
    assert [(one["id"], one["image_id"], one["bbox"][2]) for one in annotations] == expected
