"""The tables, and the migrations that make them."""

import sqlite3

import pytest
from sqlalchemy import create_engine, inspect

from annotator.core.errors import StoreError
from annotator.storage import schema
from annotator.storage.store import Store
from tests.storage.builders import accept, block, gesture, older_project, one_line, suggestion


def test_the_migrations_make_the_tables_that_the_queries_are_written_against(store):
    engine = create_engine(f"sqlite:///{store.folder / 'project.db'}")
    found = inspect(engine)
    assert set(found.get_table_names()) - {"sqlite_sequence"} == set(schema.metadata.tables)
    for name, table in schema.metadata.tables.items():
        columns = {column["name"]: column for column in found.get_columns(name)}
        assert list(columns) == [column.name for column in table.columns]
        for column in table.columns:
            assert str(columns[column.name]["type"]) == str(column.type), f"{name}.{column.name}"
            assert columns[column.name]["nullable"] == column.nullable or column.primary_key, f"{name}.{column.name}"
        references = {key["constrained_columns"][0]: key["referred_table"] for key in found.get_foreign_keys(name)}
        assert references == {key.parent.name: key.column.table.name for key in table.foreign_keys}
    engine.dispose()


@pytest.mark.parametrize("table", ["decisions", "gestures", "suggestions"])
def test_history_cannot_be_changed_or_removed(store, image, table):
    store.set_suggestions(image.id, [suggestion()])
    store.record(gesture(image, accept("n", rle=block())))
    with sqlite3.connect(store.folder / "project.db") as database:
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET rowid = rowid + 1"):
            with pytest.raises(sqlite3.IntegrityError, match=f"{table} can only be added to"):
                database.execute(statement)
    database.close()


def test_a_database_of_a_newer_annotator_is_refused(tmp_path):
    Store.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "project.db") as database:
        database.execute("INSERT INTO migrations VALUES ('9999_future', 'now')")
    database.close()
    with pytest.raises(StoreError, match=r"made by a newer annotator \(it has 9999_future\); update annotator"):
        Store.open(tmp_path)


def test_a_migration_keeps_a_backup_and_happens_once(tmp_path, monkeypatch):
    with Store.open(tmp_path) as store:
        key = store.key
    monkeypatch.setitem(schema.MIGRATIONS, "9999_test", ("ALTER TABLE images ADD COLUMN later TEXT",))
    for _ in range(2):
        with Store.open(tmp_path) as store:
            assert store.key == key
    backups = list(tmp_path.glob("project-before-*.db"))
    assert [path.name for path in backups] == ["project-before-9999_test.db"]
    with sqlite3.connect(backups[0]) as backup:
        released = [name for name in schema.MIGRATIONS if name != "9999_test"]
        assert [row[0] for row in backup.execute("SELECT name FROM migrations")] == released
    backup.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path, monkeypatch):
    Store.open(tmp_path).close()
    before = (tmp_path / "project.db").read_bytes()
    monkeypatch.setitem(schema.MIGRATIONS, "9999_test", ("CREATE TABLE half (x)", "THIS IS NOT SQL"))
    with pytest.raises(StoreError) as error:
        Store.open(tmp_path)
    one_line(error)
    assert (tmp_path / "project.db").read_bytes() == before
    monkeypatch.delitem(schema.MIGRATIONS, "9999_test")
    Store.open(tmp_path).close()


CROWDS = {"crowd": '{"iscrowd": 1, "note": "x"}', "one": '{"note": "y"}', "odd": '{"iscrowd": "x"}'}


def test_crowds_of_an_older_project_are_crowds_and_their_other_keys_stay(tmp_path):
    with older_project(tmp_path, before="0003_crowds") as older:
        older.executemany(
            "INSERT INTO instances (key, image_id, category_id, state, rle, source, extra) "
            "VALUES (?, 1, 1, 'accepted', ?, 'import', ?)",
            [(key, block().counts, extra) for key, extra in CROWDS.items()],
        )
    with Store.open(tmp_path) as store:
        found = {one.key: (one.crowd, one.extra) for one in store.instances(1)}
    assert found == {"crowd": (True, {"note": "x"}), "one": (False, {"note": "y"}), "odd": (False, {})}
