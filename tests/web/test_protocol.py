"""What the editor and the server say to each other about one image."""

import pytest

from annotator.core.dataset import Instance, State
from annotator.core.errors import GestureError
from annotator.web.protocol import gesture_from_json, instance_to_json
from tests.storage.builders import HEIGHT, WIDTH, block


def said(**change):
    body = {"client": "tab", "number": 0, "revision": 0, "verb": "relabel"}
    changes = [{"key": "n", "category": 1, "state": "accepted", **change}]
    return gesture_from_json(body | {"changes": changes}, image_id=1, who="me", height=HEIGHT, width=WIDTH)


@pytest.mark.parametrize(("crowd", "expected"), [({}, None), ({"crowd": True}, True), ({"crowd": False}, False)])
def test_a_change_says_whether_it_is_a_crowd_or_leaves_that_as_it_is(crowd, expected):
    assert said(**crowd).changes[0].crowd is expected


def test_a_crowd_that_is_no_boolean_is_refused_with_its_place():
    with pytest.raises(GestureError, match=r"gesture\.changes\[0\]\.crowd: 1, expected true or false"):
        said(crowd=1)


@pytest.mark.parametrize("crowd", [True, False])
def test_an_instance_says_whether_it_is_a_crowd(crowd):
    instance = Instance(1, "n", 1, 1, State.ACCEPTED, block(), crowd=crowd)
    assert instance_to_json(instance)["crowd"] is crowd
