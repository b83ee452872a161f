"""What leaves a project: COCO and other formats, whole or in parts, with the pictures or without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from annotator.core.dataset import Dataset
from annotator.core.errors import ExportError
from annotator.exchange import coco, pack, splits
from annotator.exchange.formats import base
from annotator.exchange.formats.base import OtherForm
from annotator.storage.store import Store
from annotator.system.progress import Progress
from annotator.vision.pictures.decode import decode
from annotator.vision.pictures.renditions import upright_picture


@dataclass(frozen=True)
class Written:
    """The files of an export, and what a person should know of it, a line each."""

    files: tuple[Path, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Split:
    """How the images of an export are dealt out.

    shares: by the part's name, adding up to 1; None: by the folder train, val or test in each image's name.
    """

    shares: Mapping[str, float] | None = None
    seed: int = 0


def export_coco(
    store: Store,
    folder: Path,
    *,
    masks: coco.MaskForm = "lossless",
    reviewed_only: bool = True,
    provenance: bool = True,
    split: Split | None = None,
    with_images: bool = False,
    zipped: bool = False,
    progress: Progress = lambda done, total: None,
) -> Written:
    """Write what was accepted, proven by reading it back, into a folder.

    Alone it is `instances.json`. With a split or with the pictures it is the layout that trainers expect,
    `annotations/instances_train.json` and `images/`; `zipped` makes one file of that, `dataset.zip`.
    Raises ExportError; nothing in the folder has changed then.
    """
    dataset = store.dataset(reviewed_only=reviewed_only)
    if split is None and not with_images and not zipped:
        path = folder / "instances.json"
        report = coco.write(dataset, path, masks=masks, provenance=provenance)
        files: tuple[Path, ...] = (path, folder / "report.json", folder / "report.txt")
        lines = report.to_text().splitlines()
    else:
        parts, lines = dealt(store, dataset, split, progress=progress)
        target = folder / "dataset.zip" if zipped else folder
        pictures = (lambda image: upright_picture(store.content(image))) if with_images else None
        packed = pack.write(parts, target, pictures=pictures, masks=masks, provenance=provenance)
        files = packed.files
        lines += [line for report in packed.reports.values() for line in report.to_text().splitlines()]
        lines += [f"picture {old!r} is {new!r} in the pack" for old, new in packed.renamed.values()]
        lines += [f"warning: {path} is of an earlier export" for path in packed.stale]
    return Written(files, (*lines, *_waiting(store, reviewed_only)))


def export_other(
    store: Store,
    folder: Path,
    *,
    form: OtherForm,
    reviewed_only: bool = True,
    split: Split | None = None,
    zipped: bool = False,
    progress: Progress = lambda done, total: None,
) -> Written:
    """Write what was accepted in another format, with the pictures, and say what that format could not carry.

    Raises ExportError, also where the extra `formats` is not installed; nothing in the folder has changed then.
    """
    base.require_library(form)  # before every picture is looked at
    parts, lines = dealt(store, store.dataset(reviewed_only=reviewed_only), split, progress=progress)
    target = folder / "dataset.zip" if zipped else folder
    packed = base.write(parts, target, form=form, pictures=lambda image: upright_picture(store.content(image)))
    return Written(packed.files, (*lines, *packed.report.to_text().splitlines(), *_waiting(store, reviewed_only)))


def _waiting(store: Store, reviewed_only: bool) -> list[str]:
    count = sum(not row.image.reviewed and row.accepted > 0 for row in store.queue()) if reviewed_only else 0
    said = f"{count} images with accepted instances are not marked reviewed, and so not in the file"
    return [said] if count else []


def dealt(
    store: Store, dataset: Dataset, split: Split | None, *, progress: Progress = lambda done, total: None
) -> tuple[dict[str, Dataset], list[str]]:
    """The parts by name ("" for the whole), and what a person should know of them; look-alikes go to one side.

    progress: of looking at every picture, which a split needs. Raises ExportError where a part would be empty.
    """
    if split is None or not dataset.images:
        return {"": dataset}, []
    prints = {}
    for done, image in enumerate(dataset.images, start=1):
        prints[image.id] = splits.fingerprint(decode(store.content(image), file_name=image.file_name).pixels)
        progress(done, len(dataset.images))
    alike = splits.near_duplicates(prints)
    if split.shares is None:
        parts = splits.split_by_folder(dataset)
    else:
        parts = splits.split(dataset, split.shares, seed=split.seed, together=alike)
    empty = [name for name, part in parts.items() if not part.images]
    if empty:
        count = f"{len(dataset.images)} images, {len(alike)} groups of look-alikes among them"
        raise ExportError(f"split: no image is left for {', '.join(empty)} ({count}), expected one for each part")
    lines = [f"{name}: {len(part.images)} images, {len(part.instances)} instances" for name, part in parts.items()]
    part_of = {image.id: name for name, part in parts.items() for image in part.images}
    apart = sum(len({part_of[id] for id in group}) > 1 for group in alike)
    if alike and not apart:
        lines.append(f"{len(alike)} groups of pictures that look alike, each of them in one part")
    elif apart:
        lines.append(f"warning: {apart} groups of pictures that look alike are in several parts")
    return parts, lines
