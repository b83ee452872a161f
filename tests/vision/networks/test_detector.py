"""From a network's raw answer to detections in image pixels, on answers that are known."""

import cv2
import numpy as np
import pytest

from annotator.core.errors import ModelError
from annotator.core.geometry import Resize
from annotator.core.masks import rle_to_mask
from annotator.vision.networks import zoo
from annotator.vision.networks.adapters.base import RawDetections
from annotator.vision.networks.detector import Detector, resize_into_input, to_detections
from annotator.vision.networks.soft_masks import RegionMasks
from annotator.vision.pictures.photo import Photo
from tests.vision.graphs import constant_network, described

INPUT = (160, 96)


def photo(width, height):
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    return Photo("made.png", b"", "", pixels)


def pasted(heatmap, box, *, height, width):
    """The accuracy checker's mask paste, plain and slow: full frame, pixel by pixel clipped."""
    size = heatmap.shape[0]
    padded = np.zeros((size + 2, size + 2), np.float32)
    padded[1:-1, 1:-1] = heatmap
    scale = (size + 2.0) / size
    half_w, half_h = (box[2] - box[0]) * 0.5 * scale, (box[3] - box[1]) * 0.5 * scale
    center_x, center_y = (box[2] + box[0]) * 0.5, (box[3] + box[1]) * 0.5
    x0, y0, x1, y1 = (
        int(value) for value in (center_x - half_w, center_y - half_h, center_x + half_w, center_y + half_h)
    )
    w, h = max(x1 - x0 + 1, 1), max(y1 - y0 + 1, 1)
    resized = cv2.resize(padded, (w, h)) > 0.5
    frame = np.zeros((height, width), bool)
    for y in range(max(y0, 0), min(y1 + 1, height)):
        for x in range(max(x0, 0), min(x1 + 1, width)):
            frame[y, x] = resized[y - y0, x - x0]
    return frame


@pytest.fixture
def add(tmp_path, monkeypatch):
    """Describe a network of known answers among the models of this test; its detector is returned."""
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))

    def build(boxes, masks, *, labels=None, name="known", **description):
        folder = tmp_path / "models" / name
        labels = [0] * len(boxes) if labels is None else labels
        constant_network(folder, boxes=boxes, labels=labels, masks=masks, input_size=INPUT)
        described(folder, **description)
        return Detector(zoo.find(name))

    return build


@pytest.mark.parametrize("resize", ["stretch", "fit"])
@pytest.mark.parametrize(("width", "height"), [(160, 96), (333, 211), (97, 301), (1, 1), (1, 50)])
@pytest.mark.parametrize("size", [28, 224])
def test_masks_are_the_reference_paste_and_boxes_its_boxes(add, resize, width, height, size):
    random = np.random.default_rng(width * height + size)
    count = 12 if size == 28 else 3
    corners = random.uniform([-30, -30], [170, 110], (count, 2))
    boxes = np.hstack([corners, corners + random.uniform(0.5, 120, (count, 2)), np.linspace(0.9, 0.1, count)[:, None]])
    boxes = boxes.astype(np.float32)
    coarse = random.random((count, 5, 5)).astype(np.float32)
    heatmaps = np.stack([cv2.resize(item, (size, size), interpolation=cv2.INTER_CUBIC) for item in coarse])
    found = add(boxes, heatmaps, resize=resize).detect(photo(width, height))

    if resize == "stretch":
        scale_x, scale_y = 160 / width, 96 / height
    else:
        scale = min(160 / width, 96 / height)
        scale_x, scale_y = max(int(scale * width), 1) / width, max(int(scale * height), 1) / height
    kept = boxes[:, :4].sum(axis=1) > 0
    expected = boxes[kept, :4].astype(np.float64) / [scale_x, scale_y, scale_x, scale_y]
    np.testing.assert_allclose(found.boxes_xyxy, expected, atol=1e-4)
    for index, (heatmap, box) in enumerate(zip(heatmaps[kept], expected, strict=True)):
        mask = rle_to_mask(found.mask(index))
        np.testing.assert_array_equal(mask, pasted(heatmap, box, height=height, width=width))
    clipped = found.clipped_boxes()
    assert (clipped >= 0).all()
    assert (clipped <= [width, height, width, height]).all()


def test_the_surest_comes_first_and_unused_rows_are_dropped(add):
    boxes = [[1, 1, 9, 9, 0.2], [0, 0, 0, 0, 0], [5, 5, 20, 20, 0.8], [0, 0, 0, 0, 0]]
    found = add(boxes, np.ones((4, 28, 28)), labels=[1, 0, 2, 0], categories=3).detect(photo(160, 96))
    assert found.scores.tolist() == pytest.approx([0.8, 0.2])
    assert found.category_ids.tolist() == [7, 4]


def test_a_score_that_rounding_took_beyond_1_is_1(add):
    boxes = [[1, 1, 9, 9, np.nextafter(np.float32(1), np.float32(2))], [5, 5, 20, 20, -1e-6]]
    assert add(boxes, np.ones((2, 28, 28))).detect(photo(160, 96)).scores.tolist() == [1.0, 0.0]


def test_rows_that_are_no_boxes_are_dropped_and_odd_ones_are_pasted_as_the_reference_does(add):
    boxes = np.array(
        [
            [np.nan, 1, 9, 9, 0.95],
            [1, 1, np.inf, 9, 0.9],
            [1, 1, 9, 9, np.nan],
            [-40, -40, 30, 20, 0.8],  # its coordinates sum to less than 0: padding, as the checker has it
            [60, 50, 20, 10, 0.7],  # inverted
            [30, 20, 30, 20, 0.6],  # without extent
            [10, 10, 60, 60, 0.5],  # at the threshold
        ],
        np.float32,
    )
    heatmaps = np.random.default_rng(3).random((7, 28, 28)).astype(np.float32)
    found = add(boxes, heatmaps, threshold=0.5).detect(photo(160, 96))
    assert found.scores.tolist() == pytest.approx([0.7, 0.6, 0.5])
    for index, (heatmap, box) in enumerate(zip(heatmaps[4:], boxes[4:, :4].tolist(), strict=True)):
        expected = pasted(heatmap, box, height=96, width=160)
        np.testing.assert_array_equal(rle_to_mask(found.masks([0, 1, 2])[index]), expected)


@pytest.mark.parametrize(
    ("labels", "boxes", "masks"),
    [
        ((1,), (2, 5), (2, 28, 28)),
        ((2,), (2, 5), (1, 28, 28)),
        ((2,), (2, 4), (2, 28, 28)),
        ((2,), (2, 6), (2, 28, 28)),
        ((2,), (2, 5), (2, 28, 14)),
        ((2,), (2, 5), (2, 784)),
        ((2, 1), (2, 5), (2, 28, 28)),
        ((), (2, 5), (2, 28, 28)),
        ((0,), (2, 5), (0, 28, 28)),
    ],
    ids=str,
)
def test_outputs_that_do_not_belong_together_are_refused(labels, boxes, masks):
    raw = RawDetections(np.zeros(labels, np.int64), np.ones(boxes, np.float32), RegionMasks(np.ones(masks, np.float32)))
    resize = Resize.plan(rule="stretch", image_size=(10, 10), input_size=INPUT)
    with pytest.raises(ModelError) as error:
        to_detections(raw, resize, zoo.find("starter-person"))
    found = f"found labels {list(labels)}, boxes {list(boxes)}, masks {list(masks)}, expected [n], [n, 5] and [n, s, s]"
    assert found in str(error.value)


@pytest.mark.parametrize(("boxes", "masks"), [((0, 5), (0, 28, 28)), ((0, 5), (0, 0, 0)), ((0, 0), (0, 0, 0))])
def test_no_detection_is_an_answer(boxes, masks):
    raw = RawDetections(np.zeros(0, np.int64), np.zeros(boxes, np.float32), RegionMasks(np.zeros(masks, np.float32)))
    resize = Resize.plan(rule="stretch", image_size=(10, 10), input_size=INPUT)
    found = to_detections(raw, resize, zoo.find("starter-person"))
    assert (len(found), found.masks([]), found.kept_heatmaps([])) == (0, [], [])


@pytest.mark.parametrize("label", [3, 1, -1])
def test_a_class_index_without_a_category_is_refused(add, label):
    detector = add([[1, 1, 9, 9, 0.5]], np.ones((1, 28, 28)), labels=[label])
    with pytest.raises(ModelError, match=f"class index {label}, expected 0 to 0"):
        detector.detect(photo(64, 48))


def test_answers_keep_the_order_of_the_pictures(add):
    detector = add([[0, 0, 160, 96, 0.5]], np.ones((1, 28, 28)))
    sizes = [(20 + index, 30) for index in range(25)]
    answers = list(detector.stream((size, photo(*size)) for size in sizes))
    assert [size for size, _ in answers] == sizes
    assert [found.width for _, found in answers] == [width for width, _ in sizes]


def test_padding_lies_at_the_right_and_at_the_bottom():
    wide = Resize.plan(rule="fit", image_size=(320, 96), input_size=INPUT)
    laid = resize_into_input(np.full((96, 320, 3), 200, np.uint8), wide, pad=7)
    assert (laid[:48] == 200).all()
    assert (laid[48:] == 7).all()


@pytest.mark.parametrize(
    ("sides", "rows", "columns"), [((96, 320), (24, 72), (0, 160)), ((192, 80), (0, 96), (60, 100))]
)
def test_a_picture_in_the_middle_has_its_padding_around_it(sides, rows, columns):
    middle = Resize.plan(rule="center", image_size=(sides[1], sides[0]), input_size=INPUT)
    laid = resize_into_input(np.full((*sides, 3), 200, np.uint8), middle, pad=7)
    expected = np.full((96, 160, 3), 7, np.uint8)
    expected[slice(*rows), slice(*columns)] = 200
    assert np.array_equal(laid, expected)


def test_the_network_sees_bgr_and_what_its_description_is_corrected_to(tmp_path, monkeypatch):
    """A graph that answers with the mean of its first channel tells which colour stands there."""
    import openvino as ov
    from openvino import opset13 as ops

    folder = tmp_path / "models" / "first-channel"
    folder.mkdir(parents=True)
    image = ops.parameter([1, 3, 96, 160], np.float32, name="image")
    blue = ops.reduce_mean(
        ops.gather(image, ops.constant(np.array([0])), ops.constant(1)), np.array([0, 1, 2, 3]), False
    )
    score = ops.reshape(ops.divide(blue, ops.constant(np.float32(255))), ops.constant(np.array([1, 1])), False)
    boxes = ops.concat([ops.constant(np.array([[1, 1, 9, 9]], np.float32)), score], 1)
    results = []
    answers = (
        ("labels", ops.constant(np.zeros(1, np.int64))),
        ("boxes", boxes),
        ("masks", ops.constant(np.ones((1, 28, 28), np.float32))),
    )
    for name, node in answers:
        node.output(0).tensor.set_names({name})
        results.append(ops.result(node, name=name))
    ov.save_model(ov.Model(results, [image], "first"), folder / "model.xml", compress_to_fp16=False)
    described(folder)
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    pixels = np.zeros((96, 160, 3), np.uint8)
    pixels[..., 2] = 255  # blue, in RGB
    description = folder / "model.toml"
    for old, new, score in (("BGR", "BGR", 1.0), ("scale = [1,", "scale = [2,", 0.5), ("BGR", "RGB", 0.0)):
        description.write_text(description.read_text().replace(old, new))
        found = Detector(zoo.find("first-channel")).detect(Photo("blue", b"", "", pixels))
        assert found.scores[0] == pytest.approx(score)
