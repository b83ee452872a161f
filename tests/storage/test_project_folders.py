"""A folder of projects: each one listed with its counts or its reason, none of them changed by it."""

import hashlib
import os
import sqlite3
from contextlib import closing

import pytest

from annotator.core.errors import StoreError
from annotator.core.project import ProjectNameError
from annotator.core.settings import BINNED, NAME, PUT_AWAY
from annotator.storage import project_folders, schema, summaries
from annotator.storage.project_folders import folders_in, look, named, new_folder
from annotator.storage.store import Store
from annotator.storage.summaries import summarize
from tests.conftest import picture


@pytest.fixture
def made(tmp_path):
    """Makes a project in the folder of projects."""

    def make(folder, **settings):
        with Store.open(tmp_path / "projects" / folder) as store:
            for name, value in settings.items():
                store.set_setting({"name": NAME, "binned": BINNED, "put_away": PUT_AWAY}[name], value)
            return store.folder

    return make


def digest(folder):
    return hashlib.sha256((folder / "project.db").read_bytes()).hexdigest()


def test_a_summary_counts_what_is_not_in_the_bin(made):
    folder = made("one", name="Helmets", put_away=True)
    with Store.open(folder) as store:
        ids = [store.add_image(picture(seed=seed), file_name="a", width=64, height=48).id for seed in range(6)]
        store.remove_image(ids[0])
        covers = [image.sha256 for image in store.images()][:4]
    found = summarize(folder)
    assert (found.name, found.images, found.reviewed, found.put_away) == ("Helmets", 5, 0, True)
    assert list(found.covers) == covers
    assert abs(found.used - os.stat(folder / "project.db").st_mtime) < 1e-6


def test_a_project_of_an_earlier_version_is_listed_as_it_is(tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "project.db")) as connection:
        for statement in schema.MIGRATIONS["0001_first"]:
            connection.execute(statement)
        connection.execute("INSERT INTO migrations VALUES ('0001_first', '2020')")
        connection.execute("""INSERT INTO settings VALUES ('key', '"k"')""")
        connection.commit()
    before = digest(folder)
    assert summarize(folder).key == "k"
    assert digest(folder) == before
    assert sorted(path.name for path in folder.iterdir()) == ["project.db"]


def broken_header(path):
    path.write_bytes(b"no database at all, but long enough to look like one" * 100)


def broken_pages(path):
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)


def foreign(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (id)")


def newer(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO migrations VALUES ('9999_later', '2030')")
        connection.commit()


@pytest.mark.parametrize(
    ("harm", "line"),
    [
        (broken_header, "is not a project's database"),
        (broken_pages, "is damaged"),
        (foreign, "another program"),
        (newer, "made by a newer annotator"),
        (lambda path: path.write_bytes(b""), "is empty"),
    ],
)
def test_a_damaged_project_says_why_in_one_line_and_the_others_are_listed(made, harm, line):
    folder = made("bad")
    made("good")
    harm(folder / "project.db")
    bad, good = (look(one) for one in folders_in(folder.parent))
    assert line in bad.reason
    assert "\n" not in bad.reason
    assert str(folder) in bad.reason
    assert bad.summary is None
    assert (good.name, good.reason) == ("good", "")


def test_a_locked_project_is_waited_for_a_moment_only(made, monkeypatch):
    monkeypatch.setattr(summaries, "PATIENCE_S", 0.05)
    folder = made("locked")
    with closing(sqlite3.connect(folder / "project.db", isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="another program keeps it locked"):
            summarize(folder)
    assert summarize(folder).images == 0


def test_what_is_on_its_way_or_no_project_is_not_listed(made, tmp_path):
    home = made("one").parent
    (home / ".new-0123456789abcdef").mkdir()
    (home / ".new-0123456789abcdef" / "project.db").touch()
    (home / "notes").mkdir()
    (home / "file").touch()
    assert [folder.name for folder in folders_in(home)] == ["one"]
    assert folders_in(tmp_path / "nowhere") == []


def test_a_project_is_found_by_its_name_or_its_folders(made):
    folder = made("helmets-2", name="Helmets")
    home = folder.parent
    other = made("plain")
    made("gone", name="Vests", binned="2026-01-01T00:00:00.000Z")
    assert named("HELMETS", home) == folder
    assert named("plain", home) == other
    assert named("helmets-2", home) is None  # it has a name of its own
    assert named("Vests", home) is None
    made("again", name="helmets")
    with pytest.raises(ProjectNameError, match="2 projects are called"):
        named("Helmets", home)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Helmets 2026", "helmets-2026"),
        ("../../etc/passwd", "etc-passwd"),
        ("...", "project"),
        ("CON", "project-con"),
        ("lpt1.txt", "project-lpt1.txt"),
        ("a/b\\c:d", "a-b-c-d"),
        ("安全帽", "安全帽"),
        ("<script>", "script"),
        ("x" * 100, "x" * 60),
        ("帽" * 100, "帽" * 40),
    ],
)
def test_a_new_folder_lies_in_the_folder_of_projects_whatever_the_name(tmp_path, name, folder):
    made = new_folder(name, tmp_path)
    assert made.parent == tmp_path
    assert made.name == folder
    made.mkdir()
    assert new_folder(name, tmp_path) == tmp_path / f"{folder}-2"
    assert project_folders.look(made).summary is None
