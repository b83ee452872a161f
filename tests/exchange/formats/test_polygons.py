"""Formats of polygons: written by their library, read back, and honest about what they cannot hold."""

import json
import sys
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.core.dataset import Category, Dataset, Image, Instance, State
from annotator.core.errors import ExportError
from annotator.core.masks import mask_to_rle
from annotator.exchange.formats import FORMATS
from tests.core.strategies import examples
from tests.core.strategies import masks as any_mask
from tests.exchange.formats.conftest import content, dataset_of, disc, export, files_of, with_boxes

needs_library = pytest.mark.usefixtures("library")

LAYOUTS = {
    "yolo-seg": {
        "data.yaml", "images/train/sub_a.png", "labels/train/sub_a.txt", "images/val/a.jpg", "labels/val/a.txt",
    },
    "voc": {
        "JPEGImages/sub_a.png", "Annotations/sub_a.xml", "JPEGImages/a.jpg", "Annotations/a.xml",
        "ImageSets/Main/train.txt", "ImageSets/Main/val.txt", "labelmap.txt",
    },
    "labelme": {"train/sub_a.png", "train/sub_a.json", "val/a.jpg", "val/a.json"},
}  # fmt: skip

any_format = pytest.mark.parametrize("name", LAYOUTS)


def label_files(folder):
    """Every picture's annotations."""
    return {
        path.stem: path.read_text()
        for path in folder.rglob("*.*")
        if path.parent.name in {"train", "Annotations", folder.name}
        and path.suffix in {".txt", ".xml", ".json"}
        and path.name not in {"report.txt", "labelmap.txt"}
        and "ImageSets" not in path.parts
    }


@needs_library
@any_format
def test_each_format_has_its_layout_and_exact_masks(tmp_path, name):
    whole = dataset_of(disc(20, 20, 12), disc(50, 40, 15))
    parts = {
        "train": replace(whole, images=whole.images[:1]),
        "val": replace(whole, images=whole.images[1:], instances=()),
    }
    made, report = export(parts, tmp_path / "out", name)
    assert files_of(tmp_path / "out") == LAYOUTS[name] | {"report.proof", "report.txt"}
    assert set(made.files) == {tmp_path / "out" / file for file in files_of(tmp_path / "out")}
    assert (report.images, report.instances, report.objects, report.losses) == (2, 2, 2, {})
    assert report.renamed == {"sub/a.png": "sub_a.png"}
    assert json.loads((tmp_path / "out/report.proof").read_text())["worst_iou"] == 1


@needs_library
@any_format
def test_what_a_format_cannot_hold_is_said(tmp_path, name):
    parts = disc(15, 15, 10) | disc(60, 40, 12)
    line = np.eye(60, 80, dtype=bool)
    made, report = export(dataset_of(disc(40, 30, 25, 10), parts, line), tmp_path / "x.zip", name)
    assert list(made.files) == [tmp_path / "x.zip"]
    assert (report.holes, report.in_parts, report.boxes) == ([1], [2], [3])
    assert (report.instances, report.objects) == (3, 4)
    assert list(report.losses) == [3]
    assert report.losses[3] == pytest.approx(60 / 3600)
    assert "1 instance in several parts" in report.to_text()
    assert "the worst with IoU 0.016667" in report.to_text()


@needs_library
@any_format
def test_a_picture_with_objects_never_becomes_one_without(tmp_path, name):
    """A trainer learns from a picture without objects that nothing is there."""
    crowded = dataset_of(disc(40, 30, 9), crowd=True)
    _, report = export(crowded, tmp_path / "out", name)
    assert (report.instances, report.crowds_left_out) == (0, [1])
    assert report.pictures_left_out == ["sub/a.png"]
    assert not [file for file in files_of(tmp_path / "out") if "sub_a" in file]
    assert "1 picture left out: without an object it would say that nothing is there" in report.to_text()


@needs_library
@pytest.mark.parametrize(("name", "written"), [("voc", "<xmin>11</xmin>"), ("labelme", '"rectangle"')])
def test_objects_that_are_boxes_only_leave_as_boxes(tmp_path, name, written):
    _, report = export(dataset_of(disc(40, 30, 9), boxes=[(10, 10, 40, 30)]), tmp_path / "out", name)
    assert report.boxes_only == [101]
    assert report.losses == {}
    assert written in label_files(tmp_path / "out")["a"]
    assert "and 1 box without a mask" in report.to_text()


@needs_library
@pytest.mark.parametrize("name", ["voc", "labelme"])
def test_a_box_that_reads_back_elsewhere_is_not_written(tmp_path, name, monkeypatch):
    layout = type(FORMATS[name].write)
    right = layout.read_back
    monkeypatch.setattr(layout, "read_back", lambda *said, **more: (points + 1.5 for points in right(*said, **more)))
    with pytest.raises(ExportError, match=r"box 101 reads back 1\.5 px off"):
        export(dataset_of(disc(40, 30, 9), boxes=[(10, 10, 40, 30)]), tmp_path / "out", name)
    assert not (tmp_path / "out").exists()


@needs_library
def test_where_only_masks_are_read_boxes_are_left_out_and_named(tmp_path):
    whole = dataset_of(disc(40, 30, 9), boxes=[(10, 10, 40, 30)])
    _, report = export(whole, tmp_path / "out", "yolo-seg")
    assert (report.boxes_left_out, report.pictures_left_out) == ([101], ["a.jpg"])
    assert list(label_files(tmp_path / "out")) == ["sub_a"]
    both = replace(whole, images=(with_boxes(whole.images[0], (10, 10, 40, 30)), whole.images[1]))
    _, report = export(both, tmp_path / "both", "yolo-seg")
    assert len(label_files(tmp_path / "both")["sub_a"].splitlines()) == 1
    assert report.boxes_left_out == [101, 101]
    with pytest.raises(ExportError, match="can hold nothing of what the pictures of this dataset show"):
        export(replace(whole, images=whole.images[1:], instances=()), tmp_path / "none", "yolo-seg")
    assert not (tmp_path / "none").exists()


@needs_library
@any_format
def test_boxes_end_at_the_border_and_what_has_none_is_named(tmp_path, name):
    boxes = [(-5, 50, 20, 30), (90, 10, 5, 5), (10.4, 10.4, 0.2, 0.2)]
    _, report = export(dataset_of(disc(40, 30, 9), boxes=boxes), tmp_path / "out", name)
    assert report.nowhere == [102]
    if name == "yolo-seg":
        assert report.boxes_left_out == [101, 103]
    else:
        assert (report.boxes_only, report.clipped) == ([101, 103], [101])
        assert report.rounded == ([103] if name == "voc" else [])


@needs_library
@given(st.lists(any_mask(min_pixels=1), min_size=1, max_size=3), st.sampled_from(list(LAYOUTS)))
@settings(max_examples=examples(15, 500), deadline=None)
def test_any_mask_leaves_and_what_it_lost_is_counted(tmp_path_factory, found, name):
    images = tuple(Image(id, f"{id}.png", *mask.shape[::-1], f"{id:064x}") for id, mask in enumerate(found, start=1))
    instances = tuple(
        Instance(image.id, "", image.id, 1, State.ACCEPTED, mask_to_rle(mask))
        for image, mask in zip(images, found, strict=True)
    )
    whole = Dataset((Category(1, "person"),), images, instances)
    _, report = export(whole, tmp_path_factory.mktemp("x") / "out", name)
    assert report.instances == len(found)
    assert report.objects >= len(found)
    assert all(0 <= iou < 1 for iou in report.losses.values())


@needs_library
def test_a_failure_leaves_nothing_behind(tmp_path):
    with pytest.raises(ExportError, match="none is reviewed"):
        export(Dataset((), (), ()), tmp_path / "out", "voc")
    with pytest.raises(ExportError, match=r"sub_a\.png: cannot be written as yolo-seg"):
        export(dataset_of(disc(20, 20, 9)), tmp_path / "o", "yolo-seg", pictures=lambda image: b"x")
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_one_line_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "supervision", None)
    expected = r"the extra formats is not installed, .*pip install 'photo-annotator\[formats\]'"
    with pytest.raises(ExportError, match=expected):
        export(dataset_of(disc(9, 9, 5)), tmp_path / "out", "voc", pictures=content)
    assert list(tmp_path.iterdir()) == []


def said_of(dataset, **said):
    first, *others = dataset.instances
    return replace(dataset, instances=(replace(first, **said), *others))


@needs_library
def test_voc_says_its_own_flags_of_each_object_and_tells_of_the_others(tmp_path):
    masks = disc(20, 20, 8) | disc(60, 40, 8), disc(40, 30, 6)
    dataset = said_of(dataset_of(*masks), flags=("difficult", "truncated", "wet"))
    _, report = export(dataset, tmp_path, "voc")
    objects = ElementTree.parse(tmp_path / "Annotations/sub_a.xml").getroot().iter("object")
    found = [[item.findtext(tag) for tag in ("truncated", "difficult", "occluded")] for item in objects]
    assert found == [["1", "1", "0"], ["1", "1", "0"], ["0", "0", "0"]]
    assert report.unsaid == [1]
    assert "1 instance with flags or a note that the format has no place for (id 1)" in report.to_text()


@needs_library
def test_labelme_has_flags_of_the_picture_and_flags_and_notes_of_each_shape(tmp_path):
    dataset = said_of(dataset_of(disc(20, 20, 8), disc(60, 40, 6)), flags=("occluded", "wet"), note="why\nnot")
    dataset = replace(dataset, images=tuple(replace(image, flags=("dark",)) for image in dataset.images))
    _, report = export(dataset, tmp_path, "labelme")
    document = json.loads((tmp_path / "sub_a.json").read_text())
    assert document["flags"] == {"dark": True}
    first, second = document["shapes"]
    assert (first["flags"], first["description"]) == ({"occluded": True, "wet": True}, "why\nnot")
    assert second["flags"] == {}
    assert report.unsaid == report.pictures_unsaid == []


@needs_library
def test_yolo_tells_of_flags_that_it_cannot_hold(tmp_path):
    _, report = export(said_of(dataset_of(disc(20, 20, 8)), flags=("occluded",)), tmp_path, "yolo-seg")
    assert report.unsaid == [1]


@needs_library
@pytest.mark.parametrize(
    ("name", "said"), [("voc", {"flags": ("dark",)}), ("yolo-seg", {"flags": ("dark",)}), ("labelme", {"note": "why"})]
)
def test_flags_and_notes_of_pictures_that_do_not_leave_are_told(tmp_path, name, said):
    dataset = dataset_of(disc(20, 20, 8))
    dataset = replace(dataset, images=(replace(dataset.images[0], **said), *dataset.images[1:]))
    _, report = export(dataset, tmp_path, name)
    assert report.pictures_unsaid == ["sub/a.png"]
    assert "1 picture with flags or a note that the format has no place for ('sub/a.png')" in report.to_text()
