"""Instances in a temporary file: in memory there are a few numbers of each, however large its outline is.

Whatever goes through all instances of a project reads them from there, as often as it needs, a few at a time.
"""

from __future__ import annotations

import pickle
import tempfile
import threading
import weakref
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from operator import attrgetter
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from annotator.core.dataset import Instance, State
from annotator.core.errors import AnnotatorError
from annotator.core.masks import Rle
from annotator.core.polygons import Part, Ring

Numbers = NDArray[np.int64]

_SMALL_BYTES = 1 << 20  # up to here nothing touches the disk
_AT_ONCE = 256  # instances that are read while no other thread may

_ROW = ("id", "image_id", "category_id", "start", "end")

_NAMES = tuple(field.name for field in fields(Instance))
_values_of = attrgetter(*_NAMES)
_STATE, _RLE, _PARTS = (_NAMES.index(name) for name in ("state", "rle", "parts"))


class Spool:
    """Takes instances one by one, and gives them back in any order. Several threads may read at once.

    Raises AnnotatorError where the disk refuses. The file has no name, and is gone with the last who reads from it.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_SMALL_BYTES)  # noqa: SIM115 - closed by the line below
        weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self._rows = array("q")
        self._end = 0

    def __len__(self) -> int:
        return len(self._rows) // len(_ROW)

    def add(self, instance: Instance) -> None:
        content = _encoded(instance)
        with self._lock, _naming_errors():
            self._file.seek(0, 2)
            self._file.write(content)
        start, self._end = self._end, self._end + len(content)
        self._rows.extend((instance.id, instance.image_id, instance.category_id, start, self._end))

    def instances(self, places: Iterable[int] | None = None) -> SpooledInstances:
        """Those that were added at these places, in their order; without any, all as they were added."""
        rows = np.array(self._rows, np.int64).reshape(-1, len(_ROW))
        return SpooledInstances(self, rows if places is None else rows[np.fromiter(places, np.int64)])

    def read(self, starts: Numbers, ends: Numbers) -> list[Instance]:
        """The instances between these bytes of the file."""
        contents = []
        with self._lock, _naming_errors():
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
                self._file.seek(start)
                contents.append(self._file.read(end - start))
        return [_decoded(content) for content in contents]


class SpooledInstances(Sequence[Instance]):
    """Instances of a spool. ids, image_ids, category_ids: (n,) int64, of each in its order, without reading it."""

    def __init__(self, spool: Spool, rows: Numbers) -> None:
        self._spool, self._rows = spool, rows
        self.ids, self.image_ids, self.category_ids, self._starts, self._ends = rows.T

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Instance]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self[start : start + _AT_ONCE]

    @overload
    def __getitem__(self, index: int) -> Instance: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Instance, ...]: ...

    def __getitem__(self, index: int | slice) -> Instance | tuple[Instance, ...]:
        if isinstance(index, slice):
            return tuple(self._spool.read(self._starts[index], self._ends[index]))
        place = range(len(self))[index]
        return self[place : place + 1][0]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(one == theirs for one, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def taken(self, places: Any) -> SpooledInstances:
        """Those at these places, or where a mask of n values is true."""
        return SpooledInstances(self._spool, self._rows[places])


@contextmanager
def _naming_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        folder = tempfile.gettempdir()
        raise AnnotatorError(f"{folder}: temporary files cannot be used: {error.strerror or error}") from error


def _encoded(instance: Instance) -> bytes:
    """Arrays and our own values as plain ones, which take a third of the time."""
    values = list(_values_of(instance))
    rle, parts = instance.rle, instance.parts
    values[_STATE], values[_RLE] = instance.state.value, (rle.height, rle.width, rle.counts)
    if parts is not None:
        values[_PARTS] = [(_bytes_of(part.outer), [_bytes_of(hole) for hole in part.holes]) for part in parts]
    return pickle.dumps(values, pickle.HIGHEST_PROTOCOL)


def _decoded(content: bytes) -> Instance:
    values = pickle.loads(content)  # noqa: S301 - of our own file, which has no name
    values[_STATE], values[_RLE] = State(values[_STATE]), Rle(*values[_RLE])
    parts = values[_PARTS]
    if parts is not None:
        values[_PARTS] = tuple(Part(_ring_of(outer), tuple(map(_ring_of, holes))) for outer, holes in parts)
    return Instance(*values)


def _bytes_of(ring: Ring) -> bytes:
    return np.asarray(ring, np.float64).tobytes()


def _ring_of(content: bytes) -> Ring:
    """It cannot be written to, as bytes cannot."""
    return np.frombuffer(content, np.float64).reshape(-1, 2)
