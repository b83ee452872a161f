"""What never changes in a graph is worked out once, and the graph that is left is kept beside the compiled networks.

SAM 2's encoder resizes what it has learned, and asks for sizes that are fixed: working that out took 104 processor
seconds of the 105 that it took to compile; what is left compiles in one, also with the next version of OpenVINO.

Tests: tests/vision/networks/prompts/test_folding.py
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import openvino as ov
from openvino.passes import ConstantFolding, Manager

from annotator.vision.networks import compile_cache
from annotator.vision.networks.model_info import NetworkInfo

WORTH_KEEPING_S = 5.0
"""A graph that is folded sooner takes no place on the disk."""


def folded(graph: ov.Model, info: NetworkInfo, *, stage: str, clock: Callable[[], float] = time.monotonic) -> ov.Model:
    """The graph, or the one that was kept of it; `graph` itself is changed. Its inputs have to have their sizes."""
    places = [compile_cache.cache_folder(info) / f"{stage}-folded{suffix}" for suffix in (".xml", ".bin")]
    kept = _read(places)
    if kept is not None:
        return kept
    began = clock()
    passes = Manager()
    passes.register_pass(ConstantFolding())
    passes.run_passes(graph)
    if clock() - began >= WORTH_KEEPING_S:
        _keep(graph, places)
    return graph


def _read(places: list[Path]) -> ov.Model | None:
    """None where it is not there, or not as it was written."""
    content = [compile_cache.load(place) for place in places]
    if None in content:
        return None
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(OSError, RuntimeError):
        for place, found in zip(places, content, strict=True):
            (Path(folder) / place.name).write_bytes(found or b"")
        core = ov.Core()
        core.set_property({"ENABLE_MMAP": False})  # the files go at once
        return core.read_model(Path(folder) / places[0].name)
    return None


def _keep(graph: ov.Model, places: list[Path]) -> None:
    """A full disk costs the next start its time, no more."""
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(OSError, RuntimeError):
        ov.save_model(graph, Path(folder) / places[0].name, compress_to_fp16=False)
        for place in places:
            compile_cache.save(place, (Path(folder) / place.name).read_bytes())
