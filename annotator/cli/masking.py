"""`annotator masks`: boxes become masks.

Tests: tests/cli/test_masks.py
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from annotator.cli.telling import progress_bar, say
from annotator.cli.values import Verbs
from annotator.core.words import counted
from annotator.system.files import require_writable, write_atomically


def add_masks(verbs: Verbs) -> None:
    """Its parser: the options, and what runs."""
    masks = verbs.add_parser("masks", help="give the boxes of a COCO file masks, by a network that answers boxes")
    masks.add_argument("file", type=Path, metavar="FILE.json", help="a COCO file, or a list of results")
    masks.add_argument("--images", required=True, type=Path, metavar="DIR")
    masks.add_argument("--model", required=True, metavar="NAME")
    masks.add_argument("--out", required=True, type=Path, metavar="FILE.json")
    masks.add_argument("--annotations", type=Path, metavar="FILE.json", help="where a list of results has its images")
    masks.add_argument("--device", type=str.upper, default="CPU", metavar="D", help="OpenVINO device, else CPU")
    masks.set_defaults(run=_masks)


def _masks(options: argparse.Namespace) -> int:
    from annotator.exchange import box_masks
    from annotator.vision.networks import zoo
    from annotator.vision.networks.prompts.network import PromptNetwork

    info = zoo.find_prompt(options.model)
    document = box_masks.load(options.file)
    listing = box_masks.load(options.annotations) if options.annotations else document
    work = box_masks.plan(document, listing.get("images") if isinstance(listing, dict) else None)
    require_writable(options.out)
    if not info.present:
        zoo.fetch(info, progress=progress_bar(f"fetching {info.name}", "B", scale=True))
    network = PromptNetwork(info, device=options.device)
    progress = progress_bar(f"masks by {info.name}")
    report = box_masks.fill(document, work, network, images=options.images, out=options.out, progress=progress)
    write_atomically(options.out, json.dumps(document).encode())
    box_masks.record_path(options.out).unlink(missing_ok=True)
    for line in report.failures:
        say(f"error: {line}")
    others = f", {report.empty} without an answer" if report.empty else ""
    crowds = f", {counted(work.left, 'crowd')} left alone" if work.left else ""
    print(f"{counted(report.filled, 'box', 'boxes')} with a mask now{others}{crowds} -> {options.out}")
    return 1 if report.failures else 0
