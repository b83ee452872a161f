"""A COCO document under inspection: every problem with its place, and every mask that is sound.

Nothing that is unguarded reaches pycocotools from here: polygons and runs are checked before they are rasterised.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from annotator.core import masks
from annotator.core.coco_categories import COCO_BY_NAME
from annotator.core.coco_values import (
    ANNOTATION_KEYS,
    CATEGORY_KEYS,
    IMAGE_KEYS,
    MAX_ID,
    areas_of,
    boxes_of,
    is_finite,
    is_id,
    named_by_id,
    polygons_of,
    rle_of,
    shown,
)
from annotator.core.errors import GeometryError
from annotator.core.masks import Rle

Level = Literal["error", "warning", "note"]

_FAR_PX = 3.0  # a box or polygon may leave the image, or miss the mask's box, by rounding only
_SUSPICIOUS_CROWDS = 10
_MANY = 5  # ids shown in one line


@dataclass(frozen=True)
class Problem:
    """One finding. An error makes the document unreadable to us or wrong; a warning harms some readers; a note is worth
    knowing.

    place: a path into the document, such as `annotations[17].segmentation`; empty for the document as a whole.
    """

    level: Level
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


@dataclass(frozen=True)
class Inspection:
    """Every problem of a document, in its order, and the mask of each annotation that has one, by index."""

    problems: list[Problem] = field(default_factory=list)
    masks: dict[int, Rle] = field(default_factory=dict)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.level == "error"]


def inspect_coco(document: object) -> Inspection:
    """As `check_coco`, with the masks that were rasterised on the way."""
    if isinstance(document, list):
        return _Results(document).inspection
    return _Document(document).inspection


class _Findings:
    """Collects problems; `_error`, `_warn` and `_note` add one."""

    def __init__(self) -> None:
        self.inspection = Inspection()

    def _add(self, level: Level, place: str, message: str) -> None:
        self.inspection.problems.append(Problem(level, place, message))

    def _error(self, place: str, message: str) -> None:
        self._add("error", place, message)

    def _warn(self, place: str, message: str) -> None:
        self._add("warning", place, message)

    def _note(self, place: str, message: str) -> None:
        self._add("note", place, message)

    def _mask(self, place: str, value: object, *, size: tuple[int, int] | None, named: str) -> Rle | None:
        """A segmentation, rasterised; None where it is wrong. size: the image's height and width."""
        try:
            if isinstance(value, list):
                rings = polygons_of(value)
                if size is None:
                    return None
                self._warn_beyond(place, rings, size=size, named=named)
                return masks.polygons_to_rle(rings, height=size[0], width=size[1])
            return rle_of(value, size=size)
        except GeometryError as error:
            inner, _, message = str(error).partition("] ") if str(error).startswith("[") else ("", "", str(error))
            self._error(f"{place}{inner}]" if inner else place, f"{message}{named}")
            return None

    def _warn_beyond(self, place: str, rings: list[masks.Ring], *, size: tuple[int, int], named: str) -> None:
        limits = np.array([size[1], size[0]]) + _FAR_PX
        for index, ring in enumerate(rings):
            if ((ring < -_FAR_PX) | (ring > limits)).any():
                self._warn(f"{place}[{index}]", f"leaves the image of {size[1]} x {size[0]} px{named}")
                return

    def _require_json(self, place: str, found: Mapping[str, Any], known: frozenset[str], named: str = "") -> None:
        """Unknown keys are carried through an import, so they must be something that JSON can say."""
        for name, value in found.items():
            if name not in known:
                try:
                    json.dumps(value, allow_nan=False)
                except (ValueError, RecursionError):
                    self._error(
                        f"{place}.{name}".lstrip("."), f"holds a number that is not finite, or is too deep{named}"
                    )


class _Document(_Findings):
    """A COCO instances file under inspection."""

    def __init__(self, document: object) -> None:
        super().__init__()
        if not isinstance(document, dict):
            self._error("", f"the file is {shown(document)}, expected an object with images, annotations, categories")
            return
        self._document = document
        lists = {name: self._list_of_objects(name) for name in ("images", "annotations", "categories")}
        self._require_json("", document, frozenset(lists))
        self._sizes: dict[int, tuple[int, int]] = {}
        self._image_ids: set[int] = set()
        self._category_ids: set[int] = set()
        self._images(lists["images"])
        self._categories(lists["categories"])
        self._annotations(lists["annotations"])
        for name in ("info", "licenses"):
            if name not in document:
                self._note(name, "absent; COCO's own files have it")

    def _list_of_objects(self, name: str) -> list[tuple[int, dict[str, Any]]]:
        found = self._document.get(name)
        if not isinstance(found, list):
            missing = "absent" if name not in self._document else shown(found)
            self._error(name, f"is {missing}, expected a list")
            return []
        for index, item in enumerate(found):
            if not isinstance(item, dict):
                self._error(f"{name}[{index}]", f"is {shown(item)}, expected an object")
        return [(index, item) for index, item in enumerate(found) if isinstance(item, dict)]

    def _unique_id(self, place: str, item: Mapping[str, Any], taken: set[int]) -> bool:
        id = item.get("id")
        if not is_id(id):
            self._error(f"{place}.id", f"is {shown(id)}, expected a whole number from 0 to {MAX_ID}")
            return False
        if id in taken:
            self._error(f"{place}.id", f"{id} is there twice; readers keep the last of them")
            return False
        taken.add(int(id))  # type: ignore[arg-type]
        return True

    # --- images ----------------------------------------------------------------------------------------------------

    def _images(self, found: list[tuple[int, dict[str, Any]]]) -> None:
        names: Counter[str] = Counter()
        for index, image in found:
            place = f"images[{index}]"
            named = named_by_id(image)
            unique = self._unique_id(place, image, self._image_ids)
            sound = True
            for name in ("width", "height"):
                side = image.get(name)
                if not is_id(side) or not 1 <= side <= masks.MAX_SIDE:  # type: ignore[operator]
                    sound = False
                    self._error(f"{place}.{name}", f"is {shown(side)}, expected 1 to {masks.MAX_SIDE} pixels{named}")
            if unique and sound:
                self._sizes[image["id"]] = (image["height"], image["width"])
            file_name = image.get("file_name")
            if not isinstance(file_name, str) or not file_name:
                self._error(f"{place}.file_name", f"is {shown(file_name)}, expected a name{named}")
            else:
                names[file_name] += 1
                parts = file_name.replace("\\", "/").split("/")
                if ".." in parts or parts[0] == "" or ":" in parts[0]:
                    self._warn(f"{place}.file_name", f"{shown(file_name)} leads out of the images' folder{named}")
            self._require_json(place, image, IMAGE_KEYS, named)
        for name, count in names.items():
            if count > 1:
                self._warn("images", f"the file name {shown(name)} is there {count} times")

    # --- categories ------------------------------------------------------------------------------------------------

    def _categories(self, found: list[tuple[int, dict[str, Any]]]) -> None:
        names: Counter[str] = Counter()
        for index, category in found:
            place = f"categories[{index}]"
            self._unique_id(place, category, self._category_ids)
            name = category.get("name")
            if not isinstance(name, str) or not name.strip():
                self._error(f"{place}.name", f"is {shown(name)}, expected a name")
                continue
            names[name] += 1
            coco = COCO_BY_NAME.get(name)
            if coco is not None and coco.id != category.get("id"):
                self._note(f"{place}.id", f"{name} is {shown(category.get('id'))} here and {coco.id} in COCO")
            supercategory = category.get("supercategory", "")
            if not isinstance(supercategory, str | None):
                self._error(f"{place}.supercategory", f"is {shown(supercategory)}, expected a text")
            self._require_json(place, category, CATEGORY_KEYS)
        for name, count in names.items():
            if count > 1:
                self._warn("categories", f"the name {shown(name)} is there {count} times")
        if 0 in self._category_ids:
            self._note("categories", "id 0 is a category; several trainers take 0 for the background")

    # --- annotations -----------------------------------------------------------------------------------------------

    def _annotations(self, found: list[tuple[int, dict[str, Any]]]) -> None:
        ids: set[int] = set()
        for index, annotation in found:
            self._annotation(f"annotations[{index}]", index, annotation, ids)
        self._compare_with_masks(dict(found))
        used = {annotation.get("category_id") for _, annotation in found if is_id(annotation.get("category_id"))}
        seen = {annotation.get("image_id") for _, annotation in found if is_id(annotation.get("image_id"))}
        if not found:
            self._warn("annotations", "none")
            return
        self._forms([annotation for _, annotation in found])
        for kind, unused in (("images", self._image_ids - seen), ("categories", self._category_ids - used)):
            if unused:
                shown = ", ".join(str(id) for id in sorted(unused)[:_MANY]) + (", ..." if len(unused) > _MANY else "")
                self._note(kind, f"{len(unused)} without annotations (ids {shown})")

    def _annotation(self, place: str, index: int, annotation: dict[str, Any], ids: set[int]) -> None:
        named = named_by_id(annotation)
        if self._unique_id(place, annotation, ids) and annotation["id"] == 0:
            self._warn(f"{place}.id", "is 0; COCOeval counts a match with it as none")
        for name, known in (("image_id", self._image_ids), ("category_id", self._category_ids)):
            id = annotation.get(name)
            if not is_id(id) or id not in known:
                kind = "images" if name == "image_id" else "categories"
                self._error(f"{place}.{name}", f"is {shown(id)}, which is not among the {kind}{named}")
        image_id = annotation.get("image_id")
        size = self._sizes.get(image_id) if is_id(image_id) else None  # type: ignore[arg-type]
        self._crowd(place, annotation, named)
        has_box = self._box(place, annotation.get("bbox"), size, named)
        if "area" not in annotation:
            self._warn(f"{place}.area", f"absent; COCOeval stops without it{named}")
        elif not is_finite(annotation["area"]) or annotation["area"] < 0:
            self._error(f"{place}.area", f"is {shown(annotation['area'])}, expected a number from 0 on{named}")
        self._keypoints(place, annotation, named)
        self._require_json(place, annotation, ANNOTATION_KEYS, named)
        segmentation = annotation.get("segmentation")
        if segmentation is None or segmentation == []:
            add: Callable[[str, str], None] = self._warn if has_box else self._error
            add(f"{place}.segmentation", f"absent; trainers of masks skip it or stop{named}")
            return
        rle = self._mask(f"{place}.segmentation", segmentation, size=size, named=named)
        if rle is not None and size is not None:
            self.inspection.masks[index] = rle

    def _crowd(self, place: str, annotation: dict[str, Any], named: str) -> None:
        if "iscrowd" not in annotation:
            self._warn(f"{place}.iscrowd", f"absent; COCOeval stops without it{named}")
            return
        value = annotation["iscrowd"]
        if not isinstance(value, int) or value not in (0, 1):
            self._error(f"{place}.iscrowd", f"is {shown(value)}, expected 0 or 1{named}")
        elif value == 1 and isinstance(annotation.get("segmentation"), list) and annotation["segmentation"]:
            self._warn(f"{place}.iscrowd", f"is 1 beside polygons; a crowd is ignored in training and scoring{named}")

    def _box(self, place: str, box: object, size: tuple[int, int] | None, named: str) -> bool:
        """Whether there is a sound box; an absent one is a warning, a wrong one an error."""
        place = f"{place}.bbox"
        if box is None:
            self._warn(place, f"absent{named}")
            return False
        if not (isinstance(box, list) and len(box) == 4 and all(is_finite(value) for value in box)):
            self._error(place, f"is {shown(box)}, expected 4 finite numbers x, y, width, height{named}")
            return False
        x, y, w, h = box
        if w < 0 or h < 0:
            self._error(place, f"has a width of {w:g} and a height of {h:g}, expected from 0 on{named}")
            return False
        if w == 0 or h == 0:
            self._warn(place, f"has a width of {w:g} and a height of {h:g}; several trainers stop at it{named}")
        if size is not None and (min(x, y) < -_FAR_PX or x + w > size[1] + _FAR_PX or y + h > size[0] + _FAR_PX):
            self._warn(place, f"leaves the image of {size[1]} x {size[0]} px{named}")
        return True

    def _forms(self, annotations: list[dict[str, Any]]) -> None:
        """What whole classes of readers make of the forms in which masks are written."""
        coded = [one for one in annotations if isinstance(one.get("segmentation"), dict)]
        crowds = sum(one.get("iscrowd") == 1 for one in coded)
        if crowds >= _SUSPICIOUS_CROWDS and crowds * 3 > len(annotations):
            some = "several tools write iscrowd 1 for every RLE, and crowds are ignored in training and scoring"
            self._warn("annotations", f"{crowds} of {len(annotations)} are crowds; {some}")
        if len(coded) > crowds:
            self._note(
                "annotations", f"{len(coded) - crowds} are RLE with iscrowd 0; readers of polygons leave them out"
            )

    def _keypoints(self, place: str, annotation: dict[str, Any], named: str) -> None:
        points = annotation.get("keypoints")
        if points is None:
            return
        if not isinstance(points, list) or len(points) % 3 or not all(is_finite(value) for value in points):
            self._error(f"{place}.keypoints", f"is {shown(points)}, expected 3 finite numbers a point{named}")

    def _compare_with_masks(self, annotations: dict[int, dict[str, Any]]) -> None:
        """Areas and boxes beside those of the decoded masks, empty masks, and the same mask twice."""
        rles = list(self.inspection.masks.values())
        seen: dict[tuple[int, int, str], int] = {}
        for index, pixels, tight in zip(self.inspection.masks, areas_of(rles), boxes_of(rles), strict=True):
            annotation, place = annotations[index], f"annotations[{index}]"
            named = named_by_id(annotation)
            if pixels == 0:
                self._warn(f"{place}.segmentation", f"covers no pixel{named}")
                continue
            area = annotation.get("area")
            if is_finite(area) and abs(area - pixels) > max(100.0, 0.5 * pixels):  # type: ignore[operator]
                self._warn(f"{place}.area", f"is {area:g}, the mask has {pixels:g} pixels{named}")
            box = annotation.get("bbox")
            if isinstance(box, list) and len(box) == 4 and all(is_finite(value) for value in box):
                corners = [(x, y, x + w, y + h) for x, y, w, h in (box, tight)]
                if max(abs(a - b) for a, b in zip(*corners, strict=True)) > _FAR_PX:
                    self._warn(f"{place}.bbox", f"is {box}, the mask's is {tight}{named}")
            if not is_id(annotation.get("category_id")):
                continue
            key = (annotation["image_id"], annotation["category_id"], self.inspection.masks[index].counts)
            if key in seen:
                self._warn(f"{place}", f"the same object as annotations[{seen[key]}]: image, category and mask{named}")
            seen.setdefault(key, index)


class _Results(_Findings):
    """A list of results, as COCO's evaluation reads it, under inspection."""

    def __init__(self, document: list[Any]) -> None:
        super().__init__()
        for index, result in enumerate(document):
            place = f"[{index}]"
            if not isinstance(result, dict):
                self._error(place, f"is {shown(result)}, expected an object")
                continue
            for name in ("image_id", "category_id"):
                if not is_id(result.get(name)):
                    self._error(f"{place}.{name}", f"is {shown(result.get(name))}, expected a whole number from 0 on")
            if not is_finite(result.get("score")):
                self._error(f"{place}.score", f"is {shown(result.get('score'))}, expected a number")
            if "segmentation" not in result:
                self._warn(f"{place}.segmentation", "absent")
            else:
                rle = self._mask(f"{place}.segmentation", result["segmentation"], size=None, named="")
                if rle is not None:
                    self.inspection.masks[index] = rle
