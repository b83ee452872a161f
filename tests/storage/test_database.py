"""The SQLite file: its schema, its migrations, and every way it can be unusable."""

import os
import shutil
import sqlite3
import threading
from contextlib import closing

import pytest

from annotator.core.errors import StoreError
from annotator.core.settings import THRESHOLD
from annotator.storage.store import Store
from tests.storage.builders import accept, add_image, block, gesture, one_line, suggestion


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
