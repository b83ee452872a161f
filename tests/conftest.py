"""What every test may use: a network with known answers among the models, and pictures.

No property has a deadline for a single example: on a busy machine every one of them may be slow.
"""

import cv2
import numpy as np
import pytest
from hypothesis import settings

from tests.vision.graphs import constant_network, described

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def picture(width=64, height=48, *, seed=0, suffix=".png"):
    """The bytes of a picture of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return cv2.imencode(suffix, pixels)[1].tobytes()


@pytest.fixture
def known_model(tmp_path, monkeypatch):
    """The name of a network that sees the same two people on every picture, sure of one and not of the other."""
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    folder = tmp_path / "models" / "known"
    boxes = [[10, 10, 50, 60, 0.9], [80, 20, 120, 90, 0.3], [20, 20, 30, 30, 0.01]]
    constant_network(folder, boxes=boxes, labels=[0, 0, 0], masks=np.ones((3, 28, 28)), input_size=(160, 96))
    described(folder, threshold=0.5)
    return "known"
