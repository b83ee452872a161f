"""An export as a dataset on the Hugging Face Hub: its files, rows that `datasets.load_dataset` reads, and a card."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path, PurePosixPath
from typing import Any

from annotator.core.dataset import Dataset, Image, Instance
from annotator.core.errors import ExportError
from annotator.core.measures import areas_of, boxes_of
from annotator.exchange.formats import boxes
from annotator.exchange.leaving import Written

CARD = "README.md"
MARK = "<!-- written by annotator export -->"
"""In a card of ours, which the next push replaces; a card without it is somebody's own."""

_ROWS = "metadata.jsonl"
_PATTERN = frozenset("*?[]{}")
_MOST_FILES = 10_000  # that the Hub takes in one folder


@dataclass(frozen=True)
class _Part:
    """One split of the dataset on the Hub. paths: the patterns of its files. rows: a picture each."""

    name: str
    paths: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]

    @property
    def has_objects(self) -> bool:
        return any(row["objects"] for row in self.rows)


def repository(written: Written, folder: Path, *, name: str) -> dict[str, Path | bytes]:
    """What is sent of an export, by its path in the dataset: a file's path here, or content.

    With pictures each part's lie in a folder of their own, with a `metadata.jsonl` that says what is on them
    (`imagefolder` in the library datasets). Where the export has them all in one folder they are moved for that, or
    sent once more where the format's files speak of that folder. Without pictures the same rows are in `rows/`.
    Raises ExportError where the Hub would refuse so many files.
    """
    found: dict[str, Path | bytes] = {path.relative_to(folder).as_posix(): path for path in written.files}
    parts = []
    placed = _placed(written)
    for part, dataset in written.parts.items():
        split = part or "train"
        if written.pictures:
            where = {image.id: placed[image.id] for image in dataset.images if image.id in placed}
            for id, path in where.items():
                found[path] = folder / written.pictures[id]
                if path != written.pictures[id] and not written.format.keeps_pictures:
                    found.pop(written.pictures[id], None)
            home = _common(where.values())
            names = {id: path.removeprefix(f"{home}/") for id, path in where.items()}
            start = f"{home}/" if home else ""
            at = f"{start}{_ROWS}"
            alone = all(path in where.values() for path in found if path.startswith(start))
            suffixes = sorted({Path(name).suffix for name in names.values()})
            paths = (f"{start}**",) if alone else (at, *(f"{start}*{suffix}" for suffix in suffixes))
        else:
            names = {image.id: image.file_name for image in dataset.images}
            at = f"rows/{split}.jsonl"
            paths = (at,)
        rows = _rows(dataset, names)
        found[at] = "".join(f"{json.dumps(row, ensure_ascii=True)}\n" for row in rows).encode()
        parts.append(_Part(split, paths, rows))
    found[CARD] = _card(name, written, parts, files=sorted(found)).encode(errors="replace")
    _require_room(found)
    return found


def _placed(written: Written) -> Mapping[int, str]:
    """Where each picture lies on the Hub, by image id: no folder holds pictures of two parts."""
    homes = [
        _common(written.pictures[image.id] for image in dataset.images if image.id in written.pictures)
        for dataset in written.parts.values()
    ]
    within = (f"{second}/".startswith(f"{first}/" if first else "") for first, second in permutations(homes, 2))
    if not any(within):
        return written.pictures
    placed = {}
    for part, dataset in written.parts.items():
        for image in dataset.images:
            if image.id in written.pictures:
                top, _, rest = written.pictures[image.id].partition("/")
                placed[image.id] = f"{'data' if written.format.keeps_pictures else top}/{part}/{rest}"
    return placed


def _common(paths: Iterable[str]) -> str:
    """The innermost folder that holds all of the files; "" is the outermost one.

    The library takes its path for a pattern: a folder whose name would be one is not gone into.
    """
    folders = [PurePosixPath(path).parent.parts for path in paths]
    common = []
    for names in zip(*folders, strict=False):
        if len(set(names)) > 1 or _PATTERN & set(names[0]):
            break
        common.append(names[0])
    return "/".join(common)


def _rows(dataset: Dataset, names: Mapping[int, str]) -> list[dict[str, Any]]:
    """A row for each named image; those with objects first: the library takes the columns from the first ones.

    No value is ever absent, for the same reason: an object without a mask has an empty text for it.
    """
    categories = {category.id: category.name for category in dataset.categories}
    found: dict[int, list[dict[str, Any]]] = {image.id: [] for image in dataset.images}
    rles = [instance.rle for instance in dataset.instances]
    for instance, area, box in zip(dataset.instances, areas_of(rles), boxes_of(rles), strict=True):
        found[instance.image_id].append(_object(instance, categories[instance.category_id], float(area), box))
    for image in dataset.images:
        for alone in boxes.boxes_of(image, categories=categories)[0]:
            found[image.id].append(_box_object(alone, categories[alone.category_id]))
    rows = [_row(image, names[image.id], found[image.id]) for image in dataset.images if image.id in names]
    return sorted(rows, key=lambda row: not row["objects"])


def _row(image: Image, name: str, objects: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "file_name": name,
        "image_id": image.id,
        "width": image.width,
        "height": image.height,
        "objects": objects,
    }


def _object(instance: Instance, category: str, area: float, box_xywh: Sequence[float]) -> dict[str, Any]:
    return {
        "id": instance.id,
        "category_id": instance.category_id,
        "category": category,
        "bbox": [float(side) for side in box_xywh],
        "area": area,
        "iscrowd": int(instance.crowd),
        "rle": instance.rle.counts,
    }


def _box_object(box: boxes.Box, category: str) -> dict[str, Any]:
    x0, y0, x1, y1 = box.xyxy
    return {
        "id": box.id,
        "category_id": box.category_id,
        "category": category,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": (x1 - x0) * (y1 - y0),
        "iscrowd": int(box.crowd),
        "rle": "",
    }


def _require_room(found: Mapping[str, object]) -> None:
    counts: dict[str, int] = {}
    for path in found:
        home = path.rpartition("/")[0]
        counts[home] = counts.get(home, 0) + 1
    full = max(counts, key=lambda home: counts[home])
    if counts[full] > _MOST_FILES:
        raise ExportError(
            f"{full or 'the export'}: {counts[full]} files in one folder, the Hub takes at most {_MOST_FILES}"
        )


# --- the card --------------------------------------------------------------------------------------------------------


def _card(name: str, written: Written, parts: Sequence[_Part], *, files: Collection[str]) -> str:
    """The dataset's README: what the Hub sorts it by, how it is read, and what the export said of itself."""
    format = written.format
    short = name.rpartition("/")[2]
    pictures = "the pictures" if written.pictures else "no pictures, whose names are in `file_name`"
    report = "\n".join(line for line in written.lines if "```" not in line)
    listed = "".join(f"- `{path}`\n" for path in _summary(files))
    return (
        f"---\n{_front(written, parts)}---\n\n{MARK}\n\n# {short}\n\n"
        f"Exported by annotator as {format.title}: it can hold {format.holds}.\n\n{listed}\n"
        f"`datasets.load_dataset({json.dumps(name)})` reads {pictures}, and in `objects` of each what is on it: `bbox` "
        "is x, y, width and height in pixels, `rle` the counts of a compressed COCO RLE of size [height, width], empty "
        "where an object has no mask.\n\n"
        f"```\n{report}\n```\n"
    )


def _front(written: Written, parts: Sequence[_Part]) -> str:
    """The card's head. Parts without any object have other columns, as the library sees it: each is its own dataset."""
    shown = [part for part in parts if part.has_objects] or list(parts)
    configs = [("default", shown), *((part.name, [part]) for part in parts if part not in shown)]
    lines = ["task_categories:", *(f"- {task}" for task in written.format.tasks)]
    lines += ["tags:", *(f"- {tag}" for tag in ("annotator", *written.format.tags)), "configs:"]
    for config, those in configs:
        lines += [f"- config_name: {config}", "  data_files:"]
        for part in those:
            lines += [f"  - split: {part.name}", "    path:", *(f'    - "{path}"' for path in part.paths)]
    return "\n".join(lines) + "\n"


def _summary(files: Collection[str]) -> list[str]:
    """Files that are named alone, and folders of many with how many these are."""
    by_home: dict[str, list[str]] = {}
    for path in files:
        by_home.setdefault(path.rpartition("/")[0], []).append(path)
    lines = []
    for home, paths in sorted(by_home.items()):
        lines += paths if len(paths) <= 5 else [f"{home or '.'}/ ({len(paths)} files)"]
    return lines
