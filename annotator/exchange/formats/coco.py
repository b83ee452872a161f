"""COCO instances: one file alone, or a file a part beside the pictures, as trainers expect them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from annotator.core.dataset import Dataset
from annotator.exchange import coco
from annotator.exchange.formats.base import Format, Options, Outcome, Pictures, put_pictures


def write(parts: Mapping[str, Dataset], folder: Path, *, options: Options, pictures: Pictures) -> Outcome:
    """Alone it is `instances.json`, with parts or pictures `annotations/instances_PART.json` and `images/`."""
    is_alone = set(parts) == {""} and not options.with_images and not options.zipped
    placed = put_pictures(parts, folder, pictures) if options.with_images else {}
    names = {id: path.removeprefix("images/") for id, path in placed.items()}
    reports = {}
    lines = []
    for part, dataset in parts.items():
        images = tuple(replace(image, file_name=names.get(image.id, image.file_name)) for image in dataset.images)
        suffix = f"_{part}" if part else ""
        reports[part] = coco.write(
            replace(dataset, images=images),
            folder / ("" if is_alone else "annotations") / f"instances{suffix}.json",
            masks=options.masks,
            provenance=options.provenance,
        )
        lines += [
            f"picture {old.file_name!r} is {new.file_name!r} in the pack"
            for old, new in zip(dataset.images, images, strict=True)
            if old.file_name != new.file_name
        ]
    return Outcome(reports, placed, tuple(lines))


FORMAT = Format(
    name="coco",
    title="COCO",
    holds="everything: masks to the pixel, holes, parts, boxes, crowds, where each instance comes from",
    write=write,
    takes=frozenset({"masks", "with_images", "provenance"}),
    brings_pictures=False,
    suffixes=frozenset({".json"}),
    tasks=("image-segmentation", "object-detection"),
    tags=("coco", "instance-segmentation"),
)
