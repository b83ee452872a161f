"""What an export of polygons holds, and what it could not hold.

Tests: tests/exchange/formats/test_polygons.py
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from annotator.core.words import counted
from annotator.exchange.formats.unsaid import unsaid_lines


@dataclass
class PolygonReport:
    """Ids are those of the COCO export. parts: what the format makes of an instance's parts.

    losses: the IoU of what is read back with the mask, of every instance where it is not 1. in_parts: instances that
    became several objects. boxes: instances too thin for a polygon. filled: instances whose holes are gone.
    boxes_only: objects that never had a mask, written as boxes; of these, clipped reached beyond their picture and
    rounded were moved to whole pixels. Left out are crowds, boxes_left_out (objects that never had a mask, where the
    format has no boxes) and nowhere (objects without a mask or a box). pictures_left_out: they show nothing else, and
    without any object they would say that nothing is there. unsaid, pictures_unsaid: instances, and names of pictures,
    with a flag or a note that does not leave.
    """

    form: str
    parts: str
    images: int = 0
    instances: int = 0
    objects: int = 0
    worst_iou: float = 1.0
    mean_iou: float = 1.0
    losses: dict[int, float] = field(default_factory=dict)
    in_parts: list[int] = field(default_factory=list)
    holes: list[int] = field(default_factory=list)
    filled: list[int] = field(default_factory=list)
    boxes: list[int] = field(default_factory=list)
    boxes_only: list[int] = field(default_factory=list)
    clipped: list[int] = field(default_factory=list)
    rounded: list[int] = field(default_factory=list)
    crowds_left_out: list[int] = field(default_factory=list)
    boxes_left_out: list[int] = field(default_factory=list)
    nowhere: list[int] = field(default_factory=list)
    unsaid: list[int] = field(default_factory=list)
    pictures_unsaid: list[str] = field(default_factory=list)
    pictures_left_out: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    renamed_categories: dict[str, str] = field(default_factory=dict)

    def sum_up(self) -> None:
        """Count what the single losses come to."""
        lost = self.losses.values()
        self.worst_iou = min(lost, default=1.0)
        if self.instances:
            self.mean_iou = (self.instances - len(lost) + sum(lost)) / self.instances

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"

    def to_text(self) -> str:
        exact = self.instances - len(self.losses)
        worst = f", the worst with IoU {self.worst_iou:.6f}" if self.losses else ""
        boxes = f", and {counted(len(self.boxes_only), 'box', 'boxes')} without a mask" if self.boxes_only else ""
        instances, objects = counted(self.instances, "instance"), counted(self.objects, "object")
        lines = [
            f"{self.form}: {instances} as {objects} on {counted(self.images, 'image')}{boxes}",
            f"read back: {counted(exact, 'exact mask')}, {len(self.losses)} others{worst}",
            *(f"warning: {told} (id {ids[0]})" for ids, told in self._warnings() if ids),
        ]
        if self.pictures_left_out:
            count = counted(len(self.pictures_left_out), "picture")
            lines.append(
                f"warning: {count} left out: without an object it would say that nothing is there "
                f"({self.pictures_left_out[0]!r:.80})"
            )
        lines += unsaid_lines(self.unsaid, self.pictures_unsaid)
        lines += [f"picture {old!r} is {new!r} here" for old, new in self.renamed.items()]
        lines += [f"category {old!r} is {new!r} here" for old, new in self.renamed_categories.items()]
        return "\n".join(lines) + "\n"

    def _warnings(self) -> list[tuple[list[int], str]]:
        found = (
            (self.in_parts, "instance", f"in several parts, each part an object ({self.parts})"),
            (self.holes, "instance", "with holes, joined to the outline by a seam of no width"),
            (self.filled, "instance", "whose holes are lost: no seam leads to them"),
            (self.boxes, "instance", "too thin for a polygon, written as a box"),
            (self.clipped, "box", "beyond the border of the picture, cut off there"),
            (self.rounded, "box", "rounded up to whole pixels"),
            (self.crowds_left_out, "crowd", "left out: the format has none"),
            (self.boxes_left_out, "box", "without a mask left out: the format has masks alone"),
            (self.nowhere, "object", "left out, with neither a mask nor a box in the picture"),
        )
        plurals = {"box": "boxes"}
        return [(ids, f"{counted(len(ids), noun, plurals.get(noun))} {what}") for ids, noun, what in found]
