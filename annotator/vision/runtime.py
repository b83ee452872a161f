"""OpenVINO: one compiled network of the contract, fed with u8 pictures, answering in the order of its input."""

from __future__ import annotations

import contextlib
import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino.preprocess import ColorFormat, PrePostProcessor

from annotator.core import places
from annotator.core.errors import ModelError
from annotator.core.files import written_whole
from annotator.vision import zoo
from annotator.vision.contract import find_image_input, find_outputs
from annotator.vision.rewrite import faster_graph
from annotator.vision.zoo import ModelInfo

Tag = TypeVar("Tag")
Picture = NDArray[np.uint8]

PRECISION = "f32"
"""What is computed in unless asked otherwise, for pre-labelling too: OpenVINO's own choice would be bf16 where it can.

Measured with starter-person on 96 photographs (tests/bench/bench_precision.py), bf16 takes 0.57 of the processor's
time, and of 213 objects above the threshold none is lost; but their masks overlap f32's by 0.97 in the middle, one in
twenty by less than 0.90 and the worst by 0.82, boxes move by up to 4 pixels of the input, and mask AP falls from 23.8
to 23.6. Suggestions would not be the same ones within any bound worth the name, so f32 stays.
"""

WAITING = 2
"""Pictures that wait inside the device beyond those it works on: it never waits for this process to wake up."""


@dataclass(frozen=True, eq=False)
class RawDetections:
    """A network's answer as it came: labels (n,), boxes (n, 5) in input pixels with score, masks (n, s, s) in 0..1."""

    labels: NDArray[np.int64]
    boxes: NDArray[np.float32]
    masks: NDArray[np.float32]


class Network:
    """A verified model, compiled. `input_size` is (width, height).

    Takes RGB pictures (height, width, 3) u8 of the input's size: conversion, channel order, mean and scale happen in
    the graph, which is exact and faster than in numpy.
    """

    def __init__(self, info: ModelInfo, *, device: str = "AUTO", precision: str = PRECISION) -> None:
        zoo.verify(info)
        self._compiled = _loaded(info, device=device, precision=precision)
        _, height, width, _ = self._compiled.inputs[0].get_shape()
        self.input_size = (int(width), int(height))
        self._outputs = find_outputs(self._compiled)
        self.requests = int(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")) + WAITING

    def infer(self, picture: Picture) -> RawDetections:
        """One picture, one answer."""
        return next(raw for _, raw in self.stream([(None, picture)]))

    def stream(self, pictures: Iterable[tuple[Tag, Picture]]) -> Iterator[tuple[Tag, RawDetections]]:
        """Answers in the order of the input, with as many pictures under way as the device likes and never more."""
        idle = [self._compiled.create_infer_request() for _ in range(self.requests)]
        running: deque[tuple[Tag, ov.InferRequest]] = deque()
        try:
            for tag, picture in pictures:
                done = None
                if not idle:
                    first, request = running.popleft()
                    done = first, self._collect(request)
                    idle.append(request)
                request = idle.pop()
                request.set_input_tensor(ov.Tensor(np.ascontiguousarray(picture[None])))
                request.start_async()
                running.append((tag, request))
                # The next picture is under way before the caller works on this answer: the device never waits for it.
                if done is not None:
                    yield done
            while running:
                first, request = running.popleft()
                yield first, self._collect(request)
        finally:
            for _, request in running:
                request.wait()

    def _collect(self, request: ov.InferRequest) -> RawDetections:
        try:
            request.wait()
        except RuntimeError as error:
            raise ModelError(f"inference failed: {_last_line(error)}") from error
        # astype copies: the request's own tensors are written again by the next picture.
        return RawDetections(
            labels=request.get_tensor(self._outputs.labels).data.astype(np.int64),
            boxes=request.get_tensor(self._outputs.boxes).data.astype(np.float32),
            masks=request.get_tensor(self._outputs.masks).data.astype(np.float32),
        )


def _loaded(info: ModelInfo, *, device: str, precision: str) -> ov.CompiledModel:
    """The compiled network: for the processor as the last start left it, without reading the graph again."""
    core = ov.Core()
    if device == "AUTO" and core.available_devices == ["CPU"]:
        device = "CPU"  # all there is to choose from, and AUTO takes up nothing that was kept
    settings = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": precision}
    kept = cache_folder(info) / f"{precision}-{_machine(core)}.blob" if device == "CPU" else None
    if kept is not None and kept.is_file():
        # Whatever is wrong with what was kept: it is made again.
        with contextlib.suppress(OSError, RuntimeError):
            return core.import_model(kept.read_bytes(), device, settings)
    try:
        model = core.read_model(info.xml_path)
    except RuntimeError as error:
        raise ModelError(f"{info.name}: {info.xml_path.name} cannot be read: {_last_line(error)}") from error
    find_outputs(model)
    find_image_input(model)
    prepared = with_u8_input(faster_graph(model, verdicts=cache_folder(info)), info)
    if kept is None:
        settings["CACHE_DIR"] = str(cache_folder(info) / precision)
    compiled = _compiled(prepared, info, device=device, settings=settings)
    if kept is not None:
        with contextlib.suppress(OSError, RuntimeError):  # a full disk costs the next start its speed, no more
            written_whole(kept, compiled.export_model().getvalue())
    return compiled


def _machine(core: ov.Core) -> str:
    """What a compiled network depends on besides its files: OpenVINO's version, and the processor."""
    traits = [core.get_property("CPU", name) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
    return hashlib.sha256(f"{ov.get_version()} {traits}".encode()).hexdigest()[:16]


def compile_network(
    model: ov.Model, info: ModelInfo, *, device: str, part: str, precision: str = "f32", hint: str = "LATENCY"
) -> ov.CompiledModel:
    """Compile a model's graph, or a part of it, kept on disk for the next start. Raises ModelError."""
    settings = {
        "PERFORMANCE_HINT": hint,
        "INFERENCE_PRECISION_HINT": precision,
        "CACHE_DIR": str(cache_folder(info) / part),
    }
    return _compiled(model, info, device=device, settings=settings)


def _compiled(model: ov.Model, info: ModelInfo, *, device: str, settings: dict[str, str]) -> ov.CompiledModel:
    try:
        return ov.Core().compile_model(model, device, settings)
    except RuntimeError as error:
        raise ModelError(f"{info.name}: cannot be compiled for device {device}: {_last_line(error)}") from error


def with_u8_input(model: ov.Model, info: ModelInfo) -> ov.Model:
    """The graph behind an input of RGB pictures [1, height, width, 3] u8."""
    steps = PrePostProcessor(model)
    source = steps.input()
    source.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC")).set_color_format(ColorFormat.RGB)
    source.model().set_layout(ov.Layout("NCHW"))
    convert = source.preprocess()
    if info.order == "BGR":
        convert.convert_color(ColorFormat.BGR)
    convert.convert_element_type(ov.Type.f32)
    if any(info.mean):
        convert.mean(list(info.mean))
    if any(value != 1 for value in info.scale):
        convert.scale(list(info.scale))
    return steps.build()


def cache_folder(info: ModelInfo) -> Path:
    """Compiled networks are kept by the hash of their files, so that a changed file never meets an old compilation."""
    digest = hashlib.sha256("".join(file.sha384 for file in info.files).encode()).hexdigest()[:16]
    return places.home() / "cache" / f"{info.name}-{digest}"


def _last_line(error: Exception) -> str:
    """OpenVINO's messages run over many lines; the last one that says something names the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
