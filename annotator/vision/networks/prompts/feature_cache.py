"""Features of pictures, kept in memory and beside the project's pictures: what took a second is not done again.

What rotted on the disk is made again: an entry counts only if its hash matches.
"""

from __future__ import annotations

import contextlib
import io
import threading
import zipfile
from pathlib import Path

import numpy as np

from annotator.system.latest import Latest
from annotator.vision.networks import compile_cache
from annotator.vision.networks.prompts.network import PromptFeatures
from annotator.vision.networks.prompts.view import View

FOLDER = "features"
"""In a project's folder."""

Key = tuple[str, str]


class FeatureCache:
    """Features of whole pictures, by what made them (`PromptNetwork.key`) and the picture's SHA-256. Safe to use from
    several threads.

    most_bytes: in memory. most_on_disk: in one project's folder; those that were used longest ago go first.
    """

    def __init__(self, *, most_bytes: int, most_on_disk: int) -> None:
        self._kept: Latest[Key, PromptFeatures] = Latest(10_000, most_bytes=most_bytes, bytes_of=lambda one: one.nbytes)
        self._most_on_disk = most_on_disk
        self._lock = threading.Lock()

    def find(self, made_by: str, sha256: str, view: View, *, project: Path) -> PromptFeatures | None:
        """What is kept of a picture that lies on the canvas so; None where nothing is."""
        with self._lock:
            kept = self._kept.peek((made_by, sha256))
        if kept is not None and kept.view == view:
            return kept
        features = _read(_path(project, made_by, sha256), view)
        if features is not None:
            self._remember((made_by, sha256), features)
        return features

    def keep(self, made_by: str, sha256: str, features: PromptFeatures, *, project: Path) -> None:
        """Keep the features of a whole picture. A full disk costs the next start its speed, no more."""
        self._remember((made_by, sha256), features)
        content = io.BytesIO()
        np.savez(content, **features.maps)  # type: ignore[arg-type]  # its stub takes the maps for an option
        if content.tell() <= self._most_on_disk:
            compile_cache.save(_path(project, made_by, sha256), content.getvalue())
            self._prune(project / FOLDER)

    def _remember(self, key: Key, features: PromptFeatures) -> None:
        with self._lock:
            self._kept.get(key, lambda: features)

    def _prune(self, folder: Path) -> None:
        with contextlib.suppress(OSError):  # another thread prunes too, or deletes the picture
            ages = sorted(((path.stat(), path) for path in folder.iterdir()), key=lambda entry: -entry[0].st_mtime_ns)
            room = self._most_on_disk
            for status, path in ages:
                room -= status.st_size
                if room < 0:
                    path.unlink(missing_ok=True)


def forget(project: Path, sha256: str) -> None:
    """Delete what a project's folder keeps of a picture. Raises OSError."""
    for path in (project / FOLDER).glob(f"{sha256}.*"):
        path.unlink(missing_ok=True)


def _path(project: Path, made_by: str, sha256: str) -> Path:
    return project / FOLDER / f"{sha256}.{made_by}"


def _read(path: Path, view: View) -> PromptFeatures | None:
    content = compile_cache.load(path)
    if content is None:
        return None
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as maps:
            features = PromptFeatures(view, {name: maps[name] for name in maps.files})
    except (ValueError, OSError, zipfile.BadZipFile):
        return None
    with contextlib.suppress(OSError):
        path.touch()  # it was used
    return features
