"""Tensors as the Open Inference Protocol writes them: in JSON, or behind it as bytes.

Source: the protocol's REST API and its binary tensor data extension
(kserve/open-inference-protocol, triton-inference-server/server: protocol/extension_binary_data.md).

Tests: tests/vision/networks/served/test_tensors.py
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from annotator.core.errors import ModelError, last_line

DATATYPES: dict[str, type[np.generic]] = {
    "BOOL": np.bool_,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
}
"""Those whose bytes are numpy's; the protocol's others are BYTES and BF16."""

HEADER_LENGTH = "Inference-Header-Content-Length"
"""The HTTP header that says how many bytes of JSON stand before the tensors."""


@dataclass(frozen=True)
class Declared:
    """A tensor as a server declares it: its name there, its datatype, and its sides, None where they are open."""

    name: str
    datatype: str
    sides: tuple[int | None, ...]

    def __str__(self) -> str:
        sides = ", ".join("?" if side is None else str(side) for side in self.sides)
        return f"{self.datatype} [{sides}]"

    def takes(self, sides: Sequence[int]) -> bool:
        """Whether a tensor of these sides is one."""
        return len(sides) == len(self.sides) and all(
            own in (None, side) for own, side in zip(self.sides, sides, strict=True)
        )


def declared_tensors(rows: Any, *, where: str) -> tuple[Declared, ...]:
    """The inputs or outputs of a model's metadata. Raises ModelError where they are not of the protocol."""
    if not isinstance(rows, list) or not all(_is_declaration(row) for row in rows):
        raise ModelError(f"its metadata: {where}: found {str(rows)[:80]}, expected name, datatype and shape of each")
    return tuple(
        Declared(row["name"], row["datatype"], tuple(None if side < 0 else side for side in row["shape"]))
        for row in rows
    )


def _is_declaration(row: Any) -> bool:
    if not isinstance(row, dict) or not isinstance(row.get("shape"), list):
        return False
    texts = [row.get("name"), row.get("datatype")]
    return all(isinstance(text, str) and 0 < len(text) <= 200 for text in texts) and all(map(_is_side, row["shape"]))


def _is_side(side: Any) -> bool:
    return isinstance(side, int) and not isinstance(side, bool) and -1 <= side < 2**31


def write_request(
    values: NDArray[Any], declared: Declared, wanted: Sequence[Declared], *, binary: bool
) -> tuple[bytes, dict[str, str]]:
    """The body and the headers that ask for the wanted outputs for one input. binary: tensors are bytes."""
    values = np.ascontiguousarray(values)
    one: dict[str, Any] = {"name": declared.name, "datatype": declared.datatype, "shape": list(values.shape)}
    outputs = [{"name": output.name, "parameters": {"binary_data": binary}} for output in wanted]
    if not binary:
        # Half precision is no number of JSON's writer; as f32 it is the same value.
        written = values.astype(np.float32) if values.dtype == np.float16 else values
        asked = {"inputs": [one | {"data": written.ravel()}], "outputs": outputs}
        return orjson.dumps(asked, option=orjson.OPT_SERIALIZE_NUMPY), {"Content-Type": "application/json"}
    one["parameters"] = {"binary_data_size": values.nbytes}
    header = orjson.dumps({"inputs": [one], "outputs": outputs})
    return header + values.tobytes(), {"Content-Type": "application/octet-stream", HEADER_LENGTH: str(len(header))}


def read_answer(content: bytes, header_length: str | None, wanted: Sequence[Declared]) -> list[NDArray[Any]]:
    """The wanted outputs in their order, in memory of their own.

    header_length: the value of that HTTP header, where there is one. Raises ModelError that names the output where one
    is missing, is not as the server declares it, or holds what is no number.
    """
    length = len(content)
    if header_length is not None:
        length = int(header_length) if header_length.isdecimal() and len(header_length) < 20 else -1
        if not 0 <= length <= len(content):
            raise ModelError(f"{HEADER_LENGTH}: found {header_length[:30]!r} for {len(content)} bytes")
    try:
        answer = orjson.loads(memoryview(content)[:length])
    except orjson.JSONDecodeError as error:
        raise ModelError(f"answers what is no JSON ({last_line(error, most=80)})") from error
    rows = answer.get("outputs") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ModelError("answers without outputs, expected those of the Open Inference Protocol")
    found: dict[Any, NDArray[Any]] = {}
    begin = length
    for row in rows:
        size = _binary_size(row)
        declared = next((one for one in wanted if one.name == row.get("name")), None)
        if declared is not None:
            found[declared.name] = _values(row, declared, None if size is None else content[begin : begin + size])
        begin += size or 0
    missing = [declared.name for declared in wanted if declared.name not in found]
    if missing:
        raise ModelError(f"output {missing[0]}: not in the answer, which has {len(rows)} outputs")
    return [found[declared.name] for declared in wanted]


def _binary_size(row: dict[str, Any]) -> int | None:
    parameters = row.get("parameters")
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    return size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None


def _values(row: dict[str, Any], declared: Declared, content: bytes | None) -> NDArray[Any]:
    """One output's values; content: its bytes, where it is not in the JSON."""
    sides = row.get("shape")
    if not isinstance(sides, list) or not all(_is_side(side) and side >= 0 for side in sides):
        raise ModelError(f"output {declared.name}: shape: found {str(sides)[:80]}, expected whole numbers")
    if row.get("datatype") != declared.datatype or not declared.takes(sides):
        raise ModelError(f"output {declared.name}: found {str(row.get('datatype'))[:20]} {sides}, expected {declared}")
    kind, count = DATATYPES[declared.datatype], math.prod(sides)
    values = _listed(row.get("data"), kind) if content is None else _packed(content, kind)
    if values is None or values.size != count:
        found = "what is no list of numbers" if values is None else f"{values.size} numbers"
        raise ModelError(f"output {declared.name}: found {found}, expected the {count} of {sides}")
    if np.issubdtype(kind, np.floating) and np.isnan(values).any():
        raise ModelError(f"output {declared.name}: holds NaN")
    return values.reshape(sides)


def _packed(content: bytes, kind: type[np.generic]) -> NDArray[Any] | None:
    whole = len(content) % np.dtype(kind).itemsize == 0
    return np.frombuffer(content, kind).copy() if whole else None


def _listed(data: Any, kind: type[np.generic]) -> NDArray[Any] | None:
    """Numbers in a list, or in lists of lists, as a server likes."""
    if not isinstance(data, list):
        return None
    try:
        return np.array(data, kind).ravel()
    except (TypeError, ValueError, OverflowError):
        return None
