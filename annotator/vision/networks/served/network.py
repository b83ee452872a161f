"""A network on a server: in the place of one that is compiled here, with the same contract and the same answers.

Pictures go one by one, several under way; whether the server makes batches of them is its own matter.

Tests: tests/vision/networks/served/test_network.py
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import openvino as ov

from annotator.core.errors import AnnotatorError, ModelError, last_line
from annotator.vision.networks.adapters.base import RawDetections
from annotator.vision.networks.adapters.registry import adapter_of
from annotator.vision.networks.contract import find_image_input
from annotator.vision.networks.input_values import input_values
from annotator.vision.networks.model_info import ModelInfo, Server
from annotator.vision.networks.runtime import Found, Picture, Tag
from annotator.vision.networks.served.client import MOST_BINARY, MOST_JSON, Client
from annotator.vision.networks.served.tensors import (
    DATATYPES,
    HEADER_LENGTH,
    Declared,
    declared_tensors,
    read_answer,
    write_request,
)

INPUTS = ("FP32", "FP16", "UINT8")
"""Datatypes that a picture may go in as."""


@dataclass(frozen=True)
class ServedPort:
    """A declared tensor, asked for its form as a port of OpenVINO is."""

    declared: Declared

    def get_names(self) -> set[str]:
        return {self.declared.name}

    def get_partial_shape(self) -> ov.PartialShape:
        return ov.PartialShape([-1 if side is None else side for side in self.declared.sides])

    def get_element_type(self) -> ov.Type:
        kind = DATATYPES.get(self.declared.datatype)
        return ov.Type.dynamic if kind is None else ov.Type(kind)


@dataclass(frozen=True)
class ServedGraph:
    """The inputs and outputs that a server declares of a model, as the contract and the adapters look at a graph."""

    inputs: tuple[ServedPort, ...]
    outputs: tuple[ServedPort, ...]


class ServedNetwork:
    """A served model. `input_size` is (width, height), the largest where pictures have sizes of their own.

    who: what begins an error's line, where that is not the model's name.
    Raises ModelError where the server cannot be reached or is not ready, or declares what the description is not of.
    """

    def __init__(self, info: ModelInfo, server: Server, *, who: str = "") -> None:
        self._who = who or f"{info.name}: its server"
        self._info, self._adapter = info, adapter_of(info)
        self._client = Client(server, who=self._who)
        self._client.require_ready()
        metadata = self._client.metadata()
        self.requests = server.requests
        self.binary = self._client.takes_bytes()
        try:
            self.graph = ServedGraph(
                tuple(map(ServedPort, _of_one_picture(declared_tensors(metadata.get("inputs"), where="inputs")))),
                tuple(map(ServedPort, declared_tensors(metadata.get("outputs"), where="outputs"))),
            )
            self._input = _image_input(self.graph, info)
            self._wanted = tuple(port.declared for port in self._adapter.ports(self.graph))
            _require_known(self._wanted)
        except ModelError as error:
            raise ModelError(f"{self._who}: {error}") from error
        _, _, height, width = self._input.sides
        self.input_size = info.largest or (0, 0) if width is None or height is None else (width, height)

    def infer(self, picture: Picture) -> RawDetections:
        """One picture (height, width, 3) u8 RGB, one answer. Raises ModelError."""
        values = input_values(picture, self._info, DATATYPES[self._input.datatype])
        body, headers = write_request(values, self._input, self._wanted, binary=self.binary)
        answer = self._client.infer(body, headers, most=MOST_BINARY if self.binary else MOST_JSON)
        height, width, _ = picture.shape
        try:
            outputs = read_answer(answer.content, answer.headers.get(HEADER_LENGTH), self._wanted)
            return self._adapter.read(outputs, self._info, (width, height))
        except ModelError as error:
            raise ModelError(f"{self._who}: {error}") from error
        except (IndexError, ValueError) as error:  # sides that are open may be of any length, nought too
            raise ModelError(f"{self._who}: answers what cannot be read ({last_line(error)})") from error

    def stream(
        self,
        pictures: Iterable[tuple[Tag, Picture | AnnotatorError]],
        interpret: Callable[[Tag, RawDetections], Found],
    ) -> Iterator[tuple[Tag, Found | AnnotatorError]]:
        """As `runtime.Network.stream`: in the order of the input, as many pictures under way as the server takes."""
        pool = ThreadPoolExecutor(self.requests, thread_name_prefix="served")
        asked: deque[tuple[Tag, Future[RawDetections] | AnnotatorError]] = deque()

        def first() -> tuple[Tag, Found | AnnotatorError]:
            tag, answer = asked.popleft()
            if isinstance(answer, AnnotatorError):
                return tag, answer
            try:
                return tag, interpret(tag, answer.result())
            except AnnotatorError as error:
                return tag, error

        try:
            for tag, picture in pictures:
                done = first() if len(asked) == self.requests else None
                asked.append(
                    (tag, picture if isinstance(picture, AnnotatorError) else pool.submit(self.infer, picture))
                )
                # The next picture is under way before the caller works on this answer.
                if done is not None:
                    yield done
            while asked:
                yield first()
        finally:
            # Nobody wants what is still under way; it ends by itself in the time that an answer may take.
            pool.shutdown(wait=not asked, cancel_futures=True)


def _of_one_picture(inputs: tuple[Declared, ...]) -> tuple[Declared, ...]:
    """The inputs; a batch of any size may be of one picture."""
    return tuple(
        Declared(one.name, one.datatype, (one.sides[0] or 1, *one.sides[1:])) if one.sides else one for one in inputs
    )


def _image_input(graph: ServedGraph, info: ModelInfo) -> Declared:
    port: ServedPort = find_image_input(graph, any_size=info.resize == "shrink")
    declared = port.declared
    plain = not any(info.mean) and all(value == 1 for value in info.scale)
    if declared.datatype not in INPUTS or (declared.datatype == "UINT8" and not plain):
        expected = "FP32 or FP16" if not plain else ", ".join(INPUTS)
        raise ModelError(f"inputs: found {declared.name} {declared}, expected {expected}")
    return declared


def _require_known(wanted: tuple[Declared, ...]) -> None:
    for declared in wanted:
        if declared.datatype not in DATATYPES:
            raise ModelError(f"output {declared.name}: found {declared}, expected one of {', '.join(DATATYPES)}")
