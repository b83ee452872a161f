"""`annotator prelabel --engine ray`.

Tests: tests/prelabel/cluster/test_pool.py
"""

from __future__ import annotations

import argparse
from functools import partial

from annotator.cli.projects import settle_pictures
from annotator.cli.telling import progress_bar, say, tell_failures
from annotator.core.errors import ImageError
from annotator.core.words import counted
from annotator.system.files import require_writable


def prelabel_on_ray(options: argparse.Namespace) -> int:
    """Pre-label into a project, a COCO file or a folder of shards; the exit code."""
    from annotator.core.dataset import without_mask
    from annotator.exchange import coco
    from annotator.exchange.coco.shards import Shards
    from annotator.prelabel.batch import SCORE_FLOOR
    from annotator.prelabel.cluster import engine
    from annotator.prelabel.cluster.pictures import list_pictures
    from annotator.prelabel.cluster.pool import connected, see_all
    from annotator.prelabel.cluster.worker import Plan
    from annotator.storage.store import Store
    from annotator.vision.networks import zoo

    if len(options.model) > 1:
        options.refuse("--engine ray takes one --model")
    info = zoo.find(options.model[0])
    into_project = options.project is not None
    lowest = SCORE_FLOOR if into_project else info.threshold
    floor = lowest if options.threshold is None else options.threshold
    plan = Plan(info, floor, draft=options.draft, device=options.device, precision=options.precision)
    pictures = list_pictures(options.paths)
    if not pictures:
        raise ImageError(f"{', '.join(options.paths)}: no pictures there")
    shards = None
    if into_project:
        settle_pictures(options.project, options.pictures)
    if options.out is not None and options.out.suffix.lower() == ".json":
        require_writable(options.out)
    elif options.out is not None:
        how = {"model": info.source, "threshold": floor, "draft": plan.draft, "precision": plan.precision}
        shards = Shards(options.out, how=how)
    if not info.present:
        zoo.fetch(info, progress=progress_bar(f"fetching {info.name}", "B", scale=True))
    with connected(options.address) as ray:
        say(f"ray: {counted(len(pictures), 'picture')}, {int(ray.cluster_resources().get('CPU', 0))} cores")
        see, progress = partial(see_all, ray), progress_bar(f"pre-labelling with {info.name}")
        if into_project:
            with Store.open(options.project) as store:
                report = engine.prelabel_project(store, see, plan, pictures, progress=progress)
            summary = f"{counted(report.done, 'picture')} pre-labelled in {options.project}"
        elif shards is not None:
            report = engine.prelabel_shards(shards, see, plan, pictures, progress=progress)
            found = counted(shards.annotations, "annotation")
            summary = f"{found} on {counted(report.done, 'picture')} -> {options.out}"
        else:
            dataset, report = engine.prelabel_dataset(see, plan, pictures, progress=progress)
            boxes = sum(len(without_mask(image)) for image in dataset.images)
            found = counted(len(dataset.instances), "instance") if info.has_masks else counted(boxes, "box", "boxes")
            summary = f"{found} on {counted(report.done, 'picture')} -> {options.out}"
            if report.done:
                coco.write(dataset, options.out)
            else:
                summary = f"no picture could be pre-labelled; {options.out} is not written"
    tell_failures(report.failures)
    print(summary)
    return 1 if report.failures else 0
