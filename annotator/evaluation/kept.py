"""What was compared of a project, kept in a file beside its database, so that a server that starts again goes on there.

All of it can be worked out again: the file may be deleted at any time, and one that cannot be read is begun anew.

Tests: tests/evaluation/test_kept.py
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotator.evaluation.joined import GROUPS, ManyMatches
from annotator.evaluation.matching import Matches
from annotator.evaluation.picture import Picture
from annotator.storage.comparisons import Seen
from annotator.system.files import write_atomically

FILE = "comparisons.npz"

Known = Mapping[str, Mapping[int, Picture]]
"""By network and image."""

_FORM = 1
"""Another number makes all files of before old: it changes with the rules by which pictures are compared."""

_SIDES = ("boxes", "masks")
_ORIGINS = ("own", "adjusted", "drawn", "other")


def write_known(path: Path, known: Known, *, project: str, categories: int) -> None:
    """project, categories: of which this is; `read_known` asks for the same. Raises OSError."""
    networks = sorted(known)
    flat = [(index, one) for index, name in enumerate(networks) for one in known[name].values()]
    seen = [one.seen for _, one in flat]
    columns: dict[str, NDArray[Any]] = {
        "is": np.array([str(_FORM), project, str(categories)]),
        "networks": np.array(networks, np.str_),
        "network": np.array([index for index, _ in flat], np.int64),
        "seen": np.array([(one.image_id, one.revision, one.run, one.unaided) for one in seen], np.int64).reshape(-1, 4),
        "origins": np.array([[one.origins.get(name, 0) for name in _ORIGINS] for _, one in flat], np.int64),
    }
    for side in _SIDES:
        many = ManyMatches.of([getattr(one, side) for _, one in flat])
        columns |= {f"{side} {group[0]} counts": counts for group, counts in many.counts.items()}
        columns |= {f"{side} {name}": array for name, array in many.arrays.items()}
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **columns)
    write_atomically(path, content.getvalue())


def read_known(path: Path, *, project: str, categories: int) -> dict[str, dict[int, Picture]]:
    """What is kept; nothing where there is no file, or another project's, or one that cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            columns = {name: stored[name] for name in stored.files}
        if columns["is"].tolist() != [str(_FORM), project, str(categories)]:
            return {}
        return _known_of(columns)
    except (OSError, EOFError, KeyError, ValueError, IndexError, zipfile.BadZipFile):
        return {}


def _known_of(columns: Mapping[str, NDArray[Any]]) -> dict[str, dict[int, Picture]]:
    networks = columns["networks"].tolist()
    found: dict[str, dict[int, Picture]] = {name: {} for name in networks}
    rows = zip(
        columns["network"].tolist(),
        columns["seen"].tolist(),
        columns["origins"].tolist(),
        *(_matches_of(columns, side) for side in _SIDES),
        strict=True,
    )
    for network, (image_id, revision, run, unaided), counts, boxes, masks in rows:
        origins = {name: count for name, count in zip(_ORIGINS, counts, strict=True) if count}
        seen = Seen(image_id, revision, run, bool(unaided))
        found[networks[network]][image_id] = Picture(seen, boxes, masks, origins)
    return found


def _matches_of(columns: Mapping[str, NDArray[Any]], side: str) -> Iterator[Matches]:
    """Of one picture after another, as views of the columns."""
    many = ManyMatches(
        {name: columns[f"{side} {name}"] for group in GROUPS for name in group},
        {group: columns[f"{side} {group[0]} counts"] for group in GROUPS},
    )
    if not many.is_whole():
        raise ValueError("columns of other lengths than their counts")
    return map(many.get, range(len(many)))
