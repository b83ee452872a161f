"""YOLO segmentation: what `data.yaml` says, and labels that a reader of polygons takes."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.exchange.formats.conftest import dataset_of, disc, export
from tests.vision.pictures.material import encoded

pytestmark = pytest.mark.usefixtures("library")
PIXELS = np.full((60, 80, 3), 200, np.uint8)


@pytest.mark.parametrize(
    "name", ['каска: "x"', "left\x01arm", "a\nb", "\x85\x9f\ufeff", "🖍️ pen", "# no", "C:\\x", "\u2028"]
)
def test_the_file_says_its_classes_and_its_parts(tmp_path, name):
    yaml = pytest.importorskip("yaml")
    export(dataset_of(disc(20, 20, 12), names=("bus", name)), tmp_path, "yolo-seg")
    described = yaml.safe_load((tmp_path / "data.yaml").read_text("utf-8"))
    assert described == {"train": "images/train", "val": "images/train", "names": {0: "bus", 1: name}}
    (line,) = (tmp_path / "labels/train/sub_a.txt").read_text().splitlines()
    assert line.startswith("1 ")
    assert all(0 <= float(value) <= 1 for value in line.split()[1:])


def test_half_of_a_surrogate_pair_is_replaced_and_said(tmp_path):
    _, report = export(dataset_of(disc(20, 20, 12), names=("bus", "x\ud800")), tmp_path, "yolo-seg")
    assert report.renamed_categories == {"x\ud800": "x?"}
    assert "is 'x?' here" in (tmp_path / "report.txt").read_text()


@pytest.mark.parametrize(
    ("name", "kind", "written", "as_kind"),
    [
        ("a.jfif", "JPEG", "a.jpg", "JPEG"),
        ("a.JPE", "JPEG", "a.jpg", "JPEG"),
        ("a.JPG", "JPEG", "a.JPG", "JPEG"),
        ("a.gif", "GIF", "a.png", "PNG"),
        ("x.y/a.ppm", "PPM", "x.y_a.png", "PNG"),
        ("a.tif", "TIFF", "a.tif", "TIFF"),
        ("photo.1", "PNG", "photo.1.png", "PNG"),
        ("x.y/photo", "PNG", "x.y_photo.png", "PNG"),
        ("named.png", "GIF", "named.png", "PNG"),
    ],
)
def test_no_picture_is_of_a_kind_that_ultralytics_passes_over(tmp_path, name, kind, written, as_kind):
    whole = dataset_of(disc(20, 20, 12))
    shown = replace(whole.images[0], file_name=name)
    made, _ = export(replace(whole, images=(shown,)), tmp_path, "yolo-seg", pictures=lambda _: encoded(PIXELS, kind))
    assert made.outcome.pictures == {1: f"images/train/{written}"}
    assert (tmp_path / "labels/train" / written).with_suffix(".txt").is_file()
    with Image.open(tmp_path / "images/train" / written) as picture:
        assert picture.format == as_kind
        assert as_kind == "JPEG" or np.array_equal(np.asarray(picture.convert("RGB")), PIXELS)
    assert (f"is {written!r} here" in (tmp_path / "report.txt").read_text()) == (name != written)
