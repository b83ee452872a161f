"""`annotator evaluate`.

Tests: tests/evaluation/test_network.py
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from annotator.cli.detectors import open_detector
from annotator.cli.telling import progress_bar
from annotator.cli.values import Verbs, score


def add_evaluate(verbs: Verbs) -> None:
    """Its parser: the options, and what runs."""
    evaluate = verbs.add_parser("evaluate", help="how good a network is on annotated pictures")
    evaluate.add_argument("--model", required=True, metavar="NAME")
    evaluate.add_argument("--annotations", required=True, type=Path, metavar="FILE.json")
    evaluate.add_argument("--images", required=True, type=Path, metavar="DIR")
    evaluate.add_argument(
        "--threshold", type=score, metavar="T", help="detections from this score on are found, mistaken or nothing"
    )
    evaluate.add_argument("--json", action="store_true", help="as JSON")
    evaluate.add_argument("--results", type=Path, metavar="FILE.json", help="also write the detections, COCO's form")
    evaluate.add_argument(
        "--as-published", action="store_true", help="boxes as the publisher of the two networks measured them: + 1 px"
    )
    evaluate.add_argument("--device", type=str.upper, default="AUTO", metavar="D", help="OpenVINO device, else AUTO")
    evaluate.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    from annotator import evaluation
    from annotator.vision.networks import zoo

    info = zoo.find(options.model)
    truth = evaluation.Truth.read(options.annotations)
    detector = open_detector(info, options.device)
    figures = evaluation.evaluate(
        detector,
        truth,
        options.images,
        published=options.as_published,
        threshold=options.threshold,
        results=options.results,
        progress=progress_bar(f"evaluating {options.model}"),
    )
    print(json.dumps(figures.to_json(), indent=2) if options.json else figures.to_table())
    return 0
