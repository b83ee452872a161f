"""Constants of a graph are folded once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from annotator.vision.networks import compile_cache
from annotator.vision.networks.model_info import PromptInfo
from annotator.vision.networks.prompts.folding import folded

PICTURE = np.arange(12, dtype=np.float32).reshape(1, 3, 2, 2)


def graph() -> ov.Model:
    """A picture plus a constant that is brought to the picture's own size."""
    picture = ops.parameter([1, 3, 2, 2], np.float32, name="image")
    grown = ops.broadcast(ops.constant(np.float32(7)), ops.shape_of(picture))
    return ov.Model([ops.result(ops.add(picture, grown))], [picture], "encoder")


def types(model: ov.Model) -> set[str]:
    return {node.get_type_name() for node in model.get_ops()}


def fold(info: PromptInfo, *, seconds: float) -> ov.Model:
    moments: Iterator[float] = count(0, seconds)
    return folded(graph(), info, stage="encoder", clock=lambda: next(moments))


@pytest.fixture
def info(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PromptInfo:
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path))
    return PromptInfo(name="mine", title="mine", version="1", folder=tmp_path, files=(), description="")


def test_what_took_long_is_kept_and_made_again_where_it_rotted(info: PromptInfo) -> None:
    kept = compile_cache.cache_folder(info) / "encoder-folded.bin"
    assert "ShapeOf" not in types(fold(info, seconds=1))
    assert not kept.exists()
    fold(info, seconds=60)
    content = kept.read_bytes()
    again = folded(graph(), info, stage="encoder", clock=lambda: pytest.fail("it was folded anew"))
    np.testing.assert_array_equal(ov.compile_model(again, "CPU")(PICTURE)[0], PICTURE + 7)
    kept.write_bytes(content[:-1] + b"?")
    fold(info, seconds=60)
    assert kept.read_bytes() == content
