"""A project on a PostgreSQL server: its tables, its lock, and every way a server can be unusable, one line each."""

import threading

import pytest
from sqlalchemy import inspect, text

from annotator.core.errors import StoreError
from annotator.core.limits import MAX_NOTE
from annotator.core.query import parse
from annotator.core.settings import THRESHOLD
from annotator.storage import database, schema
from annotator.storage.archive import pack_project, unpack_project
from annotator.storage.dialects import postgresql
from annotator.storage.dialects.dialect import LostError
from annotator.storage.dialects.expressions import note_ids
from annotator.storage.duplicate import duplicate
from annotator.storage.locations import location_of, write_location
from annotator.storage.search import Search
from annotator.storage.store import Store
from tests.storage.builders import accept, add_image, block, gesture, one_line, suggestion

POSTGRESQL = "postgresql"


def pytest_generate_tests(metafunc):
    metafunc.parametrize("database", [POSTGRESQL], indirect=True)


@pytest.fixture
def elsewhere(schemas, tmp_path):
    """Opens what an address names, which differs from the server's in some parts."""

    def open_project(patience=0.3, **parts):
        folder = tmp_path / "elsewhere"
        write_location(folder, location_of(schemas.server.address(**parts)))
        return Store.open(folder, patience=patience)

    return open_project


def test_the_migrations_make_the_tables_that_the_queries_are_written_against(store):
    found = inspect(store._database._engine)
    assert set(found.get_table_names()) - {"commits"} == set(schema.metadata.tables)
    types = {"INTEGER": "BIGINT", "FLOAT": "DOUBLE PRECISION", "BLOB": "BYTEA"}
    for name, table in schema.metadata.tables.items():
        columns = {column["name"]: column for column in found.get_columns(name)}
        assert list(columns) == [column.name for column in table.columns]
        for column in table.columns:
            said = str(column.type)
            assert str(columns[column.name]["type"]).partition(" COLLATE")[0] == types.get(said, said)
            assert columns[column.name]["nullable"] == column.nullable or column.primary_key
        references = {key["constrained_columns"][0]: key["referred_table"] for key in found.get_foreign_keys(name)}
        assert references == {key.parent.name: key.column.table.name for key in table.foreign_keys}


@pytest.mark.parametrize("table", ["decisions", "gestures", "suggestions"])
def test_history_cannot_be_changed_or_removed(store, image, table):
    store.set_suggestions(image.id, [suggestion()])
    store.record(gesture(image, accept("n", rle=block())))
    column = "who" if table == "gestures" else "source"
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = ''"):
        with pytest.raises(StoreError, match=f"{table} can only be added to"), store._database.write() as connection:
            connection.execute(text(statement))
    assert len(store.decisions()) == 1


def test_ids_that_an_import_brought_are_not_given_again(store, image):
    with store._database.write() as connection:
        connection.execute(text("UPDATE images SET id = 50"))
        note_ids(connection, schema.images)
    assert add_image(store, b"another").id == 51


def test_the_longest_note_fits(store, image):
    note = "".join(map(chr, range(0x4E00, 0x4E00 + MAX_NOTE)))  # which nothing packs
    store.record(gesture(image, accept("n", rle=block(), note=note), note=note))
    assert store.instances(image.id)[0].note == note
    assert store.worklist.ids(Search(parse(f"note:{note[100:110]}"))) == [image.id]


# --- locks -----------------------------------------------------------------------------------------------------------


def test_a_writer_waits_for_another_machine_and_says_so(store, image):
    with Store.open(store.folder, patience=0.2) as other, store._database.write():
        with pytest.raises(StoreError, match=r"another program keeps it locked \(waited 0.2 s\); nothing") as error:
            other.set_setting(THRESHOLD, 0.3)
        one_line(error)


def test_a_reader_sees_one_moment_while_another_writes(store):
    with store._database.read() as connection:
        first = connection.execute(text("SELECT count(*) FROM settings")).scalar()
        store.set_setting(THRESHOLD, 1)
        assert connection.execute(text("SELECT count(*) FROM settings")).scalar() == first
    assert store.setting(THRESHOLD) == 1


def test_several_that_open_a_new_project_at_once_make_it_once(elsewhere, schemas):
    keys = []

    def begin():
        with elsewhere(30, schema="begun_by_many") as store:
            keys.append(store.key)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert len(keys) == 4


# --- a server that stops ---------------------------------------------------------------------------------------------


def test_gestures_are_stored_once_each_while_the_server_restarts(store, image, schemas, monkeypatch):
    for module in (database, postgresql):
        monkeypatch.setattr(module, "RESTARTING_S", 120)  # a busy machine restarts slowly
    done, saved = [], threading.Event()

    def save():
        for number in range(30):
            done.append(store.record(gesture(image, accept(f"n{number}", rle=block()), number=number, revision=number)))
            saved.set()

    saving = threading.Thread(target=save)
    saving.start()
    saved.wait(20)
    schemas.server.stop("immediate")
    schemas.server.start()
    saving.join()
    assert done == list(range(1, 31))
    assert [one.number for one in store.decisions()] == list(range(30))


def test_a_server_that_is_gone_is_one_line(store, image, schemas, monkeypatch):
    monkeypatch.setattr(postgresql, "RESTARTING_S", 0.1)
    schemas.server.stop()
    try:
        with pytest.raises(LostError, match=r"no server answers there; is it running\?") as error:
            store.set_setting(THRESHOLD, 0.1)
        assert "word" not in one_line(error)
    finally:
        schemas.server.start()
    store.set_setting(THRESHOLD, 0.2)
    assert store.setting(THRESHOLD) == 0.2


# --- what cannot be opened -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"password": "wrong"}, "the user or the password is wrong"),
        ({"user": "nobody"}, "the user or the password is wrong"),
        ({"database": "nowhere"}, 'database "nowhere" does not exist on the server'),
    ],
)
def test_what_cannot_be_opened_is_one_line_without_the_password(elsewhere, parts, reason):
    with pytest.raises(StoreError, match=reason) as error:
        elsewhere(**parts)
    assert "word@" not in one_line(error)
    assert "wrong@" not in str(error.value)


def test_a_server_that_is_too_old_is_named(elsewhere, monkeypatch):
    monkeypatch.setattr(postgresql, "OLDEST", 99)
    with pytest.raises(StoreError, match=r"PostgreSQL \d+\.\d+, expected 99 or newer") as error:
        elsewhere()
    one_line(error)


def test_tables_of_another_program_are_refused_and_not_touched(elsewhere, schemas):
    with schemas.engine.connect() as connection:
        connection.execute(text("CREATE SCHEMA theirs"))
        connection.execute(text("CREATE TABLE theirs.images (x INT)"))
    with pytest.raises(StoreError, match="has tables of another program in the schema theirs"):
        elsewhere(schema="theirs")


def test_a_project_of_a_newer_annotator_is_refused(elsewhere, schemas):
    elsewhere(schema="newer").close()
    with schemas.engine.connect() as connection:
        connection.execute(text("INSERT INTO newer.migrations VALUES ('9999_future', 'now')"))
    with pytest.raises(StoreError, match=r"made by a newer annotator \(it has 9999_future\); update annotator"):
        elsewhere(schema="newer")


def test_an_older_project_is_migrated_whole_or_not_at_all(elsewhere, monkeypatch):
    elsewhere(schema="older").close()
    monkeypatch.setitem(schema.MIGRATIONS, "9999_test", ("CREATE TABLE half (x INTEGER)", "THIS IS NOT SQL"))
    with pytest.raises(StoreError) as error:
        elsewhere(schema="older")
    one_line(error)
    monkeypatch.setitem(schema.MIGRATIONS, "9999_test", ("CREATE TABLE half (x INTEGER)",))
    with elsewhere(schema="older") as store:
        assert "half" in inspect(store._database._engine).get_table_names()


# --- leaving ---------------------------------------------------------------------------------------------------------


def test_an_archive_and_a_duplicate_are_of_one_machine(store, image, tmp_path):
    store.set_suggestions(image.id, [suggestion(), suggestion(8)])
    store.record(gesture(image, accept(store.instances(image.id)[0].key)))
    pack_project(store, tmp_path / "packed.zip")
    unpack_project(tmp_path / "packed.zip", tmp_path / "opened")
    with Store.open(tmp_path / "opened") as opened:
        assert opened._database.file is not None
        assert opened.instances(image.id) == store.instances(image.id)
        assert opened.decisions() == store.decisions()
        assert opened.content(image) == b"picture"
    duplicate(store, tmp_path / "again", name="again")
    with Store.open(tmp_path / "again") as again:
        assert len(again.instances(image.id)) == 2
        assert again.decisions() == ()
