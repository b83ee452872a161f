"""What a decoder answers: which output holds the masks in their own size, and which of several masks is meant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from annotator.core.errors import ModelError
from annotator.vision.networks.contract import Port, port_sides
from annotator.vision.networks.prompts.contracts import in_words

SMALL = ("low_res_masks",)
SCORES = ("iou_predictions",)
MANY = 3
"""Prompts, padding counted, from which SAM's first mask is meant: the others are for what one click leaves open."""


def find_outputs(decoder: ov.Model) -> list[Port]:
    """The masks in the decoder's own size, and the scores if there are any.

    By name, else by shape, else the third as SAM's exports order them. Raises ModelError where there are no masks.
    """
    ports = list(decoder.outputs)
    masks = _named(ports, SMALL)
    if masks is None:
        fixed = [port for port in ports if len(port_sides(port)) >= 4 and None not in port_sides(port)[-2:]]
        if fixed:
            masks = min(fixed, key=lambda port: port_sides(port)[-1] or 0)
        elif len(ports) == 3 and len(port_sides(ports[2])) >= 4:
            masks = ports[2]
    if masks is None:
        found = "; ".join(in_words(port_sides(port)) for port in ports)
        raise ModelError(f"decoder: outputs {found}, expected masks in the network's own size (low_res_masks)")
    scores = _named(ports, SCORES)
    if scores is None:
        scores = next((port for port in ports if 2 <= len(port_sides(port)) <= 3), None)
    return [masks] if scores is None else [masks, scores]


def _named(ports: list[Port], names: tuple[str, ...]) -> Port | None:
    return next((port for port in ports if port.get_names() & set(names)), None)


@dataclass(frozen=True)
class Choice:
    """Which of several masks is meant.

    has_single: whether the first of four is the one for prompts that leave nothing open, as SAM has it. Source: select
    in segment-anything's SamOnnxModel, whose single-mask export chooses by itself.
    """

    has_single: bool

    def of(self, count: int, scores: NDArray[np.float32] | None, *, prompts: int) -> tuple[int, float | None]:
        """Index and score of the mask, of `count` for that many prompts. A score that is no number is none."""
        if scores is None or scores.size < count:
            return 0, None
        rated = np.nan_to_num(scores.reshape(-1)[:count], nan=-1.0)
        if count == 1 or (self.has_single and count == 4 and prompts >= MANY):
            index = 0
        elif self.has_single and count == 4:
            index = 1 + int(rated[1:].argmax())
        else:
            index = int(rated.argmax())
        return index, (min(float(rated[index]), 1.0) if rated[index] >= 0 else None)
