"""Promptable networks in a zoo of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotator.core.prompt import Prompt
from annotator.vision.networks import zoo
from annotator.vision.networks.prompts.answers import Answer
from annotator.vision.networks.prompts.asking import Earlier, ask
from annotator.vision.networks.prompts.network import PromptNetwork
from annotator.vision.pictures.photo import Photo
from tests.vision.networks.prompts import graphs

Made = Callable[..., PromptNetwork]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Makes a network of graphs.encoder(**encoder) and graphs.decoder(**decoder)."""
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))

    def make(name: str = "mine", encoder: dict[str, Any] | None = None, **decoder: Any) -> PromptNetwork:
        folder = tmp_path / "models" / name
        graphs.encoder(folder, **(encoder or {}))
        graphs.decoder(folder, **decoder)
        (folder / "model.toml").write_text(f'kind = "prompt"\nname = "{name}"\n')
        return PromptNetwork(zoo.find_prompt(name))

    return make


def ask_anew(network: PromptNetwork, photo: Photo, prompt: Prompt, earlier: Earlier | None = None) -> Answer | None:
    """The answer from features that nobody kept."""
    return ask(network, photo, prompt, features_of=lambda crop: network.features(photo, crop), earlier=earlier)


def photo_of(width: int, height: int, value: int = 90) -> Photo:
    return Photo("picture", b"", "", np.full((height, width, 3), value, np.uint8))
