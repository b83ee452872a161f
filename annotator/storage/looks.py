"""What a network sees on a project's pictures, as short vectors, in a file of its own beside the project's database.

All of it can be worked out again: the file may be deleted at any time, and one that cannot be read is begun anew.

Two vectors are 1 - cosine apart, once the mean of those that are compared is taken off: behind a rectifier all point
into one direction.

Tests: tests/web/routes/test_looks.py
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from annotator.core.errors import StoreError
from annotator.storage import schema
from annotator.storage.columns import rows_of
from annotator.storage.database import Database
from annotator.storage.runs import networks_by_time

Vector = NDArray[np.float32]

FILE = "looks.db"

_TABLES = (
    "CREATE TABLE IF NOT EXISTS pictures (id INTEGER PRIMARY KEY, network TEXT NOT NULL, stood INTEGER NOT NULL,"
    " vector BLOB NOT NULL, besides INTEGER)",
    "CREATE TABLE IF NOT EXISTS instances (id INTEGER PRIMARY KEY, image_id INTEGER NOT NULL, vector BLOB NOT NULL)",
    "CREATE INDEX IF NOT EXISTS instances_by_image ON instances (image_id)",
)


@dataclass(frozen=True, eq=False)
class Seen:
    """One picture: the network that looked, how the picture stood then, its vector, and those of its instances by id.

    besides: how many objects mirrored and zoomed copies showed that the picture itself did not; None where nobody
    looked for them.
    """

    network: str
    stood: int
    vector: Vector
    instances: Mapping[int, Vector]
    besides: int | None = None


class Looks:
    """Of the project in this folder. Safe to use from several threads."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._path = folder / FILE
        self._database = database

    def version(self) -> str:
        """Another text after each change."""
        return str(self._path.stat().st_mtime_ns) if self._path.is_file() else ""

    def networks(self) -> list[str]:
        """Those that may look, as they suggested something, model@version: the last one first."""
        with self._database.read() as connection:
            return networks_by_time(connection)

    def standing(self) -> dict[int, int]:
        """Of each picture a number that is another one as soon as anything about its instances is."""
        images, instances = schema.images, schema.instances
        newest = select(instances.c.image_id, func.max(instances.c.id)).group_by(instances.c.image_id)
        with self._database.read() as connection:
            pictures = rows_of(connection, select(images.c.id, images.c.revision).where(~images.c.removed))
            last = {row[0]: row[1] for row in rows_of(connection, newest)}
        return {id: revision + last.get(id, 0) for id, revision in pictures}

    def find(self, key: str) -> tuple[int, int] | None:
        """The ids of an instance and of its picture; None where there is no such."""
        table = schema.instances
        with self._database.read() as connection:
            row = connection.execute(select(table.c.id, table.c.image_id).where(table.c.key == key)).one_or_none()
        return None if row is None else (row[0], row[1])

    def known(self) -> dict[int, tuple[str, int, bool]]:
        """Of each picture that was looked at the network, how it stood, and whether a copy was looked at too."""
        with self._open() as connection:
            rows = connection.execute("SELECT id, network, stood, besides IS NOT NULL FROM pictures")
            return {row[0]: (row[1], row[2], bool(row[3])) for row in rows}

    def put(self, image_id: int, seen: Seen) -> None:
        """Keep what was seen on a picture, in place of what was seen before; what a copy showed stays."""
        with self._open() as connection, connection:
            connection.execute("DELETE FROM instances WHERE image_id = ?", (image_id,))
            connection.executemany(
                "INSERT OR REPLACE INTO instances VALUES (?, ?, ?)",
                [(id, image_id, _packed(vector)) for id, vector in seen.instances.items()],
            )
            connection.execute(
                "INSERT INTO pictures VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET network = excluded.network,"
                " stood = excluded.stood, vector = excluded.vector,"
                " besides = coalesce(excluded.besides, besides)",
                (image_id, seen.network, seen.stood, _packed(seen.vector), seen.besides),
            )

    def drop(self, image_ids: list[int]) -> None:
        """Forget pictures that are gone."""
        with self._open() as connection, connection:
            gone = [(id,) for id in image_ids]
            connection.executemany("DELETE FROM pictures WHERE id = ?", gone)
            connection.executemany("DELETE FROM instances WHERE image_id = ?", gone)

    def pictures(self) -> dict[int, Vector]:
        """Their vectors, of the network that looked at most of them: those of two cannot be compared."""
        with self._open() as connection:
            rows = list(connection.execute("SELECT id, vector FROM pictures WHERE network = ?", (_most(connection),)))
        return {id: _unpacked(vector) for id, vector in rows}

    def besides(self) -> dict[int, int]:
        """How many objects copies showed that the pictures themselves did not, where that is any."""
        with self._open() as connection:
            return dict(connection.execute("SELECT id, besides FROM pictures WHERE besides > 0").fetchall())

    def instances(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids of instances, ascending, (n,), and their vectors, (n, size), of the network as in `pictures`."""
        with self._open() as connection:
            query = (
                "SELECT instances.id, instances.vector FROM instances JOIN pictures ON pictures.id = image_id"
                " WHERE network = ? ORDER BY instances.id"
            )
            rows = list(connection.execute(query, (_most(connection),)))
        ids = np.array([row[0] for row in rows], np.int64)
        packed = np.frombuffer(b"".join(row[1] for row in rows), np.float16)
        return ids, packed.reshape(len(ids), -1 if len(ids) else 0).astype(np.float32)

    def has(self, instance_id: int) -> bool:
        """Whether an instance was looked at."""
        with self._open() as connection:
            found = connection.execute("SELECT 1 FROM instances WHERE id = ?", (instance_id,)).fetchone()
        return found is not None

    def distances(self, instance_id: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Ids of instances, ascending, and how far each is from this one, 0 to 2; of none where this is not known."""
        ids, vectors = self.instances()
        place = int(np.searchsorted(ids, instance_id))
        if place == len(ids) or ids[place] != instance_id:
            return np.zeros(0, np.int64), np.zeros(0)
        apart = centred(vectors)
        return ids, np.asarray(1 - apart @ apart[place], np.float64)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._connect()) as connection:
                yield connection
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self._path.name}: {error}; it may be deleted, and is made again then") from error

    def _connect(self) -> sqlite3.Connection:
        for again in (False, True):
            connection = sqlite3.connect(self._path, timeout=10)
            try:
                # What a power cut takes is worked out again: no commit need wait for the disk.
                connection.execute("PRAGMA synchronous = OFF")
                for statement in _TABLES:
                    connection.execute(statement)
                return connection
            except sqlite3.DatabaseError as error:
                connection.close()
                if again or isinstance(error, sqlite3.OperationalError):
                    raise
                with suppress(OSError):  # no database, or a damaged one
                    self._path.unlink(missing_ok=True)
        raise AssertionError


def centred(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors (n, size) without their mean, each at length 1 again."""
    apart = vectors - vectors.mean(axis=0, keepdims=True)
    return np.asarray(apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-9), np.float32)


def _most(connection: sqlite3.Connection) -> str:
    row = connection.execute("SELECT network FROM pictures GROUP BY network ORDER BY count(*) DESC, network").fetchone()
    return "" if row is None else str(row[0])


def _packed(vector: Vector) -> bytes:
    return vector.astype(np.float16).tobytes()


def _unpacked(content: bytes) -> Vector:
    return np.frombuffer(content, np.float16).astype(np.float32)
