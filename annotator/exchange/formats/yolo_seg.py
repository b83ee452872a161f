"""YOLO segmentation, as Ultralytics reads it: a line an object, a folder a part, `data.yaml`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from annotator.exchange.formats.base import Format
from annotator.exchange.formats.polygons import EXTRA, LIBRARY, Layout, Points, Sheet, corners
from annotator.system import files
from annotator.vision.pictures.kinds import SUFFIXES
from annotator.vision.pictures.renditions import as_png, look

# Ultralytics 8.4 passes over pictures of every other suffix, and over these kinds, without a word.
_READ = frozenset((".avif", ".bmp", ".jpeg", ".jpg", ".mpo", ".png", ".tif", ".tiff", ".webp"))
_OF_JPEG = frozenset((".jpe", ".jfif"))
_NOT_READ = frozenset(("GIF", "PPM"))


class YoloSeg(Layout):
    """`images/PART` beside `labels/PART`. A file of labels holds polygons alone: a reader takes a box for one."""

    name = "yolo-seg"
    suffix = ".txt"
    holds_boxes = False

    def picture_name(self, name: str) -> str:
        suffix = PurePosixPath(name).suffix
        if suffix.lower() in _READ:
            return name
        stem = name.removesuffix(suffix) if suffix.lower() in SUFFIXES else name
        return f"{stem}{'.jpg' if suffix.lower() in _OF_JPEG else '.png'}"

    def picture(self, content: bytes) -> bytes:
        return as_png(content) if look(content).kind in _NOT_READ else content

    def picture_folder(self, part: str) -> str:
        return f"images/{part or 'train'}"

    def annotation_folder(self, part: str) -> str:
        return f"labels/{part or 'train'}"

    def read_back(self, file: Path, *, width: int, height: int) -> Iterator[Points]:
        size = np.array([width, height], np.float64)
        for line in file.read_text("utf-8").splitlines():
            yield np.fromstring(line.partition(" ")[2], np.float64, sep=" ").reshape(-1, 2) * size

    def text_of(self, sheet: Sheet) -> str:
        """A mask that is too thin for a polygon becomes one of the 4 corners of its box."""
        size = np.array([sheet.width, sheet.height], np.float64)
        lines = []
        for one in sheet.objects:
            points = corners(one.box_xyxy) if one.points is None else one.points
            values = tuple((points / size).ravel().tolist())
            lines.append(str(one.category) + " %.5f" * len(values) % values)
        return "\n".join(lines)

    def finish(self, folder: Path, parts: Mapping[str, Sequence[str]], categories: Sequence[str]) -> None:
        """A reader wants a validation part: where there is none, the training part stands for it."""
        found = [part or "train" for part in parts]
        lines = [f"{part}: images/{part}" for part in found]
        if "val" not in found:
            lines.append(f"val: images/{found[0]}")
        names = [f"  {index}: {_yaml_text(name)}" for index, name in enumerate(categories)]
        files.write_atomically(folder / "data.yaml", ("\n".join([*lines, "names:", *names]) + "\n").encode())

    def category_names(self, names: Sequence[str]) -> list[str]:
        return [name.encode(errors="replace").decode() for name in names]  # a half of a surrogate pair is no text


def _yaml_text(name: str) -> str:
    """JSON's text is YAML's, but for what cannot be printed: YAML takes less of that as it is."""
    quoted = json.dumps(name, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in quoted)


FORMAT = Format(
    name="yolo-seg",
    title="YOLO segmentation",
    titles={"de": "YOLO-Segmentierung", "es": "Segmentación YOLO", "zh": "YOLO 分割"},
    holds="masks as polygons; holes as seams; no parts, boxes or crowds",
    write=YoloSeg(),
    extra=EXTRA,
    library=LIBRARY,
    tasks=("image-segmentation", "object-detection"),
    tags=("yolo", "ultralytics", "instance-segmentation"),
)
