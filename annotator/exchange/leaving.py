"""Exports of a project: in any format, whole or split, with the pictures or without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from annotator.core.dataset import Dataset, Image
from annotator.core.errors import ExportError, StoreError
from annotator.core.query import EVERYTHING, Query
from annotator.core.settings import EXPORTED
from annotator.core.words import counted
from annotator.exchange import formats, look_alikes, pack, splits
from annotator.exchange.formats.base import Format, Options, asked_for
from annotator.exchange.outlook import outlook
from annotator.exchange.pack import Stamp
from annotator.storage.database import now
from annotator.storage.search import Search
from annotator.storage.store import Store
from annotator.system.progress import Progress
from annotator.vision.pictures.decode import decode
from annotator.vision.pictures.renditions import ForTrainers

_FEW = 5  # files of an earlier export that are named


@dataclass(frozen=True)
class Written:
    """An export: its files, and what a person should know of it, a line each.

    parts: what was written, by the part's name ("" is the whole). pictures: where in the folder each picture lies, by
    image id.
    """

    format: Format
    files: Mapping[Path, Stamp]
    lines: tuple[str, ...]
    parts: Mapping[str, Dataset] = field(default_factory=dict)
    pictures: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Split:
    """How the images of an export are dealt out.

    shares: by the part's name, adding up to 1; None: by the folder train, val or test in each image's name.
    """

    shares: Mapping[str, float] | None = None
    seed: int = 0


def export(
    store: Store,
    folder: Path,
    *,
    format: Format = formats.DEFAULT,
    options: Options | None = None,
    reviewed_only: bool = True,
    only: Query = EVERYTHING,
    threshold: float | None = None,
    split: Split | None = None,
    beside: Mapping[str, bytes] | None = None,
    progress: Progress = lambda done, total: None,
) -> Written:
    """Write what was accepted into a folder, proven by reading it back; as `dataset.zip` if that was asked for.

    only: of the pictures that fit. threshold: of the suggestions that count, the project's own where none is given.
    beside: more files, by their names.
    progress: of the pictures that are looked at, which a split needs, and of those that are written; what it raises
    stops the export.
    Raises ExportError, also where the format's library is not installed or the format does not take an option; then
    nothing in the folder has changed.
    """
    options = options or Options()
    _require_possible(format, options)
    ahead = outlook(store, only=only, reviewed_only=reviewed_only, threshold=threshold)
    if only != EVERYTHING and not ahead.pictures:
        raise ExportError(f"only {str(only)!r:.200}: no {'reviewed ' * reviewed_only}picture fits, expected some")
    at = now()
    chosen = None if only == EVERYTHING else Search(only, threshold=ahead.threshold)
    dataset = store.dataset(reviewed_only=reviewed_only, only=chosen)
    rounds = (split is not None) + (format.brings_pictures or options.with_images)
    steps = _Steps(progress, total=rounds * len(dataset.images))
    parts, lines = dealt(store, dataset, split, progress=lambda done, total: steps.go())
    target = folder / "dataset.zip" if options.zipped else folder
    trainers = ForTrainers()

    def picture(image: Image) -> bytes:
        steps.go()
        return trainers.picture(store.content(image))

    packed = pack.write(
        parts,
        target,
        format=format,
        options=options,
        pictures=picture,
        pulse=steps.tell,
        notes=ahead.lines,
        beside=beside or {},
    )
    lines += [line for report in packed.outcome.reports.values() for line in report.to_text().splitlines()]
    lines += packed.outcome.lines
    lines += trainers.lines
    lines += _lines_of_earlier(packed.stale)
    lines += ahead.lines
    if chosen is None:
        lines += _note_exported(store, at)
    return Written(format, packed.files, tuple(lines), parts, packed.outcome.pictures)


def _require_possible(format: Format, options: Options) -> None:
    refused = format.refused(asked_for(options))
    if refused:
        raise ExportError(f"format {format.name} takes no {' and no '.join(refused)}")
    format.require_library()  # before every picture is looked at


def _lines_of_earlier(stale: Sequence[Path]) -> list[str]:
    lines = [f"warning: {path} is of an earlier export" for path in stale[:_FEW]]
    if len(stale) > _FEW:
        lines.append(f"warning: {len(stale) - _FEW} more files beside these are of an earlier export")
    return lines


class _Steps:
    """Counts what an export does with each picture. A picture that is written twice counts once."""

    def __init__(self, progress: Progress, *, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0
        self.tell()

    def go(self) -> None:
        self._done = min(self._done + 1, self._total)
        self.tell()

    def tell(self) -> None:
        self._progress(self._done, self._total)


def _note_exported(store: Store, at: str) -> list[str]:
    """Remember when the project was read; the files are there, whether or not that can be noted."""
    try:
        store.set_setting(EXPORTED, at)
    except StoreError as error:
        return [f"warning: when the project was exported could not be noted: {error}"]
    return []


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
        prints[image.id] = look_alikes.fingerprint(decode(store.content(image), file_name=image.file_name).pixels)
        progress(done, len(dataset.images))
    alike = look_alikes.near_duplicates(prints)
    if split.shares is None:
        parts = splits.split_by_folder(dataset)
    else:
        parts = splits.split(dataset, split.shares, seed=split.seed, together=alike)
    empty = [name for name, part in parts.items() if not part.images]
    if empty:
        count = f"{counted(len(dataset.images), 'image')}, {counted(len(alike), 'group')} of look-alikes among them"
        raise ExportError(f"split: no image is left for {', '.join(empty)} ({count}), expected one for each part")
    lines = [
        f"{name}: {counted(len(part.images), 'image')}, {counted(len(part.instances), 'instance')}"
        for name, part in parts.items()
    ]
    lines += splits.unbalanced(parts, split.shares) if split.shares is not None else []
    part_of = {image.id: name for name, part in parts.items() for image in part.images}
    apart = sum(len({part_of[id] for id in group}) > 1 for group in alike)
    if alike and not apart:
        lines.append(f"{counted(len(alike), 'group')} of pictures that look alike, each of them in one part")
    elif apart:
        lines.append(f"warning: {counted(apart, 'group')} of pictures that look alike in several parts")
    return parts, lines
