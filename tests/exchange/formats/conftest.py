"""A dataset of discs on two pictures, and an export of it in any format."""

import cv2
import numpy as np
import pytest

from annotator.core.dataset import PROVENANCE, WITHOUT_MASK, Category, Dataset, Image, Instance, State
from annotator.core.masks import mask_to_rle
from annotator.exchange import pack
from annotator.exchange.formats import FORMATS, Options


def disc(x, y, radius, hole=0, *, size=(60, 80)):
    rows, columns = np.mgrid[: size[0], : size[1]]
    apart = (columns - x) ** 2 + (rows - y) ** 2
    return (apart < radius**2) & (apart >= hole**2)


def dataset_of(*masks, crowd=False, boxes=(), names=("bus", 'каска: "x"')):
    """Each mask on the first of two images; on the second one boxes that never had a mask, as xywh."""
    images = (
        Image(1, "sub/a.png", 80, 60, "1" * 64, reviewed=True),
        with_boxes(Image(2, "a.jpg", 80, 60, "2" * 64), *boxes),
    )
    instances = tuple(
        Instance(id, str(id), 1, (5, 91)[id % 2], State.ACCEPTED, mask_to_rle(mask), crowd=crowd)
        for id, mask in enumerate(masks, start=1)
    )
    return Dataset((Category(5, names[0]), Category(91, names[1])), images, instances)


def with_boxes(image, *boxes, first_id=101, **more):
    """The image with objects that an import brought without a mask."""
    carried = [
        {"id": id, "category_id": 5, "segmentation": [], "bbox": list(box), "iscrowd": 0} | more
        for id, box in enumerate(boxes, start=first_id)
    ]
    extra = {PROVENANCE: {WITHOUT_MASK: carried}} if carried else {}
    return Image(image.id, image.file_name, image.width, image.height, image.sha256, extra=extra)


def content(image):
    pixels = np.full((image.height, image.width, 3), image.id, np.uint8)
    return cv2.imencode(image.file_name[-4:], pixels)[1].tobytes()


def files_of(folder):
    """What is to be seen there."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix() for path in found}


def export(parts, target, name, *, pictures=content, **options):
    """The export, and its one report."""
    parts = {"": parts} if isinstance(parts, Dataset) else parts
    made = pack.write(parts, target, format=FORMATS[name], options=Options(**options), pictures=pictures)
    return made, next(iter(made.outcome.reports.values()))


@pytest.fixture
def library():
    """The library that writes polygons."""
    return pytest.importorskip("supervision", reason="the extra formats is not installed")
