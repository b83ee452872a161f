"""Instances come back from a spool as they were, in any order, and those that are many are divided by small numbers."""

import tempfile
from dataclasses import fields

import numpy as np
import pytest

from annotator.core.dataset import Category, Dataset, Image, Instance, State
from annotator.core.errors import AnnotatorError
from annotator.core.polygons import Part
from annotator.core.prompt import Point, Prompt, Prompted
from annotator.core.rows import ByImage, part_of, rows_of
from annotator.core.spool import Spool
from annotator.core.vote import Agreement, Vote
from tests.storage.builders import HEIGHT, WIDTH, block


def an_instance(id, image_id=1, category_id=1, **values):
    return Instance(id, f"k{id}", image_id, category_id, State.ACCEPTED, block(id % 9, 2), **values)


def spooled(instances):
    spool = Spool()
    for instance in instances:
        spool.add(instance)
    return spool


def test_every_field_comes_back_as_it_was():
    ring, hole = np.array([[0.25, 1], [5, 1], [5, 7.5]]), np.array([[1.0, 2], [3, 2], [3, 3]])
    whole = an_instance(
        7,
        image_id=2**52,
        parts=(Part(ring, (hole,)), Part(ring + 1)),
        source="a@1",
        score=0.1,
        edited=True,
        crowd=True,
        flags=("blurred", "occluded"),
        note="\ud800 \0",
        locked=True,
        prompted=Prompted(Prompt((Point(1, 2, belongs=False),), (0.0, 0.0, 1.0, 2.0)), "b@0"),
        vote=Vote(Agreement.BOTH, "c@1", 0.5, 0.25, 3),
        extra={"keypoints": [1, 2.5, None], "big": 2**70},
        provenance={"iou": 1.0},
    )
    (found,) = spooled([whole]).instances()
    for field in fields(Instance):
        if field.name != "parts":
            assert getattr(found, field.name) == getattr(whole, field.name), field.name
    for part, was in zip(found.parts, whole.parts, strict=True):
        for one, other in zip((part.outer, *part.holes), (was.outer, *was.holes), strict=True):
            assert one.tobytes() == other.tobytes()
            assert not one.flags.writeable


def test_they_are_a_sequence_in_the_order_that_is_asked_for():
    instances = [an_instance(id) for id in range(1, 1001)]
    spool = spooled(instances)
    assert spool.instances() == tuple(instances)
    backwards = spool.instances(range(999, -1, -1))
    assert (backwards[0], backwards[-1], backwards[3:5]) == (instances[999], instances[0], tuple(instances[996:994:-1]))
    assert backwards != tuple(instances)
    assert spool.instances([]) == ()
    with pytest.raises(IndexError):
        backwards[1000]


@pytest.mark.parametrize("kind", [tuple, lambda instances: spooled(instances).instances()])
def test_a_dataset_is_divided_by_its_images(kind):
    instances = kind([an_instance(id, 1 + id % 3, id % 2) for id in range(1, 10)])
    images = tuple(Image(id, f"{id}.jpg", WIDTH, HEIGHT, "") for id in (1, 2, 3, 4))
    dataset = Dataset((Category(0, "a"), Category(1, "b")), images, instances)
    part = part_of(dataset, {3, 4})
    assert ([image.id for image in part.images], [one.id for one in part.instances]) == ([3, 4], [2, 5, 8])
    assert rows_of(part.instances).category_ids.tolist() == [0, 1, 0]
    assert [[one.id for one in ByImage(instances).of(image)] for image in images] == [
        [3, 6, 9],
        [1, 4, 7],
        [2, 5, 8],
        [],
    ]


def test_a_full_disk_is_said_in_one_line(monkeypatch):
    spool = spooled([])

    class Full:
        def seek(self, *_):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool, "_file", Full())
    with pytest.raises(AnnotatorError, match=rf"{tempfile.gettempdir()}.*: No space left on device"):
        spool.add(an_instance(1))
