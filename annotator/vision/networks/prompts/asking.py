"""How a network is asked about one object: from the whole picture first, then from close by where that shows more."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from annotator.core.errors import GeometryError, ModelError
from annotator.core.heatmap import Heatmap
from annotator.core.masks import Rle, rle_area, rle_box_xyxy
from annotator.core.prompt import Prompt, require_inside
from annotator.vision.networks.prompts.answers import Answer, answer_of
from annotator.vision.networks.prompts.following import change_there_alone, follow_clicks
from annotator.vision.networks.prompts.network import PromptFeatures, PromptNetwork
from annotator.vision.networks.prompts.view import FloatMap, Picture

Box = tuple[float, float, float, float]
Crop = tuple[int, int, int, int]
FeaturesOf = Callable[[Crop | None], PromptFeatures]

CONTEXT = 1.7
"""A crop is this many times as wide as what is known of its object."""

LARGEST = 3.0
"""Pixels of the canvas for one of the picture, at most: more only blurs."""

STEPS = 4
"""Sizes of crops from one to the double of it. Few sizes and places: a mask that changes a little is looked at in the
same crop, whose features are there."""

PLACES = 8
"""Places of a crop along its own side."""

WORTHWHILE = 1.25
"""How much larger a crop must show the object than the whole picture does."""


@dataclass(frozen=True, eq=False)
class Earlier:
    """The mask that the prompt is about: its heatmap where a network made it, else its pixels.

    is_repaired: it goes back to one that was there before anybody pointed. Most of it is right, and a small network
    would lose some of that with each look: a click changes it in one place alone.
    """

    rle: Rle
    heatmap: Heatmap | None = None
    is_repaired: bool = False


def ask(
    network: PromptNetwork,
    picture: Picture,
    prompt: Prompt,
    *,
    features_of: FeaturesOf,
    earlier: Earlier | None = None,
) -> Answer | None:
    """The mask that a prompt means; None where the network finds nothing there.

    features_of: gives the features of a crop, or of the whole picture for None: only who makes them needs its pixels.
    Raises GeometryError for a prompt that the picture cannot hold, ModelError where the network fails.
    """
    require_inside(prompt, width=picture.width, height=picture.height)
    if prompt.is_empty and earlier is None:
        raise GeometryError("nothing is said of the object, expected a point, a box or a mask", path="prompt")
    if earlier is not None and not rle_area(earlier.rle):
        earlier = None
    is_first = earlier is None and prompt.box_xyxy is None and len(prompt.points) == 1
    caution = network.contract.caution if is_first else 0.0
    crop = close_crop(network, picture, _known(prompt, earlier)) if earlier or prompt.box_xyxy else None
    answer = _answer(network, features_of(crop), prompt, earlier, caution=caution)
    # Who looks twice forgets twice.
    if crop is None and answer is not None and not (earlier is not None and earlier.is_repaired):
        closer = close_crop(network, picture, _known(prompt, Earlier(answer.rle)))
        if closer is not None:
            begun = Earlier(answer.rle, answer.heatmap)
            return _answer(network, features_of(closer), prompt, begun, caution=caution) or answer
    return answer


def _answer(
    network: PromptNetwork, features: PromptFeatures, prompt: Prompt, earlier: Earlier | None, *, caution: float
) -> Answer | None:
    before, push = _logits(network, features, earlier), network.contract.push
    logits, score = network.decode(features, prompt, before)
    if not np.isfinite(logits).all():
        raise ModelError(f"{network.info.name}: answers with values that are no numbers")
    if push:
        logits = follow_clicks(logits - caution, prompt, features.view, earlier=before, push=push)
        if earlier is not None and before is not None and earlier.is_repaired:
            logits = change_there_alone(logits, prompt, features.view, earlier=before)
    return answer_of(logits, prompt, features.view, score=score)


def _logits(network: PromptNetwork, features: PromptFeatures, earlier: Earlier | None) -> FloatMap | None:
    if earlier is None:
        return None
    if earlier.heatmap is not None:
        return features.view.logits_of_heatmap(earlier.heatmap, side=network.mask_side)
    return features.view.logits_of_mask(earlier.rle, side=network.mask_side)


def _known(prompt: Prompt, earlier: Earlier | None) -> Box:
    """The box of everything that is said of the object."""
    corners = [(point.x, point.y) * 2 for point in prompt.points if point.belongs]
    corners += [] if prompt.box_xyxy is None else [prompt.box_xyxy]
    corners += [] if earlier is None else [rle_box_xyxy(earlier.rle)]
    first, last = np.array(corners)[:, :2].min(axis=0), np.array(corners)[:, 2:].max(axis=0)
    return float(first[0]), float(first[1]), float(last[0]), float(last[1])


def close_crop(network: PromptNetwork, picture: Picture, box_xyxy: Box) -> Crop | None:
    """The square part of the picture in which an object is seen best; None where the whole shows it about as large.

    In whole image pixels; it is as wide as the picture where that is narrower.
    """
    if not network.contract.looks_closer:
        return None
    x0, y0, x1, y1 = box_xyxy
    side = max(CONTEXT * max(x1 - x0, y1 - y0), network.canvas / LARGEST)
    if side * WORTHWHILE > max(picture.width, picture.height):
        return None
    side = 2 ** (round(math.log2(side) * STEPS) / STEPS)
    width, height = min(round(side), picture.width), min(round(side), picture.height)
    step = side / PLACES
    left = min(max(round(round(((x0 + x1) - width) / 2 / step) * step), 0), picture.width - width)
    top = min(max(round(round(((y0 + y1) - height) / 2 / step) * step), 0), picture.height - height)
    return left, top, left + width, top + height
