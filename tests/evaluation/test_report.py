"""What a program and what a person read of the same figures."""

from __future__ import annotations

import json

import numpy as np
import pytest

from annotator.evaluation.figures import Measured, measure_network
from annotator.evaluation.matching import match
from annotator.evaluation.report import figures_to_json, figures_to_text
from tests.evaluation.random_sets import CATEGORIES, objects_of, random_set

NAMES = {1: "person", 2: "dog", 5: "boat"}


@pytest.fixture(scope="module")
def measured() -> Measured:
    annotations, results = random_set(11, pictures=24)
    pairs = [
        (objects_of(annotations, image, detections=False), objects_of(results, image, detections=True))
        for image in range(1, 25)
    ]
    boxes, masks = ([match(*pair, masks=kind) for pair in pairs] for kind in (False, True))
    return measure_network(boxes, masks, CATEGORIES, threshold=0.3)


def test_what_is_counted_adds_up(measured: Measured) -> None:
    said = json.loads(json.dumps(figures_to_json(measured, NAMES), allow_nan=False))
    confusion = said["confusion"]
    assert [sum(row) + missed for row, missed in zip(confusion["counts"], confusion["missed"], strict=True)] == [
        one["objects"] for one in said["by_category"]
    ]
    assert sum(one["objects"] for one in said["by_category"]) == said["objects"] > 30
    sizes = [one["objects_by_size"] for one in said["by_category"]]
    assert {name: sum(one[name] for one in sizes) for name in ("small", "medium", "large")} == said["objects_by_size"]
    assert sum(said["objects_by_size"].values()) == said["objects"]
    assert sum(said["mask_iou"]["counts"]) == sum(confusion["counts"][index][index] for index in range(3))
    # Every detection is in a bin, but for those that count neither way.
    assert 0.5 * said["detections"] < sum(one["total"] for one in said["calibration"]["bins"]) <= said["detections"]
    assert said["mask"]["AP"] == pytest.approx(np.mean([one["mask"]["AP"] for one in said["by_category"]]), abs=2e-6)
    assert said["mask"]["AP50"] == pytest.approx(np.mean(said["curve"]["iou50"]), abs=1e-4)
    assert said["mask_interval"][0] < said["mask"]["AP"] < said["mask_interval"][1]


def test_people_read_each_figure_in_percent(measured: Measured) -> None:
    text = figures_to_text(measured, NAMES)
    assert f"mask  {100 * measured.mask['AP']:>11.1f}" in text  # type: ignore[index]
    assert "mask AP lies between" in text
    for head in ("category ", "precision where", "from score 0.3 on", "IoU of the", "score against share"):
        assert sum(line.startswith(head) for line in text.splitlines()) == 1
    assert " x person taken for " in text
