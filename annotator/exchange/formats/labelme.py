"""LabelMe: a file of JSON beside each picture.

Tests: tests/exchange/formats/test_polygons.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from annotator.core.dataset import Instance
from annotator.exchange.formats.base import Format
from annotator.exchange.formats.polygons import EXTRA, LIBRARY, Layout, Points, corners


class LabelMe(Layout):
    """LabelMe looks for a picture beside its annotations."""

    name = "labelme"
    suffix = ".json"
    save = "as_labelme"
    parts = "grouped"

    def picture_folder(self, part: str) -> str:
        return part

    def annotation_folder(self, part: str) -> str:
        return part

    def read_back(self, file: Path, *, width: int, height: int) -> Iterator[Points]:
        for shape in json.loads(file.read_text("utf-8"))["shapes"]:
            points = np.array(shape["points"], np.float64)
            yield corners(points.ravel()) if shape["shape_type"] == "rectangle" else points

    def say(self, file: Path, said: Sequence[Instance | None]) -> None:
        """Flags under the name that LabelMe's own have, a note as the description of the shape."""
        document = json.loads(file.read_text("utf-8"))
        for shape, instance in zip(document["shapes"], said, strict=True):
            if instance is not None and instance.flags:
                shape["flags"] = {**shape.get("flags", {}), **dict.fromkeys(instance.flags, True)}
            if instance is not None and instance.note:
                shape["description"] = instance.note
        file.write_text(json.dumps(document, indent=2), "utf-8")

    def leaves_unsaid(self, instance: Instance) -> bool:
        return False


FORMAT = Format(
    name="labelme",
    title="LabelMe",
    holds="masks as polygons, parts, boxes, flags, notes; holes as seams; no crowds",
    write=LabelMe(),
    extra=EXTRA,
    library=LIBRARY,
    tasks=("image-segmentation", "object-detection"),
    tags=("labelme", "instance-segmentation"),
)
