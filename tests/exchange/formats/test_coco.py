"""COCO as a format: its two layouts, and many instances at once."""

import contextlib
import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from pycocotools.coco import COCO

from annotator.core.dataset import Instance, State
from annotator.core.masks import mask_to_rle
from annotator.core.measures import AT_ONCE
from tests.exchange.formats.conftest import dataset_of, disc, export, files_of

MANY = AT_ONCE + 44
"""Areas, boxes and proofs are worked out for so many at once; each instance has a mask that no other one has."""


def many():
    """Rectangles in turn on two images, no two of them alike."""
    whole = dataset_of()
    instances = []
    for index in range(MANY):
        mask = np.zeros((60, 80), bool)
        mask[index % 50 : index % 50 + 2 + index % 7, index // 50 : index // 50 + 3 + index % 5] = True
        instances.append(Instance(index + 1, str(index), 1 + index % 2, 5, State.ACCEPTED, mask_to_rle(mask)))
    assert len({one.rle.counts for one in instances}) == MANY
    return replace(whole, instances=tuple(instances))


@pytest.mark.parametrize("masks", ["lossless", "rle"])
def test_more_instances_than_are_measured_at_once_have_each_their_own(tmp_path, masks):
    whole = many()
    _, report = export(whole, tmp_path, "coco", masks=masks)
    assert (report.instances, report.losses, report.duplicates) == (MANY, {}, [])
    assert report.tiny == [index + 1 for index in range(MANY) if (3 + index % 5) * (2 + index % 7) < 16]
    with contextlib.redirect_stdout(io.StringIO()):
        read = COCO(str(tmp_path / "instances.json"))
    for instance in whole.instances:
        annotation = read.anns[instance.id]
        decoded = read.annToMask(annotation)
        assert mask_to_rle(decoded.astype(bool)) == instance.rle
        rows, columns = np.nonzero(decoded)
        width, height = np.ptp(columns) + 1, np.ptp(rows) + 1
        assert annotation["bbox"] == [columns.min(), rows.min(), width, height]
        assert annotation["area"] == width * height


def test_so_many_rows_have_each_their_own_box(tmp_path):
    whole = many()
    export(whole, tmp_path, "csv")
    with open(tmp_path / "instances.csv", encoding="utf-8", newline="") as file:
        rows = {int(row["id"]): row for row in csv.DictReader(file)}
    assert len(rows) == MANY
    for index in range(MANY):
        row = rows[index + 1]
        assert int(row["x_max"]) - int(row["x_min"]) == 3 + index % 5
        assert int(row["y_max"]) - int(row["y_min"]) == 2 + index % 7
        assert (int(row["x_min"]), int(row["y_min"])) == (index // 50, index % 50)


def test_one_file_alone_or_a_folder_for_trainers(tmp_path):
    reports = {"report.txt", "report.proof"}
    whole = dataset_of(disc(20, 20, 9))
    export(whole, tmp_path / "alone", "coco")
    assert files_of(tmp_path / "alone") == {"instances.json"} | reports
    export(whole, tmp_path / "pictures", "coco", with_images=True)
    assert files_of(tmp_path / "pictures") == {
        "annotations/instances.json", "images/sub/a.png", "images/a.jpg", *reports,
    }  # fmt: skip
