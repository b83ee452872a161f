"""What the append-only history is told of an import."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, insert, select, update

from annotator.storage import schema
from annotator.storage.database import now
from annotator.storage.decisions import decision_row
from annotator.storage.images import IMPORT
from annotator.storage.imports.work import Work
from annotator.storage.instances import chunks, row_of


def write_history(work: Work) -> None:
    """One gesture for each image that the import changed, with a decision for each instance."""
    connection, table = work.connection, schema.images
    revisions: dict[int, int] = {}
    for some in chunks(list(work.touched)):
        query = select(table.c.id, table.c.revision).where(table.c.id.in_(some))
        revisions.update((row.id, row.revision) for row in connection.execute(query))
    first = work.last_id(schema.gestures) + 1
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
                "client": work.client,
                "number": work.gestures + number,
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
    work.gestures += len(gestures)
    if gestures:
        connection.execute(insert(schema.gestures), gestures)
        later = update(table).where(table.c.id == bindparam("image")).values(revision=table.c.revision + 1)
        connection.execute(later, [{"image": image_id} for image_id in work.touched])
    if made:
        connection.execute(insert(schema.decisions), made)
