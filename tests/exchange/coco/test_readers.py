"""What others read of an export: every profile through pycocotools, datumaro and supervision.

Each agrees on the count. On the masks pycocotools agrees everywhere; datumaro wherever a polygon has two decimals at
most, because it rounds to them; supervision on RLE alone, because it fills polygons from pixel centre to pixel centre.
"""

import contextlib
import io
import json
import logging

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from annotator.core.dataset import Category, Dataset, Image, Instance, State
from annotator.core.masks import mask_to_rle
from annotator.core.polygons import Part, parts_to_rle
from annotator.exchange import coco, pack
from annotator.exchange.formats import DEFAULT, Options

WIDTH, HEIGHT = 80, 60


def masks():
    """Holes, parts, one pixel, the full frame, borders, lines, noise, touching corners."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    apart = np.hypot(columns - 40, rows - 30)
    noise = np.random.default_rng(0).random((HEIGHT, WIDTH)) < 0.5
    found = [apart < 20, (apart < 25) & (apart > 10), (apart < 8) | (apart > 45), noise, np.eye(HEIGHT, WIDTH) > 0]
    found += [np.ones((HEIGHT, WIDTH), bool), (rows == 0) & (columns == 0), (rows == HEIGHT - 1) & (columns > 70)]
    found += [(rows // 20 + columns // 20) % 2 == 0, (columns == 0) | (columns == WIDTH - 1)]
    return found


def a_dataset():
    drawn = (
        Part(np.array([[10.5, 10.25], [60, 12], [50.75, 50.5], [15, 46]])),
        Part(np.array([[1, 50], [9, 51], [5, 58.0]])),
    )
    images = tuple(Image(id, f"{id}.png", WIDTH, HEIGHT, f"{id:064x}", reviewed=True) for id in (3, 4))
    made = [(mask_to_rle(mask), None) for mask in masks()] + [(parts_to_rle(drawn, height=HEIGHT, width=WIDTH), drawn)]
    instances = tuple(
        Instance(id, str(id), 3 + id % 2, (1, 91)[id % 3 == 0], State.ACCEPTED, rle, parts, crowd=id == 2)
        for id, (rle, parts) in enumerate(made, start=1)
    )
    return Dataset((Category(1, "person", "person"), Category(91, "helmet")), images, instances)


@pytest.fixture(params=coco.MASK_FORMS)
def exported(request, tmp_path):
    """The profile, its folder, and by annotation id what pycocotools decodes: image id, category, mask."""
    dataset = a_dataset()
    pixels = cv2.imencode(".png", np.zeros((HEIGHT, WIDTH, 3), np.uint8))[1].tobytes()
    options = Options(masks=request.param, with_images=True)
    pack.write({"val": dataset}, tmp_path, format=DEFAULT, options=options, pictures=lambda image: pixels)
    with contextlib.redirect_stdout(io.StringIO()):
        read = COCO(str(tmp_path / "annotations" / "instances_val.json"))
    found = {
        id: (one["image_id"], one["category_id"], read.annToMask(one).astype(bool)) for id, one in read.anns.items()
    }
    assert set(found) == {instance.id for instance in dataset.instances}
    for instance in dataset.instances:
        decoded = found[instance.id]
        assert decoded[:2] == (instance.image_id, instance.category_id)
        assert mask_to_rle(decoded[2]) == instance.rle
    return request.param, tmp_path, found


def test_pycocotools_decodes_every_mask_of_every_profile(exported):
    assert len(exported[2]) == 11


def test_readers_of_lists_decode_every_mask_of_an_uncompressed_rle(exported):
    """The image processors of transformers and torchvision's reference scripts know `frPyObjects` alone."""
    form, folder, expected = exported
    annotations = json.loads((folder / "annotations" / "instances_val.json").read_text())["annotations"]
    if form == "rle":
        with pytest.raises((ValueError, TypeError)):
            coco_mask.frPyObjects(annotations[0]["segmentation"], HEIGHT, WIDTH)
    if form == "rle-uncompressed":
        for annotation in annotations:
            decoded = coco_mask.decode(coco_mask.frPyObjects(annotation["segmentation"], HEIGHT, WIDTH))
            assert np.array_equal(decoded, expected[annotation["id"]][2])


def test_datumaro_agrees_on_every_mask_of_every_profile(exported, caplog):
    datumaro = pytest.importorskip("datumaro", reason="the extra readers is not installed")
    caplog.set_level(logging.CRITICAL)
    _, folder, expected = exported
    found = {}
    for item in datumaro.Dataset.import_from(str(folder), "coco_instances"):
        for annotation in item.annotations:
            mask = found.setdefault(annotation.group, np.zeros((HEIGHT, WIDTH), bool))
            if annotation.type == datumaro.AnnotationType.polygon:
                parts = coco_mask.frPyObjects([list(annotation.points)], HEIGHT, WIDTH)
                mask |= coco_mask.decode(coco_mask.merge(parts)) == 1
            elif annotation.type == datumaro.AnnotationType.mask:
                mask |= annotation.image.astype(bool)
    assert set(found) == set(expected)
    for id, (_, _, mask) in expected.items():
        assert np.array_equal(found[id], mask), id


def test_supervision_agrees_on_the_count_and_on_every_mask_that_is_an_rle(exported):
    supervision = pytest.importorskip("supervision", reason="the extra formats is not installed")
    form, folder, expected = exported
    read = supervision.DetectionDataset.from_coco(
        str(folder / "images"), str(folder / "annotations" / "instances_val.json"), force_masks=True
    )
    of_image = {3: [], 4: []}
    for image_id, _, mask in expected.values():
        of_image[image_id].append(mask)
    for image_id, masks in of_image.items():
        detections = read.annotations[str(folder / "images" / f"{image_id}.png")]
        assert len(detections) == len(masks)
        if form in {"rle", "rle-uncompressed"}:
            assert all(np.array_equal(*pair) for pair in zip(detections.mask.astype(bool), masks, strict=True))
