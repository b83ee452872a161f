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
from annotator.core.categories import COCO_BY_NAME
from annotator.core.errors import GeometryError
from annotator.core.limits import MAX_SIDE
from annotator.core.masks import Rle
from annotator.core.measures import areas_of, boxes_of
from annotator.core.numbers import MAX_ID, is_finite, is_id
from annotator.core.polygons import Ring, polygons_to_rle
from annotator.exchange.coco.values import (
    ANNOTATION_KEYS,
    CATEGORY_KEYS,
    IMAGE_KEYS,
    name_of,
    named_by_id,
    polygons_of,
    rle_of,
    shown,
)

Level = Literal["error", "warning", "note"]

_FAR_PX = 3.0  # a box or polygon may leave the image, or miss the mask's box, by rounding only
_SUSPICIOUS_CROWDS = 10
_MANY = 5  # ids shown in one line
_LONGEST = 1_000  # characters of a name
_DEEP = 1_000  # characters of a place


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


def _not_json(value: object) -> tuple[str, str]:
    """Where inside a value that JSON cannot say the reason lies, and what it is."""
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        place, inner = waiting.pop()
        if isinstance(inner, float) and not is_finite(inner):
            return place, f"is {inner}, expected a finite number"
        if isinstance(inner, list):
            waiting += [(f"{place}[{index}]", item) for index, item in enumerate(inner)]
        elif isinstance(inner, dict):
            waiting += [(f"{place}.{name}", item) for name, item in inner.items()]
        if len(place) > _DEEP:
            break
    return "", "is nested too deep to be carried along"


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
                rle = polygons_to_rle(rings, height=size[0], width=size[1])
                self._note_crossing(place, rings, rle, named=named)
                return rle
            return rle_of(value, size=size)
        except GeometryError as error:
            inner, _, message = str(error).partition("] ") if str(error).startswith("[") else ("", "", str(error))
            self._error(f"{place}{inner}]" if inner else place, f"{message}{named}")
            return None

    def _warn_beyond(self, place: str, rings: list[Ring], *, size: tuple[int, int], named: str) -> None:
        limits = np.array([size[1], size[0]]) + _FAR_PX
        for index, ring in enumerate(rings):
            if ((ring < -_FAR_PX) | (ring > limits)).any():
                self._warn(f"{place}[{index}]", f"leaves the image of {size[1]} x {size[0]} px{named}")
                return

    def _note_crossing(self, place: str, rings: list[Ring], rle: Rle, *, named: str) -> None:
        """Outlines that enclose more or less than is filled: whoever fills by another rule sees another mask."""
        outlined, filled = sum(map(_outlined_px2, rings)), masks.rle_area(rle)
        if abs(outlined - filled) <= 2 or any(((ring < 0) | (ring > [rle.width, rle.height])).any() for ring in rings):
            return
        # Outlines that do not cross fill what they enclose, but for some pixels along them.
        around = sum(float(np.hypot(*(np.roll(ring, -1, axis=0) - ring).T).sum()) for ring in rings)
        if abs(outlined - filled) > around / 4 + 2:
            areas = f"outlines of {outlined:g} px2 fill {filled} pixels{named}"
            if len(rings) == 1:
                self._warn(place, f"crosses itself: {areas}")
            else:  # COCO's own files have some
                self._note(place, f"polygons overlap or lie in each other, which makes no hole: {areas}")

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

    def _require_json(self, place: str, found: Mapping[str, Any], known: frozenset[str], named: str = "") -> None:
        """Unknown keys are carried through an import, so they must be something that JSON can say."""
        for name, value in found.items():
            if name not in known and not isinstance(value, str | int):
                try:
                    json.dumps(value, allow_nan=False)
                except (ValueError, RecursionError):
                    inner, what = _not_json(value)
                    self._error(f"{place}.{name}{inner}".lstrip("."), f"{what}{named}")


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
        self._license_ids = _ids_of(document.get("licenses"))
        self._keypoint_names: dict[int, int] = {}
        self._images(lists["images"])
        if self._is_another_form([annotation for _, annotation in lists["annotations"]]):
            return
        self._categories(lists["categories"])
        self._annotations(lists["annotations"])
        for name, kind, called in (("info", dict, "an object"), ("licenses", list, "a list")):
            if name not in document:
                self._note(name, "absent; COCO's own files have it")
            elif not isinstance(document[name], kind):
                self._warn(name, f"is {shown(document[name])}, expected {called}")
        if document.get("images") == []:
            self._warn("images", "none")

    def _is_another_form(self, annotations: list[dict[str, Any]]) -> bool:
        """COCO has files of other forms under the same three keys: said once instead of at every annotation."""
        if annotations and all("segments_info" in annotation for annotation in annotations):
            what = "of COCO's panoptic form (segments_info, masks in PNG files)"
        elif annotations and all("caption" in one and "category_id" not in one for one in annotations):
            what = "captions without a category_id"
        else:
            return False
        self._error("annotations", f"are {what}, expected instances, one annotation each")
        return True

    def _list_of_objects(self, name: str) -> list[tuple[int, dict[str, Any]]]:
        found = self._document.get(name)
        if name == "categories" and found is None and self._is_captions():
            return []
        if not isinstance(found, list):
            missing = "absent" if name not in self._document else shown(found)
            self._error(name, f"is {missing}, expected a list")
            return []
        for index, item in enumerate(found):
            if not isinstance(item, dict):
                self._error(f"{name}[{index}]", f"is {shown(item)}, expected an object")
        return [(index, item) for index, item in enumerate(found) if isinstance(item, dict)]

    def _is_captions(self) -> bool:
        found = self._document.get("annotations")
        return isinstance(found, list) and any(isinstance(one, dict) and "caption" in one for one in found)

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
                if not is_id(side) or not 1 <= side <= MAX_SIDE:  # type: ignore[operator]
                    sound = False
                    self._error(f"{place}.{name}", f"is {shown(side)}, expected 1 to {MAX_SIDE} pixels{named}")
            if unique and sound:
                self._sizes[image["id"]] = (image["height"], image["width"])
            file_name = name_of(image)
            if not isinstance(file_name, str) or not 1 <= len(file_name) <= _LONGEST:
                self._error(f"{place}.file_name", f"is {_name_shown(file_name)}{named}")
            else:
                names[file_name] += 1
                if image.get("file_name") is None:
                    self._warn(f"{place}.file_name", f"absent, taken from coco_url: {shown(file_name)}{named}")
                self._file_name(f"{place}.file_name", file_name, named)
            license_id = image.get("license")
            if self._license_ids and is_id(license_id) and license_id not in self._license_ids:
                self._note(f"{place}.license", f"is {license_id}, which is not among the licenses{named}")
            self._require_json(place, image, IMAGE_KEYS, named)
        self._twice("images", "file name", names)

    def _file_name(self, place: str, name: str, named: str) -> None:
        parts = name.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or ":" in parts[0]:
            self._warn(place, f"{shown(name)} leads out of the images' folder, expected a path below it{named}")
        elif not name.isprintable() or name.strip() != name:
            self._warn(place, f"{shown(name)} has signs that no system, or not every one, takes in a name{named}")

    def _twice(self, place: str, kind: str, names: Counter[str]) -> None:
        """Names that are there more than once, be it in other capitals."""
        alike: dict[str, str] = {}
        for name, count in names.items():
            if count > 1:
                self._warn(place, f"the {kind} {shown(name)} is there {count} times, expected once")
            other = alike.setdefault(name.casefold(), name)
            if other != name:
                self._warn(place, f"the {kind}s {shown(other)} and {shown(name)} differ in capitals only")

    # --- categories ------------------------------------------------------------------------------------------------

    def _categories(self, found: list[tuple[int, dict[str, Any]]]) -> None:
        names: Counter[str] = Counter()
        for index, category in found:
            place = f"categories[{index}]"
            self._unique_id(place, category, self._category_ids)
            name = category.get("name")
            if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST:
                self._error(f"{place}.name", f"is {_name_shown(name)}")
                continue
            names[name] += 1
            if name != name.strip() or not name.isprintable():
                self._warn(f"{place}.name", f"{shown(name)} has spaces around it, or signs that do not show")
            coco = COCO_BY_NAME.get(name)
            if coco is not None and coco.id != category.get("id"):
                self._note(f"{place}.id", f"{name} is {shown(category.get('id'))} here and {coco.id} in COCO")
            supercategory = category.get("supercategory", "")
            if not isinstance(supercategory, str | None):
                self._error(f"{place}.supercategory", f"is {shown(supercategory)}, expected a text")
            if isinstance(category.get("keypoints"), list) and is_id(category.get("id")):
                self._keypoint_names[category["id"]] = len(category["keypoints"])
            self._require_json(place, category, CATEGORY_KEYS)
        self._twice("categories", "name", names)
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
            if not is_id(id):
                self._error(f"{place}.{name}", f"is {shown(id)}, expected a whole number from 0 to {MAX_ID}{named}")
            elif id not in known:
                kind = "images" if name == "image_id" else "categories"
                self._error(f"{place}.{name}", f"is {id}, which is not among the {kind}{named}")
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
        if not isinstance(value, int | float) or value not in (0, 1):
            self._error(f"{place}.iscrowd", f"is {shown(value)}, expected 0 or 1{named}")
            return
        if type(value) is not int:
            self._warn(f"{place}.iscrowd", f"is {value}, expected {int(value)}; strict readers stop at it{named}")
        if value == 1 and isinstance(annotation.get("segmentation"), list) and annotation["segmentation"]:
            self._warn(f"{place}.iscrowd", f"is 1 beside polygons; a crowd is ignored in training and scoring{named}")

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
            return
        strange = next((flag for flag in points[2::3] if flag not in (0, 1, 2)), None)
        if strange is not None:
            self._warn(f"{place}.keypoints", f"has a visibility of {shown(strange)}, expected 0, 1 or 2{named}")
        category_id = annotation.get("category_id")
        expected = self._keypoint_names.get(category_id) if is_id(category_id) else None  # type: ignore[arg-type]
        if expected is not None and len(points) != 3 * expected:
            self._warn(f"{place}.keypoints", f"has {len(points) // 3} points, its category names {expected}{named}")
        labelled, visible = annotation.get("num_keypoints"), sum(flag > 0 for flag in points[2::3])
        if labelled is not None and labelled != visible:
            self._warn(f"{place}.num_keypoints", f"is {shown(labelled)}, {visible} keypoints are labelled{named}")

    def _compare_with_masks(self, annotations: dict[int, dict[str, Any]]) -> None:
        """Areas and boxes beside those of the decoded masks, empty masks, and the same mask twice."""
        rles = list(self.inspection.masks.values())
        seen: dict[tuple[int, int, str], int] = {}
        for index, pixels, tight in zip(self.inspection.masks, areas_of(rles), boxes_of(rles), strict=True):
            annotation, place = annotations[index], f"annotations[{index}]"
            named = named_by_id(annotation)
            if pixels == 0:
                guess = "; from 0 to 1, as if they were shares of the image" if _in_shares(annotation) else ""
                self._warn(f"{place}.segmentation", f"covers no pixel{guess}{named}")
                continue
            area = annotation.get("area")
            if is_finite(area) and area >= 0:  # type: ignore[operator]
                # In COCO it is the polygons: half a pixel along the border off. Its crowds are rougher.
                rough = 0.5 if annotation.get("iscrowd") == 1 else 0.1
                if abs(area - pixels) > max(tight[2] + tight[3], rough * pixels):  # type: ignore[operator]
                    self._warn(f"{place}.area", f"is {area:g}, the mask has {pixels:g} pixels{named}")
            box = annotation.get("bbox")
            if isinstance(box, list) and len(box) == 4 and all(is_finite(value) for value in box):
                x, y, w, h = box
                if w >= 0 and h >= 0 and _apart((x, y, x + w, y + h), tight) > _FAR_PX:
                    guess = "" if _apart((x, y, w, h), tight) > _FAR_PX else "; it looks like x0, y0, x1, y1"
                    self._warn(f"{place}.bbox", f"is {box}, the mask's is {tight}{guess}{named}")
            if not is_id(annotation.get("category_id")):
                continue
            key = (annotation["image_id"], annotation["category_id"], self.inspection.masks[index].counts)
            if key in seen:
                self._warn(f"{place}", f"the same object as annotations[{seen[key]}]: image, category and mask{named}")
            seen.setdefault(key, index)


def _outlined_px2(ring: Ring) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(abs(x[:-1] @ y[1:] - x[1:] @ y[:-1] + x[-1] * y[0] - x[0] * y[-1])) / 2


def _apart(corners: tuple[float, float, float, float], box_xywh: list[float]) -> float:
    """How far the corners of two boxes lie apart at most, in pixels."""
    x, y, w, h = box_xywh
    return max(abs(a - b) for a, b in zip(corners, (x, y, x + w, y + h), strict=True))


def _in_shares(annotation: Mapping[str, Any]) -> bool:
    """Whether an annotation's polygons have no coordinate beyond 1."""
    found = annotation.get("segmentation")
    return isinstance(found, list) and all(0 <= value <= 1 for ring in found for value in ring)


def _ids_of(found: object) -> set[int]:
    items = found if isinstance(found, list) else []
    return {item["id"] for item in items if isinstance(item, dict) and is_id(item.get("id"))}


def _name_shown(name: object) -> str:
    if isinstance(name, str) and len(name) > _LONGEST:
        return f"a name of {len(name)} characters, expected at most {_LONGEST}"
    return f"{shown(name)}, expected a name"


class _Results(_Findings):
    """A list of results, as COCO's evaluation reads it, under inspection."""

    def __init__(self, document: list[Any]) -> None:
        super().__init__()
        for index, result in enumerate(document):
            place = f"[{index}]"
            if not isinstance(result, dict):
                self._error(place, f"is {shown(result)}, expected an object")
                continue
            # Several tools name the image there by its file.
            image_id = result.get("image_id")
            if not is_id(image_id) and not (isinstance(image_id, str) and image_id):
                self._error(f"{place}.image_id", f"is {shown(image_id)}, expected a whole number from 0 on")
            if not is_id(result.get("category_id")):
                shown_id = shown(result.get("category_id"))
                self._error(f"{place}.category_id", f"is {shown_id}, expected a whole number from 0 on")
            if not is_finite(result.get("score")):
                self._error(f"{place}.score", f"is {shown(result.get('score'))}, expected a number")
            elif not 0 <= result["score"] <= 1:
                self._warn(f"{place}.score", f"is {shown(result['score'])}, expected 0 to 1")
            has_box = "bbox" in result and self._box(place, result["bbox"], None, "")
            if result.get("segmentation") in (None, []):
                if not has_box:
                    self._error(f"{place}.segmentation", "is absent, expected a mask or at least a bbox")
            else:
                rle = self._mask(f"{place}.segmentation", result["segmentation"], size=None, named="")
                if rle is not None:
                    self.inspection.masks[index] = rle
