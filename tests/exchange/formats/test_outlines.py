"""The polygons of masks: as the library makes them of the whole picture, and compared in the window around each."""

import numpy as np
import pytest
from hypothesis import given, settings

from annotator.core.masks import mask_to_rle
from annotator.exchange.formats import outlines
from annotator.exchange.formats.outlines import outlined
from tests.core.strategies import examples
from tests.core.strategies import masks as any_mask
from tests.exchange.formats.conftest import disc

needs_library = pytest.mark.usefixtures("library")


@needs_library
@given(any_mask(min_pixels=1))
@settings(max_examples=examples(100, 2000), deadline=None)
def test_they_are_those_of_the_whole_picture(mask):
    from supervision.dataset.utils import approximate_mask_with_polygons

    found = outlined(mask_to_rle(mask))
    if not found.is_filled:
        whole = approximate_mask_with_polygons(mask=mask, bridge_holes=True)
        assert [ring.tolist() for ring in found.polygons] == [ring.tolist() for ring in whole]
    assert found.objects == max(len(found.polygons), 1)


@needs_library
def test_what_lies_beside_the_mask_counts_as_lost():
    mask = disc(40, 30, 9)
    found = outlined(mask_to_rle(mask))
    (ring,) = found.polygons
    assert found.iou_with([ring.astype(float)]) == 1
    far = np.array([[70.0, 50.0], [79, 50], [79, 59], [70, 59]])
    assert found.iou_with([ring.astype(float), far]) == pytest.approx(mask.sum() / (mask.sum() + 100))


@needs_library
def test_holes_to_which_no_seam_leads_are_filled_and_said(monkeypatch):
    ring = mask_to_rle(disc(40, 30, 25, 10))
    assert (outlined(ring).has_holes, outlined(ring).is_filled) == (True, False)

    def none(**_):
        raise ValueError

    monkeypatch.setattr("supervision.dataset.utils.approximate_mask_with_polygons", none)
    found = outlined(ring)
    assert (found.has_holes, found.is_filled, len(found.polygons)) == (False, True, 1)
    assert found.iou_with([found.polygons[0].astype(float)]) < 1
    assert outlines.outlined(mask_to_rle(disc(40, 30, 9))).polygons  # needs no seam
