"""One image's journey from picture to stored suggestions, and the batch loop over it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from annotator.core.dataset import Category, Dataset, Image, Instance, State, Suggestion
from annotator.core.errors import AnnotatorError, ImageError, MissingError
from annotator.core.masks import rle_area
from annotator.core.overlap import unanswered
from annotator.storage.store import Store
from annotator.vision import images
from annotator.vision.detector import Detections, Detector
from annotator.vision.images import Photo

Tag = TypeVar("Tag")

SCORE_FLOOR = 0.05
"""Suggestions below this score are not stored: the threshold can be lowered to here without the network."""

THRESHOLD = "threshold"
"""The project's setting of the score from which suggestions are shown."""

DECODE_AHEAD = 4
"""Pictures decoded before the network asks for them: enough to hide the disk, few enough for 12 Mpx each."""

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif"})


@dataclass(frozen=True)
class Failure:
    """A picture that could not be done, with the one line that says why."""

    file_name: str
    reason: str

    @classmethod
    def of(cls, file_name: str, error: AnnotatorError) -> Failure:
        """The reader of a picture names it too; the batch names it once, with its folder."""
        reason = str(error)
        for name in (file_name, Path(file_name).name):
            reason = reason.removeprefix(f"{name}: ")
        return cls(file_name, reason)

    def __str__(self) -> str:
        return f"{self.file_name}: {self.reason}"


@dataclass(frozen=True)
class BatchReport:
    """What came of a batch; `cancelled` when a person stopped it before its end."""

    done: int
    failures: tuple[Failure, ...]
    cancelled: bool = False


Progress = Callable[[int, int], None]
"""Called with (pictures done or failed, pictures in all)."""


def suggest(
    detections: Detections,
    *,
    source: str,
    known: Sequence[Instance],
    floor: float,
    ids: Mapping[int, int] | None = None,
) -> list[Suggestion]:
    """Detections -> what is offered for review: above the floor, with a mask, and not yet answered.

    ids: the project's category id for each of the network's, where they differ.
    """
    offered = []
    for index, (score, category_id) in enumerate(zip(detections.scores, detections.category_ids, strict=True)):
        if score >= floor:
            rle = detections.mask(index)
            if rle_area(rle):
                own = int(category_id) if ids is None else ids[int(category_id)]
                offered.append(Suggestion(own, float(score), rle, source))
    return unanswered(offered, known)


def prelabel(
    store: Store,
    detector: Detector,
    queued: Sequence[Image],
    *,
    floor: float = SCORE_FLOOR,
    progress: Progress = lambda done, total: None,
    finished: Callable[[Image, Failure | None], None] = lambda image, failure: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> BatchReport:
    """Pre-label images of a project; each one is stored as soon as it is done, a bad one is named and passed over.

    finished: called in the order of `queued` after each picture that is stored, or with why it failed.
    """
    failures: list[Failure] = []

    def read(image: Image) -> Photo:
        return images.decode(store.content(image), file_name=image.file_name)

    ids = _category_ids(store, detector.info.categories)
    # Scores of two networks are not on one scale: the review begins at the threshold that suits this one.
    store.set_setting(THRESHOLD, detector.info.threshold)
    done = 0
    for image, found in _detect(detector, queued, read, name=lambda image: image.file_name):
        if cancelled():
            return BatchReport(done, tuple(failures), cancelled=True)
        failure = found if isinstance(found, Failure) else None
        if not isinstance(found, Failure):
            try:
                known = store.instances(image.id, states=tuple(State))
                offered = suggest(found, source=detector.info.source, known=known, floor=floor, ids=ids)
                store.set_suggestions(image.id, offered)
                done += 1
            except MissingError as error:
                # A person took the picture out of the queue while the batch was under way.
                failure = Failure.of(image.file_name, error)
        if failure is not None:
            failures.append(failure)
        finished(image, failure)
        progress(done + len(failures), len(queued))
    return BatchReport(done, tuple(failures))


def _category_ids(store: Store, categories: Sequence[Category]) -> dict[int, int]:
    """The network's category ids -> the project's: the same, unless another name holds that id in the project."""
    taken = {category.id: category.name for category in store.categories()}
    return {
        category.id: store.add_category(
            category.name,
            supercategory=category.supercategory,
            id=category.id if taken.get(category.id, category.name) == category.name else None,
        ).id
        for category in categories
    }


def prelabel_files(
    paths: Sequence[Path], detector: Detector, *, threshold: float, progress: Progress = lambda done, total: None
) -> tuple[Dataset, BatchReport]:
    """Pre-label pictures without a project: what the network sees above the threshold, as a dataset."""
    failures: list[Failure] = []
    found_images: list[Image] = []
    instances: list[Instance] = []
    names = _relative_names(paths)
    shas: dict[Path, tuple[str, int, int]] = {}

    def read(path: Path) -> Photo:
        photo = images.read(path)
        shas[path] = (photo.sha256, photo.width, photo.height)
        return photo

    for path, found in _detect(detector, paths, read, name=str):
        if isinstance(found, Failure):
            failures.append(found)
        else:
            sha256, width, height = shas.pop(path)
            image = Image(len(found_images) + 1, names[path], width, height, sha256, prelabelled=True)
            found_images.append(image)
            for item in suggest(found, source=detector.info.source, known=(), floor=threshold):
                number = len(instances) + 1
                instances.append(
                    Instance(
                        id=number,
                        key=str(number),
                        image_id=image.id,
                        category_id=item.category_id,
                        # Whoever asks for a file instead of a review takes every suggestion above the threshold.
                        state=State.ACCEPTED,
                        rle=item.rle,
                        source=item.source,
                        score=item.score,
                        # COCO's results carry a score beside the annotation; so does this file, for whoever filters it.
                        extra={"score": round(item.score, 6)},
                        provenance={"source": item.source},
                    )
                )
        progress(len(found_images) + len(failures), len(paths))
    dataset = Dataset(detector.info.categories, tuple(found_images), tuple(instances))
    return dataset, BatchReport(len(found_images), tuple(failures))


def find_pictures(paths: Iterable[Path]) -> list[Path]:
    """Files as they are given, folders as the pictures below them in the order of their names, each once.

    Raises ImageError for a path that is not there.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            below = sorted(file for file in path.rglob("*") if file.suffix.lower() in PICTURE_SUFFIXES)
            found.update(dict.fromkeys(file for file in below if file.is_file()))
        elif path.exists():
            found[path] = None
        else:
            raise ImageError(f"{path}: no such file or folder")
    return list(found)


def _relative_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Names from the folder that all pictures share, so that two files of one name stay apart and no home is told."""
    if not paths:
        return {}
    root = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    return {path: path.absolute().relative_to(root).as_posix() for path in paths}


def _detect(
    detector: Detector,
    items: Sequence[Tag],
    read: Callable[[Tag], Photo],
    *,
    name: Callable[[Tag], str],
) -> Iterator[tuple[Tag, Detections | Failure]]:
    """Each item with its detections, or with why it could not be read; in the order of the items."""
    # The network is some pictures behind the reading: what could not be read waits for its turn.
    order: deque[tuple[Tag, Failure | None]] = deque()

    def photos() -> Iterator[tuple[Tag, Photo]]:
        for item, future in read_ahead(items, read):
            try:
                photo = future.result()
            except AnnotatorError as error:
                order.append((item, Failure.of(name(item), error)))
            else:
                order.append((item, None))
                yield item, photo

    def unread() -> Iterator[tuple[Tag, Failure]]:
        while order and (failure := order[0][1]) is not None:
            yield order.popleft()[0], failure

    for item, found in detector.stream(photos()):
        yield from unread()
        order.popleft()
        yield item, found
    yield from unread()


def read_ahead(items: Sequence[Tag], read: Callable[[Tag], Photo]) -> Iterator[tuple[Tag, Future[Photo]]]:
    """Items with their reading under way, at most DECODE_AHEAD before the one that is asked for."""
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="decode") as pool:
        pending: deque[tuple[Tag, Future[Photo]]] = deque()
        try:
            for item in items:
                pending.append((item, pool.submit(read, item)))
                if len(pending) > DECODE_AHEAD:
                    yield pending.popleft()
            while pending:
                yield pending.popleft()
        finally:
            for _, future in pending:
                future.cancel()


def add_pictures(store: Store, paths: Sequence[Path]) -> tuple[list[Image], tuple[Failure, ...]]:
    """Put pictures into a project; returns the images in order, each once, and what could not be read."""
    names = _relative_names(paths)
    added: dict[int, Image] = {}
    failures = []
    for path, future in read_ahead(paths, images.read):
        try:
            photo = future.result()
            image = store.add_image(photo.content, file_name=names[path], width=photo.width, height=photo.height)
            added[image.id] = image
        except ImageError as error:
            failures.append(Failure.of(str(path), error))
    return list(added.values()), tuple(failures)
