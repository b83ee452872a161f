"""An INT8 twin of a network, calibrated on the user's own pictures by NNCF (the extra `int8`).

Source: nncf.quantize, post-training quantization: 8-bit weights and activations, biases corrected.
"""

from __future__ import annotations

import contextlib
import logging
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from annotator.core.errors import ImageError, ModelError
from annotator.core.overlap import mask_iou
from annotator.vision.networks import compile_cache, zoo
from annotator.vision.networks.contract import find_outputs
from annotator.vision.networks.detector import Detections, Detector, prepare, to_detections
from annotator.vision.networks.input_values import input_values
from annotator.vision.networks.install import install_model
from annotator.vision.networks.rewrite import faster_graph
from annotator.vision.networks.runtime import Network, read_graph
from annotator.vision.networks.zoo import ModelInfo
from annotator.vision.pictures import decode

# NNCF's own default; more pictures make calibration slower, hardly better.
MOST_PICTURES = 300
LEAST_PICTURES = 10
WEIGHTED = {"Convolution", "GroupConvolution", "ConvolutionBackpropData", "MatMul"}
# Which input of an operation says where it samples.
PLACES = {"GridSample": 1, "ROIAlign": 1, "ROIPooling": 1, "ExperimentalDetectronROIFeatureExtractor": 0}
SAME_OBJECT_IOU = 0.5
# Enough pictures for a first impression of what INT8 costs; AP is measured on all of them by `evaluate`.
COMPARED = 40


def divide(pictures: Sequence[Path], *, most: int = MOST_PICTURES) -> tuple[list[Path], list[Path]]:
    """Pictures -> at most `most` that calibrate and at most 40 that compare, both evenly chosen.

    Those that compare have not calibrated, as long as there are others.
    """
    chosen = set(_evenly(len(pictures), most))
    calibrating = [picture for index, picture in enumerate(pictures) if index in chosen]
    others = [picture for index, picture in enumerate(pictures) if index not in chosen] or calibrating
    return calibrating, [others[index] for index in _evenly(len(others), COMPARED)]


def quantize(info: ModelInfo, pictures: Sequence[Path], *, name: str) -> ModelInfo:
    """Add the INT8 twin of a model to the zoo under `name`.

    pictures: files that look like those to be annotated; all of them calibrate. Raises ModelError where NNCF is not
    installed, the name is taken or fewer than 10 pictures can be read and show something.
    """
    if info.outputs != "regions" or info.largest is not None:
        raise ModelError(f"quantize: {info.name} is read as {info.outputs}; let its own trainer export it in INT8")
    try:
        import nncf  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        said = "install the extra: pip install 'photo-annotator[int8]'"
        raise ModelError(f"quantize: NNCF is not installed; {said}") from error
    target = zoo.free_folder(name)
    zoo.verify(info)
    # Between the 8-bit layers nobody recognises a sampler that is still unrolled: it is folded before.
    graph = faster_graph(read_graph(info), verdicts=compile_cache.cache_folder(info))
    inputs = _inputs(info, pictures)
    # Its bars go where messages belong; stdout is for results. What it says of each operation goes nowhere.
    nncf.set_log_level(logging.ERROR)
    with contextlib.redirect_stdout(sys.stderr):
        quantized = nncf.quantize(
            graph,
            nncf.Dataset(inputs, lambda picture: input_values(picture, info)),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(inputs),
            ignored_scope=nncf.IgnoredScope(names=_of_places(graph), validate=False),
        )
    twin = replace(
        info,
        name=name,
        title=f"{info.title} (INT8)",
        folder=target,
        description=f"{info.source} in INT8, calibrated on {len(inputs)} pictures. {info.description}".strip(),
    )
    return install_model(twin, {"model": quantized})


def _of_places(graph: ov.Model) -> list[str]:
    """The operations behind the layers with weights that compute coordinates: positions, boxes, where to sample.

    They stay as they are: 8 bits would move a position by pixels.
    """
    outputs = find_outputs(graph)
    waiting = [port.get_node() for port in (outputs.boxes, outputs.labels)]
    for node in graph.get_ops():
        place = PLACES.get(node.get_type_name())
        if place is not None:
            waiting.append(node.input_value(place).get_node())
        elif node.get_output_size() and node.get_output_element_type(0).is_integral():
            waiting.append(node)  # an index
    names: set[str] = set()
    while waiting:
        node = waiting.pop()
        name = node.get_friendly_name()
        if name not in names and node.get_type_name() not in {*WEIGHTED, "Constant", "ShapeOf"}:
            names.add(name)
            waiting += [value.get_node() for value in node.input_values()]
    return sorted(names)


def _inputs(info: ModelInfo, pictures: Sequence[Path]) -> list[NDArray[np.uint8]]:
    """The pictures as the network takes them, (height, width, 3) RGB: those in which the network finds something.

    Pictures without a finding are left out: their mask head sees nothing, which would spoil the measured ranges.
    """
    network = Network(info)
    inputs = []
    for path in pictures:
        with contextlib.suppress(ImageError):  # one that cannot be read calibrates nothing
            prepared = prepare(decode.read(path), info, input_size=network.input_size)
            if len(to_detections(network.infer(prepared.picture), prepared.resize, info)):
                inputs.append(prepared.picture)
    if len(inputs) < LEAST_PICTURES:
        raise ModelError(
            f"quantize: found {len(inputs)} pictures that can be read and show something, expected {LEAST_PICTURES}"
        )
    return inputs


def _evenly(count: int, most: int) -> list[int]:
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)).tolist() if count else []


@dataclass(frozen=True)
class Comparison:
    """One network against its twin, on the same pictures.

    found: objects that the first finds above its threshold. kept: how many of them the twin finds too, with at least
    half the threshold and a mask IoU of at least 0.5. mask_iou: mean over those. Times are medians, in ms a picture.
    """

    pictures: int
    found: int
    kept: int
    mask_iou: float
    before_ms: float
    after_ms: float
    before_bytes: int
    after_bytes: int

    def __str__(self) -> str:
        return (
            f"{self.before_ms:.0f} ms -> {self.after_ms:.0f} ms a picture, "
            f"{self.before_bytes / 1e6:.1f} MB -> {self.after_bytes / 1e6:.1f} MB; "
            f"{self.kept} of {self.found} objects found again on {self.pictures} pictures, "
            f"mean mask IoU {self.mask_iou:.3f}"
        )


def compare(before: ModelInfo, after: ModelInfo, pictures: Sequence[Path], *, device: str = "AUTO") -> Comparison:
    """How a twin does against its original; on pictures that did not calibrate it, for an honest answer."""
    detectors = [Detector(info, device=device) for info in (before, after)]
    times: tuple[list[float], list[float]] = ([], [])
    found, overlaps = 0, []
    for path in pictures:
        try:
            photo = decode.read(path)
        except ImageError:  # as little as it calibrates can it compare
            continue
        answers: list[Detections] = []
        for detector, spent in zip(detectors, times, strict=True):
            began = time.perf_counter()
            answers.append(detector.detect(photo))
            spent.append((time.perf_counter() - began) * 1e3)
        best = _best_overlaps(*answers, threshold=before.threshold)
        found += len(best)
        overlaps += [overlap for overlap in best if overlap >= SAME_OBJECT_IOU]
    return Comparison(
        pictures=len(times[0]),
        found=found,
        kept=len(overlaps),
        mask_iou=statistics.fmean(overlaps) if overlaps else 0.0,
        before_ms=statistics.median(times[0]) if times[0] else 0.0,
        after_ms=statistics.median(times[1]) if times[1] else 0.0,
        before_bytes=sum(file.bytes or 0 for file in before.files),
        after_bytes=sum(file.bytes or 0 for file in after.files),
    )


def _best_overlaps(first: Detections, second: Detections, *, threshold: float) -> list[float]:
    """For each object of the first above the threshold: the largest mask IoU with one of its category in the second."""
    mine: list[int] = np.flatnonzero(first.scores >= threshold).tolist()
    theirs: list[int] = np.flatnonzero(second.scores >= threshold / 2).tolist()
    overlap = mask_iou(first.masks(mine), second.masks(theirs))
    same = first.category_ids[mine][:, None] == second.category_ids[theirs][None]
    return [float(row.max(initial=0.0)) for row in overlap * same]
