"""OpenVINO: one compiled network of the contract, fed with u8 pictures, answering in the order of its input."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino.preprocess import ColorFormat, PrePostProcessor

from annotator.core.errors import AnnotatorError, ModelError, last_line
from annotator.vision.networks import compile_cache, zoo
from annotator.vision.networks.adapters.base import RawDetections
from annotator.vision.networks.adapters.registry import adapter_of
from annotator.vision.networks.contract import find_image_input, port_sides
from annotator.vision.networks.rewrite import faster_graph
from annotator.vision.networks.zoo import ModelInfo, NetworkInfo

Tag = TypeVar("Tag")
Found = TypeVar("Found")
Picture = NDArray[np.uint8]

PRECISION = "f32"
"""What is computed in unless asked otherwise, for pre-labelling too: OpenVINO's own choice would be bf16 where it can.

Measured with starter-person 3 on 96 photographs (tests/bench/bench_precision.py), bf16 takes 0.53 of the processor's
time, and of 239 objects above the threshold none is lost; but their masks overlap f32's by 0.97 in the middle, one in
twenty by less than 0.89 and the worst by 0.63, and boxes move by up to 2 pixels of the input. Suggestions would not be
the same ones within any bound worth the name, so f32 stays.
"""

WAITING = 2
"""Pictures that wait inside the device beyond those it works on: it never waits for this process to wake up."""


class Network:
    """A verified model, compiled. `input_size` is (width, height), the largest where pictures have sizes of their own.

    Takes RGB pictures (height, width, 3) u8 of the input's size: conversion, channel order, mean and scale happen in
    the graph, which is exact and faster than in numpy.
    """

    def __init__(
        self, info: ModelInfo, *, device: str = "AUTO", precision: str = PRECISION, threads: int | None = None
    ) -> None:
        zoo.verify(info)
        self._compiled = compile_network(
            lambda: with_u8_input(faster_graph(read_graph(info), verdicts=compile_cache.cache_folder(info)), info),
            info,
            device=device,
            stage="network",
            precision=precision,
            hint="THROUGHPUT",
            threads=threads,
        )
        self.input_size = input_size(self._compiled, info)
        self._info, self._adapter = info, adapter_of(info)
        self._ports = self._adapter.ports(self._compiled)
        self.requests = int(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")) + WAITING

    def infer(self, picture: Picture) -> RawDetections:
        """One picture, one answer. Raises ModelError where the network fails on it."""
        (_, raw), *_ = self.stream([(None, picture)], lambda _, raw: raw.copied())
        if isinstance(raw, AnnotatorError):
            raise raw
        return raw

    def stream(
        self,
        pictures: Iterable[tuple[Tag, Picture | AnnotatorError]],
        interpret: Callable[[Tag, RawDetections], Found],
    ) -> Iterator[tuple[Tag, Found | AnnotatorError]]:
        """What `interpret` makes of each answer, in the order of the input, with as many pictures under way as the
        device likes and never more.

        interpret: called while the answer lies in the network's own memory, which the next picture writes over.
        An error in place of a picture comes out again in its turn. A ModelError is the answer to the picture on which
        the network fails; the others have theirs.
        """
        idle = [self._compiled.create_infer_request() for _ in range(self.requests)]
        asked: deque[tuple[Tag, ov.InferRequest | AnnotatorError]] = deque()
        try:
            for tag, picture in pictures:
                done = None
                if len(asked) == self.requests:
                    first, request = asked.popleft()
                    done = first, self._answer(first, request, interpret)
                    if not isinstance(request, AnnotatorError):
                        idle.append(request)
                asked.append((tag, picture if isinstance(picture, AnnotatorError) else _ask(idle.pop(), picture)))
                # The next picture is under way before the caller works on this answer: the device never waits for it.
                if done is not None:
                    yield done
            while asked:
                first, request = asked.popleft()
                yield first, self._answer(first, request, interpret)
        finally:
            for _, request in asked:
                if not isinstance(request, AnnotatorError):
                    with contextlib.suppress(RuntimeError):  # nobody wants its answer any more
                        request.wait()

    def _answer(
        self, tag: Tag, request: ov.InferRequest | AnnotatorError, interpret: Callable[[Tag, RawDetections], Found]
    ) -> Found | AnnotatorError:
        if isinstance(request, AnnotatorError):
            return request
        try:
            request.wait()
        except RuntimeError as error:
            return ModelError(f"inference failed: {last_line(error)}")
        values = [request.get_tensor(port).data for port in self._ports]
        _, height, width, _ = request.get_input_tensor().shape
        try:
            raw = self._adapter.read(values, self._info, (width, height))
        except ModelError as error:
            return error
        return interpret(tag, raw)


def _ask(request: ov.InferRequest, picture: Picture) -> ov.InferRequest:
    """Let a request begin with a picture."""
    request.set_input_tensor(ov.Tensor(np.ascontiguousarray(picture[None])))
    request.start_async()
    return request


def read_graph(info: ModelInfo) -> ov.Model:
    """A network's graph as its files have it, found to be of the contract. Raises ModelError."""
    if info.server:
        raise ModelError(f"{info.name}: runs on a server, expected one whose graph is here")
    try:
        model = ov.Core().read_model(info.xml_path)
    except RuntimeError as error:
        raise ModelError(f"{info.name}: {info.xml_path.name} cannot be read: {last_line(error)}") from error
    adapter_of(info).ports(model)
    find_image_input(model, any_size=info.resize == "shrink")
    return model


def input_size(graph: ov.CompiledModel, info: ModelInfo) -> tuple[int, int]:
    """(width, height) of a compiled graph's u8 input: the largest, where pictures have a size of their own."""
    _, height, width, _ = port_sides(graph.inputs[0])
    if width is None or height is None:
        return info.largest or (0, 0)
    return width, height


def compile_network(
    graph: Callable[[], ov.Model],
    info: NetworkInfo,
    *,
    device: str,
    stage: str,
    precision: str = PRECISION,
    hint: str = "LATENCY",
    threads: int | None = None,
) -> ov.CompiledModel:
    """A network's graph, or one stage of it, compiled; loaded from the cache where the processor runs it.

    graph: makes what is compiled; called only where the cache has nothing. threads: of the processor, where not all are
    for this one. Raises ModelError.
    """
    core = ov.Core()
    if device == "AUTO" and core.available_devices == ["CPU"]:
        device = "CPU"  # all there is to choose from, and AUTO does not load from the cache
    settings: dict[str, Any] = {"PERFORMANCE_HINT": hint, "INFERENCE_PRECISION_HINT": precision}
    if device != "CPU":
        settings |= compile_cache.openvino_cache(compile_cache.cache_folder(info) / f"{stage}-{precision}")
        return _compiled(core, graph(), info, device=device, settings=settings)
    if threads is not None:
        # Several processes that each hold on to the same cores are many times slower (openvino#31186).
        settings |= {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
    # How a picture becomes the input was compiled too, and is said by a description that anyone may correct.
    said = (info.order, info.mean, info.scale) if isinstance(info, ModelInfo) else ()
    circumstances = compile_cache.circumstances(core, *said)
    path = compile_cache.cache_folder(info) / f"{stage}-{precision}-{circumstances}.blob"
    content = compile_cache.load(path)
    if content is not None:
        with contextlib.suppress(RuntimeError):  # whatever is wrong with the entry: it is made again
            return core.import_model(content, device, settings)
    compiled = _compiled(core, graph(), info, device=device, settings=settings)
    compile_cache.save(path, compiled.export_model().getvalue())
    return compiled


def _compiled(
    core: ov.Core, model: ov.Model, info: NetworkInfo, *, device: str, settings: dict[str, Any]
) -> ov.CompiledModel:
    try:
        return core.compile_model(model, device, settings)
    except RuntimeError as error:
        there = ", ".join(["AUTO", *core.available_devices])
        raise ModelError(
            f"{info.name}: cannot be compiled for device {device!r}, there are {there}: {last_line(error)}"
        ) from error


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
