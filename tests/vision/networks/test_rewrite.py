"""Unrolled samplers are folded where nothing changes, and only there."""

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from annotator.vision.networks import rewrite
from annotator.vision.networks.contract import find_outputs
from annotator.vision.networks.grid_sample import fold_grid_samples
from annotator.vision.networks.rewrite import faster_graph
from tests.vision.stand_ins import unrolled_sampler


@pytest.fixture
def person_0007(person_0007_ir):
    return ov.Core().read_model(person_0007_ir)


def samplers(model):
    return sum(node.get_type_name() == "GridSample" for node in model.get_ordered_ops())


def test_person_0007_has_25_samplers_and_answers_alike_without_them(person_0007):
    folded = person_0007.clone()
    assert fold_grid_samples(folded) == samplers(folded) == 25
    random = np.random.default_rng(5)
    picture = np.kron(random.integers(0, 256, (3, 10, 17)), np.ones((1, 32, 32))).astype(np.float32)[None]
    answers = []
    for model in (person_0007, folded):
        compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        answer, outputs = compiled(picture), find_outputs(compiled)
        answers.append([answer[outputs.boxes], answer[outputs.masks]])
    assert len(answers[0][0]) > 0
    np.testing.assert_array_equal(answers[0][0], answers[1][0])
    np.testing.assert_allclose(answers[0][1], answers[1][1], atol=1e-5)


def test_the_verdict_is_reached_once_and_kept(person_0007, tmp_path, monkeypatch):
    assert samplers(faster_graph(person_0007, verdicts=tmp_path)) == 25
    monkeypatch.setattr(rewrite, "_same_answers", lambda *_, **__: pytest.fail("tried again"))
    assert samplers(faster_graph(person_0007, verdicts=tmp_path)) == 25


def test_a_rewrite_that_changes_an_answer_is_dropped(person_0007, tmp_path, monkeypatch):
    def fold_wrongly(model):
        count = fold_grid_samples(model)
        sampler = next(node for node in model.get_ordered_ops() if node.get_type_name() == "GridSample")
        readers = sampler.output(0).get_target_inputs()
        doubled = ops.multiply(sampler, np.float32(2)).output(0)
        for port in readers:
            port.replace_source_output(doubled)
        return count

    monkeypatch.setattr(rewrite, "fold_grid_samples", fold_wrongly)
    assert samplers(faster_graph(person_0007, verdicts=tmp_path)) == 0


def test_a_graph_without_the_pattern_stays_as_it_is(security_1040_ir, tmp_path):
    model = ov.Core().read_model(security_1040_ir)
    assert faster_graph(model, verdicts=tmp_path) is model


@pytest.mark.parametrize("elsewhere", [False, True])
def test_only_what_the_trial_sees_is_rewritten(tmp_path, elsewhere):
    """A sampler of the masks is tried for boxes that are known; one before the boxes would go unseen."""
    image = ops.parameter([1, 3, 12, 16], np.float32, name="image")
    grey = ops.reduce_mean(image, ops.constant(np.array([1])), True)
    x, y = ops.constant(np.float32([[3.3]])), ops.constant(np.float32([[4.6]]))
    score = ops.reshape(unrolled_sampler(grey, x, y, width=16), ops.constant(np.array([1, 1])), False)
    known = ops.constant(np.float32([[1, 2, 9, 8]])), ops.constant(np.float32([[0.5]]))
    boxes = ops.concat([known[0], score if elsewhere else known[1]], 1)
    steps = ops.constant(np.linspace(0, 1, 49, dtype=np.float32)[None])
    places = []
    for side in (0, 1):
        begin = ops.gather(boxes, ops.constant(np.array([side])), ops.constant(1))
        place = ops.add(ops.multiply(begin, np.float32(0.5)), steps)
        places.append(ops.reshape(place, ops.constant(np.array([1, -1])), False))
    fine = ops.reshape(unrolled_sampler(grey, *places, width=16), ops.constant(np.array([-1, 7, 7])), False)
    sure = ops.reshape(ops.gather(boxes, ops.constant(np.array([4])), ops.constant(1)), np.array([-1, 1, 1, 1]), False)
    coarse = ops.reduce_mean(ops.multiply(grey, sure), ops.constant(np.array([2, 3])), False)
    masks = ops.add(fine, ops.unsqueeze(coarse, ops.constant(2)))
    results = []
    for name, node in (("boxes", boxes), ("labels", ops.constant(np.zeros(1, np.int64))), ("masks", masks)):
        node.output(0).tensor.set_names({name})
        results.append(ops.result(node))
    model = ov.Model(results, [image])
    assert samplers(faster_graph(model, verdicts=tmp_path)) == (0 if elsewhere else 1)
