"""Labels, boxes and heatmaps over the boxes: the outputs of the zoo's networks, and what is brought into their form.

Tests: tests/vision/networks/test_contract.py, tests/vision/networks/test_detector.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from annotator.vision.networks.adapters.base import Adapter, RawDetections
from annotator.vision.networks.contract import Port, find_outputs
from annotator.vision.networks.model_info import ModelInfo
from annotator.vision.networks.soft_masks import RegionMasks


def _ports(graph: ov.Model | ov.CompiledModel) -> tuple[Port, ...]:
    found = find_outputs(graph)
    return found.labels, found.boxes, found.masks


def _read(values: Sequence[NDArray[Any]], info: ModelInfo, input_size: tuple[int, int]) -> RawDetections:
    labels, boxes, masks = values
    return RawDetections(
        labels=labels.astype(np.int64, copy=False),
        boxes=boxes.astype(np.float32, copy=False),
        masks=RegionMasks(masks.astype(np.float32, copy=False)),
        filled=True,
    )


REGIONS = Adapter("regions", "labels, boxes and masks over the boxes", _ports, _read)
