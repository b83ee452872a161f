"""Boxes of a COCO file become masks: what a promptable network answers to each. Everything else stays as it is.

Tests: tests/cli/test_masks.py
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from annotator.core.dataset import PROVENANCE
from annotator.core.errors import AnnotatorError, CocoError, ImageError
from annotator.core.masks import rle_area
from annotator.core.numbers import is_finite
from annotator.core.problems import Problem
from annotator.exchange.coco.document import read_content
from annotator.exchange.coco.writer import exact_segmentation
from annotator.system.progress import Progress
from annotator.vision.networks import compile_cache
from annotator.vision.networks.prompts.boxes import answers_to_boxes
from annotator.vision.networks.prompts.network import PromptNetwork
from annotator.vision.pictures import decode
from annotator.vision.pictures.photo import Photo

Row = dict[str, Any]

RECORD_SUFFIX = ".part"
"""Of the file beside the one to be written that holds what is done: the same command goes on from there."""


@dataclass(frozen=True)
class Work:
    """The pictures of a file that have boxes without a mask, and these boxes by their place in its list.

    left: how many boxes are crowds, which stay boxes.
    """

    images: tuple[Row, ...]
    places: dict[Any, tuple[int, ...]]
    left: int


@dataclass
class MaskReport:
    """filled: boxes that have a mask now. empty: those in which the network found nothing.

    failures: pictures that could not be looked at, in a line each.
    """

    filled: int = 0
    empty: int = 0
    failures: list[str] = field(default_factory=list)


def load(path: Path) -> Any:
    """The JSON of a file, each number as it stands there: it is written again. Raises CocoError."""
    try:
        return json.loads(read_content(path))
    except (ValueError, RecursionError) as error:
        raise CocoError(f"{path}: is not JSON: {' '.join(str(error).split())}") from error


def plan(document: Any, images: Any) -> Work:
    """What there is to do in a COCO document or a list of results; images: the `images` of the document or of another.

    Raises CocoError, listing every box that is malformed or of a picture that is not there.
    """
    rows = document.get("annotations") if isinstance(document, dict) else document
    if not isinstance(rows, list) or not isinstance(images, list):
        raise CocoError("expected a COCO file with images and annotations, or a list of results and --annotations")
    known = {row["id"]: row for row in images if isinstance(row, dict) and isinstance(row.get("id"), int | str)}
    places: dict[Any, list[int]] = {}
    problems, left = [], 0
    path = "annotations" if isinstance(document, dict) else ""
    for index, row in enumerate(rows):
        if isinstance(row, dict) and row.get("segmentation") not in (None, [], {}):
            continue
        wrong = _wrong(row, known)
        if wrong is not None:
            problems.append(Problem("error", f"{path}[{index}].{wrong[0]}", wrong[1]))
        elif row.get("iscrowd"):
            left += 1
        else:
            places.setdefault(row["image_id"], []).append(index)
    if problems:
        raise CocoError(problems)
    some = tuple(known[image_id] for image_id in places)
    return Work(some, {image_id: tuple(found) for image_id, found in places.items()}, left)


def _wrong(row: Any, known: dict[Any, Row]) -> tuple[str, str] | None:
    """What is wrong with an annotation that has no mask: its key, and why."""
    if not isinstance(row, dict):
        return "bbox", "is missing"
    image = known.get(row.get("image_id")) if isinstance(row.get("image_id"), int | str) else None
    if image is None:
        return "image_id", f"is {row.get('image_id')!r:.80}, which is not among the images"
    if not isinstance(image.get("file_name"), str):
        return "image_id", f"is {row['image_id']!r:.80}, an image without a file_name"
    box = row.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(map(is_finite, box)) or min(box[2:]) <= 0:
        return "bbox", f"is {str(box)[:80]}, expected [x, y, width, height] of at least some size"
    return None


def fill(
    document: Any, work: Work, network: PromptNetwork, *, images: Path, out: Path, progress: Progress
) -> MaskReport:
    """Give the boxes of a document their masks, picture by picture; what is done is kept beside `out`.

    A picture that cannot be read, or is not as large as the file says, is a failure, and its boxes stay boxes. Raises
    OSError where the record cannot be written.
    """
    rows: list[Row] = document if isinstance(document, list) else document["annotations"]
    report = MaskReport()
    with Record(record_path(out), work=_digest(document, network)) as record:
        for number, image in enumerate(work.images):
            places = work.places[image["id"]]
            try:
                found = record.done.get(str(image["id"]))
                if found is None:
                    found = _masks_of(image, [rows[place] for place in places], network, images)
                    record.note(image["id"], found)
                for place, mask in zip(places, found, strict=True):
                    _put(rows[place], mask, by=compile_cache.hashed_name(network.info))
                    report.filled += mask is not None
                    report.empty += mask is None
            except AnnotatorError as error:
                report.failures.append(str(error))
            progress(number + 1, len(work.images))
    return report


def _masks_of(image: Row, rows: list[Row], network: PromptNetwork, folder: Path) -> list[Row | None]:
    """A mask for each box: what an annotation gets of it; None where there is none."""
    photo = _photo(image, folder)
    return [
        None if answer is None else {"segmentation": exact_segmentation(answer.rle), "area": rle_area(answer.rle)}
        for answer in answers_to_boxes(network, photo, (_xyxy(row) for row in rows))
    ]


def _xyxy(row: Row) -> tuple[float, float, float, float]:
    x, y, width, height = map(float, row["bbox"])
    return x, y, x + width, y + height


def _photo(image: Row, folder: Path) -> Photo:
    """The picture of a row. Raises ImageError where it is outside the folder, or of another size."""
    path = folder / image["file_name"]
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ImageError(f"{image['file_name']}: leads out of {folder}")
    photo = decode.read(path)
    size = image.get("width"), image.get("height")
    if size not in ((None, None), (photo.width, photo.height)):
        raise ImageError(f"{image['file_name']}: {photo.width} x {photo.height}, in the file {size[0]} x {size[1]}")
    return photo


def _put(row: Row, mask: Row | None, *, by: str) -> None:
    if mask is not None:
        ours = row.get(PROVENANCE)
        row.update(mask)
        row[PROVENANCE] = {**(ours if isinstance(ours, dict) else {}), "mask": by}


def record_path(out: Path) -> Path:
    return out.with_name(out.name + RECORD_SUFFIX)


def _digest(document: Any, network: PromptNetwork) -> str:
    """Changes with the document as it came, and with the network's files."""
    return hashlib.sha256(f"{network.key}\n{json.dumps(document)}".encode()).hexdigest()


class Record:
    """The masks of the pictures that are done, a line each in a file that grows; of another work it is begun anew."""

    def __init__(self, path: Path, *, work: str) -> None:
        self._path = path
        self._work = work
        self._file: IO[str] | None = None
        self.done: dict[str, list[Row | None]] = {}

    def __enter__(self) -> Record:
        lines = list(self._lines())
        if lines and lines[0] == {"work": self._work}:
            self.done = {line["image"]: line["masks"] for line in lines[1:]}
        else:
            lines = [{"work": self._work}]
        # Written anew: the last line of a killed run may be half a line.
        self._file = self._path.open("w", encoding="utf-8")
        for line in lines:
            self._write(line)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def note(self, image_id: Any, masks: list[Row | None]) -> None:
        self._write({"image": str(image_id), "masks": masks})

    def _write(self, line: Row) -> None:
        if self._file is not None:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()

    def _lines(self) -> Iterator[Row]:
        if self._path.is_file():
            for line in self._path.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    yield json.loads(line)
                except ValueError:
                    return
