"""What an adapter is: how the outputs of a family of networks are read, and how one of its exports is known.

Tests: tests/vision/networks/adapters/test_registry.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from annotator.vision.networks.contract import Port
from annotator.vision.networks.model_info import ModelInfo, Outputs
from annotator.vision.networks.soft_masks import SoftMasks

FLOOR = 0.001
"""Score from which a detection is one. Source: what trainers measure AP with."""


@dataclass(frozen=True, eq=False)
class RawDetections:
    """A network's answer: labels (n,) class indices, boxes (n, 5) in input pixels with score, and the masks of all.

    filled: whether rows that hold no detection are all zeros. Source: the Open Model Zoo's accuracy checker, which
    drops boxes whose coordinates sum to 0 or less.
    """

    labels: NDArray[np.int64]
    boxes: NDArray[np.float32]
    masks: SoftMasks
    filled: bool = False

    def copied(self) -> RawDetections:
        """What stays when the network goes on."""
        return replace(self, labels=self.labels.copy(), boxes=self.boxes.copy(), masks=self.masks.copied())


@dataclass(frozen=True)
class Export:
    """A graph that somebody brings: where it lies, what it or a file beside it says, and the names of its classes.

    names: as a file beside the graph lists them, in the order of the class index; empty where there is none.
    """

    graph: ov.Model
    path: Path
    said: Mapping[str, Any]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Understood:
    """An export as it joins the zoo. graph: what is written in its place; None where it stays as it is."""

    info: ModelInfo
    graph: ov.Model | None


@dataclass(frozen=True)
class Adapter:
    """How one form of outputs is read.

    ports: the outputs that are read; raises ModelError where a graph has others. read: their values, in that order, for
    a picture -> detections; raises ModelError for values that are not of the form.
    """

    outputs: Outputs
    title: str
    ports: Callable[[ov.Model | ov.CompiledModel], tuple[Port, ...]]
    read: Callable[[Sequence[NDArray[Any]], ModelInfo, tuple[int, int]], RawDetections]


Understand = Callable[[Export, str, Path], Understood | None]
"""An export, its name and its folder in the zoo -> what it is; None where it is of another family.

Raises ModelError that says which export to use, for one of the family that is not understood.
"""
