"""The registry: every form of outputs that a description may name has one adapter."""

from typing import get_args

import numpy as np
import pytest

from annotator.core.errors import ModelError
from annotator.vision.networks import zoo
from annotator.vision.networks.adapters.registry import ADAPTERS, adapter_of
from annotator.vision.networks.model_info import BOXES_ALONE, Outputs
from tests.vision.networks.adapters.graphs import answering


def test_every_form_of_outputs_has_its_adapter():
    assert sorted(adapter.outputs for adapter in ADAPTERS) == sorted(get_args(Outputs))
    assert set(BOXES_ALONE) < set(get_args(Outputs))
    assert adapter_of(zoo.find("starter-person")).outputs == "regions"


def test_a_graph_of_no_family_says_what_its_own_contract_wants(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    folder = answering(tmp_path / "mine", {"scores": np.zeros((1, 4, 7), np.float32)})
    with pytest.raises(
        ModelError, match=r"found no model_info with labels in the graph, expected that or a model\.toml"
    ):
        zoo.add("mine", folder)
