"""Unrolled samplers are folded where nothing changes, and only there."""

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from annotator.vision import rewrite
from annotator.vision.contract import find_outputs
from annotator.vision.grid_sample import fold_grid_samples
from annotator.vision.rewrite import faster_graph


@pytest.fixture
def person_0007(person_0007_ir):
    return ov.Core().read_model(person_0007_ir)


def samplers(model):
    return sum(node.get_type_name() == "GridSample" for node in model.get_ordered_ops())


def test_the_real_person_0007_has_25_samplers_and_answers_alike_without_them(person_0007):
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
    monkeypatch.setattr(rewrite, "_same_heatmaps", lambda *_: pytest.fail("tried again"))
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
