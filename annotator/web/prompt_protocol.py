"""What a browser says of an object that it points at, and what it is answered.

Tests: tests/web/routes/test_prompts.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from annotator.core.dataset import Image
from annotator.core.errors import GeometryError, GestureError
from annotator.core.heatmap import HALF
from annotator.core.masks import checked_rle
from annotator.core.prompt import Prompt, box_from_json, points_from_json
from annotator.vision.networks.prompts.answers import Answer
from annotator.vision.networks.prompts.asking import Earlier
from annotator.web.protocol import heatmap_from_json, heatmap_to_json, text_in, whole_in


@dataclass(frozen=True)
class AskedPrompt:
    """A prompt and the network that it is for; the one that the server offers, where model is None.

    soon: it will be asked, nothing more. number: comes back with the answer, so that a page knows one that is too late.
    """

    model: str | None
    number: int
    prompt: Prompt
    earlier: Earlier | None
    soon: bool


def prompt_from_json(found: Any, image: Image) -> AskedPrompt:
    """`{"model"?, "number"?, "points"?: [[x, y, 0 or 1], ...], "box"?: [x0, y0, x1, y1], "rle"?, "heatmap"?,
    "repairs"?, "soon"?}`

    rle or heatmap: the mask that the prompt is about. repairs: it goes back to one that was there before. Raises
    GestureError naming the path.
    """
    if not isinstance(found, dict):
        raise GestureError(f"prompt: {type(found).__name__}, expected an object")
    return AskedPrompt(
        model=text_in(found, "model", "prompt") if "model" in found else None,
        number=whole_in(found, "number", "prompt") if "number" in found else 0,
        prompt=_prompt(found),
        earlier=_earlier(found, image),
        soon=found.get("soon") is True,
    )


def answer_to_json(answer: Answer | None, *, number: int, by: str) -> dict[str, Any]:
    """by: `name@hash` of the network. rle and heatmap are null where it found nothing."""
    return {
        "number": number,
        "by": by,
        "rle": None if answer is None else answer.rle.counts,
        "heatmap": None if answer is None else heatmap_to_json(answer.heatmap),
        "score": None if answer is None else answer.score,
    }


def _prompt(found: dict[str, Any]) -> Prompt:
    try:
        return Prompt(points_from_json(found.get("points", []), "prompt"), box_from_json(found.get("box"), "prompt"))
    except GeometryError as error:
        raise GestureError(f"{error.path}: {error.message}") from error


def _earlier(found: dict[str, Any], image: Image) -> Earlier | None:
    rle, heatmap, repairs = found.get("rle"), found.get("heatmap"), found.get("repairs") is True
    if heatmap is not None:
        soft = heatmap_from_json(heatmap, "prompt.heatmap")
        return Earlier(soft.at(HALF, height=image.height, width=image.width), soft, is_repaired=repairs)
    if rle is None:
        return None
    if not isinstance(rle, str) or not rle.isascii():
        raise GestureError("prompt.rle: expected COCO's compressed counts")
    try:
        return Earlier(checked_rle(rle, height=image.height, width=image.width), is_repaired=repairs)
    except GeometryError as error:
        raise GestureError(f"prompt.rle: {error}") from error
