"""Tensors over HTTP: what is written reads back, and whatever a server writes is an array or one line."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from annotator.core.errors import ModelError
from annotator.vision.networks.served.tensors import DATATYPES, Declared, declared_tensors, read_answer, write_request

KINDS = {kind: name for name, kind in DATATYPES.items()}
VALUES = st.sampled_from(list(DATATYPES.values())).flatmap(
    lambda kind: arrays.arrays(
        kind,
        arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=3),
        elements={"allow_nan": False} if np.issubdtype(kind, np.floating) else None,
    )
)
BOXES = Declared("boxes", "FP32", (None, 5))


def finite(values):
    return np.isfinite(values).all()


@settings(max_examples=50)
@given(values=VALUES, binary=st.booleans())
def test_what_is_sent_is_what_arrives(values, binary):
    if not binary and not finite(values):
        return  # JSON has no infinity
    declared = Declared("x", KINDS[values.dtype.type], (None,) * values.ndim)
    body, headers = write_request(values, declared, [declared], binary=binary)
    length = headers.get("Inference-Header-Content-Length")
    asked = json.loads(body[: int(length)] if length else body)
    assert asked["outputs"] == [{"name": "x", "parameters": {"binary_data": binary}}]
    # An answer has the form of what was asked.
    header = json.dumps({"outputs": asked["inputs"]}).encode()
    content = header + body[int(length) :] if length else header
    (found,) = read_answer(content, str(len(header)) if length else None, [declared])
    assert found.dtype == values.dtype
    assert np.array_equal(found, values)


def answer(**row):
    return json.dumps({"outputs": [{"name": "boxes", "datatype": "FP32", "shape": [1, 5]} | row]}).encode()


FINE = [[1, 2, 3, 4, 0.5]]


def test_lists_may_be_nested_and_outputs_that_nobody_asked_for_are_passed_over():
    other = {"name": "other", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 3}}
    own = {"name": "boxes", "datatype": "FP32", "shape": [1, 5], "parameters": {"binary_data_size": 20}}
    header = json.dumps({"outputs": [other, own]}).encode()
    packed = np.array(FINE, np.float32).tobytes()
    (found,) = read_answer(header + b"abc" + packed, str(len(header)), [BOXES])
    assert found.tolist() == FINE
    assert read_answer(answer(data=FINE), None, [BOXES])[0].tolist() == FINE


@pytest.mark.parametrize(
    ("content", "length", "said"),
    [
        (b"<html>", None, "no JSON"),
        (b"[]", None, "without outputs"),
        (b'{"outputs": [1]}', None, "without outputs"),
        (b'{"outputs": []}', None, "output boxes: not in the answer"),
        (answer(data=FINE), "1000000", "Inference-Header-Content-Length"),
        (answer(data=FINE), "-1", "Inference-Header-Content-Length"),
        (answer(data=FINE, datatype="FP64"), None, "found FP64 [1, 5], expected FP32 [?, 5]"),
        (answer(data=[[1, 2, 3, 4]], shape=[1, 4]), None, "found FP32 [1, 4], expected FP32 [?, 5]"),
        (answer(data=FINE, shape=[2, 5]), None, "found 5 numbers, expected the 10"),
        (answer(data=FINE, shape=[-1, 5]), None, "shape: found [-1, 5]"),
        (answer(data=FINE, shape="five"), None, "shape: found five"),
        (answer(data=[[1, 2], [3]]), None, "no list of numbers"),
        (answer(data={"a": 1}), None, "no list of numbers"),
        (answer(data=["a"] * 5), None, "no list of numbers"),
        (answer(data=[1, 2, 3, 4, None]), None, "holds NaN"),
        (answer(parameters={"binary_data_size": 20}), None, "found 0 numbers"),
        (answer(parameters={"binary_data_size": 10**30}) + b"xy", str(len(answer()) + 63), "JSON"),
    ],
)
def test_an_answer_that_is_none_is_one_line(content, length, said):
    with pytest.raises(ModelError) as told:
        read_answer(content, length, [BOXES])
    assert said in str(told.value)
    assert "\n" not in str(told.value)


KEYS = st.sampled_from(["name", "datatype", "shape", "data", "parameters"])
PIECES = (
    st.none() | st.integers() | st.sampled_from(["boxes", "FP32", {"binary_data_size": 4}]) | st.lists(st.integers())
)


@settings(max_examples=50)
@given(st.lists(st.dictionaries(KEYS, PIECES) | PIECES, max_size=3))
def test_whatever_is_answered_is_an_array_or_one_line(rows):
    for read in (
        lambda: declared_tensors(rows, where="inputs"),
        lambda: read_answer(json.dumps({"outputs": rows}).encode(), None, [BOXES]),
    ):
        try:
            read()
        except ModelError as error:
            said = str(error)
        else:
            said = ""
        assert "\n" not in said
