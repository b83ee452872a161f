"""The images of an imported file: known by their pictures, added under their own ids where those are free."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from annotator.core.dataset import PROVENANCE, Image, State, without_mask
from annotator.core.limits import MAX_FLAGS
from annotator.core.measures import boxes_of
from annotator.core.words import are, counted
from annotator.storage import images, instances, schema
from annotator.storage.images import plain_text
from annotator.storage.imports.extra import Boxes, ImageExtra
from annotator.storage.imports.work import Work


def import_images(work: Work) -> None:
    """Fill `image_ids` with the images at hand, and tell the history of those that become reviewed."""
    entering = _Entering(work)
    for image in work.dataset.images:
        work.step()
        entering.enter(image)
    entering.write()


def note_without_mask(work: Work) -> None:
    """Tell what became of the file's annotations without a mask."""
    if work.kept_aside:
        have = "annotation has no mask: it is" if work.kept_aside == 1 else "annotations have no mask: they are"
        leave = "leaves" if work.kept_aside == 1 else "leave"
        work.note("", f"{work.kept_aside:,} {have} kept aside and {leave} with the next export")
    if work.met_by_box:
        count, by = work.met_by_box, "its box" if work.met_by_box == 1 else "their boxes"
        found = counted(count, "annotation without a mask", "annotations without a mask")
        work.note("", f"{found} {are(count)} already in the project, found by {by}")


class _Entering:
    """Images on their way in; what is known of each is merged here and written once."""

    def __init__(self, work: Work) -> None:
        table = schema.images
        self._work = work
        self._by_sha256: dict[str, int] = {}
        self._taken: set[int] = set()
        for some in instances.chunks(work.dataset.images):
            hashes = [work.hashes[image.id] for image in some]
            known = select(table.c.sha256, table.c.id).where(table.c.sha256.in_(hashes))
            self._by_sha256.update((row.sha256, row.id) for row in work.connection.execute(known))
            taken = select(table.c.id).where(table.c.id.in_([image.id for image in some]))
            self._taken.update(work.connection.scalars(taken))
        self._new: dict[int, dict[str, Any]] = {}
        self._extra: dict[int, ImageExtra] = {}
        self._reviewed: dict[int, bool] = {}
        self._notes: dict[int, str] = {}
        self._flags: dict[int, set[str]] = {}

    def enter(self, image: Image) -> None:
        sha256 = self._work.hashes[image.id]
        known = self._by_sha256.get(sha256)
        if known is None:
            id = self._add(image, sha256)
        elif known in self._extra:  # the same picture may be there twice in one file
            id = known
        else:
            id = self._meet(image, sha256)
        self._extra[id].add(image, self._work.category_ids)
        self._notes[id] = self._notes[id] or plain_text(image.note)
        self._flags[id] |= set(image.flags)
        if _is_reviewed(image) and not self._reviewed[id]:
            self._reviewed[id] = True
            self._work.touched.setdefault(id, [])
        self._work.image_ids[image.id] = id
        if id != image.id:
            why = "its number was taken" if known is None else "the project has that picture"
            self._work.note(f"image {image.id} {image.file_name!r:.120}", f"is image {id} in the project, {why}")

    def _add(self, image: Image, sha256: str) -> int:
        id = image.id
        if id in self._taken:
            id = self._work.fresh_id(schema.images)
        row = images.image_row(sha256=sha256, file_name=image.file_name, width=image.width, height=image.height)
        self._new[id] = {"id": id, **row}
        self._by_sha256[sha256] = id
        self._taken.add(id)
        self._keep(Image(id, row["file_name"], image.width, image.height, sha256), {})
        return id

    def _meet(self, image: Image, sha256: str) -> int:
        """An image that the project has; it comes out of the bin, if it was there."""
        size = {"width": image.width, "height": image.height}
        mine = images.add_image(self._work.connection, sha256=sha256, file_name=image.file_name, **size)
        has_some = without_mask(image) and self._work.how.on_conflict != "add"
        self._keep(mine, self._boxes_of(mine) if has_some else {})
        return mine.id

    def _boxes_of(self, mine: Image) -> Boxes:
        accepted = instances.instances_of(self._work.connection, mine, states=[State.ACCEPTED])
        found: dict[int, list[list[float]]] = {}
        for instance, box in zip(accepted, boxes_of([one.rle for one in accepted]), strict=True):
            found.setdefault(instance.category_id, []).append(box)
        return found

    def _keep(self, mine: Image, boxes: Boxes) -> None:
        self._extra[mine.id] = ImageExtra(mine, boxes)
        self._reviewed[mine.id] = mine.reviewed
        self._notes[mine.id] = mine.note
        self._flags[mine.id] = set(mine.flags)

    def write(self) -> None:
        connection, table = self._work.connection, schema.images
        known, new = [], []
        for id, extra in self._extra.items():
            said = {"note": self._notes[id], "flags": json.dumps(sorted(self._flags[id])[:MAX_FLAGS])}
            values = {"extra": extra.to_json(), "reviewed": self._reviewed[id], **said}
            if id in self._new:
                new.append({**self._new[id], **values})
            else:
                known.append({"of": id, **values})
        if new:
            connection.execute(insert(table), new)
        if known:
            statement = update(table).where(table.c.id == bindparam("of"))
            names = ("extra", "reviewed", "note", "flags")
            connection.execute(statement.values({name: bindparam(name) for name in names}), known)
        self._work.images_added += len(new)
        self._work.kept_aside += sum(extra.kept for extra in self._extra.values())
        self._work.met_by_box += sum(extra.met for extra in self._extra.values())


def _is_reviewed(image: Image) -> bool:
    """What an import brings counts as reviewed, unless an export of ours says otherwise."""
    marked = image.extra.get(PROVENANCE)
    return not (isinstance(marked, dict) and marked.get("reviewed") is False)
