"""Masks of real photographs, drawn by people and by a network, leave as they were."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import annotator
from annotator.exchange import coco
from tests import coco_sample
from tests.exchange.coco.test_writer import dataset_of, read_by_pycocotools

EXAMPLES = Path(annotator.__file__).parent / "web" / "examples"


@pytest.mark.parametrize("name", coco_sample.NAMES)
def test_cocos_own_file_leaves_with_every_mask_and_id(tmp_path, name):
    path = coco_sample.folder() / name
    report = coco.write(coco.read(path), tmp_path / name)
    assert report.worst_iou == 1
    original, exported = read_by_pycocotools(path), read_by_pycocotools(tmp_path / name)
    assert set(original.anns) == set(exported.anns)
    assert original.dataset["images"] == exported.dataset["images"]
    assert [(one["id"], one["name"]) for one in original.dataset["categories"]] == [
        (one["id"], one["name"]) for one in exported.dataset["categories"]
    ]
    for id, annotation in original.anns.items():
        other = exported.anns[id]
        assert np.array_equal(original.annToMask(annotation), exported.annToMask(other))
        for key in ("image_id", "category_id", "iscrowd"):
            assert annotation[key] == other[key]
        if annotation["iscrowd"] == 0:
            assert annotation["segmentation"] == other["segmentation"]  # the polygons themselves


def survives_every_form(dataset):
    plain = replace(dataset, instances=tuple(replace(one, parts=None) for one in dataset.instances))
    for form in coco.MASK_FORMS:
        read = coco.coco_to_dataset(copy.deepcopy(coco.dataset_to_coco(plain, masks=form)))
        assert [one.rle for one in read.instances] == [one.rle for one in dataset.instances]


def test_masks_that_people_drew_survive_tracing_and_bridging():
    survives_every_form(coco.read(coco_sample.folder() / "instances_80.json"))


def test_masks_that_a_network_drew_survive_tracing_and_bridging():
    find = annotator.load_model("starter-person")
    found = [mask for picture in EXAMPLES.glob("*.jpg") for mask in find(picture).masks]
    assert len(found) > 10
    survives_every_form(dataset_of(*found))
