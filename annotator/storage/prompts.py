"""What was said to a network that made a mask, as the database keeps it.

Tests: tests/storage/test_prompts.py
"""

from __future__ import annotations

import hashlib
import json

from annotator.core.errors import GeometryError, StoreError
from annotator.core.prompt import Prompted, prompted_from_json, prompted_to_json
from annotator.storage.stored import json_of


def prompted_to_text(prompted: Prompted | None) -> str | None:
    """JSON; None where nothing was said."""
    return None if prompted is None or prompted.is_empty else json.dumps(prompted_to_json(prompted))


def prompted_of(text: str | None, place: str) -> Prompted | None:
    """Raises StoreError, naming the place, for what no project wrote."""
    if text is None:
        return None
    try:
        return prompted_from_json(json_of(text, place), "prompt")
    except GeometryError as error:
        raise StoreError(
            f"{place}: is damaged in the project's database ({error}); restore it from a backup"
        ) from error


def name_of(key: str, prompt: str | None) -> str:
    """The name of the heatmap of an instance that was made by that prompt; its own where it was made by none.

    Each prompt has its own, so that an undo finds the heatmap of the mask that it brings back.
    """
    return key if prompt is None else f"{key}:{hashlib.sha256(prompt.encode()).hexdigest()[:16]}"
