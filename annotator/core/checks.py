"""What is wrong with a COCO file, and what forbids an export."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image as Picture

from annotator.core.coco_lint import Problem, inspect_coco
from annotator.core.coco_values import areas_of, shown
from annotator.core.collection import collection_paused
from annotator.core.dataset import Dataset, State
from annotator.core.errors import CocoError, ExportError

__all__ = ["Problem", "check_coco", "check_file", "load", "require_exportable"]

_ORIENTATION = 0x0112  # EXIF
_MANY = 5  # reasons in one line


def check_coco(document: object) -> list[Problem]:
    """Every problem of a decoded COCO instances file, or of a list of results, in the document's order."""
    return inspect_coco(document).problems


@collection_paused()
def check_file(path: Path, *, images: Path | None = None) -> list[Problem]:
    """As `check_coco`, of a file; with `images`, also whether every picture lies in that folder and has its size.

    Raises CocoError if the file cannot be read or is not JSON.
    """
    document = load(path)
    problems = check_coco(document)
    if images is not None and isinstance(document, dict) and isinstance(document.get("images"), list):
        problems += _picture_problems(document["images"], images)
    return problems


def load(path: Path) -> Any:
    """The JSON of a file. Raises CocoError if it cannot be read or is not JSON."""
    try:
        return json.loads(Path(path).read_bytes())
    except OSError as error:
        raise CocoError([f"{path}: cannot be read: {error.strerror or error}"]) from error
    except (ValueError, RecursionError) as error:  # also wrong UTF-8, numbers of thousands of digits, endless nesting
        raise CocoError([f"{path}: is not JSON: {' '.join(str(error).split()) or 'too deep'}"]) from error


def _picture_problems(found: list[Any], folder: Path) -> Iterator[Problem]:
    """Pictures that are not in the folder, are none, or have another size; only their heads are read."""
    root = folder.resolve()
    for index, image in enumerate(found):
        name = image.get("file_name") if isinstance(image, dict) else None
        if not isinstance(name, str) or not name or "\0" in name:
            continue
        place = f"images[{index}].file_name"
        path = (root / name.replace("\\", "/")).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            yield Problem("error", place, f"{shown(name)} is not in {folder}")
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Picture.DecompressionBombWarning)  # nothing is decoded
                with Picture.open(path) as picture:
                    turned = picture.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
                    width, height = picture.size[::-1] if turned else picture.size
        except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError) as error:
            yield Problem("error", place, f"{shown(name)} is not a picture that can be read: {shown(str(error))}")
            continue
        if (width, height) != (image.get("width"), image.get("height")):
            expected = f"{shown(image.get('width'))} x {shown(image.get('height'))}"
            yield Problem("error", place, f"{shown(name)} is {width} x {height} px, the file says {expected}")


def require_exportable(dataset: Dataset) -> None:
    """Raise ExportError, naming every reason, where the dataset cannot become a true COCO file."""
    reasons = []
    if not dataset.images:
        reasons.append("no image to export: none is reviewed yet")
    sizes = {image.id: [image.height, image.width] for image in dataset.images}
    categories = {category.id for category in dataset.categories}
    for kind, ids in (
        ("image", [image.id for image in dataset.images]),
        ("category", [category.id for category in dataset.categories]),
        ("annotation", [instance.id for instance in dataset.instances]),
    ):
        reasons += [f"{kind} {id}: the id is there {count} times" for id, count in Counter(ids).items() if count > 1]
    for instance, area in zip(dataset.instances, areas_of([one.rle for one in dataset.instances]), strict=True):
        place = f"annotation {instance.id}"
        size = sizes.get(instance.image_id)
        if size is None:
            reasons.append(f"{place}: on image {instance.image_id}, which is not exported")
        elif [instance.rle.height, instance.rle.width] != size:
            reasons.append(f"{place}: the mask is {[instance.rle.height, instance.rle.width]}, the image is {size}")
        if instance.category_id not in categories:
            reasons.append(f"{place}: of category {instance.category_id}, which is not exported")
        if instance.state != State.ACCEPTED:
            reasons.append(f"{place}: is {instance.state}, only what was accepted leaves")
        if area == 0:
            reasons.append(f"{place}: the mask is empty")
    if reasons:
        more = f"; and {len(reasons) - _MANY} more" if len(reasons) > _MANY else ""
        raise ExportError("; ".join(reasons[:_MANY]) + more)
