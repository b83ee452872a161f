"""Pascal VOC: names that XML can hold, and the list of labels that its readers ask for."""

from xml.etree import ElementTree

import pytest

from tests.exchange.formats.conftest import dataset_of, disc, export

pytestmark = pytest.mark.usefixtures("library")


def test_names_that_xml_cannot_hold_are_replaced_and_said(tmp_path):
    _, report = export(dataset_of(disc(20, 20, 12), names=("left_arm", "left\x01arm")), tmp_path, "voc")
    assert report.renamed_categories == {"left\x01arm": "left_arm_"}
    assert ElementTree.parse(tmp_path / "Annotations/sub_a.xml").findtext("object/name") == "left_arm_"
    assert "category 'left\\x01arm' is 'left_arm_' here" in (tmp_path / "report.txt").read_text()


def test_a_labelmap_names_every_label_with_a_colour_of_its_own(tmp_path):
    export(dataset_of(disc(20, 20, 12), names=("bus: red", "#1")), tmp_path, "voc")
    lines = (tmp_path / "labelmap.txt").read_text().splitlines()
    # The first colours are those of PASCAL VOC's own devkit.
    assert lines == ["# label:color_rgb:parts:actions", "background:0,0,0::", "bus_ red:128,0,0::", "_1:0,128,0::"]
    assert ElementTree.parse(tmp_path / "Annotations/sub_a.xml").findtext("object/name") == "_1"
