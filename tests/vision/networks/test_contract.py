"""The outputs of a graph, by name and then by rank."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from annotator.core.errors import ModelError
from annotator.vision.networks.contract import find_image_input, find_outputs


def network(**outputs: tuple[int, ...]) -> ov.Model:
    """A graph with constant outputs of these names ("unnamed..." for none) and shapes."""
    image = ops.parameter([1, 3, 8, 8], np.float32, name="image")
    results = []
    for name, shape in outputs.items():
        constant = ops.constant(np.zeros(shape, np.float32))
        if not name.startswith("unnamed"):
            constant.output(0).tensor.set_names({name, "1973"} if name == "labels" else {name})
        results.append(ops.result(constant))
    return ov.Model(results, [image])


def test_the_published_topologies_answer_with_the_outputs_of_the_contract(
    person_0007_ir: Path, security_1040_ir: Path
) -> None:
    core = ov.Core()
    for path, (width, height), most, side in (
        (person_0007_ir, (544, 320), 10, 224),
        (security_1040_ir, (608, 608), 100, 28),
    ):
        compiled = core.compile_model(core.read_model(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        image, outputs = find_image_input(compiled), find_outputs(compiled)
        assert tuple(image.shape) == (1, 3, height, width)
        noise = np.random.default_rng(0).integers(0, 256, (1, 3, height, width)).astype(np.float32)
        answer = compiled(noise)
        labels, boxes, masks = answer[outputs.labels], answer[outputs.boxes], answer[outputs.masks]
        assert 0 < len(labels) == len(boxes) == len(masks) <= most
        assert boxes.shape[1:] == (5,)
        assert masks.shape[1:] == (side, side)
        assert np.all((boxes[:, :4] >= 0) & (boxes[:, :4] <= [width, height, width, height]))
        assert np.all((boxes[:, 4] > 0) & (boxes[:, 4] <= 1))
        assert np.all((masks >= 0) & (masks <= 1))


def test_names_win_over_positions_and_extra_outputs_do_not_matter() -> None:
    model = network(masks=(2, 7, 7), unnamed_topk=(2, 5), unnamed_other=(2,), boxes=(2, 5), labels=(2,))
    outputs = find_outputs(model)
    assert "labels" in outputs.labels.get_names()
    assert "boxes" in outputs.boxes.get_names()
    assert "masks" in outputs.masks.get_names()


def test_without_names_the_rank_decides() -> None:
    outputs = find_outputs(network(unnamed_a=(2, 7, 7), dets=(2, 5), unnamed_b=(2,)))
    shapes = [tuple(port.shape) for port in (outputs.labels, outputs.boxes, outputs.masks)]
    assert shapes == [(2,), (2, 5), (2, 7, 7)]


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (
            {"labels": (2,), "boxes": (2, 4), "masks": (2, 7, 7)},
            r"output boxes: found boxes \[2, 4\] f32, expected \[n, 5\]",
        ),
        ({"labels": (2,), "dets": (2, 4), "masks": (2, 7, 7)}, r"output boxes: .* found none in .*dets \[2, 4\]"),
        ({"labels": (2,), "a": (2, 5), "b": (2, 5), "masks": (2, 7, 7)}, "output boxes: .* found 2 of that form"),
        ({"labels": (2,), "boxes": (2, 5)}, "output masks: .* found none"),
        (
            {"labels": (2,), "boxes": (2, 5), "masks": (3, 7, 7)},
            r"outputs: found labels \[2\] f32; boxes \[2, 5\] f32; masks \[3, 7, 7\] f32, expected a row for each",
        ),
        ({"logits": (1, 1000)}, r"output labels: .* found none in logits \[1, 1000\] f32"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_was_found(outputs: dict[str, tuple[int, ...]], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        find_outputs(network(**outputs))


def test_an_input_that_is_no_picture_of_fixed_size_is_refused() -> None:
    for shape in ([1, 3, -1, -1], [1, 1, 8, 8], [2, 3, 8, 8], [1, 3, 8]):
        image = ops.parameter(ov.PartialShape(shape), np.float32, name="image")
        model = ov.Model([ops.result(ops.constant(np.zeros(1, np.float32)))], [image])
        with pytest.raises(ModelError, match=r"inputs: found .*, expected one picture \[1, 3, height, width\]"):
            find_image_input(model)


def test_a_constant_network_answers_exactly_what_it_was_given(
    tmp_path: Path, constant_network: Callable[..., Path]
) -> None:
    boxes, masks = np.random.default_rng(1).random((3, 5)), np.random.default_rng(2).random((3, 28, 28))
    path = constant_network(tmp_path, boxes=boxes, labels=[0, 2, 1], masks=masks, input_size=(64, 48))
    compiled = ov.Core().compile_model(str(path), "CPU")
    outputs, answer = find_outputs(compiled), compiled(np.zeros((1, 3, 48, 64), np.float32))
    assert answer[outputs.labels].tolist() == [0, 2, 1]
    assert np.array_equal(answer[outputs.boxes], boxes.astype(np.float32))
    assert np.array_equal(answer[outputs.masks], masks.astype(np.float32))
