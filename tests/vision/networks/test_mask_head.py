"""The mask branch cut off a network answers for any boxes, and for the network's own as the network does."""

import shutil
from dataclasses import replace

import cv2
import numpy as np
import openvino as ov
import pytest

from annotator.core.errors import ModelError
from annotator.core.geometry import Resize
from annotator.core.masks import rle_box_xyxy
from annotator.vision.networks import mask_head, zoo
from annotator.vision.networks.detector import Detector, resize_into_input
from annotator.vision.networks.graph_split import split_graph
from annotator.vision.networks.mask_head import MaskHead
from annotator.vision.pictures import decode
from tests.vision.graphs import constant_network, described


@pytest.fixture(scope="module")
def topology(tmp_path_factory, person_0007_ir):
    """A folder of models with person-0007's topology and random weights; what one test compiled, others take."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(person_0007_ir.parent, folder / "topology")
    described(folder / "topology")
    return folder


@pytest.fixture
def person_0007(topology, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_MODELS", str(topology))
    monkeypatch.setenv("ANNOTATOR_HOME", str(topology / "home"))
    return zoo.find("topology")


@pytest.fixture
def photo():
    rows = np.random.default_rng(3).integers(0, 256, (6, 8, 3), np.uint8)
    pixels = cv2.resize(rows, (640, 480), interpolation=cv2.INTER_CUBIC)
    return decode.decode(cv2.imencode(".png", pixels)[1].tobytes(), file_name="made.png")


def own_answers(info, photo):
    detector = Detector(info)
    size = detector.network.input_size
    resize = Resize.plan(rule=info.resize, image_size=(photo.width, photo.height), input_size=size)
    raw = detector.network.infer(resize_into_input(photo.pixels, resize, pad=info.pad))
    assert len(raw.boxes) > 2, "the test needs a picture on which the network sees something"
    return raw


def require_self_consistent(info, photo):
    raw, head = own_answers(info, photo), MaskHead(info)
    features = head.features(photo)
    np.testing.assert_allclose(head.input_heatmaps(features, raw.boxes, raw.labels), raw.masks.values, atol=1e-4)
    # Fewer boxes than were detected, in another order: what was detected must not leak into the answer.
    some = [len(raw.boxes) - 1, 0]
    alone = head.input_heatmaps(features, raw.boxes[some], raw.labels[some])
    np.testing.assert_allclose(alone, raw.masks.values[some], atol=1e-4)
    # More boxes than the network ever gives out.
    many = np.tile(raw.boxes[:2], (8, 1))
    twice = head.input_heatmaps(features, many, np.tile(raw.labels[:2], 8))
    np.testing.assert_allclose(twice, np.tile(raw.masks.values[:2], (8, 1, 1)), atol=1e-4)
    # A box of the user's own gets a mask of its own.
    moved = raw.boxes[:1] + np.float32([3, 2, -3, -2, 0])
    assert not np.allclose(head.input_heatmaps(features, moved, raw.labels[:1]), raw.masks.values[:1])
    assert len(head.input_heatmaps(features, raw.boxes[:0], raw.labels[:0])) == 0


def test_person_0007_gives_its_own_masks_back(person_0007, photo):
    require_self_consistent(person_0007, photo)


def test_the_bundled_network_gives_its_own_masks_back(tmp_path, monkeypatch):
    from annotator.system import paths

    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path))
    require_self_consistent(zoo.find("starter-person"), decode.read(paths.EXAMPLES / "apollo-11-crew.jpg"))


def test_the_second_start_takes_up_what_the_first_one_compiled(person_0007, photo, monkeypatch):
    boxes = np.array([[30, 20, 200, 300, 1], [5, 5, 540, 310, 1]], np.float32)
    first = MaskHead(person_0007)
    expected = first.input_heatmaps(first.features(photo), boxes, [0, 0])
    monkeypatch.setattr(mask_head, "split_graph", lambda *_: pytest.fail("read and cut again"))
    second = MaskHead(person_0007)
    np.testing.assert_array_equal(second.input_heatmaps(second.features(photo), boxes, [0, 0]), expected)


def test_a_users_box_gets_a_mask_near_it(tmp_path, monkeypatch):
    from annotator.system import paths

    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path))
    head = MaskHead(zoo.find("starter-person"))
    features = head.features(decode.read(paths.EXAMPLES / "apollo-11-crew.jpg"))
    box = (40.0, 10.0, 420.0, 510.0)
    mask = head.heatmap(features, box).at(50, height=features.resize.image_height, width=features.resize.image_width)
    x0, y0, x1, y1 = rle_box_xyxy(mask)
    assert x1 - x0 > 100
    assert y1 - y0 > 100
    # The paste rounds outward by up to one step of the heatmap.
    assert x0 >= box[0] - 20
    assert x1 <= box[2] + 20


@pytest.mark.parametrize("side", [90, 180])
def test_somebody_small_in_a_large_picture_gets_the_mask_that_they_have_alone(tmp_path, monkeypatch, side):
    from annotator.system import paths

    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path))
    head = MaskHead(zoo.find("starter-person"))
    woman = decode.read(paths.EXAMPLES / "woman-with-dog.jpg")
    alone = replace(woman, pixels=cv2.resize(woman.pixels[100:900, 60:360], (512, 512), interpolation=cv2.INTER_AREA))
    around = (30.0, 20.0, 480.0, 500.0)
    large = np.full((1800, 2400, 3), 96, np.uint8)
    large[1200 : 1200 + side, 2300 - side : 2300] = cv2.resize(alone.pixels, (side, side), interpolation=cv2.INTER_AREA)
    photo = replace(alone, pixels=large)
    box = np.array(around) * side / 512 + [2300 - side, 1200, 2300 - side, 1200]
    expected = head.heatmap(head.features(alone), around)
    near, far = (head.heatmap(features, box) for features in (head.close_features(photo, box), head.features(photo)))
    assert near.region == far.region
    apart = [np.abs(found.values.astype(int) - expected.values).mean() for found in (near, far)]
    assert apart[0] < 0.7 * apart[1]
    assert apart[0] < 12
    assert head.close_features(alone, around) is None


def test_a_network_whose_masks_ignore_its_boxes_is_not_split(tmp_path):
    path = constant_network(
        tmp_path, boxes=[[1, 1, 9, 9, 0.5]], labels=[0], masks=np.ones((1, 28, 28)), input_size=(64, 48)
    )
    with pytest.raises(ModelError, match="cannot be split"):
        split_graph(ov.Core().read_model(path))
