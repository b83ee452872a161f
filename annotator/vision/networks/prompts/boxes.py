"""What a network answers to the boxes of one picture, at which it looks once.

Tests: tests/cli/test_masks.py, tests/web/routes/test_bulk_masks.py
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor

import numpy as np

from annotator.core.errors import GeometryError
from annotator.core.masks import Rle, rle_area, rle_to_mask
from annotator.core.prompt import Prompt
from annotator.vision.networks.prompts.answers import Answer
from annotator.vision.networks.prompts.asking import Crop, ask
from annotator.vision.networks.prompts.network import PromptFeatures, PromptNetwork
from annotator.vision.pictures.photo import Photo

Box = tuple[float, float, float, float]

_INSIDE = 0.5
"""Of a mask so much lies in its box or a tenth of its side around it; with less the network means something else."""


def answers_to_boxes(network: PromptNetwork, photo: Photo, boxes_xyxy: Iterable[Box]) -> list[Answer | None]:
    """One for each box, in image pixels. Raises ModelError.

    None where the network finds nothing that lies in the box, or where the box is beside the picture.
    """
    whole: list[PromptFeatures] = []

    def features_of(crop: Crop | None) -> PromptFeatures:
        if crop is not None:
            return network.features(photo, crop)
        if not whole:
            whole.append(network.features(photo))
        return whole[0]

    def answer_to(box: Box) -> Answer | None:
        try:
            answer = ask(network, photo, Prompt(box_xyxy=box), features_of=features_of)
        except GeometryError:
            return None
        return None if answer is None or _share_inside(answer.rle, box) < _INSIDE else answer

    return [answer_to(box) for box in boxes_xyxy]


def _share_inside(rle: Rle, box: Box) -> float:
    x0, y0, x1, y1 = box
    beside_x, beside_y = max(2.0, (x1 - x0) / 10), max(2.0, (y1 - y0) / 10)
    left, top = max(0, floor(x0 - beside_x)), max(0, floor(y0 - beside_y))
    around = rle_to_mask(rle)[top : ceil(y1 + beside_y), left : ceil(x1 + beside_x)]
    return float(np.count_nonzero(around)) / rle_area(rle)
