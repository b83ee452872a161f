"""A second project of the same pictures and pre-labels, for whoever wants to decide anew."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import Table

from annotator.core.errors import StoreError
from annotator.core.settings import NAME, SETTINGS
from annotator.storage import contents, schema
from annotator.storage.archive import beside
from annotator.storage.dialects.sqlite import DATABASE_NAME
from annotator.storage.store import Store
from annotator.system.files import sync_folder
from annotator.system.progress import Progress


def duplicate(store: Store, folder: Path, *, name: str, progress: Progress = lambda done, total: None) -> None:
    """Make a project without decisions in a folder that is not there, all of it or nothing.

    It has the pictures outside of the bin, the categories, what networks suggested and was not replaced by another
    pre-labelling, and the settings that travel. A suggestion is of what its category was merged into; of one that was
    removed, it stays behind. Pictures are linked where the disk can do so: they are never changed.
    progress: of the pictures; what it raises ends the work.
    Raises StoreError.
    """
    new = beside(folder)
    try:
        new.mkdir(parents=True)
        with Store.open(new) as copy:
            source = store.folder / DATABASE_NAME
            if not source.is_file():  # it lies on a server
                source = new / ".source.db"
                store.write_snapshot(source)
            hashes = _copy_rows(source, new / DATABASE_NAME)
            copy.set_setting(NAME, name)
        (new / ".source.db").unlink(missing_ok=True)
        _copy_pictures(store, new, hashes, progress=progress)
        sync_folder(new)
        if folder.exists():
            raise StoreError(f"{folder}: exists already, expected a new folder")
        os.replace(new, folder)
        sync_folder(folder.parent)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"the project cannot be duplicated: {reason}; nothing was changed") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def size_of_copy(store: Store) -> int:
    """Bytes that a duplicate may take at most."""
    hashes = [image.sha256 for image in store.images()]
    thumbnails = [path.stat().st_size for sha256 in hashes if (path := _thumbnail(store.folder, sha256)).is_file()]
    return store.database_size() + sum(thumbnails) + sum(store.content_size(sha256) or 0 for sha256 in hashes)


def _copy_rows(source: Path, target: Path) -> list[str]:
    """The SHA-256 of every picture that was copied."""
    with closing(sqlite3.connect(target)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("ATTACH DATABASE ? AS source", (str(source),))
        connection.execute("BEGIN IMMEDIATE")
        for statement in _STATEMENTS:
            connection.execute(statement)
        connection.commit()
        return [sha256 for (sha256,) in connection.execute("SELECT sha256 FROM main.images ORDER BY id")]


def _copied(table: Table, where: str, **instead: str) -> str:
    """A statement that copies the rows of a table, some columns with other values."""
    names = [column.name for column in table.columns]
    values = ", ".join(instead.get(name, name) for name in names)
    return f"INSERT INTO main.{table.name} ({', '.join(names)}) SELECT {values} FROM source.{table.name} {where}"  # noqa: S608, our own names


# What was found on blind pictures is not copied: a network may find it again.
_SHOWN = "prelabelled AND id NOT IN (SELECT image_id FROM source.blind)"
_TRAVELLING = ", ".join(f"'{setting.name}'" for setting in SETTINGS if setting.travels and setting is not NAME)
_OFFERED = "WHERE image_id IN (SELECT id FROM main.images) AND key IN (SELECT key FROM source.instances)"
# Of the others, something is not among the copied suggestions.
_WHOLE = """AS run WHERE whole AND image_id IN (SELECT id FROM main.images) AND NOT EXISTS (
    SELECT 1 FROM source.suggestions AS found
    WHERE found.image_id = run.image_id AND found.source = run.source AND found.at = run.at
        AND found.key NOT IN (SELECT key FROM source.instances))"""
# An outline that was changed may have another heatmap than the one that was suggested.
_SUGGESTED_AS_IT_IS = """WHERE key IN (SELECT key FROM main.instances)
    AND key NOT IN (SELECT key FROM source.instances WHERE edited)"""
_STATEMENTS = (
    _copied(schema.images, "WHERE NOT removed", reviewed="0", revision="0", prelabelled=_SHOWN),
    _copied(schema.categories, ""),
    f"INSERT INTO main.settings SELECT * FROM source.settings WHERE name IN ({_TRAVELLING})",  # noqa: S608, our own names
    _copied(schema.suggestions, _OFFERED),
    _copied(schema.runs, _WHOLE),
    """INSERT INTO main.instances (key, image_id, category_id, state, rle, source, score, edited, extra, crowd)
        SELECT offered.key, offered.image_id, known.id, 'suggested', offered.rle, offered.source,
            offered.score, 0, '{}', 0
        FROM main.suggestions AS offered JOIN source.instances AS decided USING (key)
            JOIN main.categories AS named ON named.id = offered.category_id
            JOIN main.categories AS known ON known.id = coalesce(named.merged_into, named.id)
        WHERE NOT known.removed ORDER BY decided.id""",
    _copied(schema.heatmaps, _SUGGESTED_AS_IT_IS),
)


def _thumbnail(folder: Path, sha256: str) -> Path:
    return folder / "thumbnails" / f"{sha256}.jpg"


def _copied_files(store: Store, target: Path, hashes: Sequence[str], progress: Progress) -> Iterator[tuple[Path, Path]]:
    """Pictures and thumbnails, there or not, each with where its copy belongs."""
    for done, sha256 in enumerate(hashes, start=1):
        yield store.content_path(sha256), contents.path_of(target / "images", sha256)
        yield _thumbnail(store.folder, sha256), _thumbnail(target, sha256)
        progress(done, len(hashes))


def _copy_pictures(store: Store, target: Path, hashes: Sequence[str], *, progress: Progress) -> None:
    folders = set()
    for path, new in _copied_files(store, target, hashes, progress):
        if not path.is_file():  # as a picture may be missing where it comes from
            continue
        if new.parent not in folders:
            new.parent.mkdir(parents=True, exist_ok=True)
            folders.add(new.parent)
        try:
            os.link(path, new)
        except OSError:  # another disk, or one that knows no links
            _copy(path, new)
    for folder in folders:
        sync_folder(folder)


def _copy(path: Path, new: Path) -> None:
    shutil.copyfile(path, new)
    with open(new, "rb+") as file:
        os.fsync(file.fileno())
