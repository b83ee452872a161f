"""What is traced along the pixels' edges is the mask to the pixel."""

import cv2
import numpy as np
from hypothesis import example, given, settings
from pycocotools import mask as coco_mask

from annotator.core import masks
from annotator.core.polygons import parts_to_rle, polygons_to_rle
from annotator.core.trace import rle_to_parts, rle_to_polygons
from tests.core.strategies import examples
from tests.core.strategies import masks as any_mask

DONUT = np.pad(np.pad(np.zeros((2, 2), bool), 1, constant_values=True), 1)
DIAGONAL = np.array([[1, 0], [0, 1]], bool)


@given(any_mask())
@settings(max_examples=examples(400, 5000))
@example(DONUT)
@example(DIAGONAL)
@example(~DIAGONAL)
@example(np.kron(np.ones((3, 3), bool), DIAGONAL))
@example(np.pad(np.kron(np.ones((3, 3), bool), DIAGONAL), 1, constant_values=True))
def test_a_traced_mask_decodes_to_itself(mask):
    rle = masks.mask_to_rle(mask)
    parts = rle_to_parts(rle)
    assert parts_to_rle(parts, height=rle.height, width=rle.width) == rle
    pieces, _ = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    assert len(parts) == pieces - 1

    polygons = rle_to_polygons(rle)
    assert (polygons is None) == any(part.holes for part in parts)
    if polygons is not None:
        # as a reader without us decodes it
        coded = coco_mask.frPyObjects([ring.ravel().tolist() for ring in polygons] or [[0.0] * 6], *mask.shape)
        assert np.array_equal(coco_mask.decode(coco_mask.merge(coded)).astype(bool), mask)


@given(any_mask())
def test_traced_rings_turn_at_every_vertex_and_lie_on_pixel_corners(mask):
    for part in rle_to_parts(masks.mask_to_rle(mask)):
        for ring in (part.outer, *part.holes):
            assert (ring == ring.round()).all()
            steps = np.diff(ring, axis=0, append=ring[:1])
            assert ((steps != 0).sum(axis=1) == 1).all()
            assert ((steps[:, 0] != 0) != (np.roll(steps[:, 0], 1) != 0)).all()


def test_a_donut_keeps_its_hole():
    rle = masks.mask_to_rle(DONUT)
    (part,) = rle_to_parts(rle)
    assert len(part.holes) == 1
    assert rle_to_polygons(rle) is None


def test_nothing_is_traced_around_an_empty_mask():
    assert rle_to_parts(polygons_to_rle([], height=3, width=4)) == ()
