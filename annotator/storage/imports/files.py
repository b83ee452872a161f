"""The files of an import, one after the other, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from annotator.core.problems import Findings
from annotator.storage.imports.arrival import Arrival, How, ImportReport
from annotator.storage.imports.categories import import_categories
from annotator.storage.imports.extra import keep_top_level
from annotator.storage.imports.history import write_history
from annotator.storage.imports.images import import_images
from annotator.storage.imports.instances import import_instances
from annotator.storage.imports.work import Work
from annotator.system.collection import collection_paused


@collection_paused()
def import_files(
    connection: Connection, arrivals: Sequence[Arrival], hashes: Sequence[Mapping[int, str]], *, how: How
) -> list[ImportReport]:
    """Take in the files; ids stay wherever they are free.

    hashes: for each file the SHA-256 of its pictures, by its image ids.
    Renumbered ids never collide with ids of later files in the same import.
    """
    last_image_id = max((image.id for arrival in arrivals for image in arrival.dataset.images), default=0)
    last_instance_id = max((one.id for arrival in arrivals for one in arrival.dataset.instances), default=0)
    return [
        _import_file(
            Work(
                connection=connection,
                dataset=arrival.dataset,
                hashes=of_file,
                on_conflict=how.on_conflict,
                last_image_id=last_image_id,
                last_instance_id=last_instance_id,
                pulse=how.pulse,
                notes=Findings(how.most),
            ),
            name=arrival.name,
        )
        for arrival, of_file in zip(arrivals, hashes, strict=True)
    ]


def _import_file(work: Work, *, name: str) -> ImportReport:
    categories_added = import_categories(work)
    images_added = import_images(work)
    instances = import_instances(work)
    write_history(work)
    keep_top_level(work)
    return ImportReport(
        images_added=images_added,
        images_known=len(work.dataset.images) - images_added,
        instances_added=instances.added,
        instances_known=instances.known,
        instances_met=instances.met,
        categories_added=categories_added,
        crowds=sum(instance.crowd for instance in work.dataset.instances),
        notes=tuple(f"{name}: {note}" if name else str(note) for note in work.notes.problems),
        image_ids=work.image_ids,
        category_ids=work.category_ids,
    )
