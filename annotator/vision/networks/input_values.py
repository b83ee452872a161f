"""A picture as a graph itself takes it, where no compiled graph converts it.

Tests: tests/vision/networks/served/test_network.py, tests/vision/networks/test_quantize.py
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotator.vision.networks.model_info import ModelInfo


def input_values(picture: NDArray[np.uint8], info: ModelInfo, kind: type[np.generic] = np.float32) -> NDArray[Any]:
    """Picture (height, width, 3) RGB -> (1, 3, height, width), in the model's order, mean and scale applied in f32."""
    ordered = (picture[..., ::-1] if info.order == "BGR" else picture).transpose(2, 0, 1)[None]
    if not any(info.mean) and all(value == 1 for value in info.scale):
        return np.ascontiguousarray(ordered, kind)
    mean, scale = (np.array(values, np.float32).reshape(1, 3, 1, 1) for values in (info.mean, info.scale))
    return np.ascontiguousarray((ordered.astype(np.float32) - mean) / scale, kind)
