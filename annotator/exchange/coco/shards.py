"""COCO in parts, for more pictures than one file should hold: `instances-00001.json` and on, and a manifest of them.

A shard is written whole, and counts once the manifest names it. Each of its images carries its `sha256`, by which a
later run knows what is done.

Tests: tests/prelabel/cluster/test_shards.py
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from annotator.core.dataset import Dataset, without_mask
from annotator.core.errors import AnnotatorError, CocoError
from annotator.exchange.coco.document import load
from annotator.exchange.coco.writer import write
from annotator.system.files import hash_of, require_writable, write_atomically

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Shard:
    """One file: its name, SHA-256, and how much is in it."""

    file: str
    sha256: str
    pictures: int
    annotations: int


class Shards:
    """A folder of shards, begun anew or gone on with.

    how: what makes another run another one, as the manifest says it. next_image, next_annotation: ids that are free.
    Raises AnnotatorError where the folder holds shards of another run, or cannot be written.
    """

    def __init__(self, folder: Path, *, how: dict[str, Any]) -> None:
        self._folder, self._how = folder, how
        self._shards: list[Shard] = []
        self._hashes: dict[str, str] = {}
        self.next_image, self.next_annotation = 1, 1
        require_writable(folder / MANIFEST)
        if (folder / MANIFEST).exists():
            self._go_on()

    @property
    def annotations(self) -> int:
        """How many are in all shards."""
        return sum(shard.annotations for shard in self._shards)

    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each picture that is in a shard, by its name."""
        return dict(self._hashes)

    def write(self, dataset: Dataset) -> None:
        """Write a dataset as the next shard; its ids begin with those that are free. Raises as `writer.write` does."""
        name = f"instances-{self._number():05}.json"
        images = [replace(image, extra={**image.extra, "sha256": image.sha256}) for image in dataset.images]
        write(replace(dataset, images=tuple(images)), self._folder / name)
        count = len(dataset.instances) + sum(len(without_mask(image)) for image in images)
        self._shards.append(Shard(name, hash_of(self._folder / name, "sha256"), len(images), count))
        self._save(failures=None)
        self.next_image += len(images)
        self.next_annotation += count

    def end(self, failures: Sequence[tuple[str, str]]) -> None:
        """Write that the run came to its end. failures: names and reasons of pictures that could not be done."""
        self._save(failures=failures)

    def _number(self) -> int:
        """After the last: the file of a shard that was damaged is written over by nobody."""
        return max((int(shard.file[10:15]) for shard in self._shards), default=0) + 1

    def _save(self, *, failures: Sequence[tuple[str, str]] | None) -> None:
        """failures: those of a whole run; None while it goes on."""
        said = {**self._how, "complete": failures is not None, "pictures": sum(one.pictures for one in self._shards)}
        rows = [{"file_name": name, "reason": reason} for name, reason in failures or ()]
        said |= {"annotations": self.annotations, "shards": [asdict(one) for one in self._shards], "failures": rows}
        write_atomically(self._folder / MANIFEST, json.dumps(said, indent=1).encode())

    def _go_on(self) -> None:
        path = self._folder / MANIFEST
        said = load(path)
        try:
            found = {name: said[name] for name in self._how}
            shards = [Shard(**row) for row in said["shards"]]
        except (TypeError, KeyError) as error:
            raise AnnotatorError(f"{path}: is no manifest of shards, expected another --out") from error
        if found != self._how:
            raise AnnotatorError(f"{path}: found shards of {found}, expected {self._how} or another --out")
        for shard in shards:
            if self._take(shard):
                self._shards.append(shard)

    def _take(self, shard: Shard) -> bool:
        """Whether its file is as it was written; its pictures are done then, and its numbers taken."""
        path = self._folder / shard.file
        if not path.is_file() or hash_of(path, "sha256") != shard.sha256:
            return False
        try:
            document = load(path)
            self._hashes |= {row["file_name"]: row["sha256"] for row in document["images"]}
            self.next_image = max([self.next_image - 1, *(row["id"] for row in document["images"])]) + 1
            self.next_annotation = max([self.next_annotation - 1, *(row["id"] for row in document["annotations"])]) + 1
        except (CocoError, TypeError, KeyError):
            return False
        return True
