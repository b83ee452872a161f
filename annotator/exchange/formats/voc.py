"""Pascal VOC: a file of XML a picture, with polygons beside the boxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from annotator.core.dataset import FLAGS, Instance
from annotator.core.text import is_plain
from annotator.exchange.formats.base import Format
from annotator.exchange.formats.polygons import EXTRA, LIBRARY, Layout, Points, corners
from annotator.exchange.names import plain_names
from annotator.system import files

BACKGROUND = "background"


class Voc(Layout):
    """`JPEGImages` and `Annotations` for all parts, and a list of each part's pictures in `ImageSets/Main`."""

    name = "voc"
    suffix = ".xml"
    save = "as_pascal_voc"
    whole_pixels = True

    def picture_folder(self, part: str) -> str:
        return "JPEGImages"

    def annotation_folder(self, part: str) -> str:
        return "Annotations"

    def read_back(self, file: Path, *, width: int, height: int) -> Iterator[Points]:
        for item in ElementTree.parse(file).getroot().iter("object"):  # noqa: S314, the library wrote it just now
            yield _points(item)

    def say(self, file: Path, said: Sequence[Instance | None]) -> None:
        """Of each object VOC's own tags, 0 or 1, behind its name."""
        tree = ElementTree.parse(file)  # noqa: S314, the library wrote it just now
        for item, instance in zip(tree.getroot().iter("object"), said, strict=True):
            for flag in FLAGS:
                tag = ElementTree.Element(flag)
                tag.text = str(int(instance is not None and flag in instance.flags))
                item.insert(1, tag)
        ElementTree.indent(tree)
        tree.write(file, encoding="utf-8")

    def leaves_unsaid(self, instance: Instance) -> bool:
        return bool(set(instance.flags) - set(FLAGS) or instance.note)

    def category_names(self, names: Sequence[str]) -> list[str]:
        """XML has no control characters, and in `labelmap.txt` a colon ends a name and `#` begins a remark."""
        return plain_names(names, holds=lambda letter: is_plain(letter) and letter not in ":#")

    def finish(self, folder: Path, parts: Mapping[str, Sequence[str]], categories: Sequence[str]) -> None:
        for part, names in parts.items():
            lines = "".join(f"{Path(name).stem}\n" for name in names)
            files.write_atomically(folder / "ImageSets" / "Main" / f"{part or 'trainval'}.txt", lines.encode())
        # Without it CVAT and datumaro know VOC's own twenty categories alone.
        lines = "# label:color_rgb:parts:actions\n"
        labels = [BACKGROUND, *(name for name in categories if name != BACKGROUND)]
        lines += "".join(f"{name}:{_color(index)}::\n" for index, name in enumerate(labels))
        files.write_atomically(folder / "labelmap.txt", lines.encode())


def _color(index: int) -> str:
    """VOC's own colour of a class: the index's bits go round red, green and blue, the highest bits first."""
    bits = [index >> place & 1 for place in range(24)]
    return ",".join(str(sum(bit << 7 - place for place, bit in enumerate(bits[channel::3]))) for channel in range(3))


def _points(item: ElementTree.Element) -> Points:
    """VOC counts pixels from 1."""
    polygon, box = item.find("polygon"), item.find("bndbox")
    if polygon is not None:
        return np.array([float(value.text or "") for value in polygon]).reshape(-1, 2) - 1
    values: dict[str, Any] = {value.tag: float(value.text or "") for value in box} if box is not None else {}
    return corners(np.array([values["xmin"] - 1, values["ymin"] - 1, values["xmax"], values["ymax"]]))


FORMAT = Format(
    name="voc",
    title="Pascal VOC",
    holds="masks as polygons, boxes, VOC's own flags; holes as seams; no parts or crowds",
    write=Voc(),
    extra=EXTRA,
    library=LIBRARY,
    tasks=("image-segmentation", "object-detection"),
    tags=("pascal-voc", "instance-segmentation"),
    keeps_pictures=True,
)
