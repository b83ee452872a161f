"""What a detector's own maps say of pictures and places on them."""

from dataclasses import replace

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from annotator.core.errors import ModelError
from annotator.core.masks import mask_to_rle
from annotator.system.paths import EXAMPLES
from annotator.vision.networks import zoo
from annotator.vision.networks.eye import SIZE, Eye, maps_graph
from annotator.vision.pictures import decode


@pytest.fixture(scope="module")
def eye():
    return Eye(zoo.find("starter-person"))


@pytest.fixture(scope="module")
def photo():
    return decode.read(sorted(EXAMPLES.glob("*.jpg"))[0])


def test_a_picture_is_more_like_its_mirror_image_than_like_noise(eye, photo):
    mirrored = replace(photo, pixels=np.ascontiguousarray(photo.pixels[:, ::-1]))
    noise = replace(photo, pixels=np.random.default_rng(1).integers(0, 256, photo.pixels.shape, np.uint8))
    own, other, last = (eye.look(one).of_picture() for one in (photo, mirrored, noise))
    assert own.shape == (SIZE,)
    assert np.linalg.norm(own) == pytest.approx(1)
    assert own @ other > own @ last + 0.05


def test_what_lies_under_a_mask_is_told_from_what_lies_beside_it(eye, photo):
    look = eye.look(photo)
    left, right = np.zeros((2, photo.height, photo.width), bool)
    left[:, : photo.width // 2], right[:, photo.width // 2 :] = True, True
    one, same, other = (look.of_mask(mask_to_rle(mask)) for mask in (left, left, right))
    assert one @ same == pytest.approx(1)
    assert one @ other < 0.999
    dot = np.zeros_like(left)
    dot[3, 5] = True
    assert np.isfinite(look.of_mask(mask_to_rle(dot))).all()


@pytest.mark.parametrize(("sides", "why"), [((-1, -1), "sizes of their own"), ((64, 64), "no feature map")])
def test_a_graph_without_maps_of_known_sides_says_so(sides, why):
    picture = ops.parameter([1, 3, *sides], np.float32)
    graph = ov.Model([ops.relu(picture)], [picture])
    with pytest.raises(ModelError, match=f"starter-person: .*{why}"):
        maps_graph(graph, zoo.find("starter-person"))
