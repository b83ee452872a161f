"""What a network does when it is tried: on noise, on a flat picture, and on a photograph.

Tests: tests/test_cli.py
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from annotator.core.masks import rle_area
from annotator.vision.networks import trial, zoo
from annotator.vision.networks.adapters.registry import adapter_of
from annotator.vision.networks.detector import Detections, Detector
from annotator.vision.networks.served.network import ServedNetwork
from annotator.vision.networks.zoo import ModelInfo
from annotator.vision.pictures import decode


def describe(info: ModelInfo, sample: Path, *, device: str = "AUTO") -> Iterator[str]:
    """Lines that say what the network is and what it found.

    Raises ModelError where it does not fit its description, and at the end where it fails on one of the pictures.
    """
    zoo.verify(info)
    if info.server is None:
        yield f"files: {len(info.files)} verified by size and SHA-384"
    else:
        yield f"server: {info.server.url}, model {info.server.model}"
    began = time.perf_counter()
    detector = Detector(info, device=device)
    width, height = detector.network.input_size
    took = time.perf_counter() - began
    if isinstance(detector.network, ServedNetwork):
        tensors = "as bytes" if detector.network.binary else "in JSON, which is slow"
        yield f"ready, said in {took:.2f} s; tensors go there {tensors}"
    else:
        yield f"loaded in {took:.2f} s on {device}"
    most = "at most " if info.largest else ""
    yield f"input: {most}{width} x {height}, {info.resize}, {info.order}; {len(info.categories)} categories"
    yield f"outputs: {adapter_of(info).title} ({info.outputs})"
    photo = decode.read(sample)
    yield from trial.answers(info.name, photo, lambda picture: _found(detector.detect(picture), info))
    yield f"speed: {trial.milliseconds(lambda: detector.detect(photo))} ms a picture (median of {trial.REPEATS})"


def _found(detections: Detections, info: ModelInfo) -> str:
    above = int((detections.scores >= info.threshold).sum())
    best = f", best score {detections.scores[0]:.2f}" if len(detections) else ""
    everything = range(len(detections))
    empty = sum(rle_area(rle) == 0 for rle in detections.masks(everything))
    too_large = detections.kept_heatmaps(everything).count(None)
    hollow = f", {empty} without a pixel above the level" if empty else ""
    beyond = f", {too_large} too large for another level" if too_large else ""
    return f"{len(detections)} detections, {above} above the threshold of {info.threshold:g}{best}{hollow}{beyond}"
