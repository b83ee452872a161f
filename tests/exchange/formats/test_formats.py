"""Other formats: written by their library, read back, and honest about what they cannot hold."""

import json
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.core.dataset import Category, Dataset, Image, Instance, State
from annotator.core.errors import ExportError
from annotator.core.masks import mask_to_rle
from annotator.exchange.formats import base
from tests.core.strategies import examples
from tests.core.strategies import masks as any_mask


@pytest.fixture
def _library():
    pytest.importorskip("supervision", reason="the extra formats is not installed")


needs_library = pytest.mark.usefixtures("_library")


def disc(x, y, radius, hole=0, *, size=(60, 80)):
    rows, columns = np.mgrid[: size[0], : size[1]]
    apart = (columns - x) ** 2 + (rows - y) ** 2
    return (apart < radius**2) & (apart >= hole**2)


def dataset_of(*masks, crowd=False):
    """Each mask on one image."""
    images = (Image(1, "sub/a.png", 80, 60, "1" * 64, reviewed=True), Image(2, "a.jpg", 80, 60, "2" * 64))
    instances = tuple(
        Instance(id, str(id), 1, (5, 91)[id % 2], State.ACCEPTED, mask_to_rle(mask), crowd=crowd)
        for id, mask in enumerate(masks, start=1)
    )
    return Dataset((Category(5, "bus"), Category(91, 'каска: "x"')), images, instances)


def content(image):
    pixels = np.full((image.height, image.width, 3), image.id, np.uint8)
    return cv2.imencode(image.file_name[-4:], pixels)[1].tobytes()


def files_of(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


LAYOUTS = {
    "yolo-seg": {
        "data.yaml", "images/train/sub_a.png", "labels/train/sub_a.txt", "images/val/a.jpg", "labels/val/a.txt",
    },
    "voc": {
        "JPEGImages/sub_a.png", "Annotations/sub_a.xml", "JPEGImages/a.jpg", "Annotations/a.xml",
        "ImageSets/Main/train.txt", "ImageSets/Main/val.txt",
    },
    "labelme": {"train/sub_a.png", "train/sub_a.json", "val/a.jpg", "val/a.json"},
}  # fmt: skip


@needs_library
@pytest.mark.parametrize("form", base.OTHER_FORMS)
def test_each_format_has_its_layout_and_exact_masks(tmp_path, form):
    whole = dataset_of(disc(20, 20, 12), disc(50, 40, 15))
    parts = {
        "train": replace(whole, images=whole.images[:1]),
        "val": replace(whole, images=whole.images[1:], instances=()),
    }
    made = base.write(parts, tmp_path / "out", form=form, pictures=content)
    assert files_of(tmp_path / "out") == LAYOUTS[form] | {"report.json", "report.txt"}
    assert set(made.files) == {tmp_path / "out" / name for name in files_of(tmp_path / "out")}
    report = made.report
    assert (report.images, report.instances, report.objects, report.losses) == (2, 2, 2, {})
    assert report.renamed == {"sub/a.png": "sub_a.png"}
    assert json.loads((tmp_path / "out/report.json").read_text())["worst_iou"] == 1


@needs_library
@pytest.mark.parametrize("form", base.OTHER_FORMS)
def test_what_a_format_cannot_hold_is_said(tmp_path, form):
    parts = disc(15, 15, 10) | disc(60, 40, 12)
    line = np.eye(60, 80, dtype=bool)
    made = base.write(
        {"": dataset_of(disc(40, 30, 25, 10), parts, line)}, tmp_path / "x.zip", form=form, pictures=content
    )
    assert made.files == (tmp_path / "x.zip",)
    report = made.report
    assert (report.holes, report.in_parts, report.boxes) == ([1], [2], [3])
    assert (report.instances, report.objects) == (3, 4)
    assert list(report.losses) == [3]
    assert report.losses[3] == pytest.approx(60 / 3600)
    assert "1 instances in several parts" in report.to_text()
    assert "the worst with IoU 0.016667" in report.to_text()
    crowded = base.write({"": dataset_of(disc(40, 30, 9), crowd=True)}, tmp_path / "c", form=form, pictures=content)
    assert (crowded.report.instances, crowded.report.crowds_left_out) == (0, [1])


@needs_library
def test_a_yolo_file_says_its_classes_and_its_parts(tmp_path):
    yaml = pytest.importorskip("yaml")
    base.write({"": dataset_of(disc(20, 20, 12))}, tmp_path, form="yolo-seg", pictures=content)
    described = yaml.safe_load((tmp_path / "data.yaml").read_text("utf-8"))
    assert described == {
        "train": "images/train", "val": "images/train", "names": {0: "bus", 1: "каска: \"x\""},
    }  # fmt: skip
    (line,) = (tmp_path / "labels/train/sub_a.txt").read_text().splitlines()
    assert line.startswith("1 ")
    assert all(0 <= float(value) <= 1 for value in line.split()[1:])


@needs_library
@given(st.lists(any_mask(min_pixels=1), min_size=1, max_size=3), st.sampled_from(base.OTHER_FORMS))
@settings(max_examples=examples(15, 500), deadline=None)
def test_any_mask_leaves_and_what_it_lost_is_counted(tmp_path_factory, found, form):
    images = tuple(Image(id, f"{id}.png", *mask.shape[::-1], f"{id:064x}") for id, mask in enumerate(found, start=1))
    instances = tuple(
        Instance(image.id, "", image.id, 1, State.ACCEPTED, mask_to_rle(mask))
        for image, mask in zip(images, found, strict=True)
    )
    whole = Dataset((Category(1, "person"),), images, instances)
    report = base.write({"": whole}, tmp_path_factory.mktemp("x") / "out", form=form, pictures=content).report
    assert report.instances == len(found)
    assert report.objects >= len(found)
    assert all(0 <= iou < 1 for iou in report.losses.values())


@needs_library
def test_a_failure_leaves_nothing_behind(tmp_path):
    with pytest.raises(ExportError, match="none is reviewed"):
        base.write({"": Dataset((), (), ())}, tmp_path / "out", form="voc", pictures=content)
    with pytest.raises(ExportError, match=r"sub_a\.png: cannot be written as yolo-seg"):
        base.write({"": dataset_of(disc(20, 20, 9))}, tmp_path / "o", form="yolo-seg", pictures=lambda image: b"x")
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_one_line_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(ExportError, match=r"the extra formats is not installed, .*pip install 'annotator\[formats\]'"):
        base.write({"": dataset_of(disc(9, 9, 5))}, tmp_path / "out", form="voc", pictures=content)
    assert list(tmp_path.iterdir()) == []
