"""`annotator prelabel`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from annotator.cli.detectors import open_detector
from annotator.cli.prelabelling_on_ray import prelabel_on_ray
from annotator.cli.projects import add_pictures, project, settle_pictures
from annotator.cli.telling import progress_bar, say, tell_failures
from annotator.cli.values import Verbs, score
from annotator.core.errors import ImageError, ModelError
from annotator.core.words import counted
from annotator.system.files import require_writable


def add_prelabel(verbs: Verbs) -> None:
    """Its parser: the options, and what runs."""
    prelabel = verbs.add_parser("prelabel", help="let a network suggest instances on pictures or folders")
    prelabel.add_argument("paths", nargs="+", metavar="PATH", help="a file, a folder, with --engine ray an address too")
    prelabel.add_argument(
        "--model",
        required=True,
        action="append",
        metavar="NAME",
        help="given twice: two networks, whose suggestions are merged, each object once",
    )
    prelabel.add_argument("--threshold", type=score, metavar="T", help="lowest score, 0 to 1")
    prelabel.add_argument("--device", type=str.upper, default="AUTO", metavar="D", help="OpenVINO device, else AUTO")
    prelabel.add_argument("--draft", action="store_true", help="decode large JPEG files at reduced size: faster")
    prelabel.add_argument(
        "--precision",
        choices=("f32", "bf16"),
        default="f32",
        help="bf16: faster on processors that have it, less exact",
    )
    target = prelabel.add_mutually_exclusive_group(required=True)
    target.add_argument("--project", type=project, metavar="DIR")
    help = "COCO; with --engine ray also a folder, for shards and their manifest"
    target.add_argument("--out", type=Path, metavar="FILE.json", help=help)
    add_pictures(prelabel)
    prelabel.add_argument(
        "--engine", choices=("local", "ray"), default="local", help="ray: on many machines (the extra)"
    )
    prelabel.add_argument("--address", metavar="HOST:PORT", help="of a Ray cluster; without it, Ray begins here")
    prelabel.set_defaults(run=_prelabel, refuse=prelabel.error)


def _prelabel(options: argparse.Namespace) -> int:
    from annotator.core.dataset import without_mask
    from annotator.exchange import coco
    from annotator.prelabel import batch
    from annotator.prelabel.files import prelabel_files
    from annotator.vision.networks import zoo
    from annotator.vision.pictures.finding import count_hidden, find_pictures

    if options.engine == "ray":
        return prelabel_on_ray(options)
    if options.address is not None:
        options.refuse("--address is for --engine ray")
    infos = [zoo.find(name) for name in options.model]
    if len(infos) > 2 or len({info.name for info in infos}) < len(infos):
        raise ModelError(f"--model {' --model '.join(options.model)}: expected one network, or two different ones")
    asked = _paths_here(options.paths)
    paths = find_pictures(asked)
    hidden = count_hidden(asked)
    if hidden:
        say(f"{counted(hidden, 'hidden file')} passed over")
    if not paths:
        raise ImageError(f"{', '.join(options.paths)}: no pictures there")
    if options.out is not None:
        require_writable(options.out)
    else:
        settle_pictures(options.project, options.pictures)
    detector, *others = (open_detector(info, options.device, precision=options.precision) for info in infos)
    second = others[0] if others else None
    progress = progress_bar(f"pre-labelling with {' and '.join(info.name for info in infos)}")
    if options.out is not None:
        dataset, report = prelabel_files(
            paths, detector, second=second, threshold=options.threshold, draft=options.draft, progress=progress
        )
        tell_failures(report.failures)
        boxes = sum(len(without_mask(image)) for image in dataset.images)
        found = [counted(len(dataset.instances), "instance")] if any(info.has_masks for info in infos) else []
        found += [] if all(info.has_masks for info in infos) else [counted(boxes, "box", "boxes")]
        summary = f"{' and '.join(found)} on {counted(report.done, 'picture')} -> {options.out}"
        if report.done:
            coco.write(dataset, options.out)
        else:
            summary = f"no picture could be pre-labelled; {options.out} is not written"
    else:
        from annotator.storage.store import Store

        with Store.open(options.project) as store:
            floor = batch.SCORE_FLOOR if options.threshold is None else options.threshold
            report = batch.prelabel_new(
                store, detector, paths, second=second, floor=floor, draft=options.draft, progress=progress
            )
        tell_failures(report.failures)
        summary = f"{counted(report.done, 'picture')} pre-labelled in {options.project}"
    print(summary)
    return 1 if report.failures else 0


def _paths_here(asked: Sequence[str]) -> list[Path]:
    for text in asked:
        if "://" in text:
            raise ImageError(f"{text}: is read with --engine ray")
    return [Path(text) for text in asked]
