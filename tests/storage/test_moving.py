"""A project goes to a server and comes back: every row and picture, and nothing is stored in two places."""

import pytest
from sqlalchemy import select

from annotator.cli import main
from annotator.core.dataset import State
from annotator.core.errors import StoreError
from annotator.core.review import Change
from annotator.core.settings import CLOSED, NAME, PICTURES
from annotator.storage import moving, picture_store, schema
from annotator.storage.locations import is_project, location_of, read_location
from annotator.storage.moving import move_project
from annotator.storage.store import Store
from tests.storage.builders import accept, add_image, block, gesture, one_line, suggestion

POSTGRESQL = "it begins in a folder"


class Killed(BaseException):
    """Ends what is under way at once."""


@pytest.fixture
def target(schemas):
    return location_of(schemas.address(schemas.fresh_name()))


@pytest.fixture
def store_for_pictures(tmp_path):
    return f"file://{tmp_path}/pictures"


@pytest.fixture
def folder(tmp_path):
    """Decisions, a merged category that comes before what it counts as, a picture in the bin, notes, a large id."""
    with Store.open(tmp_path / "mine") as store:
        store.set_setting(NAME, "Mine: it's 100% \N{SNOWMAN}")
        for id, name in ((1, "person"), (7, "man"), (9, "human")):
            store.add_category(name, id=id)
        images = [add_image(store, b"%d" % number, f"{number}.jpg") for number in range(3)]
        store.set_suggestions(images[0].id, [suggestion(), suggestion(8)])
        store.record(gesture(images[0], accept(store.instances(images[0].id)[0].key)))
        drawn = Change("drawn", 7, State.ACCEPTED, rle=block(), note="it's one", flags=("x",))
        store.record(gesture(images[1], drawn, number=1, verb="add", reviewed=True))
        store.category_manager.merge(7, into=9, who="me")
        store.remove_image(images[2].id)
    return tmp_path / "mine"


def cut_off(patched, name, *, call):
    """The move ends where it calls this function for the nth time."""
    place = {"bring": moving._Stores, "os.replace": moving.os}.get(name, moving)
    name = name.removeprefix("os.")
    original, calls = getattr(place, name), []

    def counted(*arguments, **named):
        calls.append(1)
        if len(calls) == call:
            raise Killed
        return original(*arguments, **named)

    patched.setattr(place, name, counted)


def rows(folder):
    """All that the project holds, but where its pictures lie and whether it is closed."""
    with Store.open(folder) as store, store._database.read() as connection:
        found = {
            table.name: list(map(tuple, connection.execute(select(table).order_by(*table.primary_key))))
            for table in schema.metadata.sorted_tables
            if table is not schema.migrations
        }
    found["settings"] = [row for row in found["settings"] if row[0] not in (CLOSED.name, PICTURES.name)]
    return found


def contents(folder):
    with Store.open(folder) as store:
        return [store.content(image) for image in (*store.images(), *store.bin())]


def test_a_project_goes_to_a_server_and_comes_back_with_all_it_had(folder, target, store_for_pictures, tmp_path):
    before, pictures = rows(folder), contents(folder)
    still_open = Store.open(folder)
    move_project(folder, target, pictures=store_for_pictures)
    assert read_location(folder) == target
    assert (rows(folder), contents(folder)) == (before, pictures)
    assert len(list((tmp_path / "pictures").glob("??/*"))) == 3
    with still_open, pytest.raises(StoreError, match=r"was moved to postgresql://.*; restart what") as error:
        still_open.set_setting(NAME, "too late")
    one_line(error)
    with Store.open(folder) as store:  # ids go on where they were
        added = add_image(store, b"on the server")
        assert added.id == 4
        store.record(gesture(added, Change("new", 9, State.ACCEPTED, rle=block()), number=2))
    grown = rows(folder)
    move_project(folder, None)
    assert read_location(folder) is None
    assert (rows(folder), len(contents(folder))) == (grown, 4)
    assert len(list((folder / "images").glob("??/*"))) == 4
    with Store.open(folder) as store:
        assert store.setting(PICTURES) is None
        assert add_image(store, b"here again").id == 5


@pytest.mark.parametrize(
    ("back", "at"),
    [
        *((False, at) for at in ("bring", "close 2", "_finish")),
        *((True, at) for at in ("os.replace 2", "_finish")),
    ],
)
def test_a_move_that_was_cut_off_anywhere_is_finished_by_the_same_move(
    folder, target, store_for_pictures, monkeypatch, at, back
):
    def move():
        move_project(folder, None if back else target, pictures=None if back else store_for_pictures)

    if back:
        move_project(folder, target, pictures=store_for_pictures)
    before, pictures = rows(folder), contents(folder)
    name, _, nth = at.partition(" ")
    with monkeypatch.context() as patched:
        cut_off(patched, name, call=int(nth or 1))
        with pytest.raises(Killed):
            move()
    assert is_project(folder)
    move()
    assert read_location(folder) == (None if back else target)
    assert (rows(folder), contents(folder)) == (before, pictures)
    with Store.open(folder) as store:
        assert store.setting(CLOSED) is None
        assert add_image(store, b"goes on").id == 4
    move()  # once more does nothing
    assert len(contents(folder)) == 4


def test_what_was_saved_after_a_cut_off_move_comes_along_with_the_next(folder, target, store_for_pictures, monkeypatch):
    with monkeypatch.context() as patched:
        cut_off(patched, "close", call=2)  # the copy is there, and where it came from is still open
        with pytest.raises(Killed):
            move_project(folder, target, pictures=store_for_pictures)
    with Store.open(folder) as store:
        add_image(store, b"meanwhile")
    move_project(folder, target, pictures=store_for_pictures)
    assert len(contents(folder)) == 4


def test_what_cannot_be_moved_stays_and_says_why(folder, target, schemas, store_for_pictures, tmp_path, monkeypatch):
    before = rows(folder)
    with pytest.raises(StoreError, match="needs a store for its pictures: --pictures s3://") as error:
        move_project(folder, target)
    one_line(error)
    with pytest.raises(StoreError, match="no project there"):
        move_project(tmp_path / "nowhere", target)
    with monkeypatch.context() as lossy:
        lossy.setattr(moving, "copy_rows", lambda rows, new: None)
        lossy.setattr(moving, "_tables", lambda: [schema.images])
        with pytest.raises(StoreError, match="images: row 1 did not arrive as it was"):
            move_project(folder, target, pictures=store_for_pictures)
    with Store.open(tmp_path / "other") as other:
        add_image(other, b"of another")
    move_project(tmp_path / "other", target, pictures=store_for_pictures)
    with pytest.raises(StoreError, match="has a project already, expected a schema without one"):
        move_project(folder, target, pictures=store_for_pictures)
    assert (rows(folder), read_location(folder)) == (before, None)
    picture_store.LocalPictures(folder / "images").path(rows(folder)["images"][0][1]).write_bytes(b"changed")
    with pytest.raises(StoreError, match="is damaged; restore it from a backup"):
        move_project(folder, location_of(schemas.address(schemas.fresh_name())), pictures=f"{store_for_pictures}-2")


def test_a_project_that_went_elsewhere_is_not_taken_from_a_second_folder(folder, target, store_for_pictures, tmp_path):
    move_project(folder, target, pictures=store_for_pictures)
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "project.toml").write_bytes((folder / "project.toml").read_bytes())
    move_project(folder, None)
    with pytest.raises(StoreError, match=r"the project was moved to .*mine on"):
        move_project(tmp_path / "second", None)
    with Store.open(tmp_path / "second") as store, pytest.raises(StoreError, match="the project was moved to"):
        add_image(store, b"lost otherwise")


def test_one_command_moves_it(folder, target, store_for_pictures, schemas, capsys, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_HOME", str(folder.parent / "home"))
    address = schemas.address(target.schema)
    assert main(["projects", "move", str(folder), "--to", address, "--pictures", store_for_pictures]) == 0
    assert capsys.readouterr().out.strip() == target.place
    assert main(["projects", "move", str(folder)]) == 0
    assert capsys.readouterr().out.strip() == str(folder)
    assert main(["projects", "move", str(folder), "--to", "mysql://x/y"]) == 1
    assert "mysql is not known" in capsys.readouterr().err
