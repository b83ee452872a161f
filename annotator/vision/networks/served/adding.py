"""A served network joins the zoo: its description says where it runs, and no file of it lies here.

Only who may write the models' folder adds one: a server's address is asked from this machine, which may reach what the
page's visitors do not. Nothing of the page leads here, and a test holds that.

Tests: tests/vision/networks/served/test_adding.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from annotator.core.errors import ModelError
from annotator.vision.networks import zoo
from annotator.vision.networks.description import DESCRIPTION_NAME, SERVER_URL, is_server_url, read_description
from annotator.vision.networks.install import install_model
from annotator.vision.networks.model_info import ModelInfo, Server
from annotator.vision.networks.served.network import ServedNetwork

GREY = 128


def add_served(name: str, like: str, *, url: str, model: str = "") -> ModelInfo:
    """Take a network that a server runs into the zoo, once it has answered a grey picture.

    like: what describes it, as its categories and how a picture goes in are not on the server: a network of the zoo, or
    a `model.toml` or its folder. model: its name on the server, where that is another than `name`.
    Raises ModelError in one line.
    """
    if not is_server_url(url):
        raise ModelError(f"--server: found {url[:80]!r}, expected {SERVER_URL}")
    server = Server(url.rstrip("/").removesuffix("/v2"), model or name)
    described = _described(like)
    target = zoo.free_folder(name)
    about = f"{described.title} on a server. {described.description}".strip()
    info = replace(described, name=name, title=name, folder=target, files=(), base="", server=server, description=about)
    network = ServedNetwork(info, server, who=f"{server.url}: model {server.model}")
    width, height = network.input_size
    network.infer(np.full((height, width, 3), GREY, np.uint8))
    return install_model(info, {})


def _described(like: str) -> ModelInfo:
    path = Path(like)
    path = path / DESCRIPTION_NAME if path.is_dir() else path
    info = read_description(path) if path.is_file() else zoo.find(like)
    if not isinstance(info, ModelInfo):
        raise ModelError(f"{path}: describes what answers clicks and boxes, expected a network that detects")
    return info
