"""COCO in and out of a project: files and pictures on one side, the store on the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from annotator.core import splits
from annotator.core.dataset import Dataset
from annotator.core.errors import CocoError
from annotator.pipeline import Progress
from annotator.storage import coco, pack
from annotator.storage.imports import ImportReport
from annotator.storage.store import Store
from annotator.vision import images
from annotator.vision.images import decode, upright_picture


@dataclass(frozen=True)
class Written:
    """The files of an export, and what a person should know of it, a line each."""

    files: tuple[Path, ...]
    lines: tuple[str, ...]


def export_coco(
    store: Store,
    folder: Path,
    *,
    masks: coco.MaskForm = "lossless",
    reviewed_only: bool = True,
    provenance: bool = True,
    split: float | None = None,
    with_images: bool = False,
    zipped: bool = False,
) -> Written:
    """Write what was accepted, proven by reading it back, into a folder.

    Alone it is `instances.json`. With a share for training (`split`) or with the pictures it is the layout that
    trainers expect, `annotations/instances_train.json` and `images/`; `zipped` makes that one file, `dataset.zip`.
    Raises ExportError.
    """
    dataset = store.dataset(reviewed_only=reviewed_only)
    if split is None and not with_images:
        path = folder / "instances.json"
        report = coco.write(dataset, path, masks=masks, provenance=provenance)
        files: tuple[Path, ...] = (path, folder / "report.json", folder / "report.txt")
        lines = report.to_text().splitlines()
    else:
        parts = {"": dataset} if split is None else _dealt(store, dataset, split)
        target = folder / "dataset.zip" if zipped else folder
        pictures = (lambda image: upright_picture(store.content(image))) if with_images else None
        packed = pack.write(parts, target, pictures=pictures, masks=masks, provenance=provenance)
        files = packed.files
        lines = [line for report in packed.reports.values() for line in report.to_text().splitlines()]
        lines += [f"picture {old!r} is {new!r} in the pack" for old, new in packed.renamed.values()]
    waiting = sum(not row.image.reviewed and row.accepted > 0 for row in store.queue()) if reviewed_only else 0
    if waiting:
        lines.append(f"{waiting} images with accepted instances are not marked reviewed, and so not in the file")
    return Written(files, tuple(lines))


def _dealt(store: Store, dataset: Dataset, share: float) -> dict[str, Dataset]:
    """Training and validation parts; pictures that look alike go to the same side."""
    prints = {
        image.id: splits.fingerprint(decode(store.content(image), file_name=image.file_name).pixels)
        for image in dataset.images
    }
    shares = {"train": share, "val": 1 - share}
    return splits.split(dataset, shares, together=splits.near_duplicates(prints))


class _Pictures(Mapping[int, tuple[bytes, int, int]]):
    """The pictures of a dataset by image id, each read when it is asked for: content, width, height.

    An image is found by its name below the folder, else by the last part of its name anywhere below it, if only one
    file there has it. No name leads out of the folder.
    """

    def __init__(self, dataset: Dataset, folder: Path, progress: Progress) -> None:
        self._names = {image.id: image.file_name for image in dataset.images}
        self._folder = folder.resolve()
        self._by_last_part: dict[str, list[Path]] = {}
        self._progress = progress
        self._read: set[int] = set()
        for path in sorted(self._folder.rglob("*")):
            self._by_last_part.setdefault(path.name, []).append(path)

    def __getitem__(self, image_id: int) -> tuple[bytes, int, int]:
        path = self._find(self._names[image_id])
        if path is None:
            raise KeyError(image_id)
        photo = images.read(path)
        self._read.add(image_id)
        self._progress(len(self._read), len(self._names))
        return photo.content, photo.width, photo.height

    def __iter__(self) -> Iterator[int]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _find(self, name: str) -> Path | None:
        plain = name.replace("\\", "/")
        if "\0" in plain:
            return None
        named = (self._folder / plain).resolve()
        if named.is_relative_to(self._folder) and named.is_file():
            return named
        candidates = [path for path in self._by_last_part.get(plain.rsplit("/", 1)[-1], []) if path.is_file()]
        return candidates[0] if len(candidates) == 1 else None


def read_import(
    file: Path, folder: Path, *, progress: Progress = lambda done, total: None
) -> tuple[Dataset, Mapping[int, tuple[bytes, int, int]]]:
    """A COCO file with the pictures that it names, as `Store.import_dataset` takes them.

    Raises CocoError listing every offending place.
    """
    if not folder.is_dir():
        raise CocoError([f"{folder}: no such folder, expected the pictures of {file.name}"])
    dataset = coco.read(file)
    return dataset, _Pictures(dataset, folder, progress)


def import_lines(report: ImportReport) -> list[str]:
    """What an import changed, a line each."""
    return [
        f"{report.images_added} images added, {report.images_known} known already",
        f"{report.instances_added} instances added, {report.instances_known} known already",
        f"{report.categories_added} categories added",
        *report.notes,
    ]
