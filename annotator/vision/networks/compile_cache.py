"""Cache of compiled networks on disk; an entry counts only if its SHA-256 matches.

A network's files are verified by their hash before it is loaded. What was compiled from them is no less a network: bits
that rotted in it would give other detections in silence, so it carries a hash of its own.

Tests: tests/vision/networks/test_runtime.py
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import openvino as ov

from annotator.system import paths
from annotator.system.files import write_atomically
from annotator.vision.networks.model_info import NetworkInfo

_DIGEST_BYTES = hashlib.sha256().digest_size


def cache_folder(info: NetworkInfo) -> Path:
    """The folder of compiled networks. They are named by the hash of their files: a changed file is compiled anew."""
    return paths.home() / "cache" / f"{info.name}-{files_digest(info)}"


def files_digest(info: NetworkInfo) -> str:
    """The first 16 hexadecimal digits of a hash over a network's files."""
    return hashlib.sha256("".join(file.hash for file in info.files).encode()).hexdigest()[:16]


def hashed_name(info: NetworkInfo) -> str:
    """`name@hash`: what tells the masks of a network from those of other files under its name."""
    return f"{info.name}@{files_digest(info)[:12]}"


def circumstances(core: ov.Core, *further: object) -> str:
    """What a compilation depends on besides the network's files, as text for a file's name.

    OpenVINO's version and the processor, and whatever else `further` says.
    """
    traits = [core.get_property("CPU", name) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
    return hashlib.sha256(repr((ov.get_version(), traits, further)).encode()).hexdigest()[:16]


def load(path: Path) -> bytes | None:
    """What `save` wrote; None where there is nothing, or something else."""
    try:
        with path.open("rb") as stream:
            digest, content = stream.read(_DIGEST_BYTES), stream.read()
    except OSError:
        return None
    return content if hashlib.sha256(content).digest() == digest else None


def save(path: Path, content: bytes) -> None:
    """Keep something for the next start. A full disk or a read-only folder costs that start its speed, no more."""
    with contextlib.suppress(OSError):
        write_atomically(path, hashlib.sha256(content).digest() + content)


def openvino_cache(folder: Path) -> dict[str, str]:
    """OpenVINO's setting for a cache of its own in a folder; none where it could not write there, which it refuses."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return {"CACHE_DIR": str(folder)}
    return {}
