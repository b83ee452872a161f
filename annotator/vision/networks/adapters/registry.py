"""The adapters and the families of exports: a further one is a file and a line here."""

from __future__ import annotations

from pathlib import Path

from annotator.vision.networks.adapters import rf_detr, torchvision, yolo
from annotator.vision.networks.adapters.base import Adapter, Export, Understand, Understood
from annotator.vision.networks.adapters.regions import REGIONS
from annotator.vision.networks.model_info import ModelInfo

ADAPTERS: tuple[Adapter, ...] = (
    REGIONS,
    yolo.SEGMENTATION,
    yolo.DETECTION,
    rf_detr.SEGMENTATION,
    rf_detr.DETECTION,
)

FAMILIES: tuple[Understand, ...] = (yolo.understand, torchvision.understand, rf_detr.understand)


def adapter_of(info: ModelInfo) -> Adapter:
    """What reads a network's outputs."""
    return next(adapter for adapter in ADAPTERS if adapter.outputs == info.outputs)


def understand(export: Export, name: str, folder: Path) -> Understood | None:
    """An export as its family reads it; None where it is of none. Raises ModelError as the family does."""
    for family in FAMILIES:
        found = family(export, name, folder)
        if found is not None:
            return found
    return None
