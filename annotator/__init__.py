"""Pre-label photographs, review them in the browser, export COCO.

What scripts may use is named here, and loaded when it is first asked for; everything else in the package is private.

Tests: tests/api/test_names.py
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annotator.api.detections import Detections
    from annotator.api.model import Model, load_model
    from annotator.api.project import Exported, Project
    from annotator.api.prompts import Answer, Look, PromptModel, load_prompt_model
    from annotator.core.dataset import Category, Image, Instance, State
    from annotator.core.errors import (
        AnnotatorError,
        CocoError,
        ExportError,
        FetchError,
        GeometryError,
        ImageError,
        MissingError,
        ModelError,
        StoreError,
    )
    from annotator.core.masks import Rle, mask_to_rle, rle_to_mask
    from annotator.core.query import QueryError
    from annotator.core.review import Decision
    from annotator.web.mounting import mount

# `import openvino` tells Google Analytics that it was imported, through this package; without it, it stays silent.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

_MODULES = {
    "api.detections": ("Detections",),
    "api.model": ("Model", "load_model"),
    "api.project": ("Exported", "Project"),
    "api.prompts": ("Answer", "Look", "PromptModel", "load_prompt_model"),
    "core.dataset": ("Category", "Image", "Instance", "State"),
    "core.errors": (
        "AnnotatorError",
        "CocoError",
        "ExportError",
        "FetchError",
        "GeometryError",
        "ImageError",
        "MissingError",
        "ModelError",
        "StoreError",
    ),
    "core.masks": ("Rle", "mask_to_rle", "rle_to_mask"),
    "core.query": ("QueryError",),
    "core.review": ("Decision",),
    "web.mounting": ("mount",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "AnnotatorError",
    "Answer",
    "Category",
    "CocoError",
    "Decision",
    "Detections",
    "ExportError",
    "Exported",
    "FetchError",
    "GeometryError",
    "Image",
    "ImageError",
    "Instance",
    "Look",
    "MissingError",
    "Model",
    "ModelError",
    "Project",
    "PromptModel",
    "QueryError",
    "Rle",
    "State",
    "StoreError",
    "__version__",
    "load_model",
    "load_prompt_model",
    "mask_to_rle",
    "mount",
    "rle_to_mask",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
