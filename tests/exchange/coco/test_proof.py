"""An export that is not what was stored is refused: by its masks, its areas, its boxes and its ids."""

import json

import pytest

from annotator.core.dataset import Category, Dataset, Image, Instance, State
from annotator.core.errors import ExportError
from annotator.core.measures import areas_of, boxes_of
from annotator.exchange import coco
from annotator.exchange.coco.proof import prove
from tests.exchange.coco.cases import sound
from tests.storage.builders import HEIGHT, WIDTH, block

COUNT = 300
"""More than pycocotools counts in a byte."""


@pytest.fixture
def dataset():
    found = sound()
    first = found["annotations"][0]
    found["annotations"] = [{**first, "id": id} for id in range(1, COUNT + 1)]
    return coco.coco_to_dataset(found)


@pytest.mark.parametrize("name", ["a\x1b[31m", "a\n   9  b", "a\u202eb"])
def test_no_name_of_a_category_ends_its_line_or_commands_a_terminal(tmp_path, name):
    found = sound()
    found["categories"][0]["name"] = name
    text = coco.write(coco.coco_to_dataset(found), tmp_path / "a.json").to_text()
    assert name not in text
    assert name.encode("unicode_escape").decode() in text


@pytest.fixture
def proven(dataset, tmp_path):
    """Whether a file with one annotation changed is proven."""
    document = coco.dataset_to_coco(dataset)

    def prove_changed(changed_id, values):
        changed = {
            **document,
            "annotations": [one | (values if one["id"] == changed_id else {}) for one in document["annotations"]],
        }
        path = tmp_path / "changed.json"
        path.write_text(json.dumps(changed))
        return prove(dataset, path, name=path.name, masks="lossless")

    return prove_changed


def test_what_was_stored_is_proven_however_many_there_are(proven):
    report = proven(0, {})
    assert (report.instances, report.worst_iou, report.area_difference, report.box_difference) == (COUNT, 1, 0, 0)


@pytest.mark.parametrize("id", [1, 256, COUNT])
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"area": 13}, "1 px2 and 0 px off"),
        ({"area": 11.5}, "0.5 px2 and 0 px off"),
        ({"bbox": [1, 1, 4, 4]}, "0 px2 and 1 px off"),
        ({"bbox": [0.5, 1, 4, 3]}, "0 px2 and 0.5 px off"),
        ({"segmentation": [[1, 1, 5, 1, 5, 5, 1, 5]]}, "reads back with IoU 0.75"),
        ({"image_id": 4, "segmentation": {"size": [9, 9], "counts": [81]}}, "on another image"),
        ({"category_id": 95}, "in another category"),
        ({"id": 10**6}, "1 of 300 did not read back"),
    ],
)
def test_what_is_off_is_refused(proven, id, values, said):
    with pytest.raises(ExportError, match=said):
        proven(id, values)


def test_the_report_names_what_a_person_should_look_at(tmp_path):
    shapes = [
        (1, block(1, 1, 4, 4)),  # 16 pixels, inside
        (2, block(1, 1, 4, 4)),  # of another category: no duplicate
        (1, block(6, 1, 5, 3)),  # 15
        (1, block(6, 1, 5, 3)),
        (1, block(0, 2, 9, 9)),
        (1, block(2, 0, 9, 9)),
        (1, block(WIDTH - 9, 2, 9, 9)),
        (1, block(2, HEIGHT - 9, 9, 9)),
        (1, block(WIDTH - 10, 2, 9, 9)),  # a pixel off the border
    ]
    instances = tuple(
        Instance(id, str(id), 1, category, State.ACCEPTED, rle) for id, (category, rle) in enumerate(shapes, start=1)
    )
    whole = Dataset((Category(1, "a"), Category(2, "b")), (Image(1, "a.jpg", WIDTH, HEIGHT, ""),), instances)
    report = coco.write(whole, tmp_path / "a.json")
    assert (report.tiny, report.duplicates, report.touching_the_border) == ([3, 4], [(3, 4)], 4)
    assert report.instances_by_category == {"a": 8, "b": 1}


def test_measures_are_right_however_many_masks_there_are():
    masks = [block(index % 9, index % 5, 1 + index % 4, 2) for index in range(2 * COUNT)]
    assert areas_of(masks) == [2.0 * (1 + index % 4) for index in range(2 * COUNT)]
    assert boxes_of(masks) == [[index % 9, index % 5, 1 + index % 4, 2] for index in range(2 * COUNT)]
