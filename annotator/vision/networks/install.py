"""A network's files are put into the zoo, whole or not at all.

Tests: tests/vision/networks/test_own_model.py
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import openvino as ov

from annotator.core.errors import ModelError
from annotator.system.files import hash_of
from annotator.vision.networks.description import DESCRIPTION_NAME, description_text, read_description
from annotator.vision.networks.model_info import ModelFile, NetworkInfo

Info = TypeVar("Info", bound=NetworkInfo)


def install_model(info: Info, graphs: Mapping[str, Path | ov.Model]) -> Info:
    """Put a network's files and its description into `info.folder`, which is there whole or not at all.

    graphs: by the names that they get. A file is copied as it is, an IR's .xml with its .bin; a graph is written as an
    IR. Returns the model with its files' sizes and hashes. Raises ModelError where the folder cannot be written.
    """
    try:
        return _install(info, graphs)
    except OSError as error:
        raise ModelError(f"{info.folder}: cannot be written ({error.strerror or error})") from error


def _install(info: Info, graphs: Mapping[str, Path | ov.Model]) -> Info:
    target = info.folder
    target.parent.mkdir(parents=True, exist_ok=True)
    # A folder beside the target, which a rename turns into it.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as name:
        folder = Path(name) / target.name
        folder.mkdir()
        written = [path for stem, graph in graphs.items() for path in _write(graph, folder, stem)]
        files = tuple(map(_described, written))
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


def _write(graph: Path | ov.Model, folder: Path, stem: str) -> list[Path]:
    """Put one graph into a folder under that name; the files that it is."""
    if isinstance(graph, Path) and graph.suffix != ".xml":
        shutil.copyfile(graph, folder / (stem + graph.suffix))
        return [folder / (stem + graph.suffix)]
    files = [folder / f"{stem}.xml", folder / f"{stem}.bin"]
    if isinstance(graph, Path):
        for source, file in zip((graph, graph.with_suffix(".bin")), files, strict=True):
            shutil.copyfile(source, file)
    else:
        ov.save_model(graph, files[0], compress_to_fp16=False)
    return files


def _described(path: Path) -> ModelFile:
    return ModelFile(precision="own", name=path.name, bytes=path.stat().st_size, hash=hash_of(path, "sha384"))
