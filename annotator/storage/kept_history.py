"""What was read of a project's decisions, kept in a file beside its database: a server that starts again goes on there.

All of it can be read again: the file may be deleted at any time, and one that cannot be read is begun anew.

Tests: tests/storage/test_decision_history.py
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, func, select

from annotator.storage import schema
from annotator.storage.decided import Decided
from annotator.storage.decision_history import History
from annotator.system.files import write_atomically

FILE = "decisions.npz"

_FORM = 1
"""Another number makes all files of before old: it changes with the columns and what they mean."""

_gestures = schema.gestures


def write_history(path: Path, history: History, *, mark: str) -> None:
    """mark: as `mark_of` has it. Raises OSError."""
    content = io.BytesIO()
    np.savez(
        content,
        allow_pickle=False,
        **{
            "is": np.array([str(_FORM), mark]),
            "gestures": history.gestures,
            "decisions": history.decisions,
            "names": np.array(history.names, np.str_),
            "pictures": history.decided.pictures,
            "rows": history.decided.rows,
            "sources": np.array(history.decided.sources, np.str_),
        },
    )
    write_atomically(path, content.getvalue())


def read_history(path: Path, connection: Connection) -> History:
    """What is kept; nothing where there is no file, or one of another history, or one that cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            form, mark = stored["is"].tolist()
            decided = Decided(stored["pictures"], stored["rows"], tuple(stored["sources"].tolist()))
            found = History(stored["gestures"], stored["decisions"], tuple(stored["names"].tolist()), decided)
        widths = [one.shape[1] for one in (found.gestures, found.decisions, decided.pictures, decided.rows)]
        if form == str(_FORM) and widths == [9, 3, 7, 7] and mark == mark_of(connection, found):
            return found
    except (OSError, EOFError, KeyError, ValueError, IndexError, zipfile.BadZipFile):
        pass
    return History.begin()


def mark_of(connection: Connection, history: History) -> str:
    """Of a history that reaches as far: another one where a backup was put in place and others went on from there."""
    last = int(history.gestures[-1, 0]) if len(history.gestures) else 0
    count = connection.scalar(select(func.count()).select_from(_gestures).where(_gestures.c.id <= last))
    columns = (_gestures.c.id, _gestures.c.client, _gestures.c.number, _gestures.c.digest, _gestures.c.at)
    row = connection.execute(select(*columns).where(_gestures.c.id == last)).one_or_none()
    return repr((len(history.gestures), count, None if row is None else tuple(row)))
