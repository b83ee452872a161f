"""Which annotation ids are free for an import."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import bindparam, select, update

from annotator.core.dataset import Instance, State
from annotator.core.masks import rle_iou
from annotator.core.overlap import ANSWERED_IOU
from annotator.storage import schema
from annotator.storage.imports.work import Work
from annotator.storage.instances import chunks

_HOLDER = select(schema.instances.c.image_id, schema.instances.c.rle).where(schema.instances.c.key == bindparam("of"))


class InstanceIds:
    """Who has the ids that the work at hand wants. An instance that was never accepted, and so never exported, gives
    its id up.
    """

    def __init__(self, work: Work) -> None:
        table = schema.instances
        self._work = work
        self._holders: dict[int, tuple[str, str] | None] = {}  # key and state; None for what the import brings
        self._ids: dict[str, int] = {}
        for some in chunks([instance.id for instance in work.dataset.instances]):
            query = select(table.c.id, table.c.key, table.c.state).where(table.c.id.in_(some))
            for row in work.connection.execute(query):
                self._holders[row.id] = row.key, row.state
                self._ids[row.key] = row.id

    def release(self, key: str) -> None:
        """The instance with this key gets another id by its caller."""
        id = self._ids.pop(key, None)
        if id is not None:
            del self._holders[id]

    def take(self, id: int, instance: Instance) -> int:
        """This id for the instance, made free if need be, or else a new one, with a note."""
        if id not in self._holders:
            self._holders[id] = None
            return id
        holder = self._holders[id]
        fresh = self._work.fresh_id(schema.instances)
        if holder is None or holder[1] == State.ACCEPTED.value:
            why = "its number was taken" if holder is None else self._taken(id, holder[0], instance)
            self._work.note(f"annotation {id}", f"is annotation {fresh} in the project, {why}")
            self._holders[fresh] = None
            return fresh
        table = schema.instances
        self._work.connection.execute(update(table).where(table.c.key == holder[0]).values(id=fresh))
        self._holders[fresh], self._holders[id] = holder, None
        self._ids[holder[0]] = fresh
        return id

    def _taken(self, id: int, key: str, instance: Instance) -> str:
        """Why the id went to another: it may be that the same object was changed somewhere else."""
        other = self._work.connection.execute(_HOLDER, {"of": key}).one()
        if other.image_id == instance.image_id:
            iou = rle_iou(replace(instance.rle, counts=other.rle), instance.rle)
            if iou >= ANSWERED_IOU:
                return f"where {id} lies over it with an IoU of {iou:.2f}: the same object in two versions?"
        return "its number was taken"
