"""What of a network's detections is offered for review."""

import numpy as np

from annotator.core.geometry import Resize
from annotator.core.masks import rle_box_xyxy
from annotator.prelabel.journey import suggest
from annotator.vision.networks.detector import Detections
from annotator.vision.networks.soft_masks import RegionMasks

SIDE = 20


def detections(*scores, empty=()):
    """Squares side by side, of the categories 1, 2, ...; the heatmaps of some show nothing."""
    boxes = np.array([[SIDE * index, 0, SIDE * index + 10, 10] for index in range(len(scores))], np.float64)
    heatmaps = np.ones((len(scores), 28, 28), np.float32)
    heatmaps[list(empty)] = 0.1
    ids = np.arange(1, len(scores) + 1)
    size = SIDE * len(scores), SIDE
    resize = Resize.plan(rule="stretch", image_size=size, input_size=size)
    return Detections(boxes, np.array(scores), ids, RegionMasks(heatmaps), resize)


def test_what_reaches_the_floor_is_offered_with_its_own_mask_and_heatmap():
    offered = suggest(detections(0.9, 0.5, 0.25, 0.2499), source="m@1", floor=0.25)
    assert [(one.category_id, one.score, one.source) for one in offered] == [
        (1, 0.9, "m@1"),
        (2, 0.5, "m@1"),
        (3, 0.25, "m@1"),
    ]
    middles = [SIDE * index + 5 for index in range(3)]
    assert [int(sum(rle_box_xyxy(one.rle)[::2]) / 2) for one in offered[1:]] == middles[1:]
    assert [one.heatmap.left + one.heatmap.width // 2 for one in offered] == middles


def test_a_detection_without_a_pixel_is_none_and_the_others_keep_their_masks():
    offered = suggest(detections(0.9, 0.8, 0.7, empty=[1]), source="m@1", floor=0.05)
    whole = suggest(detections(0.9, 0.8, 0.7), source="m@1", floor=0.05)
    assert [one.category_id for one in offered] == [1, 3]
    assert [one.rle for one in offered] == [whole[0].rle, whole[2].rle]


def test_categories_are_the_projects():
    offered = suggest(detections(0.9, 0.8), source="m@1", floor=0.05, ids={1: 91, 2: 1})
    assert [one.category_id for one in offered] == [91, 1]
