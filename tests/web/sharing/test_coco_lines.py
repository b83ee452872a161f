"""What the child says comes back as it was, and nothing else comes back at all."""

import json
from dataclasses import replace

import numpy as np
import pytest

from annotator.core.dataset import State, Suggestion
from annotator.core.problems import Problem
from annotator.exchange import coco
from annotator.web.sharing.coco_lines import AnswerError, from_lines, to_lines
from tests.exchange.coco.test_writer import document
from tests.storage.builders import block


def rings_of(instance):
    return [[ring.tolist() for ring in (part.outer, *part.holes)] for part in instance.parts or ()]


def test_a_dataset_comes_back_as_it_was():
    made = coco.coco_to_dataset(document())
    back = from_lines(to_lines(made))
    assert (back.categories, back.images, back.extra) == (made.categories, made.images, made.extra)
    assert [replace(one, parts=None) for one in back.instances] == [replace(one, parts=None) for one in made.instances]
    assert list(map(rings_of, back.instances)) == list(map(rings_of, made.instances))
    assert any(map(rings_of, made.instances))
    assert {one.state for one in back.instances} == {State.ACCEPTED}
    assert all(not part.outer.flags.writeable for one in back.instances for part in one.parts or ())


def test_results_and_problems_come_back_as_they_were():
    offered = {3: (Suggestion(1, 0.5, block(), "a@1"), Suggestion(2, 1.0, block(5), "a@1")), 4: ()}
    back = from_lines(to_lines(coco.Results(offered, boxes=2, empty=1)))
    assert (back.suggestions, back.boxes, back.empty) == ({3: offered[3]}, 2, 1)
    problems = [Problem("error", "a[0]", "bad", "f.json", 7), Problem("note", "", "\\ud800 é")]
    assert from_lines(to_lines(problems)) == problems


LINES = list(to_lines(coco.coco_to_dataset(document())))


@pytest.mark.parametrize("count", [0, 1, len(LINES) - 1])
def test_half_an_answer_is_none(count):
    with pytest.raises(AnswerError):
        from_lines(LINES[:count])


ODD = [
    None,
    True,
    -1,
    1.5,
    2**60,
    "x",
    "",
    [],
    {},
    [[[0, 0], [1, 1]]],
    [[[[0, 0], [1, 1], [float("nan"), 1]]]],
    "\x00" * 300,
]


def test_no_value_that_a_dataset_cannot_have_comes_back():
    """Each value of each line is changed to what a subverted child might say: it is refused, or a dataset still."""
    refused = 0
    chance = np.random.default_rng(1)
    for index, line in enumerate(LINES[:-1]):
        item = json.loads(line)
        for place in range(len(item)):
            for odd in (ODD[i] for i in chance.permutation(len(ODD))[:6]):
                changed = [*item[:place], odd, *item[place + 1 :]]
                try:
                    found = from_lines([*LINES[:index], json.dumps(changed).encode(), *LINES[index + 1 :]])
                except AnswerError:
                    refused += 1
                    continue
                if not isinstance(found, list):
                    coco.dataset_to_coco(found)  # what came back can leave again
    assert refused > 50


@pytest.mark.parametrize(
    "line", [b"", b"{", b'["dataset"]', b'["other", {}]', b"[" * 100_000, b'"dataset"', b"null", b"[[], {}]", b"\xff"]
)
def test_what_is_no_answer_is_refused(line):
    with pytest.raises(AnswerError):
        from_lines([line, b'["end"]'])
