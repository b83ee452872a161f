"""The INT8 twin of a network. Making one needs NNCF (the extra `int8`); comparing two does not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from annotator.core.errors import ModelError
from annotator.vision.networks import quantize, zoo
from annotator.vision.networks.contract import find_outputs
from tests.vision.graphs import described


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    return tmp_path / "models"


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{index}.png" for index in range(12)]
    for index, path in enumerate(paths):
        pixels = np.random.default_rng(index).integers(0, 256, (48, 64, 3), np.uint8)
        assert cv2.imwrite(str(path), pixels)
    return paths


def weighted_network(folder: Path) -> None:
    """A network with something to quantize: two convolutions say how sure it is of its one box."""
    rng = np.random.default_rng(1)
    image = ops.parameter([1, 3, 48, 64], np.float32, name="image")
    image.output(0).tensor.set_names({"image"})
    values: ov.Node = image
    for outside, inside in ((16, 3), (8, 16)):
        weights = ops.constant(rng.normal(0, 0.02, (outside, inside, 3, 3)).astype(np.float32))
        values = ops.relu(ops.convolution(values, weights, [2, 2], [1, 1], [1, 1], [1, 1]))
    score = ops.reshape(ops.sigmoid(ops.reduce_mean(values, ops.constant([0, 1, 2, 3]))), ops.constant([1, 1]), False)
    box = ops.constant(np.array([[4, 4, 40, 30]], np.float32))
    outputs = {
        "labels": ops.constant(np.array([0])),
        "boxes": ops.concat([box, score], 1),
        "masks": ops.constant(np.ones((1, 7, 7), np.float32)),
    }
    results = []
    for name, node in outputs.items():
        node.output(0).tensor.set_names({name})
        results.append(ops.result(node))
    folder.mkdir(parents=True)
    ov.save_model(ov.Model(results, [image]), folder / "model.xml", compress_to_fp16=False)
    described(folder)


def test_without_nncf_the_extra_is_named(models: Path, pictures: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    weighted_network(models / "net")
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(ModelError, match=r"NNCF is not installed; .*pip install 'photo-annotator\[int8\]'"):
        quantize.quantize(zoo.find("net"), pictures, name="net-int8")


def test_a_twin_joins_the_zoo_and_answers_nearly_alike(
    models: Path, pictures: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("nncf", reason="the extra int8 is not installed")
    weighted_network(models / "net")
    info = zoo.find("net")
    twin = quantize.quantize(info, pictures, name="net-int8")
    assert capsys.readouterr().out == ""
    assert twin == zoo.find("net-int8")
    assert twin.description.startswith("net@1 in INT8, calibrated on 12 pictures.")
    graph = ov.Core().read_model(twin.xml_path)
    find_outputs(graph)
    quantizers = [node for node in graph.get_ops() if node.get_type_name() == "FakeQuantize"]
    fed = {port.get_node().get_type_name() for node in quantizers for port in node.output(0).get_target_inputs()}
    assert fed == {"Convolution"}  # boxes are computed beside them, and 8 bits would move those by pixels
    compared = quantize.compare(info, twin, pictures)
    assert (compared.found, compared.kept, compared.mask_iou) == (12, 12, 1.0)


def test_a_twin_is_made_of_the_folded_graph(
    models: Path, pictures: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between layers of 8 bits no sampler is recognised any more."""
    pytest.importorskip("nncf", reason="the extra int8 is not installed")
    weighted_network(models / "net")

    def folded(graph: ov.Model, *, verdicts: Path) -> ov.Model:
        next(node for node in graph.get_ops() if node.get_type_name() == "Sigmoid").set_friendly_name("folded")
        return graph

    monkeypatch.setattr(quantize, "faster_graph", folded)
    twin = quantize.quantize(zoo.find("net"), pictures, name="net-int8")
    assert "folded" in [node.get_friendly_name() for node in ov.Core().read_model(twin.xml_path).get_ops()]


def test_what_computes_places_stays_as_it_is() -> None:
    """A box from a layer with weights, and a grid from the box: 8 bits halved the bundled network's mask AP there."""
    image = ops.parameter([1, 3, 8, 8], np.float32, name="image")
    features = ops.relu(image, name="features")
    pooled = ops.reduce_mean(features, ops.constant([2, 3]), name="pooled")
    raw = ops.matmul(pooled, ops.constant(np.ones((3, 5), np.float32)), False, False, name="weighted")
    boxes = ops.multiply(raw, ops.constant(np.float32(544)), name="boxes")
    grid = ops.reshape(
        ops.slice(boxes, ops.constant([0]), ops.constant([2]), ops.constant([1]), ops.constant([1]), name="corner"),
        ops.constant([1, 1, 1, 2]),
        False,
        name="grid",
    )
    sampled = ops.grid_sample(features, grid, {}, name="sampled")
    masks = ops.reduce_mean(ops.sigmoid(sampled, name="soft"), ops.constant([1]), name="masks")
    labels = ops.convert(ops.reduce_max(raw, ops.constant([1]), name="score"), "i64", name="labels")
    nodes = {"labels": labels, "boxes": boxes, "masks": masks}
    for name, node in nodes.items():
        node.output(0).tensor.set_names({name})
    graph = ov.Model([ops.result(node) for node in nodes.values()], [image])
    named = set(quantize._of_places(graph))
    assert {"boxes", "corner", "grid", "labels", "score"} <= named
    assert not {"weighted", "features", "pooled", "sampled", "soft", "masks"} & named


def test_too_few_pictures_are_refused(models: Path, pictures: list[Path]) -> None:
    pytest.importorskip("nncf", reason="the extra int8 is not installed")
    weighted_network(models / "net")
    pictures[0].write_bytes(b"no picture")
    with pytest.raises(ModelError, match="found 8 pictures that can be read and show something, expected 10"):
        quantize.quantize(zoo.find("net"), pictures[:9], name="net-int8")


def test_rows_of_zeros_show_nothing(models: Path, pictures: list[Path], constant_network: Callable[..., Path]) -> None:
    pytest.importorskip("nncf", reason="the extra int8 is not installed")
    constant_network(models / "empty", boxes=np.zeros((9, 5)), labels=[0] * 9, masks=np.ones((9, 28, 28)))
    described(models / "empty")
    with pytest.raises(ModelError, match="found 0 pictures that can be read and show something"):
        quantize.quantize(zoo.find("empty"), pictures, name="empty-int8")


def test_pictures_that_compare_did_not_calibrate(pictures: list[Path]) -> None:
    calibrating, others = quantize.divide(pictures, most=5)
    assert len(calibrating) == 5
    assert not set(calibrating) & set(others)
    assert quantize.divide(pictures) == (pictures, pictures)
    assert quantize.divide([]) == ([], [])


def test_a_twin_is_compared_by_what_it_finds_again(
    models: Path, pictures: list[Path], constant_network: Callable[..., Path]
) -> None:
    boxes = np.array([[2, 2, 20, 20, 0.9], [30, 5, 60, 40, 0.8], [1, 30, 20, 47, 0.2]])
    # The twin misses the second object, is unsure of the first and moves nothing.
    others = np.array([[2, 2, 20, 20, 0.2], [30, 5, 60, 40, 0.1], [1, 30, 20, 47, 0.9]])
    for name, values in (("net", boxes), ("twin", others)):
        constant_network(models / name, boxes=values, labels=[0] * 3, masks=np.ones((3, 7, 7)), input_size=(64, 48))
        described(models / name)
    pictures[4].write_bytes(b"no picture, and none that counts")
    compared = quantize.compare(zoo.find("net"), zoo.find("twin"), pictures[:5])
    assert (compared.pictures, compared.found, compared.kept, compared.mask_iou) == (4, 8, 4, 1.0)
    assert "4 of 8 objects found again on 4 pictures, mean mask IoU 1.000" in str(compared)
