"""CSV: the box of every instance, a row each (RFC 4180, UTF-8, a header)."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from annotator.core.dataset import Dataset, Image, Instance
from annotator.core.errors import ExportError
from annotator.core.measures import boxes_of as boxes_of_masks
from annotator.core.rows import ByImage
from annotator.core.text import is_plain
from annotator.core.words import counted
from annotator.exchange.formats.base import Format, Options, Outcome, Pictures, put_pictures
from annotator.exchange.formats.boxes import boxes_of
from annotator.exchange.formats.unsaid import unsaid_lines
from annotator.system import files

COLUMNS = ("image", "width", "height", "id", "category_id", "category", "x_min", "y_min", "x_max", "y_max", "crowd")
ORIGIN = ("score", "source")
"""Columns more, with provenance."""

_RUNS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that begins so."""


@dataclass
class CsvReport:
    """What the file of a part holds. replaced: names that it cannot hold as they are, and what stands for them.

    unsaid, pictures_unsaid: instances, and names of pictures, with a flag or a note that does not leave.
    """

    file: str
    images: int = 0
    instances: int = 0
    images_without_rows: int = 0
    without_mask: int = 0
    crowds: int = 0
    nowhere: list[int] = field(default_factory=list)
    unsaid: list[int] = field(default_factory=list)
    pictures_unsaid: list[str] = field(default_factory=list)
    replaced: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"

    def to_text(self) -> str:
        rows = f"{counted(self.instances, 'instance')} on {counted(self.images, 'image')}"
        without = counted(self.images_without_rows, "image")
        lines = [
            f"{self.file}: {rows}, a row each",
            "read back: every row is as it was written",
            f"{without} without instances, named by no row; {counted(self.crowds, 'crowd')}; "
            f"{counted(self.without_mask, 'box', 'boxes')} of objects without a mask",
        ]
        if self.nowhere:
            count = counted(len(self.nowhere), "object")
            lines.append(f"warning: {count} left out, with neither a mask nor a box (id {self.nowhere[0]})")
        lines += unsaid_lines(self.unsaid, self.pictures_unsaid)
        lines += [f"{old!r} is {new!r} here" for old, new in self.replaced.items()]
        return "\n".join(lines) + "\n"


def write(parts: Mapping[str, Dataset], folder: Path, *, options: Options, pictures: Pictures) -> Outcome:
    """`instances.csv`, or `instances_PART.csv` for each part; with pictures, these below `images/`."""
    placed = put_pictures(parts, folder, pictures) if options.with_images else {}
    reports = {}
    for part, dataset in parts.items():
        path = folder / (f"instances_{part}.csv" if part else "instances.csv")
        report = CsvReport(path.name, images=len(dataset.images))
        written, found = _Seen(), _Seen()
        with files.replacing(path) as new:
            with open(new, "x", encoding="utf-8", newline="") as file:
                rows = _rows(dataset, placed, options=options, report=report)
                csv.writer(file).writerows(map(written.see, rows))
            with open(new, encoding="utf-8", newline="") as file:
                for row in csv.reader(file):
                    found.see(tuple(row))
            if found.rows_hash != written.rows_hash:
                raise ExportError(f"{path.name}: does not read back as it was written")
        report.unsaid.sort()
        reports[part] = report
    return Outcome(reports, placed)


class _Seen:
    """What the rows were that went by, as a hash."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def see(self, row: tuple[str, ...]) -> tuple[str, ...]:
        self._hash.update(repr(row).encode())
        return row

    @property
    def rows_hash(self) -> str:
        return self._hash.hexdigest()


def _rows(
    dataset: Dataset, placed: Mapping[int, str], *, options: Options, report: CsvReport
) -> Iterator[tuple[str, ...]]:
    """The header, then every image's instances; after them its objects that have no mask."""
    yield COLUMNS + (ORIGIN if options.provenance else ())
    named = {category.id: (category.id, category.name) for category in dataset.categories}
    by_image = ByImage(dataset.instances)
    report.pictures_unsaid += [image.file_name for image in dataset.images if image.flags or image.note]
    for image in dataset.images:
        rows = _rows_of(by_image.of(image), named, report)
        alone, nowhere = boxes_of(image, categories=named)
        for box in alone:
            shown = _shown(box.id, named[box.category_id], box.xyxy, crowd=box.crowd, report=report)
            rows.append((*shown, "", "import"))
            report.crowds += box.crowd
        report.without_mask += len(alone)
        report.nowhere += nowhere
        report.instances += len(rows)
        report.images_without_rows += not rows
        start = _start(image, placed, report)
        for row in rows:
            yield start + (row if options.provenance else row[: -len(ORIGIN)])


def _rows_of(
    instances: Sequence[Instance], named: Mapping[int, tuple[int, str]], report: CsvReport
) -> list[tuple[str, ...]]:
    """Of the instances of one image, without the columns about it."""
    rows = []
    boxes = boxes_of_masks([instance.rle for instance in instances])
    for instance, (x, y, width, height) in zip(instances, boxes, strict=True):
        sides = (x, y, x + width, y + height)
        score = "" if instance.score is None else f"{instance.score:.6g}"
        shown = _shown(instance.id, named[instance.category_id], sides, crowd=instance.crowd, report=report)
        rows.append((*shown, score, _safe(instance.source, report)))
        report.crowds += instance.crowd
        if instance.flags or instance.note:
            report.unsaid.append(instance.id)
    return rows


def _start(image: Image, placed: Mapping[int, str], report: CsvReport) -> tuple[str, ...]:
    return _safe(placed.get(image.id, image.file_name), report), str(image.width), str(image.height)


def _shown(
    id: int,
    category: tuple[int, str],
    sides: tuple[float, float, float, float],
    *,
    crowd: bool,
    report: CsvReport,
) -> tuple[str, ...]:
    number, name = category
    return str(id), str(number), _safe(name, report), *(f"{side:.10g}" for side in sides), str(int(crowd))


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run a cell with this text."""
    return text.startswith(_RUNS)


def _safe(text: str, report: CsvReport) -> str:
    """The text without control characters, and no formula: an apostrophe is how spreadsheets mark a text as one."""
    safe = "".join(letter if is_plain(letter) else "_" for letter in text)
    if is_formula(text):
        safe = f"'{safe}"
    if safe != text:
        report.replaced[text] = safe
    return safe


FORMAT = Format(
    name="csv",
    title="CSV (boxes)",
    titles={"de": "CSV (Rahmen)", "es": "CSV (cajas)", "zh": "CSV（边界框）"},
    holds="boxes, crowds, scores and sources, a row an instance; no masks",
    write=write,
    takes=frozenset({"with_images", "provenance"}),
    brings_pictures=False,
    suffixes=frozenset({".csv"}),
    tags=("csv",),
    keeps_pictures=True,
)
