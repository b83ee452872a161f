"""Networks of the user's own: an IR with a description, one that carries model_info, ONNX, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from annotator.core.dataset import Category
from annotator.core.errors import ModelError
from annotator.core.geometry import Resize
from annotator.vision.networks import zoo
from annotator.vision.networks.contract import find_image_input, find_outputs
from annotator.vision.networks.detector import Detector, resize_into_input
from annotator.vision.networks.own_model import warnings_for
from annotator.vision.pictures.photo import Photo

BOXES = np.array([[1, 2, 30, 40, 0.9], [5, 6, 7, 8, 0.4]], np.float32)
LABELS = np.array([1, 0])
MASKS = np.linspace(0, 1, 2 * 7 * 7, dtype=np.float32).reshape(2, 7, 7)
DESCRIPTION = """
name = "whatever"
[input]
resize = "fit"
order = "RGB"
[[categories]]
id = 1
name = "person"
[[categories]]
id = 91
name = "helmet"
"""
MODEL_INFO = {
    "labels": "otx_empty_lbl helmet traffic_light",
    "resize_type": "fit_to_window",
    "pad_value": "114",
    "mean_values": "123.675 116.28 103.53",
    "scale_values": "58.395 57.12 57.375",
    "reverse_input_channels": "True",
    "confidence_threshold": "0.35",
}


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    return tmp_path / "models"


@pytest.fixture
def ir(tmp_path: Path, constant_network: Callable[..., Path]) -> Path:
    """A folder with an IR of known answers."""
    folder = tmp_path / "mine"
    constant_network(folder, boxes=BOXES, labels=LABELS, masks=MASKS, input_size=(64, 48))
    return folder


def answers(xml: Path) -> list[Any]:
    compiled = ov.Core().compile_model(str(xml), "CPU")
    _, _, height, width = find_image_input(compiled).shape
    outputs, answer = find_outputs(compiled), compiled(np.zeros((1, 3, height, width), np.float32))
    return [answer[port] for port in (outputs.labels, outputs.boxes, outputs.masks)]


def same_answers(xml: Path) -> bool:
    return all(np.array_equal(found, value) for found, value in zip(answers(xml), (LABELS, BOXES, MASKS), strict=True))


def with_model_info(folder: Path, model_info: dict[str, str]) -> Path:
    model = ov.Core().read_model(folder / "model.xml")
    for key, value in model_info.items():
        model.set_rt_info(value, ["model_info", key])
    target = folder.with_name("with-info")
    target.mkdir()
    ov.save_model(model, target / "exported_model.xml", compress_to_fp16=False)
    return target


def batched(folder: Path) -> Path:
    """The same network as exporters write it: any batch, which every output carries too."""
    image = ops.parameter([-1, 3, 48, 64], np.float32, name="image")
    image.output(0).tensor.set_names({"image"})
    results = []
    for name, values in (("masks", MASKS), ("boxes", BOXES), ("labels", LABELS), ("feature_vector", np.zeros((2, 2)))):
        constant = ops.constant(values[None])
        constant.output(0).tensor.set_names({name})
        results.append(ops.result(constant))
    target = folder.with_name("batched")
    target.mkdir()
    ov.save_model(ov.Model(results, [image]), target / "model.xml", compress_to_fp16=False)
    (target / "model.toml").write_text(DESCRIPTION)
    return target


def test_an_ir_with_a_description_joins_the_zoo(ir: Path, models: Path) -> None:
    (ir / "model.toml").write_text(DESCRIPTION)
    (ir / "evil.py").write_text("raise SystemExit")
    added = zoo.add("mine", ir)
    shutil.rmtree(ir)
    assert added == zoo.find("mine")
    assert added.source == "mine@1"
    assert (added.resize, added.order, added.folder) == ("fit", "RGB", models / "mine")
    assert [category.name for category in added.categories] == ["person", "helmet"]
    assert {path.name for path in added.folder.iterdir()} == {"model.xml", "model.bin", "model.toml"}
    assert [path.name for path in models.iterdir()] == ["mine"]
    zoo.verify(added)
    assert same_answers(added.xml_path)


def test_an_ir_with_model_info_says_itself_what_it_is(ir: Path) -> None:
    added = zoo.add("mine", with_model_info(ir, MODEL_INFO))
    assert (added.resize, added.pad, added.order, added.threshold) == ("fit", 114, "RGB", 0.35)
    assert added.mean == (123.675, 116.28, 103.53)
    assert added.scale == (58.395, 57.12, 57.375)
    # The prepended label counts for the exporter's own reader only; COCO's names keep COCO's ids.
    assert added.categories == (Category(91, "helmet"), Category(10, "traffic light", "outdoor"))
    assert same_answers(added.xml_path)


def test_a_letterboxed_network_answers_in_image_pixels(ir: Path) -> None:
    # 64 x 48 takes 32 x 48 pixels as 32 x 48, with 16 px of padding at the left: the box lies 15 px to the left of it.
    added = zoo.add("mine", with_model_info(ir, MODEL_INFO | {"resize_type": "fit_to_window_letterbox"}))
    photo = Photo("flat", b"", "", np.full((48, 32, 3), 9, np.uint8))
    resize = Resize.plan(rule=added.resize, image_size=(32, 48), input_size=(64, 48))
    laid = resize_into_input(photo.pixels, resize, pad=added.pad)
    assert laid[:, 15:49, 0].tolist() == [[114] + [9] * 32 + [114]] * 48
    found = Detector(added, device="CPU").detect(photo)
    assert found.boxes_xyxy.tolist() == [[-15, 2, 14, 40], [-11, 6, -9, 8]]


def test_model_info_of_labels_alone_is_enough(ir: Path) -> None:
    added = zoo.add("mine", with_model_info(ir, {"labels": "person dog", "confidence_threshold": "0.0"}))
    assert (added.resize, added.order, added.mean, added.scale) == ("stretch", "BGR", (0, 0, 0), (1, 1, 1))
    assert [category.id for category in added.categories] == [1, 18]
    assert added.threshold == 0.5


@pytest.mark.parametrize(
    ("mean", "reverse", "doubted"),
    [
        ("123.675 116.28 103.53", "False", True),
        ("123.675 116.28 103.53", "True", False),
        ("103.53 116.28 123.675", "False", False),
        ("0 0 0", "False", False),
    ],
)
def test_a_mean_in_the_order_of_rgb_makes_bgr_doubtful(ir: Path, mean: str, reverse: str, doubted: bool) -> None:
    said = {"mean_values": mean, "reverse_input_channels": reverse}
    added = zoo.add("mine", with_model_info(ir, MODEL_INFO | said))
    assert added.order == ("RGB" if reverse == "True" else "BGR")
    assert [line.startswith("mine: the picture goes in as BGR, but") for line in warnings_for(added)] == [
        True
    ] * doubted


def test_one_number_stands_for_all_channels(ir: Path) -> None:
    added = zoo.add("mine", with_model_info(ir, MODEL_INFO | {"mean_values": "0", "scale_values": "255.0"}))
    assert (added.mean, added.scale) == ((0, 0, 0), (255, 255, 255))


def test_a_network_with_the_title_of_another_does_not_stand_in_for_it(ir: Path) -> None:
    """A copy of a published description, its title left as it was; and as Notepad saves it."""
    for name, title in (("mine", "person-0007"), ("also-mine", "instance-segmentation-person-0007"), ("x", "mine")):
        text = DESCRIPTION.replace('"whatever"', f'"whatever"\ntitle = "{title}"')
        (ir / "model.toml").write_text(text, encoding="utf-8-sig")
        zoo.add(name, ir)
    for name in ("person-0007", "instance-segmentation-person-0007"):
        assert zoo.find(name).name == "person-0007"
    assert zoo.find("mine").name == "mine"


@pytest.mark.parametrize(
    ("labels", "spelt", "names"),
    [
        ("otx_empty_lbl hard_hat traffic_light", ["hard hat", "traffic light"], ["hard hat", "traffic light"]),
        ("hard hat traffic light", ["otx_empty_lbl", "hard hat", "traffic light"], ["hard hat", "traffic light"]),
        ("hard_hat vest", ["hard hat"], ["hard_hat", "vest"]),
        ("hard_hat vest", ["hard hat ", "vest"], ["hard hat", "vest"]),
    ],
)
def test_label_info_spells_names_with_their_spaces(ir: Path, labels: str, spelt: list[str], names: list[str]) -> None:
    said = {"labels": labels, "label_info": json.dumps({"label_names": spelt, "label_groups": []})}
    added = zoo.add("mine", with_model_info(ir, MODEL_INFO | said | {"model_type": "MaskRCNN"}))
    assert [category.name for category in added.categories] == names


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resize_type": "crop"}, "resize_type: found 'crop', expected standard, fit_to_window"),
        ({"embedded_processing": "True"}, "embedded_processing: found True"),
        ({"mean_values": "1 2"}, r"mean_values: found '1 2', expected 3 numbers from"),
        ({"pad_value": "300"}, "pad_value: found '300', expected a number from 0 to 255"),
        ({"scale_values": "0 1 1"}, "scale_values: found '0 1 1', expected 3 numbers from"),
        ({"confidence_threshold": "high"}, "confidence_threshold: found 'high', expected a number from 0 to 1"),
        ({"model_type": "DETRInstSeg"}, "model_type: found 'DETRInstSeg', expected MaskRCNN"),
        ({"labels": "a b a"}, "labels: found 'a b a', expected printable names that differ"),
        ({"labels": "['person', 'hard hat']"}, "labels: found .* expected printable names that differ"),
        ({"labels": "a b", "label_info": '{"label_names": ["hat", "hat "]}'}, "labels: found 'hat hat ', expected"),
        ({"labels": "a b", "label_info": '{"label_names": ["dining table", "dining_table"]}'}, "labels: found 'dining"),
        ({"labels": "a", "label_info": '{"label_names": ["hard\\nhat"]}'}, r"labels: found 'hard\\nhat', expected"),
        ({"labels": "otx_empty_lbl"}, "labels: found"),
        ({"reverse_input_channels": "RGB"}, "reverse_input_channels: found 'RGB', expected True or False"),
    ],
)
def test_model_info_that_is_not_supported_is_named(
    ir: Path, models: Path, changes: dict[str, str], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        zoo.add("mine", with_model_info(ir, MODEL_INFO | changes))
    assert not models.exists()


def test_the_batch_of_an_exporter_is_taken_off(ir: Path) -> None:
    added = zoo.add("mine", batched(ir))
    assert same_answers(added.xml_path)


def test_a_graph_that_takes_no_single_picture_is_refused(tmp_path: Path, models: Path) -> None:
    """Any batch at its input, and two pictures at a time within."""
    image = ops.parameter([-1, 3, 48, 64], np.float32, name="image")
    pair = ops.reshape(image, ops.constant([2, 3, 48, 64]), False)
    mean = ops.reduce_mean(pair, ops.constant([1, 2, 3]), False)
    nodes = {"labels": ops.constant(LABELS), "masks": ops.constant(MASKS)}
    nodes["boxes"] = ops.add(ops.constant(BOXES), ops.unsqueeze(mean, ops.constant(1)))
    for name, node in nodes.items():
        node.output(0).tensor.set_names({name})
    folder = tmp_path / "pairs"
    folder.mkdir()
    results = [ops.result(node) for node in nodes.values()]
    ov.save_model(ov.Model(results, [image]), folder / "model.xml", compress_to_fp16=False)
    (folder / "model.toml").write_text(DESCRIPTION)
    with pytest.raises(ModelError, match=r"model\.xml: expected a graph that takes one picture at a time \("):
        zoo.add("pairs", folder)
    assert not models.exists()


def test_a_published_topology_is_taken_as_it_is(security_1040_ir: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(security_1040_ir.parent, tmp_path / "sibling")
    (folder / "model.toml").write_text(DESCRIPTION)
    added = zoo.add("sibling", folder)
    assert added.xml_path.read_bytes() == security_1040_ir.read_bytes()


@pytest.mark.parametrize(
    "name", ["../mine", "Mine", "", ".mine", "a/b", "a" * 65, "person-0007", "instance-segmentation-person-0007"]
)
def test_a_name_that_is_a_path_or_taken_is_refused(ir: Path, models: Path, name: str) -> None:
    (ir / "model.toml").write_text(DESCRIPTION)
    with pytest.raises(ModelError, match="name"):
        zoo.add(name, ir)
    assert not models.exists()


def test_a_graph_that_does_not_fit_is_refused_with_what_was_found(tmp_path: Path, models: Path) -> None:
    image = ops.parameter([1, 3, 8, 8], np.float32, name="image")
    boxes = ops.constant(np.zeros((2, 4), np.float32))
    boxes.output(0).tensor.set_names({"boxes"})
    folder = tmp_path / "detector"
    folder.mkdir()
    ov.save_model(ov.Model([ops.result(boxes)], [image]), folder / "model.xml", compress_to_fp16=False)
    (folder / "model.toml").write_text(DESCRIPTION)
    with pytest.raises(ModelError, match=r"model\.xml: output labels: expected .* found none in boxes \[2, 4\] f32"):
        zoo.add("mine", folder)
    assert not models.exists()


@pytest.mark.parametrize(
    ("shape", "kind", "said"),
    [
        ([1, 3, -1, -1], np.float32, r"image \[1, 3, \?, \?\] f32"),
        ([1, 48, 64, 3], np.float32, r"image \[1, 48, 64, 3\] f32"),
        ([1, 1, 48, 64], np.float16, r"image \[1, 1, 48, 64\] f16"),
        ([1000], np.float32, r"image \[1000\] f32"),
    ],
)
def test_an_input_that_is_no_picture_is_refused(
    tmp_path: Path, models: Path, shape: list[int], kind: type, said: str
) -> None:
    save(tmp_path / "odd", shape=shape, kind=kind)
    with pytest.raises(
        ModelError, match=rf"model\.xml: inputs: found {said}, expected one picture \[1, 3, height, width"
    ):
        zoo.add("mine", tmp_path / "odd")
    assert not models.exists()


@pytest.mark.parametrize("kind", [np.float16, np.uint8])
def test_an_input_of_another_type_sees_the_same_picture(tmp_path: Path, kind: type) -> None:
    save(tmp_path / "typed", shape=[1, 3, 48, 64], kind=kind)
    found = Detector(zoo.add("typed", tmp_path / "typed"), device="CPU").detect(
        Photo("white", b"", "", np.full((48, 64, 3), 255, np.uint8))
    )
    assert found.scores.tolist() == [1.0, pytest.approx(0.4)]


def save(folder: Path, *, shape: list[int], kind: type) -> None:
    """An IR with an input of that shape and type, whose first score is the mean of its values / 255."""
    image = ops.parameter(ov.PartialShape(shape), kind, name="image")
    image.output(0).tensor.set_names({"image"})
    axes = ops.constant(np.arange(len(shape)))
    mean = ops.divide(ops.reduce_mean(ops.convert(image, "f32"), axes), ops.constant(np.float32(255)))
    first = ops.concat([ops.constant(BOXES[:1, :4]), ops.reshape(mean, ops.constant([1, 1]), False)], 1)
    nodes = {"labels": ops.constant(LABELS), "masks": ops.constant(MASKS)}
    nodes["boxes"] = ops.concat([first, ops.constant(BOXES[1:])], 0)
    for name, node in nodes.items():
        node.output(0).tensor.set_names({name})
    folder.mkdir()
    results = [ops.result(node) for node in nodes.values()]
    ov.save_model(ov.Model(results, [image]), folder / "model.xml", compress_to_fp16=False)
    (folder / "model.toml").write_text(DESCRIPTION)


@pytest.mark.parametrize(
    ("remove", "write", "message"),
    [
        ("model.bin", {}, r"model\.bin: not there, expected the weights of model\.xml"),
        ("model.xml", {}, "found no graph, expected model.xml"),
        ("", {"model.xml": b"<net/>"}, r"model\.xml: is not a graph that OpenVINO reads"),
        ("", {"model.xml": b"\xc3\x28 no graph"}, r"model\.xml: is not a graph that OpenVINO reads \(not XML\)$"),
        ("", {"model.bin": b"short"}, r"model\.xml: is not a graph that OpenVINO reads \(.*bin file"),
        ("model.xml", {"model.onnx": b"no graph"}, r"model\.onnx: is not a graph that OpenVINO reads"),
        ("", {"model.toml": b"name = 1"}, r"model\.toml: input: missing"),
        ("model.toml", {}, "found no model_info with labels in the graph, expected that or a model.toml"),
    ],
)
def test_a_folder_that_is_no_model_is_refused(
    ir: Path, models: Path, remove: str, write: dict[str, bytes], message: str
) -> None:
    (ir / "model.toml").write_text(DESCRIPTION)
    if remove:
        (ir / remove).unlink()
    for name, content in write.items():
        (ir / name).write_bytes(content)
    with pytest.raises(ModelError, match=message):
        zoo.add("mine", ir)
    assert not models.exists()


# --- ONNX -----------------------------------------------------------------------------------------------------------


def varint(number: int) -> bytes:
    low, number = number & 127, number >> 7
    return bytes([low | 128]) + varint(number) if number else bytes([low])


def field(number: int, *values: int | str | bytes) -> bytes:
    """A protobuf field, repeated once a value."""
    encoded = b""
    for value in values:
        if isinstance(value, int):
            encoded += varint(number << 3) + varint(value)
        else:
            content = value.encode() if isinstance(value, str) else value
            encoded += varint(number << 3 | 2) + varint(len(content)) + content
    return encoded


def onnx_type(values: np.ndarray[Any, Any]) -> int:
    return 7 if values.dtype == np.int64 else 1


def onnx_port(name: str, kind: int, sides: tuple[int | str, ...]) -> bytes:
    shape = b"".join(field(1, field(2 if isinstance(side, str) else 1, side)) for side in sides)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def onnx_network(metadata: dict[str, str]) -> bytes:
    """A constant network as an exporter to ONNX writes it: a batch, `dets` for the boxes, metadata."""
    outputs = {"dets": BOXES[None], "labels": LABELS[None], "masks": MASKS[None]}
    graph = field(2, "graph") + field(11, onnx_port("image", 1, ("batch", 3, 48, 64)))
    for name, values in outputs.items():
        tensor = field(1, *values.shape) + field(2, onnx_type(values)) + field(8, name) + field(9, values.tobytes())
        attribute = field(1, "value") + field(20, 4) + field(5, tensor)
        graph += field(1, field(2, name) + field(4, "Constant") + field(5, attribute))
        graph += field(12, onnx_port(name, onnx_type(values), values.shape))
    entries = (field(1, f"model_info {key}") + field(2, value) for key, value in metadata.items())
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13)) + field(14, *entries)


@pytest.mark.parametrize("described", [True, False])
def test_onnx_of_the_contract_becomes_an_ir(tmp_path: Path, described: bool) -> None:
    folder = tmp_path / "onnx"
    folder.mkdir()
    (folder / "network.onnx").write_bytes(onnx_network({} if described else MODEL_INFO))
    if described:
        (folder / "model.toml").write_text(DESCRIPTION)
    added = zoo.add("mine", folder)
    assert added.categories[1].name == ("helmet" if described else "traffic light")
    assert {path.name for path in added.folder.iterdir()} == {"model.xml", "model.bin", "model.toml"}
    assert same_answers(added.xml_path)
