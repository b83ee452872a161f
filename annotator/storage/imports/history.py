"""What the append-only history is told of an import."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from annotator.storage import schema
from annotator.storage.database import now
from annotator.storage.decisions import decision_row
from annotator.storage.images import IMPORT
from annotator.storage.imports.work import Work
from annotator.storage.instances import row_of

_AT_ONCE = 5_000  # rows in one statement


def write_history(work: Work) -> None:
    """One gesture for each image that the import changed, with a decision for each instance."""
    connection, table = work.connection, schema.images
    client = f"{IMPORT}-{secrets.token_hex(8)}"
    revisions = {row.id: row.revision for row in connection.execute(select(table.c.id, table.c.revision))}
    first = work.last_id("gestures") + 1
    at = now()
    gestures = []
    made: list[dict[str, Any]] = []
    for number, (image_id, instances) in enumerate(work.touched.items()):
        work.step()
        revision = revisions[image_id]
        gestures.append(
            {
                "id": first + number,
                "image_id": image_id,
                "client": client,
                "number": number,
                "digest": "",
                "verb": IMPORT,
                "who": IMPORT,
                "at": at,
                "revision_before": revision,
                "revision_after": revision + 1,
                "reviewed": True,
            }
        )
        made += [decision_row(first + number, row_of(instance)) for instance in instances]
    if gestures:
        connection.execute(insert(schema.gestures), gestures)
        later = update(table).where(table.c.id == bindparam("image")).values(revision=table.c.revision + 1)
        connection.execute(later, [{"image": image_id} for image_id in work.touched])
    for start in range(0, len(made), _AT_ONCE):
        connection.execute(insert(schema.decisions), made[start : start + _AT_ONCE])
