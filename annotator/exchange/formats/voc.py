"""Pascal VOC: a file of XML a picture, with polygons beside the boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from xml.parsers.expat import ParserCreate
from xml.sax.saxutils import escape

import numpy as np

from annotator.core.dataset import FLAGS, Instance
from annotator.core.text import is_plain
from annotator.exchange.formats.base import Format
from annotator.exchange.formats.polygons import EXTRA, LIBRARY, Layout, Points, Sheet, Written, corners
from annotator.exchange.names import plain_names
from annotator.system import files

BACKGROUND = "background"

# The parser proves the file; a tree of all its points would take most of the time that an export has.
_OBJECT = re.compile(rb"<object>(.*?)</object>", re.DOTALL)
_BOX = re.compile(rb"<(xmin|ymin|xmax|ymax)>(\d+)</\1>")
_NUMBER = re.compile(rb">(\d+)<")

_TEXT = """<?xml version='1.0' encoding='utf-8'?>
<annotation>
  <folder>VOC</folder>
  <filename>{name}</filename>
  <source>
    <database>roboflow.ai</database>
  </source>
  <size>
    <width>{width}</width>
    <height>{height}</height>
    <depth>3</depth>
  </size>
  <segmented>0</segmented>{objects}
</annotation>"""


class Voc(Layout):
    """`JPEGImages` and `Annotations` for all parts, and a list of each part's pictures in `ImageSets/Main`."""

    name = "voc"
    suffix = ".xml"
    whole_pixels = True

    def picture_folder(self, part: str) -> str:
        return "JPEGImages"

    def annotation_folder(self, part: str) -> str:
        return "Annotations"

    def read_back(self, file: Path, *, width: int, height: int) -> Iterator[Points]:
        content = file.read_bytes()
        ParserCreate().Parse(content, True)
        for item in _OBJECT.finditer(content):
            yield _points(item[1])

    def text_of(self, sheet: Sheet) -> str:
        """Put together as text: a tree of two elements a point takes ten times as long."""
        return _TEXT.format(
            name=escape(sheet.name),
            width=sheet.width,
            height=sheet.height,
            objects="".join(_object(one, sheet.names) for one in sheet.objects),
        )

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


def _object(one: Written, names: Sequence[str]) -> str:
    """Behind the name VOC's own flags, 0 or 1. VOC counts pixels from 1, and a box ends with its last pixel."""
    said = () if one.instance is None else one.instance.flags
    flags = "".join(f"\n    <{flag}>{int(flag in said)}</{flag}>" for flag in reversed(FLAGS))
    x0, y0, x1, y1 = (round(side) for side in one.box_xyxy.tolist())
    sides = {"xmin": x0 + 1, "ymin": y0 + 1, "xmax": max(x1, x0 + 1), "ymax": max(y1, y0 + 1)}
    box = "".join(f"\n      <{side}>{value}</{side}>" for side, value in sides.items())
    polygon = ""
    if one.points is not None:
        points = _points_text(len(one.points)) % tuple((one.points + 1).ravel().tolist())
        polygon = f"\n    <polygon>{points}\n    </polygon>"
    name = f"\n    <name>{escape(names[one.category])}</name>"
    return f"\n  <object>{name}{flags}\n    <bndbox>{box}\n    </bndbox>{polygon}\n  </object>"


@lru_cache(maxsize=1024)
def _points_text(count: int) -> str:
    """So many points with places for their numbers: most outlines have as many as some other one."""
    places = range(1, count + 1)
    return "".join(f"\n      <x{place}>%d</x{place}>\n      <y{place}>%d</y{place}>" for place in places)


def _color(index: int) -> str:
    """VOC's own colour of a class: the index's bits go round red, green and blue, the highest bits first."""
    bits = [index >> place & 1 for place in range(24)]
    return ",".join(str(sum(bit << 7 - place for place, bit in enumerate(bits[channel::3]))) for channel in range(3))


def _points(item: bytes) -> Points:
    """VOC counts pixels from 1. Raises KeyError where there is neither a polygon nor a box."""
    polygon = item.partition(b"<polygon>")[2]
    if polygon:
        return np.fromstring(b" ".join(_NUMBER.findall(polygon)), np.float64, sep=" ").reshape(-1, 2) - 1
    sides = {name.decode(): float(value) for name, value in _BOX.findall(item)}
    return corners(np.array([sides["xmin"] - 1, sides["ymin"] - 1, sides["xmax"], sides["ymax"]]))


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
