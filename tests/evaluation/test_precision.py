"""Our figures are those of pycocotools, whatever the set."""

from __future__ import annotations

import numpy as np
import pytest

from annotator.evaluation.certainty import Estimate, difference, estimate
from annotator.evaluation.matching import SIZES, match
from annotator.evaluation.precision import FIGURES, average_precision, collect, curves_of, measure
from tests.evaluation.random_sets import CATEGORIES, coco_eval, objects_of, random_set

PICTURES = 12


@pytest.mark.parametrize("kind", ["bbox", "segm"])
@pytest.mark.parametrize("seed", range(4))
def test_every_figure_and_every_curve_is_that_of_pycocotools(kind: str, seed: int) -> None:
    annotations, results = random_set(seed, pictures=PICTURES)
    theirs = coco_eval(annotations, results, kind, PICTURES)
    found = collect(
        [
            match(
                objects_of(annotations, image, detections=False),
                objects_of(results, image, detections=True),
                masks=kind == "segm",
            )
            for image in range(1, PICTURES + 1)
        ]
    )
    ours = measure(found, CATEGORIES)
    assert [ours[name] for name in FIGURES] == pytest.approx(theirs.stats[:6], abs=1e-6)
    assert 0.05 < ours["AP"] < 0.95
    precision = theirs.eval["precision"]  # (overlaps, recalls, categories, sizes, most detections)
    for size in range(len(SIZES)):
        there = [k for k in range(len(CATEGORIES)) if (precision[:, :, k, size, -1] > -1).all()]
        expected = np.array([precision[:, :, k, size, -1] for k in there])
        assert curves_of(found, CATEGORIES, size=size) == pytest.approx(expected.reshape(-1, 10, 101), abs=1e-12)


def test_a_picture_of_weight_two_counts_as_two_of_it() -> None:
    annotations, results = random_set(7, pictures=6)
    matches = [
        match(objects_of(annotations, image, detections=False), objects_of(results, image, detections=True), masks=True)
        for image in range(1, 7)
    ]
    weights = np.array([2.0, 0, 1, 1, 0, 3])
    repeated = collect([one for one, times in zip(matches, weights.astype(int), strict=True) for _ in range(times)])
    weighted = average_precision(collect(matches), CATEGORIES, weights)
    # Equal scores of two copies stand side by side in one and not in the other.
    assert weighted == pytest.approx(average_precision(repeated, CATEGORIES), abs=2e-3)
    assert abs(weighted - average_precision(collect(matches), CATEGORIES)) > 5e-3


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(400):
        values = rng.beta(2, 1, 60)
        found = estimate(lambda weights, values=values: float(np.average(values, weights=weights)), 60)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 2 / 3 <= found.high
    assert 0.92 <= covered / 400 <= 0.98
    assert estimate(lambda weights: -1.0, 60) is None
    assert difference(Estimate(0.7, 30, 0.03), Estimate(0.5, 40, 0.04)) == Estimate(
        pytest.approx(0.2), 70, pytest.approx(0.05)
    )
