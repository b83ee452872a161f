"""The SQLite file: its schema, its migrations, and every way it can be unusable."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest
from sqlalchemy import create_engine, event, inspect

from annotator.core.errors import StoreError
from annotator.core.settings import THRESHOLD
from annotator.storage import schema
from annotator.storage.store import Store
from tests.storage.builders import HEIGHT, WIDTH, accept, add_image, block, gesture, suggestion


def one_line(error):
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


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


def test_a_commit_is_on_the_disk_before_it_is_told(store):
    with store._database.read() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert pragmas == ["delete", 3, 1]


def test_a_reader_sees_one_moment_while_another_writes(store):
    with Store.open(store.folder) as other:
        writer = threading.Thread(target=other.set_setting, args=(THRESHOLD, 1))
        with store._database.read() as connection:
            first = connection.exec_driver_sql("SELECT count(*) FROM settings").scalar()
            writer.start()
            writer.join(0.2)
            assert connection.exec_driver_sql("SELECT count(*) FROM settings").scalar() == first
        writer.join()
    assert store.setting(THRESHOLD) == 1


# --- opening ---------------------------------------------------------------------------------------------------------


def damaged(folder, how):
    path = folder / "project.db"
    content = bytearray(path.read_bytes())
    if how == "text":
        path.write_text("hello, this is not a database at all" * 100)
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "zeros":
        content[4096:12288] = bytes(8192)
        path.write_bytes(content)
    elif how == "noise":
        content[200:] = os.urandom(len(content) - 200)
        path.write_bytes(content)


@pytest.mark.parametrize("how", ["text", "cut", "zeros", "noise"])
def test_a_damaged_database_is_refused_in_one_line_and_left_as_it_is(tmp_path, how):
    with Store.open(tmp_path) as store:
        store.add_category("person")
        image = add_image(store)
        for number in range(20):
            store.set_suggestions(image.id, [suggestion(number % 10)] * 20)
    damaged(tmp_path, how)
    before = (tmp_path / "project.db").read_bytes()
    with pytest.raises(StoreError) as error:
        Store.open(tmp_path)
    message = one_line(error)
    assert str(tmp_path) in message
    assert "damaged" in message or "not a project's database" in message
    assert (tmp_path / "project.db").read_bytes() == before


def test_a_database_of_a_newer_annotator_is_refused(tmp_path):
    Store.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "project.db") as database:
        database.execute("INSERT INTO migrations VALUES ('9999_future', 'now')")
    database.close()
    with pytest.raises(StoreError, match=r"made by a newer annotator \(it has 9999_future\); update annotator"):
        Store.open(tmp_path)


def test_another_programs_database_is_refused_and_not_touched(tmp_path):
    with sqlite3.connect(tmp_path / "project.db") as database:
        database.execute("CREATE TABLE theirs (x)")
    database.close()
    with pytest.raises(StoreError, match="a database of another program"):
        Store.open(tmp_path)


def test_an_empty_file_becomes_a_project(tmp_path):
    (tmp_path / "project.db").touch()  # what a crash in the first moment leaves
    with Store.open(tmp_path) as store:
        assert store.queue() == ()


def test_a_folder_that_is_a_file_is_one_line(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError) as error:
        Store.open(tmp_path / "file")
    one_line(error)


# --- migrations ------------------------------------------------------------------------------------------------------


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


def test_crowds_of_an_older_project_are_crowds_and_their_other_keys_stay(tmp_path, monkeypatch):
    at = list(schema.MIGRATIONS).index("0003_crowds")
    later = dict(list(schema.MIGRATIONS.items())[at:])
    for name in later:
        monkeypatch.delitem(schema.MIGRATIONS, name)
    with closing(sqlite3.connect(tmp_path / "project.db")) as older, older:
        for name, statements in schema.MIGRATIONS.items():
            for statement in statements:
                older.execute(statement)
            older.execute("INSERT INTO migrations VALUES (?, 'then')", (name,))
        picture = ("0" * 64, "a.jpg", WIDTH, HEIGHT, "")
        older.execute("INSERT INTO images (sha256, file_name, width, height, added_at) VALUES (?, ?, ?, ?, ?)", picture)
        older.execute("INSERT INTO categories (id, name) VALUES (1, 'person')")
        older.executemany(
            "INSERT INTO instances (key, image_id, category_id, state, rle, source, extra) "
            "VALUES (?, 1, 1, 'accepted', ?, 'import', ?)",
            [(key, block().counts, extra) for key, extra in CROWDS.items()],
        )
    for name, statements in later.items():
        monkeypatch.setitem(schema.MIGRATIONS, name, statements)
    with Store.open(tmp_path) as store:
        found = {one.key: (one.crowd, one.extra) for one in store.instances(1)}
    assert found == {"crowd": (True, {"note": "x"}), "one": (False, {"note": "y"}), "odd": (False, {})}


# --- conditions ------------------------------------------------------------------------------------------------------


def test_a_locked_database_is_one_line_after_some_patience(tmp_path):
    with Store.open(tmp_path, patience=0.2) as store:
        image = add_image(store)
        other = sqlite3.connect(tmp_path / "project.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match=r"another program keeps it locked \(waited 0.2 s\)") as error:
            store.record(gesture(image, verb="review", reviewed=True))
        one_line(error)
        other.execute("ROLLBACK")
        other.close()
        assert store.record(gesture(image, verb="review", reviewed=True)) == 1


def test_a_full_disk_is_one_line_and_changes_nothing(store, image):
    store.record(gesture(image, accept("n", rle=block())))
    before = store.instances(image.id)
    with store._database._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    store._database._engine.dispose()

    def limit(connection, _record):
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(store._database._engine, "connect", limit)

    def fill():
        for number in range(1, 200):
            store.record(gesture(image, accept("n", rle=block(number % 9)), number=number, revision=number))

    with pytest.raises(StoreError, match="the disk is full; nothing was changed"):
        fill()
    event.remove(store._database._engine, "connect", limit)
    store._database._engine.dispose()
    after = store.instances(image.id)
    assert len(after) == len(before)
    revision = store.image(image.id).revision
    assert len(store.decisions()) == revision  # what was acknowledged is there, no more and no less
    assert store.record(gesture(image, accept("n", rle=block()), number=500, revision=revision)) == revision + 1


READ_ONLY = """
import os, sys
from contextlib import closing
from pathlib import Path
from annotator.core.settings import THRESHOLD
from annotator.core.errors import StoreError
from annotator.storage.store import Store
from tests.storage.builders import gesture
Store.open(Path(sys.argv[2])).close()  # everything is imported before the rights go
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
store = Store.open(Path(sys.argv[1]))
image = store.queue()[0].image
try:
    store.record(gesture(image, verb="review", reviewed=True))
except StoreError as error:
    print(error)
else:
    print("written")
"""


FULL = """
import os, resource, sys
from pathlib import Path
from annotator.core.settings import THRESHOLD
from annotator.core.errors import StoreError
from annotator.storage import schema
from annotator.storage.store import Store
from tests.storage.builders import accept, block, gesture
folder, room, what = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
size = (folder / "project.db").stat().st_size

def limit():  # the system refuses every byte beyond, as a full disk does
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + room,) * 2)

try:
    if what == "migrate":
        schema.MIGRATIONS["9999_test"] = ("CREATE TABLE more (x)",)
        limit()
        Store.open(folder)
    store = Store.open(folder)
    image = store.queue()[0].image
    limit()
    if what == "picture":
        store.add_image(bytes(size + room + 1), file_name="b.png", width=9, height=9)
    for number in range(2000):
        store.record(gesture(image, accept(f"n{number}", rle=block(number % 9)), number=number, revision=number))
        print("stored", number, flush=True)
except StoreError as error:
    print("error", error, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="needs RLIMIT_FSIZE")
@pytest.mark.parametrize(("what", "room"), [("save", 40_000), ("save", 0), ("picture", 5_000), ("migrate", -20_000)])
def test_a_disk_that_the_system_says_is_full_costs_nothing_that_was_told(tmp_path, what, room):
    folder = tmp_path / "project"
    with Store.open(folder) as store:
        add_image(store)
        store.add_category("person")
    before = (folder / "project.db").read_bytes()
    command = [sys.executable, "-c", FULL, str(folder), str(room), what]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = result.stdout.splitlines()
    assert lines, result.stderr
    assert lines[-1].startswith("error ")
    assert re.search(r"full|cannot be (read or )?written", lines[-1]), lines[-1]
    stored = len([line for line in lines if line.startswith("stored ")])
    if what != "save":
        assert stored == 0
        assert (folder / "project.db").read_bytes() == before
    assert [path.name for path in folder.iterdir() if "before" in path.name] == []  # no half a backup
    with Store.open(folder) as store:
        assert len(store.decisions()) == stored
        assert len(store.instances(1)) == stored
        assert store.image(1).revision == stored
        with store._database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert list((folder / "images").glob(".new-*")) == []


@pytest.mark.skipif(os.name == "nt", reason="rights are others there")
def test_a_read_only_project_can_be_read_and_says_that_it_cannot_be_written(tmp_path):
    folder = tmp_path / "project"
    with Store.open(folder) as store:
        add_image(store)
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    (folder / "project.db").chmod(0o444)
    folder.chmod(0o555)
    command = [sys.executable, "-c", READ_ONLY, str(folder), str(tmp_path / "other")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    folder.chmod(0o755)
    assert "cannot be written (read-only); nothing was changed" in result.stdout, result.stderr


@pytest.mark.parametrize("name", ["a?b#c", "mode=ro&x", "50% ж", ":memory:", "a b;c'd"])
def test_any_folder_name_will_do(tmp_path, name):
    with Store.open(tmp_path / name) as store:
        store.add_category("helmet")
    assert (tmp_path / name / "project.db").is_file()
    with Store.open(tmp_path / name) as store:
        assert len(store.categories()) == 1


def test_a_project_can_be_copied_and_moved(tmp_path):
    with Store.open(tmp_path / "one") as store:
        image = add_image(store)
        key = store.key
    shutil.move(tmp_path / "one", tmp_path / "two")
    with Store.open(tmp_path / "two") as store:
        assert store.key == key
        assert store.content_path(image.sha256).read_bytes() == b"picture"


def test_a_database_that_was_emptied_is_not_begun_anew_over_its_pictures(tmp_path):
    folder = tmp_path / "project"
    with Store.open(folder) as store:
        image = add_image(store)
    (folder / "project.db").write_bytes(b"")
    with pytest.raises(StoreError, match=r"project\.db: is empty, and there are pictures beside it; restore"):
        Store.open(folder)
    assert (folder / "project.db").read_bytes() == b""
    # Killed before the first commit there is nothing to lose.
    shutil.rmtree(folder / "images" / image.sha256[:2])
    Store.open(folder).close()


def test_a_journal_that_another_program_chose_is_left(tmp_path):
    folder = tmp_path / "project"
    Store.open(folder).close()
    with closing(sqlite3.connect(folder / "project.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO settings VALUES ('threshold', '1')")
        connection.commit()
    with Store.open(folder) as store:
        assert store.setting(THRESHOLD) == 1
        with store._database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("DROP TABLE decisions", r"is damaged \(no decisions\)"),
        ("UPDATE settings SET value = '{' WHERE name = 'key'", r"is damaged in the project's database \(Expecting"),
        ("UPDATE images SET extra = 'x'", r"is damaged in the project's database \(Expecting"),
        ("UPDATE images SET file_name = CAST(x'ff' AS TEXT)", r"Could not decode to UTF-8"),
        ("UPDATE instances SET parts = x'01'", r"is damaged in the project's database \(buffer"),
    ],
)
def test_values_that_no_project_wrote_are_one_line(tmp_path, damage, expected):
    folder = tmp_path / "project"
    with Store.open(folder) as store:
        image = add_image(store)
        store.add_category("person")
        store.record(gesture(image, accept("n", rle=block())))
    with closing(sqlite3.connect(folder / "project.db")) as connection:
        connection.execute(damage)
        connection.commit()

    def use():
        with Store.open(folder) as store:
            store.queue()
            store.instances(1)

    with pytest.raises(StoreError, match=expected) as error:
        use()
    assert "\n" not in str(error.value)
