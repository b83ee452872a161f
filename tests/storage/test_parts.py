"""Polygons in the database: every bit comes back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.core.polygons import Part
from annotator.storage.parts import parts_from_bytes, parts_to_bytes
from tests.core.strategies import examples

COORDINATES = st.floats(-1e300, 1e300) | st.integers(-5, 70_000).map(float)
RINGS = st.lists(st.tuples(COORDINATES, COORDINATES), min_size=3, max_size=6).map(np.array)
PARTS = st.builds(Part, RINGS, st.lists(RINGS, max_size=3).map(tuple))


@settings(max_examples=examples(40, 1000))
@given(st.lists(PARTS, max_size=4).map(tuple))
def test_parts_come_back_to_the_bit(parts):
    found = parts_from_bytes(parts_to_bytes(parts))
    assert len(found) == len(parts)
    for one, other in zip(found, parts, strict=True):
        for mine, theirs in zip((one.outer, *one.holes), (other.outer, *other.holes), strict=True):
            assert np.array_equal(mine, theirs)
            assert not mine.flags.writeable


@settings(max_examples=examples(40, 1000))
@given(st.lists(PARTS, min_size=1, max_size=2).map(tuple), st.data())
def test_bytes_from_elsewhere_are_polygons_or_refused(parts, data):
    content = bytearray(parts_to_bytes(parts))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, min(40, len(content) - 1)))] = data.draw(st.integers(0, 255))
    content = bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        found = parts_from_bytes(content)
    except ValueError:
        return
    assert all(ring.ndim == 2 and ring.shape[1] == 2 for part in found for ring in (part.outer, *part.holes))


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ([4, -1], "a negative count"),
        ([4, 1, -1], "a negative count"),
        ([4, 2, 1, 1, 3, -3], "a negative count"),
        ([4, 1, 0], "not in the form"),
        ([4, 2, 1, 0, 0], "not in the form"),
        ([5, 0], "not in the form"),
        ([4, 1, 1, 3, 1, 1], "2 numbers, expected 6"),
    ],
)
def test_bytes_that_say_what_cannot_be_are_refused(head, message):
    with pytest.raises(ValueError, match=message):
        parts_from_bytes(np.array(head, "<i4").tobytes())


def test_no_polygons_are_none():
    assert parts_to_bytes(None) is None
    assert parts_from_bytes(None) is None
    assert parts_from_bytes(parts_to_bytes(())) == ()


def test_traced_polygons_take_half_the_place():
    whole = (Part(np.array([[0, 0], [9, 0], [9, 9]], float)),)
    odd = (Part(np.array([[0, 0], [9, 0], [9, 9.5]], float)),)
    assert len(parts_to_bytes(odd)) - len(parts_to_bytes(whole)) == 6 * 4


def test_whole_numbers_that_32_bits_do_not_hold_come_back_too():
    for far in (2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**40):
        ring = np.array([[far, 0], [9, far], [0, 9]], float)
        (found,) = parts_from_bytes(parts_to_bytes((Part(ring),)))
        assert np.array_equal(found.outer, ring)
