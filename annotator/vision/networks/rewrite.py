"""A faster graph with the same answers. A rewrite is used only after a trial; otherwise the published graph is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray

from annotator.core.errors import ModelError
from annotator.vision.networks import compile_cache
from annotator.vision.networks.contract import find_image_input
from annotator.vision.networks.graph_split import ask_head, split_graph
from annotator.vision.networks.grid_sample import fold_grid_samples

TOLERANCE = 0.002
"""Largest difference of a heatmap's value: half the step that 8 bits of probability would show."""

_BOXES = (
    (0.0, 0.0, 1.0, 1.0),
    (0.1, 0.2, 0.4, 0.9),
    (0.5, 0.5, 0.55, 0.6),
    (0.7, 0.0, 1.0, 0.3),
    (0.3, 0.6, 0.9, 0.65),
)
"""Boxes of the trial, as shares of the input: whole, tall, tiny, at the border, flat."""


def faster_graph(model: ov.Model, *, verdicts: Path) -> ov.Model:
    """The model with its unrolled samplers folded, where a probe shows the same heatmaps; else the model.

    verdicts: a folder that belongs to this very model, where the outcome is kept: the trial costs a second.
    """
    rewritten = model.clone()
    try:
        count = fold_grid_samples(rewritten)
    except RuntimeError:  # it looked like a sampler, and what would take its place cannot be made
        return model
    if not count:
        return model
    path = verdicts / f"folded-{compile_cache.circumstances(ov.Core())}"
    verdict = compile_cache.load(path)
    if verdict is None:
        verdict = b"same" if _same_answers(model, rewritten, count=count) else b"differs"
        compile_cache.save(path, verdict)
    return rewritten if verdict == b"same" else model


def _same_answers(published: ov.Model, rewritten: ov.Model, *, count: int) -> bool:
    """Whether both mask branches answer alike for boxes on a probe picture, and nothing before them was rewritten."""
    try:
        features, head = split_graph(published.clone())
        # Only this branch is tried: what a sampler elsewhere does to the boxes, a probe would show by chance.
        if fold_grid_samples(head.clone()) != count:
            return False
        _, rewritten_head = split_graph(rewritten.clone())
        compiled = _compiled(features)
        answer = compiled(_probe(features))
        maps = [np.array(answer[port]) for port in compiled.outputs]
        boxes, labels = _boxes(features), np.zeros(len(_BOXES), np.int64)
        expected, found = (ask_head(_compiled(part), boxes, labels, maps) for part in (head, rewritten_head))
    except (ModelError, RuntimeError):  # not to be split, or the rewrite does not even run: the published graph stays
        return False
    return found.shape == expected.shape and bool(np.abs(found - expected).max() <= TOLERANCE)


def _probe(features: ov.Model) -> NDArray[np.float32]:
    """A picture of soft blobs (1, 3, h, w): something everywhere, the same on every machine."""
    _, _, height, width = find_image_input(features).get_shape()
    coarse = np.random.default_rng(7).integers(0, 256, (9, 12, 3)).astype(np.float32)
    picture = cv2.resize(coarse, (int(width), int(height)), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(picture.clip(0, 255).transpose(2, 0, 1)[None])


def _boxes(features: ov.Model) -> NDArray[np.float32]:
    _, _, height, width = find_image_input(features).get_shape()
    size = np.array([width, height, width, height], np.float32)
    return np.hstack([np.array(_BOXES, np.float32) * size, np.ones((len(_BOXES), 1), np.float32)])


def _compiled(model: ov.Model) -> ov.CompiledModel:
    return ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
