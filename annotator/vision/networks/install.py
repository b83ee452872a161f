"""A network's files are put into the zoo, whole or not at all.

Tests: tests/vision/networks/test_own_model.py
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import openvino as ov

from annotator.core.errors import ModelError
from annotator.system.files import sha384_of
from annotator.vision.networks.description import DESCRIPTION_NAME, description_text, read_description
from annotator.vision.networks.model_info import ModelFile, ModelInfo


def install_model(info: ModelInfo, graph: Path | ov.Model) -> ModelInfo:
    """Put a network's files and its description into `info.folder`, which is there whole or not at all.

    graph: the IR's .xml, copied with its .bin as it is; or a graph, written as an IR. Returns the model with its files'
    sizes and hashes. Raises ModelError where the folder cannot be written.
    """
    try:
        return _install(info, graph)
    except OSError as error:
        raise ModelError(f"{info.folder}: cannot be written ({error.strerror or error})") from error


def _install(info: ModelInfo, graph: Path | ov.Model) -> ModelInfo:
    target = info.folder
    target.parent.mkdir(parents=True, exist_ok=True)
    # A folder beside the target, which a rename turns into it.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as name:
        folder = Path(name) / target.name
        folder.mkdir()
        if isinstance(graph, Path):
            shutil.copyfile(graph, folder / "model.xml")
            shutil.copyfile(graph.with_suffix(".bin"), folder / "model.bin")
        else:
            ov.save_model(graph, folder / "model.xml", compress_to_fp16=False)
        files = tuple(_described(folder / file) for file in ("model.xml", "model.bin"))
        info = replace(info, files=files, base="")
        (folder / DESCRIPTION_NAME).write_text(description_text(info), encoding="utf-8")
        # What was written reads back as the very same model.
        if read_description(folder / DESCRIPTION_NAME, folder=target) != info:
            raise ModelError(f"{target}: its description does not read back as it was written")
        for path in folder.iterdir():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        os.rename(folder, target)
    return info


def _described(path: Path) -> ModelFile:
    return ModelFile(precision="own", name=path.name, bytes=path.stat().st_size, sha384=sha384_of(path))
