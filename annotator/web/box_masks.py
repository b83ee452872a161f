"""Boxes of many pictures are asked of a network, while somebody may be pointing at objects with the same one.

Tests: tests/web/routes/test_bulk_masks.py
"""

from __future__ import annotations

from collections.abc import Sequence

from annotator.core.dataset import Image
from annotator.core.errors import ImageError, ModelError
from annotator.core.prompt import Prompt, Prompted
from annotator.storage.bulk_masks import Answered, Ask
from annotator.storage.carried_boxes import Box
from annotator.storage.store import Store
from annotator.vision.networks import compile_cache, zoo
from annotator.vision.networks.prompts.boxes import answers_to_boxes
from annotator.vision.pictures import decode
from annotator.web.prompter import Prompter


def network_for(name: str | None) -> str:
    """The name of the network that is asked, the one that is offered for None. Raises ModelError where none is here."""
    info = zoo.prompt_here() if name is None else zoo.find_prompt(name)
    if info is None:
        raise ModelError("no network that answers boxes is here: annotator models fetch mobile-sam brings one")
    return info.name


def asking(prompter: Prompter, store: Store, *, model: str) -> Ask:
    """Loads the network, and asks it picture by picture. In a picture that cannot be read nothing is found.

    Features are not kept: each picture is looked at once. Raises ModelError where the network is not here.
    """
    network = prompter.network(model)
    by = compile_cache.hashed_name(network.info)

    def ask(image: Image, boxes: Sequence[Box]) -> list[Answered | None]:
        try:
            photo = decode.decode(store.content(image), file_name=image.file_name)
        except ImageError:
            return [None] * len(boxes)
        answers = answers_to_boxes(network, photo, boxes)
        return [
            None if answer is None else Answered(answer.rle, answer.heatmap, Prompted(Prompt(box_xyxy=box), by))
            for box, answer in zip(boxes, answers, strict=True)
        ]

    return ask
