"""One file of an import: its categories, then its images with their instances, then its own top-level keys."""

from __future__ import annotations

from sqlalchemy import Connection

from annotator.core.dataset import Dataset
from annotator.storage import schema
from annotator.storage.dialects.expressions import note_ids
from annotator.storage.imports.arrival import ImportReport
from annotator.storage.imports.categories import import_categories
from annotator.storage.imports.earlier import note_earlier
from annotator.storage.imports.extra import keep_top_level
from annotator.storage.imports.history import write_history
from annotator.storage.imports.images import import_images, note_without_mask
from annotator.storage.imports.instances import import_instances
from annotator.storage.imports.pictures import restore_contents
from annotator.storage.imports.work import Work
from annotator.system.collection import collection_paused


def begin_file(work: Work, connection: Connection) -> None:
    """Bring the categories, which everything else of the file needs."""
    work.take_up(connection, work.arrival.dataset)
    work.categories_added = import_categories(work)


@collection_paused()
def bring_stretch(work: Work, part: Dataset, connection: Connection) -> None:
    """Bring some of the file's images with their instances; ids stay wherever they are free."""
    work.take_up(connection, part)
    restore_contents(work.pictures, part.images, work.hashes, work.arrival.pictures)
    work.crowds += sum(instance.crowd for instance in part.instances)
    import_images(work)
    import_instances(work)
    write_history(work)
    for table in (schema.images, schema.instances, schema.gestures):
        note_ids(connection, table)


def end_file(work: Work, connection: Connection) -> ImportReport:
    """Keep what the file says beyond its images; what became of all of it."""
    work.take_up(connection, work.arrival.dataset)
    note_without_mask(work)
    note_earlier(work)
    keep_top_level(work)
    name = work.arrival.name
    return ImportReport(
        images_added=work.images_added,
        images_known=len(work.dataset.images) - work.images_added,
        instances_added=work.instances_added,
        instances_known=work.instances_known,
        instances_met=work.instances_met,
        categories_added=work.categories_added,
        crowds=work.crowds,
        notes=tuple(f"{name}: {note}" if name else str(note) for note in work.notes.problems),
        image_ids=work.image_ids,
        category_ids=work.category_ids,
    )
