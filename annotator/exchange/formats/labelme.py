"""LabelMe: a file of JSON beside each picture.

Tests: tests/exchange/formats/test_polygons.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from annotator.core.dataset import Image, Instance
from annotator.exchange.formats.base import Format
from annotator.exchange.formats.polygons import EXTRA, LIBRARY, Layout, Points, Sheet, Written, corners

_VERSION = "5.5.0"  # of the LabelMe whose files these are like


class LabelMe(Layout):
    """LabelMe looks for a picture beside its annotations."""

    name = "labelme"
    suffix = ".json"
    parts = "grouped"

    def picture_folder(self, part: str) -> str:
        return part

    def annotation_folder(self, part: str) -> str:
        return part

    def read_back(self, file: Path, *, width: int, height: int) -> Iterator[Points]:
        for shape in json.loads(file.read_text("utf-8"))["shapes"]:
            points = np.array(shape["points"], np.float64)
            yield corners(points.ravel()) if shape["shape_type"] == "rectangle" else points

    def text_of(self, sheet: Sheet) -> str:
        """A shape a line, because one number a line takes most of the time that an export has."""
        shapes = ",\n".join(f"    {json.dumps(_shape(one, sheet.names))}" for one in sheet.objects)
        flags = json.dumps(dict.fromkeys(sheet.flags, True))
        head = f'"version": {json.dumps(_VERSION)},\n  "flags": {flags},\n  "shapes": [\n{shapes}\n  ]'
        picture = f'"imagePath": {json.dumps(sheet.name)},\n  "imageData": null'
        return f'{{\n  {head},\n  {picture},\n  "imageHeight": {sheet.height},\n  "imageWidth": {sheet.width}\n}}'

    def leaves_unsaid(self, instance: Instance) -> bool:
        return False

    def leaves_picture_unsaid(self, image: Image) -> bool:
        return bool(image.note)


def _shape(one: Written, names: Sequence[str]) -> dict[str, Any]:
    """Flags under the name that LabelMe's own have, a note as the description of the shape."""
    # Outlines are whole numbers, which are written and read in a third of the time.
    points = one.box_xyxy.reshape(2, 2) if one.points is None else one.points
    said = one.instance
    return {
        "label": names[one.category],
        "points": points.tolist(),
        "group_id": one.group,
        "description": "" if said is None else said.note,
        "shape_type": "rectangle" if one.points is None else "polygon",
        "flags": {} if said is None else dict.fromkeys(said.flags, True),
    }


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
