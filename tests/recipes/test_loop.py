"""The closed loop: what the app exports trains the bundled network on, and what comes back is a model of the app."""

import math

import numpy as np
import pytest

from annotator.core import masks
from annotator.core.polygons import polygons_to_rle
from annotator.system import paths
from tests.bench.bench_loop import Loop, turned_points, turned_segmentation


def test_an_export_trains_on_and_comes_back_as_a_model_with_a_figure(tmp_path):
    pytest.importorskip("torch", reason="the extra train is not installed")
    loop = Loop(tmp_path)
    pictures, project, dataset = paths.EXAMPLES, tmp_path / "project", tmp_path / "dataset"
    loop.annotator("prelabel", pictures, "--model", "starter-person", "--out", tmp_path / "said.json")
    loop.annotator("import", tmp_path / "said.json", "--images", pictures, "--project", project)
    # Nobody has reviewed what the network says of itself; to see the loop close it will do.
    loop.annotator("export", "--project", project, "--out", dataset, "--with-images", "--all-images")
    loop.train("mine", dataset, minutes=1 / 3, options=("--threads", 1, "--batch", 2, "--size", 160))
    listed = loop.annotator("models", "list")
    figures = loop.evaluate("mine", dataset / "annotations" / "instances.json", dataset / "images")
    assert "mine " in listed
    assert all(math.isfinite(value) and 0 <= value <= 100 for value in figures.values())


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_polygons_and_runs_turn_with_their_picture(turn):
    ring = np.array([[2.0, 3.0], [9.0, 3.0], [9.0, 8.0], [2.0, 8.0]])
    upright = polygons_to_rle([ring], height=20, width=30)
    pixels = np.rot90(masks.rle_to_mask(upright), -turn // 90)
    height, width = pixels.shape
    turned = polygons_to_rle([turned_points(ring, turn=turn, width=30, height=20)], height=height, width=width)
    assert (masks.rle_to_mask(turned) == pixels).all()
    coded = {"size": [20, 30], "counts": upright.counts}
    assert turned_segmentation(coded, turn=turn, width=30, height=20) == {
        "size": [height, width],
        "counts": turned.counts,
    }
