"""A promptable network of the user's own: its encoder and decoder found in a folder, tried together, copied.

Tests: tests/vision/networks/prompts/test_own.py
"""

from __future__ import annotations

from pathlib import Path

from annotator.core.errors import ModelError
from annotator.vision.networks.description import DESCRIPTION_NAME, read_description
from annotator.vision.networks.foreign_graph import read_foreign_graph
from annotator.vision.networks.install import install_model
from annotator.vision.networks.model_info import GRAPH_SUFFIXES, PromptInfo
from annotator.vision.networks.prompts.contracts import match_features, recognise
from annotator.vision.networks.prompts.outputs import find_outputs

ENCODERS = ("encoder", "preprocess")
DECODERS = ("decoder",)


def find_pair(folder: Path) -> tuple[Path, Path] | None:
    """The encoder and the decoder of a folder, by what their names end with; None where it has no such graphs.

    A single graph beside one whose name says `encoder` or `preprocess` is its decoder. Raises ModelError where there is
    half a pair, or more than one.
    """
    if not folder.is_dir():
        return None
    graphs = sorted(path for path in folder.iterdir() if path.suffix in GRAPH_SUFFIXES and path.is_file())
    encoders = [path for path in graphs if _says(path, ENCODERS)]
    decoders = [path for path in graphs if _says(path, DECODERS)]
    if not encoders and not decoders:
        return None
    others = [path for path in graphs if path not in encoders]
    decoders = decoders or others
    if len(encoders) != 1 or len(decoders) != 1:
        found = ", ".join(path.name for path in graphs)
        raise ModelError(f"{folder}: found {found}, expected one encoder and one decoder (encoder.onnx, decoder.onnx)")
    return encoders[0], decoders[0]


def _says(path: Path, words: tuple[str, ...]) -> bool:
    return any(word in path.stem.lower() for word in words)


def add_prompts(name: str, encoder: Path, decoder: Path, *, target: Path) -> PromptInfo:
    """Copy a pair to the new folder `target`. Raises ModelError where they are not understood or do not fit."""
    graphs = read_foreign_graph(encoder), read_foreign_graph(decoder)
    try:
        contract = recognise(graphs[1])
        match_features(contract, graphs[1], list(graphs[0].outputs))
        find_outputs(graphs[1])
    except ModelError as error:
        raise ModelError(f"{decoder}: {error}") from error
    said = encoder.with_name(DESCRIPTION_NAME)
    described = read_description(said) if said.is_file() else None
    info = PromptInfo(
        name=name,
        title=described.title if described else name,
        version=described.version if described else "1",
        folder=target,
        files=(),
        description=described.description if described else f"Answers clicks and boxes; an export of {contract.name}.",
    )
    return install_model(info, {"encoder": encoder, "decoder": decoder})
