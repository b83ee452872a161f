"""What every kind of network is tried on: noise, a flat picture and a photograph; and how long it takes.

Tests: tests/vision/networks/prompts/test_try_prompts.py, tests/test_cli.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np

from annotator.core.errors import ModelError
from annotator.vision.pictures.photo import Photo

REPEATS = 7
"""Runs of which the median is told."""


def answers(model: str, sample: Photo, answer: Callable[[Photo], str]) -> Iterator[str]:
    """A line for each picture. Raises ModelError at the end where the network fails on one of them."""
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    tried = {
        "noise": Photo("noise", b"", "", noise),
        "grey": Photo("grey", b"", "", np.full_like(noise, 128)),
        "sample": sample,
    }
    failed = []
    for name, photo in tried.items():
        try:
            yield f"{name}: {answer(photo)}"
        except ModelError as error:
            failed.append(name)
            yield f"{name}: {error}"
    if failed:
        raise ModelError(f"{model}: fails on {', '.join(failed)}")


def milliseconds(call: Callable[[], object]) -> str:
    """The median of REPEATS runs."""
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return f"{statistics.median(times) * 1e3:.0f}"
