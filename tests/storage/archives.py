"""Archives made by hand: a project's own with entries, or its database, changed."""

import io
import sqlite3
import zipfile
from contextlib import closing


def nothing_is_left(tmp_path):
    return not (tmp_path / "opened").exists() and not list(tmp_path.glob(".new-*"))


def rezip(path, *, keep=lambda name: True, **added):
    """The archive again, without some entries and with others."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            if keep(entry.filename):
                target.writestr(entry, source.read(entry))
        for name, content in added.get("entries", []):
            target.writestr(name, content)
    made.seek(0)
    return made


def with_database(path, tmp_path, *statements):
    """The archive with a database that was worked on."""
    database = tmp_path / "worked-on.db"
    with zipfile.ZipFile(path) as source:
        database.write_bytes(source.read("project.db"))
    with closing(sqlite3.connect(database)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return rezip(path, keep=lambda name: name != "project.db", entries=[("project.db", database.read_bytes())])
