"""CSV: a row an instance, with the box that COCO has, and nothing that a spreadsheet would run."""

import csv
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.formats.conftest import dataset_of, disc, export, files_of


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_instance_is_a_row_with_its_box_in_pixels(tmp_path):
    whole = dataset_of(disc(20, 20, 12), disc(50, 40, 15), boxes=[(10.5, 10, 40, 30)])
    scored = replace(whole.instances[0], score=0.25, source="person-0007@1")
    _, report = export(replace(whole, instances=(scored, whole.instances[1])), tmp_path / "out", "csv")
    assert files_of(tmp_path / "out") == {"instances.csv", "report.txt", "report.proof"}
    rows = rows_of(tmp_path / "out/instances.csv")
    assert rows[0] == {
        "image": "sub/a.png", "width": "80", "height": "60", "id": "1", "category_id": "91", "category": 'каска: "x"',
        "x_min": "9", "y_min": "9", "x_max": "32", "y_max": "32", "crowd": "0", "score": "0.25",
        "source": "person-0007@1",
    }  # fmt: skip
    assert (rows[1]["score"], rows[1]["source"]) == ("", "manual")
    assert [rows[2][side] for side in ("image", "x_min", "y_min", "x_max", "y_max")] == [
        "a.jpg", "10.5", "10", "50.5", "40",
    ]  # fmt: skip
    assert (report.instances, report.images_without_rows, report.without_mask) == (3, 0, 1)
    assert (tmp_path / "out/instances.csv").read_bytes().count(b"\r\n") == 4


def test_parts_pictures_and_no_provenance(tmp_path):
    whole = dataset_of(disc(20, 20, 12))
    parts = {
        "train": replace(whole, images=whole.images[:1]),
        "val": replace(whole, images=whole.images[1:], instances=()),
    }
    export(parts, tmp_path / "out", "csv", with_images=True, provenance=False)
    assert files_of(tmp_path / "out") == {
        "instances_train.csv", "instances_val.csv", "images/sub/a.png", "images/a.jpg",
        "report_train.txt", "report_train.proof", "report_val.txt", "report_val.proof",
    }  # fmt: skip
    (row,) = rows_of(tmp_path / "out/instances_train.csv")
    assert (tmp_path / "out" / row["image"]).is_file()
    assert "source" not in row
    assert rows_of(tmp_path / "out/instances_val.csv") == []
    assert "1 image without instances" in (tmp_path / "out/report_val.txt").read_text()


@pytest.mark.parametrize("name", ["=1+1", "+1", "-x", "@SUM(A1)", "\t=1"])
def test_a_name_that_a_spreadsheet_would_run_is_text(tmp_path, name):
    _, report = export(dataset_of(disc(20, 20, 12), names=("bus", name)), tmp_path, "csv")
    (row,) = rows_of(tmp_path / "instances.csv")
    assert row["category"].startswith("'")
    assert report.replaced == {name: row["category"]}
    assert "here" in (tmp_path / "report.txt").read_text()


@pytest.mark.parametrize("name", ["پیاده\u200cرو", "👩\u200d🚀", "10.32\u202fAM"])
@pytest.mark.parametrize("format", ["csv", "voc"])
def test_joiners_and_narrow_spaces_stay(tmp_path, library, format, name):
    export(dataset_of(disc(20, 20, 12), names=("bus", name)), tmp_path, format)
    file = tmp_path / ("instances.csv" if format == "csv" else "Annotations/sub_a.xml")
    assert name in file.read_text("utf-8")


@given(st.text(min_size=1, max_size=12))
def test_any_name_is_one_line_that_reads_back(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("x")
    _, report = export(dataset_of(disc(20, 20, 12), names=("bus", name)), folder, "csv")
    (row,) = rows_of(folder / "instances.csv")
    assert row["category"] == report.replaced.get(name, name)
    assert row["category"][0] not in "=+-@\t\r"
    assert (folder / "instances.csv").read_bytes().count(b"\n") == 2


def test_flags_and_notes_do_not_leave_and_the_report_says_so(tmp_path):
    whole = dataset_of(disc(20, 20, 12), disc(50, 40, 15))
    flagged = replace(whole.instances[1], flags=("wet",))
    noted = replace(whole.images[0], note="blurred")
    dataset = replace(whole, instances=(whole.instances[0], flagged), images=(noted, whole.images[1]))
    export(dataset, tmp_path, "csv")
    said = (tmp_path / "report.txt").read_text()
    assert "1 instance with flags or a note that the format has no place for (id 2)" in said
    assert "1 picture with flags or a note that the format has no place for ('sub/a.png')" in said
