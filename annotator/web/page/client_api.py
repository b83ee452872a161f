"""What a Gradio client may call: a picture in, COCO out. Only a server of one person has it; visitors have the page.

Tests: tests/web/test_gradio_conventions.py
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import api
from gradio.utils import get_upload_folder

from annotator.api.model import load_model
from annotator.core.errors import AnnotatorError, ImageError
from annotator.core.limits import MAX_NAME
from annotator.core.numbers import is_finite
from annotator.vision.networks import zoo
from annotator.vision.pictures import decode

KEPT_S = 3600
"""How long a picture that a client sent lies on the disk."""


def add_client_api(page: gr.Blocks) -> None:
    """Add `/suggest` to the page that is being built. It reads nothing but what a client sent to this server."""
    page.delete_cache = KEPT_S, KEPT_S
    api(_make_suggest(), api_name="suggest", concurrency_limit=1)


def _make_suggest() -> Callable[..., dict[str, Any]]:
    load = lru_cache(maxsize=1)(load_model)
    one_at_a_time = threading.Lock()

    # Gradio describes the API from these names, types and defaults, and from this docstring.
    def suggest(
        picture: dict[str, Any], model: str = zoo.BUNDLED_MODEL, threshold: float | None = None
    ) -> dict[str, Any]:
        """Find objects on a picture.

        picture: gradio_client.handle_file(path). model: one of `annotator models list`. threshold: the lowest score, 0
        to 1, or null for the network's own. Returns a COCO document.
        """
        try:
            path = _sent(picture)
            name = str(picture.get("orig_name") or path.name)[:MAX_NAME]
            if threshold is not None and not (is_finite(threshold) and 0 <= threshold <= 1):
                raise AnnotatorError(f"threshold: found {threshold!r:.40}, expected 0 to 1")
            photo = decode.decode(decode.content_of(path), file_name=name)
            with one_at_a_time:
                return load(str(model))(photo.pixels, threshold=threshold).to_coco(name)
        except AnnotatorError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return suggest


def _sent(picture: object) -> Path:
    """The file that a client sent here before. Raises ImageError for every other path, and for an address."""
    path = picture.get("path") if isinstance(picture, dict) else None
    folder = Path(get_upload_folder()).resolve()
    if isinstance(path, str) and "\0" not in path:
        found = Path(path).resolve()
        if found.is_relative_to(folder) and found != folder:
            return found
    raise ImageError("picture: expected one that was sent before, by gradio_client.handle_file(path)")
