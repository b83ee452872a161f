"""COCO in and out of a project: files and pictures on one side, the store on the other."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotator.core import splits
from annotator.core.dataset import Category, Dataset, Image, Suggestion
from annotator.core.errors import CocoError, ExportError
from annotator.storage import coco, formats, pack
from annotator.storage.formats import OtherForm
from annotator.storage.imports import Arrival, ImportReport
from annotator.storage.store import Store
from annotator.system.files import is_file
from annotator.vision import images
from annotator.vision.images import decode, upright_picture

Progress = Callable[[int, int], None]
"""Called with (done, total)."""


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
    formats.require_library(form)  # before every picture is looked at
    parts, lines = dealt(store, store.dataset(reviewed_only=reviewed_only), split, progress=progress)
    target = folder / "dataset.zip" if zipped else folder
    packed = formats.write(parts, target, form=form, pictures=lambda image: upright_picture(store.content(image)))
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


class _Pictures(Mapping[int, tuple[bytes, int, int]]):
    """The pictures of a dataset by image id, each read when it is asked for: content, width, height.

    An image is found by its name below the folder, else by the last part of its name anywhere below it, if only one
    file there has it. No name leads out of the folder.
    """

    def __init__(self, dataset: Dataset, folder: Path, progress: Callable[[], None]) -> None:
        self._names = {image.id: image.file_name for image in dataset.images}
        self._folder = folder.resolve()
        self._by_last_part: dict[str, list[Path]] = {}
        self._progress = progress
        for path in sorted(self._folder.rglob("*")):
            self._by_last_part.setdefault(_composed(path.name), []).append(path)

    def __getitem__(self, image_id: int) -> tuple[bytes, int, int]:
        path = self._find(self._names[image_id])
        if path is None:
            raise KeyError(image_id)
        photo = images.read(path)
        self._progress()
        return photo.content, photo.width, photo.height

    def __iter__(self) -> Iterator[int]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _find(self, name: str) -> Path | None:
        plain = name.replace("\\", "/")
        if "\0" in plain:
            return None
        # A link that the user laid is followed; a name leads nowhere else.
        named = Path(os.path.normpath(self._folder / plain))
        if named.is_relative_to(self._folder) and is_file(named):
            return named
        # macOS takes names apart (e and its accent) that a file from elsewhere has as one letter.
        candidates = [path for path in self._by_last_part.get(_composed(_last_part(plain)), []) if path.is_file()]
        if len(candidates) > 1:
            whole = _composed(plain)
            candidates = [path for path in candidates if _composed(path.relative_to(self._folder).as_posix()) == whole]
        return candidates[0] if len(candidates) == 1 else None


class _ProjectPictures(Mapping[int, Image]):
    """The project's own images by a dataset's image ids: the only one of that name, or of its last part."""

    def __init__(self, dataset: Dataset, known: Sequence[Image], progress: Callable[[], None]) -> None:
        self._names = {image.id: _composed(image.file_name.replace("\\", "/")) for image in dataset.images}
        self._by_name: dict[str, list[Image]] = {}
        self._progress = progress
        for image in known:
            name = _composed(image.file_name)
            for one in {name, _last_part(name)}:
                self._by_name.setdefault(one, []).append(image)

    def __getitem__(self, image_id: int) -> Image:
        name = self._names[image_id]
        candidates = self._by_name.get(name) or self._by_name.get(_last_part(name), [])
        if len(candidates) != 1:
            raise KeyError(image_id)
        self._progress()
        return candidates[0]

    def __iter__(self) -> Iterator[int]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _last_part(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


@dataclass(frozen=True)
class Reading:
    """Files that were read and are sound: COCO's datasets and lists of results, each by its file."""

    datasets: dict[Path, Dataset]
    results: dict[Path, list[Any]]

    @property
    def alone(self) -> bool:
        return len(self.datasets) + len(self.results) == 1


def read_import(files: Sequence[Path], *, folder: Path | None) -> Reading:
    """COCO files and lists of results, as `bring` takes them.

    folder: the pictures, not asked for where all files are lists of results.
    Raises CocoError listing every offending place of every file.
    """
    if folder is not None and not folder.is_dir():
        raise CocoError([f"{folder}: no such folder, expected the pictures of {files[0].name}"])
    problems: list[str] = []
    reading = Reading({}, {})
    for file in dict.fromkeys(files):
        with _collected(problems, file, alone=len(files) == 1):
            document = coco.load(file)
            _take(reading, file, document)
            if folder is None and file in reading.datasets:
                raise CocoError([f"{file}: expected the folder of its pictures beside it (--images DIR)"])
    if problems:
        raise CocoError(problems)
    return reading


def read_alone(content: bytes, *, name: str) -> Reading:
    """A file's bytes, for pictures that a project has. Raises CocoError listing every offending place."""
    reading = Reading({}, {})
    _take(reading, Path(name), coco.loads(content, name=name))
    return reading


def _take(reading: Reading, file: Path, document: Any) -> None:
    if isinstance(document, list):
        reading.results[file] = document
    else:
        reading.datasets[file] = coco.coco_to_dataset(document)


def bring(
    reading: Reading,
    store: Store,
    *,
    folder: Path | None,
    source: str | None = None,
    progress: Progress = lambda done, total: None,
) -> list[str]:
    """Bring what was read into a project, all of it or nothing; what changed, a line each.

    folder: where the pictures are; None for those that the project has, found by their names.
    Results become suggestions: for the images and categories of the COCO files beside them, else for the project's.
    source: what stands as the model behind a list of results, `model@version`; by default the file's name.
    Raises CocoError listing every image without its picture and every result of an unknown image, StoreError.
    """
    lines: list[str] = []
    offers = _offers(reading, store, source, lines) if reading.results else {}
    total = sum(len(dataset.images) for dataset in reading.datasets.values())
    done = iter(range(1, total + 1))
    known = store.images() if folder is None else ()

    def step() -> None:
        progress(next(done, total), total)

    arrivals = [
        Arrival(
            "" if reading.alone else file.name,
            dataset,
            _ProjectPictures(dataset, known, step) if folder is None else _Pictures(dataset, folder, step),
        )
        for file, dataset in reading.datasets.items()
    ]
    reports, (offered, answered) = store.import_files(arrivals, offers)
    for arrival, report in zip(arrivals, reports, strict=True):
        lines += map(arrival.named, import_lines(report))
    if reading.results:
        lines.append(f"{offered} suggestions on {len(offers)} images, {answered} spoke of what is decided upon already")
    return lines


def _offers(
    reading: Reading, store: Store, source: str | None, lines: list[str]
) -> dict[tuple[int, int], list[Suggestion]]:
    """The results of all lists, by the file that their image is of (-1: the project) and the image's id there."""
    known = _Known(store, reading.datasets)
    offers: dict[tuple[int, int], list[Suggestion]] = {}
    problems: list[str] = []
    for file, document in reading.results.items():
        with _collected(problems, file, alone=reading.alone):
            made_by = source or f"{file.stem[:100]}@results"
            results = coco.results_to_suggestions(document, known.dataset, source=made_by)
            for image_id, suggestions in results.suggestions.items():
                offers.setdefault((known.file_of[image_id], image_id), []).extend(suggestions)
            lines += _results_lines(file, results)
    if problems:
        raise CocoError(problems)
    return offers


@contextmanager
def _collected(problems: list[str], file: Path, *, alone: bool) -> Iterator[None]:
    """Problems of one file among several say which one."""
    try:
        yield
    except CocoError as error:
        problems += error.problems if alone else [_named(file, problem) for problem in error.problems]


def _named(file: Path, problem: str) -> str:
    return problem if problem.startswith(f"{file}: ") else f"{file}: {problem}"


class _Known:
    """What a list of results may speak of: the images and categories of the files beside it, else the project's.

    An id that two files use for different images, or for categories of other names, is nobody's.
    """

    def __init__(self, store: Store, datasets: Mapping[Path, Dataset]) -> None:
        self.file_of: dict[int, int] = {}
        if not datasets:
            self.dataset = store.dataset(reviewed_only=False)
            self.file_of = {image.id: -1 for image in self.dataset.images}
            return
        images: dict[int, Image] = {}
        categories: dict[int, Category] = {}
        clashing: set[int] = set()
        unsure: set[int] = set()
        for index, dataset in enumerate(datasets.values()):
            for image in dataset.images:
                first = images.setdefault(image.id, image)
                self.file_of.setdefault(image.id, index)
                if (first.file_name, first.width, first.height) != (image.file_name, image.width, image.height):
                    clashing.add(image.id)
            for category in dataset.categories:
                if categories.setdefault(category.id, category).name != category.name:
                    unsure.add(category.id)
        self.dataset = Dataset(
            tuple(category for id, category in categories.items() if id not in unsure),
            tuple(image for id, image in images.items() if id not in clashing),
            (),
        )


def _results_lines(file: Path, results: coco.Results) -> list[str]:
    lines = []
    if results.boxes:
        lines.append(f"{file.name}: {results.boxes} results have a box alone, which is their mask")
    if results.empty:
        lines.append(f"{file.name}: {results.empty} results cover no pixel and are left out")
    return lines


def import_lines(report: ImportReport) -> list[str]:
    """What an import changed, a line each."""
    return [
        f"{report.images_added} images added, {report.images_known} known already",
        f"{report.instances_added} instances added, {report.instances_known} known already",
        f"{report.categories_added} categories added",
        *report.notes,
    ]
