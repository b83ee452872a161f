"""Imports into a project: COCO files and lists of results, with their pictures or for pictures of the project."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from annotator.core.dataset import Category, Dataset, Image
from annotator.core.errors import AnnotatorError, CocoError, StoreError
from annotator.core.problems import Problem
from annotator.core.problems import error as problem
from annotator.core.settings import UNFINISHED
from annotator.core.words import are, counted
from annotator.exchange import coco
from annotator.exchange.matching import Folder, Names, Sought, composed
from annotator.storage.imports import Arrival, How, ImportReport, Offer, OnConflict, Picture
from annotator.storage.store import Store
from annotator.system.progress import Progress
from annotator.vision.pictures import decode
from annotator.vision.pictures.finding import relative_names

_LONGEST = 200  # characters that an import is called by


@dataclass(frozen=True)
class CocoFile:
    """A file that was read and is sound: a dataset, a list of results, or what results offer to the project.

    name: what lines about it call it, with the folders that tell it from others. folder: where its pictures are; None
    for those that the project has. found: where those of some images are, by image id; others are sought by their name.
    """

    name: str
    content: Dataset | list[Any] | coco.StoredList | coco.Results
    path: Path
    folder: Path | None = None
    found: Mapping[int, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What an import brings. passed_over: files of a folder that are no COCO files, a line each kind."""

    files: tuple[CocoFile, ...]
    passed_over: tuple[str, ...] = ()

    @property
    def is_alone(self) -> bool:
        return len(self.files) == 1

    @property
    def datasets(self) -> list[Dataset]:
        return [file.content for file in self.files if isinstance(file.content, Dataset)]


@dataclass(frozen=True)
class Brought:
    """What an import changed, a line each; and how many instances the project had by another outline."""

    lines: tuple[str, ...]
    met: int


def read_alone(content: bytes, *, name: str, most: int | None = None) -> Reading:
    """A file's bytes, for pictures that a project has. Raises CocoError listing every offending place.

    most: problems of a kind that are listed; the others are counted.
    """
    document = coco.loads(content, name=name)
    return Reading((CocoFile(name, read_document(document, most=most), Path(name)),))


def read_document(document: Any, *, most: int | None) -> Dataset | list[Any] | coco.StoredList:
    """A COCO document -> dataset; a list of results waits for the images and categories that it speaks of."""
    is_list = isinstance(document, list | coco.StoredList)
    return document if is_list else coco.coco_to_dataset(document, most=most)


def bring(
    reading: Reading,
    store: Store,
    *,
    source: str | None = None,
    on_conflict: OnConflict = "skip",
    most: int | None = None,
    progress: Progress = lambda done, total: None,
    storing: Progress = lambda done, total: None,
    pulse: Callable[[], None] = lambda: None,
) -> Brought:
    """Bring what was read into a project: nothing where something is wrong with it.

    A large import comes in a stretch of images at a time. What stops it on the way says how far it came; the same
    import again goes on from there, and ends as if it had run once.

    Results become suggestions: for the images and categories of the COCO files beside them, else for the project's.
    source: what stands as the model behind a list of results, `model@version`; by default the file's name.
    on_conflict: what becomes of instances that the project has by another outline.
    most: notes and problems of a kind that are told. progress: of pictures that are read. storing: of images that are
    stored. pulse: called now and then; what it raises ends the import.
    Raises CocoError listing every image without its picture and every result of an unknown image, StoreError.
    """
    reading, told = _named_apart(reading)
    results = [file for file in reading.files if not isinstance(file.content, Dataset)]
    offers, lines = _offers(reading, results, store, source=source, most=most)
    name = ", ".join(file.name for file in reading.files)[:_LONGEST]
    how = How(on_conflict=on_conflict, most=most, pulse=pulse, progress=storing, name=name)
    try:
        imported = store.import_files(_arrivals(reading, store, progress), offers, how=how)
    except AnnotatorError as error:
        raise _with_how_far(error, store) from error
    lines += told
    datasets = [file for file in reading.files if isinstance(file.content, Dataset)]
    for file, report in zip(datasets, imported.reports, strict=True):
        lines += [line if reading.is_alone else f"{file.name}: {line}" for line in import_lines(report, on_conflict)]
        lines += report.notes
    if results:
        images = counted(len({(offer.arrival, offer.image_id) for offer in offers}), "image")
        spoke = f"{imported.answered:,} spoke of what is decided upon already"
        lines.append(f"{counted(imported.offered, 'suggestion')} on {images}, {spoke}")
    return Brought(tuple(lines), sum(report.instances_met for report in imported.reports))


def _with_how_far(error: AnnotatorError, store: Store) -> AnnotatorError:
    """The error, which also says what came in where that is not nothing."""
    left = store.setting(UNFINISHED)
    if left is None:
        return error
    said = f"{left['done']:,} of {left['total']:,} images came in; the same import again brings the rest"
    if isinstance(error, CocoError):
        return CocoError([*error.problems, problem(said)])
    return StoreError(f"{error}; {said}")


def _named_apart(reading: Reading) -> tuple[Reading, list[str]]:
    """Where files speak of different pictures of one name, every picture's name begins with its folders.

    Otherwise nobody could tell `train/1.png` from `valid/1.png` in an export, or deal them by their folders again.
    """
    of_name: dict[str, set[Path]] = {}
    found: list[dict[int, Path]] = []
    for file in reading.files:
        found.append({})
        if file.folder is None or not isinstance(file.content, Dataset):
            continue
        folder = _folder_of(file, file.folder)
        for image in file.content.images if len(reading.datasets) > 1 else ():
            path = folder.find(image.file_name).found
            if path is not None:
                found[-1][image.id] = path
                of_name.setdefault(composed(image.file_name), set()).add(path)
    if all(len(paths) == 1 for paths in of_name.values()):
        return reading, []
    names = relative_names([path for paths in found for path in paths.values()])
    files = []
    for file, own in zip(reading.files, found, strict=True):
        content = file.content
        if isinstance(content, Dataset):
            images = (replace(one, file_name=names[own[one.id]]) if one.id in own else one for one in content.images)
            content = replace(content, images=tuple(images))
        files.append(replace(file, content=content, found=own))
    example = next(names[path] for paths in of_name.values() if len(paths) > 1 for path in sorted(paths))
    told = f"pictures of one name are told apart by their folders, such as {example!r:.120}"
    return replace(reading, files=tuple(files)), [told]


def _folder_of(file: CocoFile, path: Path) -> Folder:
    return Folder(path, beside=file.path.parent, called=file.path.stem)


def _arrivals(reading: Reading, store: Store, progress: Progress) -> list[Arrival]:
    total = sum(len(dataset.images) for dataset in reading.datasets)
    done = iter(range(1, total + 1))
    known: Names[Image] | None = None
    arrivals = []
    for file in reading.files:
        if not isinstance(file.content, Dataset):
            continue
        if file.folder is None and known is None:
            known = Names((image.file_name, image) for image in store.images())
        folder = None if file.folder is None else _folder_of(file, file.folder)
        pictures = _Pictures(file, folder=folder, known=known, step=lambda: progress(next(done, total), total))
        arrivals.append(Arrival("" if reading.is_alone else file.name, file.content, pictures))
    return arrivals


class _Pictures:
    """The pictures of a file by image id, each read when it is asked for: from a folder, else the project's own."""

    def __init__(
        self, file: CocoFile, *, folder: Folder | None, known: Names[Image] | None, step: Callable[[], None]
    ) -> None:
        assert isinstance(file.content, Dataset)  # noqa: S101, a list of results has no pictures
        self._names = {image.id: image.file_name for image in file.content.images}
        self._beside = PurePosixPath(file.path.as_posix()).parent.as_posix()
        self._called = file.path.stem
        self._found = file.found
        self._folder = folder
        self._known = known
        self._step = step

    def __getitem__(self, image_id: int) -> Picture | Image:
        """Raises CocoError where there is none, ImageError where it cannot be read."""
        name = self._names[image_id]
        if self._folder is not None:
            path = self._found.get(image_id)
            sought = self._folder.find(name) if path is None else Sought(path)
            if sought.found is None:
                raise CocoError(sought.why_not("no picture was given for it"))
            photo = decode.read(sought.found)
            self._step()
            return Picture(photo.content, photo.width, photo.height)
        assert self._known is not None  # noqa: S101, there is either
        image = self._known.find(name, beside=self._beside, called=self._called)
        if image.found is None:
            raise CocoError(image.why_not("the project has no picture of that name"))
        self._step()
        return image.found


def _offers(
    reading: Reading, results: Sequence[CocoFile], store: Store, *, source: str | None, most: int | None
) -> tuple[list[Offer], list[str]]:
    """What the lists of results offer, and what a person should know of them, a line each."""
    if not results:
        return [], []
    offers: list[Offer] = []
    problems: list[Problem] = []
    lines: list[str] = []
    datasets = [file for file in reading.files if isinstance(file.content, Dataset)]
    for file in results:
        # What lies beside a list is what it speaks of, where there is any.
        beside = [index for index, other in enumerate(datasets) if other.path.parent == file.path.parent]
        known = _Known(store, {index: reading.datasets[index] for index in beside or range(len(datasets))})
        try:
            found = _results_of(file, known, source=source, most=most)
        except CocoError as error:
            problems += error.problems if reading.is_alone else named(error, file.name)
            continue
        offers += [
            Offer(image_id, suggestions, known.file_of[image_id]) for image_id, suggestions in found.suggestions.items()
        ]
        lines += _results_lines(file.name, found)
    if problems:
        raise CocoError(problems)
    return offers, lines


def _results_of(file: CocoFile, known: _Known, *, source: str | None, most: int | None) -> coco.Results:
    if isinstance(file.content, coco.Results):
        return file.content
    assert isinstance(file.content, list | coco.StoredList)  # noqa: S101, datasets offer nothing
    source = source or coco.source_of(file.path)
    return coco.results_to_suggestions(file.content, known.dataset, source=source, most=most)


def named(error: CocoError, file: str) -> list[Problem]:
    """The problems of one file among several, which say which one."""
    return [replace(problem, file=problem.file or file) for problem in error.problems]


class _Known:
    """What a list of results may speak of: the images and categories of the files beside it, else the project's.

    An id that two files use for different images, or for categories of different names, is not used.
    """

    def __init__(self, store: Store, datasets: Mapping[int, Dataset]) -> None:
        """datasets: by the index of their file among those of an import."""
        self.file_of: dict[int, int | None] = {}
        if not datasets:
            self.dataset = Dataset(store.categories(), store.images(), ())
            self.file_of = {image.id: None for image in self.dataset.images}
            return
        images: dict[int, Image] = {}
        categories: dict[int, Category] = {}
        clashing: set[int] = set()
        unsure: set[int] = set()
        for index, dataset in datasets.items():
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


def _results_lines(name: str, results: coco.Results) -> list[str]:
    lines = []
    if results.boxes:
        have = (
            "result has a box alone, which is its mask"
            if results.boxes == 1
            else "results have a box alone, which is their mask"
        )
        lines.append(f"{name}: {results.boxes:,} {have}")
    if results.empty:
        cover = (
            "result covers no pixel and is left out"
            if results.empty == 1
            else "results cover no pixel and are left out"
        )
        lines.append(f"{name}: {results.empty:,} {cover}")
    return lines


_MET: Mapping[OnConflict, str] = {
    "skip": "by another outline; the project's stays",
    "replace": "by another outline; the file's took its place, and the history keeps the earlier one",
    "add": "by another outline; both are there now",
}


def import_lines(report: ImportReport, on_conflict: OnConflict) -> list[str]:
    """What an import changed, a line each."""
    lines = [
        f"{counted(report.images_added, 'image')} added, {report.images_known:,} already in the project",
        f"{counted(report.instances_added, 'instance')} added, {report.instances_known:,} already in the project",
        f"{counted(report.categories_added, 'category', 'categories')} added",
    ]
    if report.instances_met:
        lines.insert(2, f"{counted(report.instances_met, 'instance')} already in the project {_MET[on_conflict]}")
    if report.crowds:
        crowds = "a crowd" if report.crowds == 1 else "crowds"
        said = f"{counted(report.crowds, 'instance')} {are(report.crowds)} {crowds} (iscrowd 1)"
        lines.append(f"{said}, which training and scoring ignore")
    return lines
