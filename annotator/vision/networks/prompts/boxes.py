"""What a network answers to the boxes of one picture, at which it looks once.

Tests: tests/cli/test_masks.py, tests/web/routes/test_bulk_masks.py
"""

from __future__ import annotations

from collections.abc import Iterable

from annotator.core.errors import GeometryError
from annotator.core.prompt import Prompt
from annotator.vision.networks.prompts.answers import Answer
from annotator.vision.networks.prompts.asking import Crop, ask
from annotator.vision.networks.prompts.network import PromptFeatures, PromptNetwork
from annotator.vision.pictures.photo import Photo

Box = tuple[float, float, float, float]


def answers_to_boxes(network: PromptNetwork, photo: Photo, boxes_xyxy: Iterable[Box]) -> list[Answer | None]:
    """One for each box, in image pixels; None where the network finds nothing, or the box lies beside the picture.

    Raises ModelError.
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
            return ask(network, photo, Prompt(box_xyxy=box), features_of=features_of)
        except GeometryError:
            return None

    return [answer_to(box) for box in boxes_xyxy]
