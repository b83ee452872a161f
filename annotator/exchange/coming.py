"""What comes into a project: COCO files and lists of results, with their pictures or for those that are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotator.core.dataset import Category, Dataset, Image, Suggestion
from annotator.core.errors import CocoError
from annotator.exchange import coco
from annotator.exchange.matching import FolderPictures, ProjectPictures
from annotator.storage.imports import Arrival, ImportReport
from annotator.storage.store import Store
from annotator.system.progress import Progress


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
            ProjectPictures(dataset, known, step) if folder is None else FolderPictures(dataset, folder, step),
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
