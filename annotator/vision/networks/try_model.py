"""What a network does when it is tried: on noise, on a flat picture, and on a photograph.

Tests: tests/test_cli.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from annotator.core.errors import ModelError
from annotator.core.masks import rle_area
from annotator.vision.networks import zoo
from annotator.vision.networks.detector import Detections, Detector
from annotator.vision.networks.zoo import ModelInfo
from annotator.vision.pictures import decode
from annotator.vision.pictures.photo import Photo

_REPEATS = 7


def describe(info: ModelInfo, sample: Path, *, device: str = "AUTO") -> Iterator[str]:
    """Lines that say what the network is and what it found.

    Raises ModelError where it does not fit its description, and at the end where it fails on one of the pictures.
    """
    zoo.verify(info)
    yield f"files: {len(info.files)} verified by size and SHA-384"
    began = time.perf_counter()
    detector = Detector(info, device=device)
    width, height = detector.network.input_size
    yield f"loaded in {time.perf_counter() - began:.2f} s on {device}"
    yield f"input: {width} x {height}, {info.resize}, {info.order}; {len(info.categories)} categories"
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    tried = {
        "noise": Photo("noise", b"", "", noise),
        "grey": Photo("grey", b"", "", np.full_like(noise, 128)),
        "sample": decode.read(sample),
    }
    failed = []
    for name, photo in tried.items():
        try:
            yield f"{name}: {_found(detector.detect(photo), info)}"
        except ModelError as error:
            failed.append(name)
            yield f"{name}: {error}"
    if failed:
        raise ModelError(f"{info.name}: fails on {', '.join(failed)}")
    times = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        detector.detect(tried["sample"])
        times.append(time.perf_counter() - began)
    yield f"speed: {statistics.median(times) * 1e3:.0f} ms a picture (median of {_REPEATS})"


def _found(detections: Detections, info: ModelInfo) -> str:
    above = int((detections.scores >= info.threshold).sum())
    best = f", best score {detections.scores[0]:.2f}" if len(detections) else ""
    everything = range(len(detections))
    empty = sum(rle_area(rle) == 0 for rle in detections.masks(everything))
    too_large = detections.kept_heatmaps(everything).count(None)
    hollow = f", {empty} without a pixel above the level" if empty else ""
    beyond = f", {too_large} too large for another level" if too_large else ""
    return f"{len(detections)} detections, {above} above the threshold of {info.threshold:g}{best}{hollow}{beyond}"
