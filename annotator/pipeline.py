"""One image's journey from picture to stored suggestions, and the batch loop over it."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from annotator.core.dataset import Dataset, Image, Instance, State, Suggestion
from annotator.core.errors import AnnotatorError, ImageError, MissingError, ModelError
from annotator.core.masks import rle_area
from annotator.core.overlap import unanswered
from annotator.core.settings import THRESHOLD
from annotator.storage.store import Store
from annotator.system.groups import Groups
from annotator.vision.networks.detector import Detections, Detector, Laid
from annotator.vision.networks.runtime import WAITING
from annotator.vision.pictures import decode
from annotator.vision.pictures.photo import Buffers

Tag = TypeVar("Tag")
Found = TypeVar("Found")

SCORE_FLOOR = 0.05
"""Suggestions below this score are not stored: the threshold can be lowered to here without the network."""

DECODERS = max(2, min((os.cpu_count() or 2) // 2, 8))
"""Threads that decode. Beside a quick network each second core decodes; each thread holds one decoded picture."""

DECODE_AHEAD = 2 * DECODERS
"""Pictures read before the network asks for them: enough to hide the disk, few enough for 12 Mpx each."""

STORED_TOGETHER = 8
"""Most pictures of one transaction; as many may wait for it, with their suggestions."""

STORED_EVERY_S = 0.25
"""Quick networks share a transaction: each one costs the processor 2 ms, and waits for the disk."""

UNDER_WAY = DECODE_AHEAD + DECODERS + 2 * STORED_TOGETHER + (os.cpu_count() or 2) + WAITING
"""As many pictures as are ever begun and not yet stored: the device works on no more at once than it has cores."""

PATIENCE = 16
"""Pictures in a row on which a network may fail: some networks do on some pictures, one that always does is broken."""

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

Finished = Callable[[Sequence[tuple[Image, Failure | None]]], None]
"""Called with images that are stored, or with why they failed."""


@dataclass(frozen=True, eq=False)
class _Ready:
    """A picture that the network can take; `content` only as long as somebody needs it."""

    content: bytes
    sha256: str
    laid: Laid

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the whole picture, upright."""
        return self.laid.resize.image_width, self.laid.resize.image_height


def suggest(
    detections: Detections, *, source: str, floor: float, ids: Mapping[int, int] | None = None
) -> list[Suggestion]:
    """Detections -> what is offered for review: above the floor, and with a mask.

    ids: the project's category id for each of the network's, where they differ.
    """
    offered = []
    likely = [index for index, score in enumerate(detections.scores) if score >= floor]
    for index, rle, heatmap in zip(likely, detections.masks(likely), detections.kept_heatmaps(likely), strict=True):
        if rle_area(rle):
            category_id = int(detections.category_ids[index])
            own = category_id if ids is None else ids[category_id]
            offered.append(Suggestion(own, float(detections.scores[index]), rle, source, heatmap))
    return offered


def prelabel(
    store: Store,
    detector: Detector,
    queued: Sequence[Image],
    *,
    floor: float = SCORE_FLOOR,
    draft: bool = False,
    progress: Progress = lambda done, total: None,
    finished: Finished = lambda group: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> BatchReport:
    """Pre-label images of a project; each one is stored as soon as it is done, a bad one is named and passed over.

    draft: decode large JPEG files at a part of their size, for speed (see `decode.decode`); suggestions are in pixels
    of the whole picture all the same. finished: called in the order of `queued` after pictures are stored, from
    another thread.

    Raises ModelError at the first picture on which the network fails; whoever asked does each of them alone then.
    """

    def read(image: Image) -> tuple[bytes, str]:
        return store.content(image), image.sha256

    def image_of(image: Image, _: _Ready) -> Image:
        return image

    return _prelabel(
        store,
        detector,
        queued,
        read,
        image_of,
        name=lambda image: image.file_name,
        floor=floor,
        draft=draft,
        patience=1,
        progress=progress,
        finished=finished,
        cancelled=cancelled,
    )


def prelabel_new(
    store: Store,
    detector: Detector,
    paths: Sequence[Path],
    *,
    floor: float = SCORE_FLOOR,
    draft: bool = False,
    progress: Progress = lambda done, total: None,
) -> BatchReport:
    """Put pictures into a project and pre-label them, each decoded once; otherwise as `prelabel`.

    A picture on which the network fails is named and passed over too. Raises ModelError where it fails on all it gets.
    """
    names = _relative_names(paths)

    def image_of(path: Path, ready: _Ready) -> Image:
        width, height = ready.size
        return store.add_image(ready.content, file_name=names[path], width=width, height=height)

    return _prelabel(
        store,
        detector,
        paths,
        _content,
        image_of,
        name=str,
        floor=floor,
        draft=draft,
        patience=PATIENCE,
        progress=progress,
    )


def _prelabel(
    store: Store,
    detector: Detector,
    items: Sequence[Tag],
    read: Callable[[Tag], tuple[bytes, str | None]],
    image_of: Callable[[Tag, _Ready], Image],
    *,
    name: Callable[[Tag], str],
    floor: float,
    draft: bool,
    patience: int,
    progress: Progress,
    finished: Callable[[Sequence[tuple[Tag, Failure | None]]], None] = lambda group: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> BatchReport:
    """The batch loop: this thread feeds the network, others decode, one stores what came out of it.

    read: an item's bytes, and their SHA-256 where it is known. image_of: the project's image, inside a transaction.
    """
    failures: list[Failure] = []
    done = 0
    with store.together():
        ids = store.add_categories(detector.info.categories)
        # Scores of two networks are not on one scale: the review begins at the threshold that suits this one.
        store.set_setting(THRESHOLD, detector.info.threshold)

    def keep(group: Sequence[tuple[Tag, _Ready, list[Suggestion]] | tuple[Tag, None, Failure]]) -> None:
        nonlocal done
        outcome: list[tuple[Tag, Failure | None]] = []
        with store.together():
            for item, ready, found in group:
                failure = found if isinstance(found, Failure) else None
                if ready is not None and not isinstance(found, Failure):
                    try:
                        image = image_of(item, ready)
                        known = store.instances(image.id, states=tuple(State))
                        store.set_suggestions(image.id, unanswered(found, known))
                    except MissingError as error:
                        # A person took the picture out of the queue while the batch was under way.
                        failure = Failure.of(name(item), error)
                outcome.append((item, failure))
        for _, failure in outcome:
            if failure is None:
                done += 1
            else:
                failures.append(failure)
            progress(done + len(failures), len(items))
        finished(outcome)

    stopped = False
    with Groups(keep, most=STORED_TOGETHER, linger_s=STORED_EVERY_S, name="store") as groups:
        use = partial(suggest, source=detector.info.source, floor=floor, ids=ids)
        for seen in _detect(detector, items, read, use, name=name, draft=draft, patience=patience):
            # What the network has answered is stored, also for a person who has had enough.
            groups.put(seen)
            if stopped := cancelled():
                break
    return BatchReport(done, tuple(failures), cancelled=stopped)


def prelabel_files(
    paths: Sequence[Path],
    detector: Detector,
    *,
    threshold: float,
    draft: bool = False,
    progress: Progress = lambda done, total: None,
) -> tuple[Dataset, BatchReport]:
    """Pre-label pictures without a project: what the network sees above the threshold, as a dataset.

    draft: as for `prelabel`. Raises ModelError where the network fails on all it gets.
    """
    failures: list[Failure] = []
    found_images: list[Image] = []
    instances: list[Instance] = []
    names = _relative_names(paths)
    use = partial(suggest, source=detector.info.source, floor=threshold)

    for path, ready, found in _detect(detector, paths, _content, use, name=str, draft=draft, patience=PATIENCE):
        if isinstance(found, Failure):
            failures.append(found)
        elif ready is not None:
            width, height = ready.size
            image = Image(len(found_images) + 1, names[path], width, height, ready.sha256, prelabelled=True)
            found_images.append(image)
            for item in found:
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
    found: dict[Path, Path] = {}
    for path in paths:
        if path.is_dir():
            below = sorted(file for file in path.rglob("*") if file.suffix.lower() in PICTURE_SUFFIXES)
            files = [file for file in below if file.is_file()]
        elif path.exists():
            files = [path]
        else:
            raise ImageError(f"{path}: no such file or folder")
        for file in files:
            found.setdefault(_absolute(file), file)
    return list(found.values())


def _relative_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Names from the folder that all pictures share, so that two files of one name stay apart and no home is told."""
    if not paths:
        return {}
    root = Path(os.path.commonpath([_absolute(path).parent for path in paths]))
    return {path: _absolute(path).relative_to(root).as_posix() for path in paths}


def _absolute(path: Path) -> Path:
    """Without `..`, and with links as they are: their own names are those that people know."""
    return Path(os.path.abspath(path))


def _content(path: Path) -> tuple[bytes, None]:
    """A file's bytes, of which no SHA-256 is known."""
    return decode.content_of(path), None


def _detect(
    detector: Detector,
    items: Sequence[Tag],
    read: Callable[[Tag], tuple[bytes, str | None]],
    use: Callable[[Detections], Found],
    *,
    name: Callable[[Tag], str],
    draft: bool,
    patience: int,
) -> Iterator[tuple[Tag, _Ready, Found] | tuple[Tag, None, Failure]]:
    """Each item with what `use` makes of its detections, or with why there are none; in the order of the items.

    patience: on how many pictures in a row the network may fail before that is raised, as ModelError.
    """
    # The network is some pictures behind the reading: what could not be read waits for its turn.
    order: deque[tuple[Tag, _Ready] | tuple[Tag, Failure]] = deque()
    enough = detector.network.input_size if draft else None
    threads = threading.local()

    def ready(item: Tag) -> _Ready:
        content, sha256 = read(item)
        if not hasattr(threads, "mine"):
            threads.mine = Buffers()
        photo = decode.decode(
            content, file_name=Path(name(item)).name, sha256=sha256, enough=enough, buffers=threads.mine
        )
        # Decoded, resized and forgotten in one thread: what waits for the network is of the network's size.
        return _Ready(content if sha256 is None else b"", photo.sha256, detector.lay(photo))

    def pictures() -> Iterator[tuple[Tag, Laid]]:
        for item, future in read_ahead(items, ready):
            try:
                found = future.result()
            except AnnotatorError as error:
                order.append((item, Failure.of(name(item), error)))
            else:
                order.append((item, found))
                yield item, found.laid

    def unread() -> Iterator[tuple[Tag, None, Failure]]:
        while order and isinstance(failure := order[0][1], Failure):
            yield order.popleft()[0], None, failure

    in_a_row = 0
    for _, found in detector.stream_laid(pictures(), use):
        yield from unread()
        item, picture = order.popleft()
        in_a_row = in_a_row + 1 if isinstance(found, ModelError) else 0
        if isinstance(found, ModelError):
            if in_a_row == patience:
                raise found  # not the picture, but what all of them go through
            yield item, None, Failure.of(name(item), found)
        elif isinstance(picture, _Ready):
            yield item, picture, found
    yield from unread()


def read_ahead(items: Sequence[Tag], read: Callable[[Tag], Found]) -> Iterator[tuple[Tag, Future[Found]]]:
    """Items with their reading under way, at most DECODE_AHEAD before the one that is asked for."""
    with ThreadPoolExecutor(max_workers=DECODERS, thread_name_prefix="decode") as pool:
        pending: deque[tuple[Tag, Future[Found]]] = deque()
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
    for path, future in read_ahead(paths, decode.read):
        try:
            photo = future.result()
            image = store.add_image(photo.content, file_name=names[path], width=photo.width, height=photo.height)
            added[image.id] = image
        except ImageError as error:
            failures.append(Failure.of(str(path), error))
    return list(added.values()), tuple(failures)
