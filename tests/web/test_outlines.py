"""Outlines over cut-outs."""

import numpy as np

from annotator.core.masks import mask_to_rle
from annotator.web.outlines import outline, window_size


def test_a_large_mask_is_drawn_in_the_units_of_its_cut_out_and_a_hole_is_a_ring_of_its_own():
    mask = np.zeros((1000, 2000), bool)
    mask[100:500, 600:1000] = True
    mask[200:300, 700:800] = False
    window = (500, 0, 1012, 512)
    assert window_size(window) == (256, 256)
    assert outline(mask_to_rle(mask), window).count("Z") == 2
    assert "M50 50L250 50L250 250L50 250Z" in outline(mask_to_rle(mask), window)


def test_nothing_has_no_outline_and_a_flat_window_its_own_shape():
    assert outline(mask_to_rle(np.zeros((4, 4), bool)), (0, 0, 4, 4)) == ""
    assert window_size((0, 0, 400, 100)) == (256, 64)
