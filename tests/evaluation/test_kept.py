"""What was compared survives a restart, and nothing that is damaged or of another project is taken for it."""

import dataclasses

import numpy as np
import pytest

from annotator.evaluation.kept import read_known, write_known
from annotator.evaluation.matching import match
from annotator.evaluation.picture import Picture
from annotator.storage.comparisons import Seen
from tests.evaluation.random_sets import objects_of, random_set

OF = {"project": "one", "categories": 2}


@pytest.fixture
def known():
    """Of two networks; pictures without any object and detection are among them."""
    annotations, results = random_set(3, pictures=4)
    found = {"a@1": {}, "b@1": {}}
    for number in range(6):
        truth = objects_of(annotations, number, detections=False)
        seen = objects_of(results, number, detections=True)
        boxes, masks = (match(truth, seen, masks=one) for one in (False, True))
        of = Seen(number, 3, 7, number % 3 == 0)
        found["ab"[number % 2] + "@1"][number] = Picture(of, boxes, masks, {"own": number} if number else {})
    return found


def plain(known):
    """As lists, which can be compared."""

    def side(one):
        return {name: (value.dtype.str, value.tolist()) for name, value in vars(one).items()}

    return {
        network: {id: (one.seen, side(one.boxes), side(one.masks), dict(one.origins)) for id, one in pictures.items()}
        for network, pictures in known.items()
    }


def test_what_was_compared_is_read_as_it_was_written(tmp_path, known):
    write_known(tmp_path / "kept.npz", known, **OF)
    assert plain(read_known(tmp_path / "kept.npz", **OF)) == plain(known)


def test_nothing_is_taken_from_another_project_or_from_before_a_merge_of_categories(tmp_path, known):
    write_known(tmp_path / "kept.npz", known, **OF)
    assert read_known(tmp_path / "kept.npz", project="other", categories=2) == {}
    assert read_known(tmp_path / "kept.npz", project="one", categories=3) == {}
    assert read_known(tmp_path / "none.npz", **OF) == {}


@pytest.mark.parametrize("damage", [lambda content: content[:-200], lambda content: b"", lambda content: b"x" * 50])
def test_a_damaged_file_is_begun_anew(tmp_path, known, damage):
    write_known(tmp_path / "kept.npz", known, **OF)
    (tmp_path / "kept.npz").write_bytes(damage((tmp_path / "kept.npz").read_bytes()))
    assert read_known(tmp_path / "kept.npz", **OF) == {}


def test_columns_that_do_not_fit_together_are_not_taken(tmp_path, known):
    first = known["a@1"][0]
    known["a@1"][0] = dataclasses.replace(first, boxes=dataclasses.replace(first.boxes, scores=np.zeros(99)))
    write_known(tmp_path / "kept.npz", known, **OF)
    assert read_known(tmp_path / "kept.npz", **OF) == {}
