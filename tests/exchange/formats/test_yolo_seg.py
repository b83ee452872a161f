"""YOLO segmentation: what `data.yaml` says, and labels that a reader of polygons takes."""

import pytest

from tests.exchange.formats.conftest import dataset_of, disc, export

pytestmark = pytest.mark.usefixtures("library")


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
