"""Samples of more than eight bits become eight by their scale."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.vision.pictures.material import (
    corners,
    decoded,
    encoded,
)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_of_16_bits_is_scaled_and_not_clipped(kind: str) -> None:
    ramp = np.arange(0, 65536, 64, dtype=np.uint16).reshape(32, 32)
    pixels = decoded(encoded(ramp, kind))
    assert np.array_equal(pixels[..., 0], ramp >> 8)
    assert np.array_equal(pixels, np.repeat(pixels[..., :1], 3, axis=2))


def test_colour_of_16_bits_is_scaled() -> None:
    done, content = cv2.imencode(".png", corners()[..., ::-1].astype(np.uint16) * 257)
    assert done
    assert np.array_equal(decoded(content.tobytes()), corners())


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([-10.0, 0.0, 10.0], [0, 128, 255]),
        ([0.0, 1e5, np.nan], [0, 255, 0]),
    ],
)
def test_grey_of_floats_fills_the_range(values: list[float], expected: list[int]) -> None:
    content = encoded(np.array([values], np.float32), "TIFF")
    assert decoded(content)[0, :, 0].tolist() == expected
