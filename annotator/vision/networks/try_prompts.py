"""What a promptable network does when it is tried: on noise, on a flat picture, and on a photograph.

Tests: tests/vision/networks/prompts/test_try_prompts.py
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from annotator.core.masks import rle_area
from annotator.core.prompt import Point, Prompt
from annotator.vision.networks import trial, zoo
from annotator.vision.networks.prompts.asking import ask
from annotator.vision.networks.prompts.network import PromptNetwork
from annotator.vision.networks.zoo import PromptInfo
from annotator.vision.pictures import decode
from annotator.vision.pictures.photo import Photo


def describe_prompts(info: PromptInfo, sample: Path, *, device: str = "AUTO") -> Iterator[str]:
    """Lines that say what the network is and what it answers to a click in the middle and to a box.

    Raises ModelError where it is not understood, and at the end where it fails on one of the pictures.
    """
    zoo.verify(info)
    yield f"files: {len(info.files)} verified by hash"
    began = time.perf_counter()
    network = PromptNetwork(info, device="CPU" if device == "AUTO" else device)
    yield f"loaded in {time.perf_counter() - began:.2f} s on {device}"
    yield f"export: {network.contract.name}; input {network.side} x {network.side}, masks of {network.mask_side} a side"
    photo = decode.read(sample)
    yield from trial.answers(info.name, photo, lambda picture: _answers(network, picture))
    features = network.features(photo)
    click = _prompts(photo)["click"]
    looking, answering = (
        trial.milliseconds(call) for call in (lambda: network.features(photo), lambda: network.decode(features, click))
    )
    yield f"speed: {looking} ms a picture, {answering} ms a click (medians of {trial.REPEATS})"


def _prompts(photo: Photo) -> dict[str, Prompt]:
    width, height = photo.width, photo.height
    return {
        "click": Prompt((Point(width / 2, height / 2),)),
        "box": Prompt(box_xyxy=(width / 4, height / 4, width * 3 / 4, height * 3 / 4)),
    }


def _answers(network: PromptNetwork, photo: Photo) -> str:
    found = []
    for name, prompt in _prompts(photo).items():
        answer = ask(network, photo, prompt, features_of=lambda crop: network.features(photo, crop))
        share = 0.0 if answer is None else rle_area(answer.rle) / (photo.width * photo.height)
        found.append(f"a {name} gives {share:.1%} of the picture" if answer else f"a {name} gives nothing")
    return ", ".join(found)
