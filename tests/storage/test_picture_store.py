"""Pictures outside of a project's folder: in a shared folder, or in a store that fsspec knows, which may vanish."""

import secrets

import pytest

from annotator.core.errors import StoreError
from annotator.core.settings import PICTURES
from annotator.storage import picture_store
from annotator.storage.archive import pack_project, unpack_project
from annotator.storage.duplicate import duplicate
from annotator.storage.locations import database_file
from annotator.storage.store import Store
from tests.storage.builders import add_image, import_dataset, one_line
from tests.storage.imports import DATASET, pictures

fsspec = pytest.importorskip("fsspec", reason="the extra postgres is not installed")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(picture_store, "_PAUSES_S", (0.001,))


@pytest.fixture(params=["memory", "file"])
def address(request, tmp_path):
    return f"memory://{secrets.token_hex(4)}/pictures" if request.param == "memory" else f"file://{tmp_path}/a b"


@pytest.fixture
def beside(address, tmp_path):
    """A project with its pictures there, and the same one as another machine sees it, without anything of its own."""
    with Store.open(tmp_path / "project", pictures=address) as store:
        other = tmp_path / "other"
        other.mkdir()
        named = database_file(store.folder)
        (other / named.name).symlink_to(named)
        with Store.open(other) as elsewhere:
            yield store, elsewhere


def test_a_picture_that_one_machine_added_is_read_on_another(beside):
    store, elsewhere = beside
    image = add_image(store, b"one")
    assert elsewhere.content(image) == b"one"
    assert elsewhere.content_path(image.sha256).read_bytes() == b"one"
    assert elsewhere.content_size(image.sha256) == 3
    assert add_image(elsewhere, b"one").id == image.id


def test_an_emptied_bin_takes_the_pictures_out_of_the_store(beside):
    store, elsewhere = beside
    kept, gone = add_image(store, b"kept"), add_image(store, b"gone")
    store.remove_image(gone.id)
    assert [image.id for image in elsewhere.bin()] == [gone.id]
    assert store.empty_bin() == 1
    assert elsewhere.bin() == ()
    assert elsewhere.content(kept) == b"kept"
    with pytest.raises(StoreError, match="the stored picture cannot be read"):
        elsewhere.content(gone)
    assert add_image(elsewhere, b"gone").id == gone.id
    assert store.content_size(gone.sha256) == 4


def test_an_import_an_archive_and_a_duplicate_carry_the_pictures(beside, tmp_path):
    store, elsewhere = beside
    import_dataset(store, DATASET, pictures(DATASET))
    images = elsewhere.images()
    pack_project(elsewhere, tmp_path / "packed.zip")
    unpack_project(tmp_path / "packed.zip", tmp_path / "opened")
    duplicate(elsewhere, tmp_path / "again", name="again")
    for folder in ("opened", "again"):
        with Store.open(tmp_path / folder) as local:
            assert local.setting(PICTURES) is None
            assert [local.content(image) for image in local.images()] == [store.content(image) for image in images]


def test_pictures_lie_where_they_were_settled_to_lie(tmp_path):
    with Store.open(tmp_path / "mine") as mine:
        add_image(mine)
    with pytest.raises(StoreError, match="lie in the project's folder, and cannot be elsewhere") as error:
        Store.open(tmp_path / "mine", pictures="memory://elsewhere")
    one_line(error)
    Store.open(tmp_path / "theirs", pictures="memory://settled/").close()
    Store.open(tmp_path / "theirs", pictures="memory://settled").close()
    with pytest.raises(StoreError, match="lie in memory://settled, and cannot be elsewhere"):
        Store.open(tmp_path / "theirs", pictures="memory://elsewhere")


@pytest.mark.parametrize("address", ["nothing://x", "here", "s3://key:secret@bucket/x"])
def test_what_is_no_store_is_one_line_and_settles_nothing(tmp_path, address):
    with pytest.raises(StoreError) as error:
        Store.open(tmp_path / "project", pictures=address)
    assert "secret" not in one_line(error)
    with Store.open(tmp_path / "project") as store:
        assert store.setting(PICTURES) is None


def test_a_store_that_vanishes_is_one_line_and_nothing_is_stored_without_its_picture(tmp_path, monkeypatch):
    with Store.open(tmp_path / "project", pictures="memory://vanishing") as store:
        image = add_image(store, b"before")
        files = type(fsspec.filesystem("memory"))

        def fail(*_, **__):
            raise TimeoutError("no answer\nfrom the bucket")

        with monkeypatch.context() as gone:
            gone.setattr(files, "info", fail)
            gone.setattr(files, "pipe_file", fail)
            with pytest.raises(StoreError, match=r"the store of the pictures does not answer \(no answer from the bu"):
                add_image(store, b"while it was away")
            assert store.image_count() == 1
            assert store.content(image) == b"before"  # which is kept on this machine
        assert add_image(store, b"while it was away").id == image.id + 1


def test_a_picture_that_was_changed_in_the_store_is_told(tmp_path):
    with Store.open(tmp_path / "project", pictures="memory://changed") as store:
        image = add_image(store, b"as it was")
        store.content_path(image.sha256).unlink()
        (name,) = fsspec.filesystem("memory").find("/changed")
        fsspec.filesystem("memory").pipe_file(name, b"otherwise")
        with pytest.raises(StoreError, match="is damaged"):
            store.content(image)


def test_only_so_much_is_kept_on_this_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(picture_store, "CACHE_BYTES", 250)
    monkeypatch.setattr(picture_store, "_LOOK_EVERY", 1)
    with Store.open(tmp_path / "project", pictures="memory://large") as store:
        images = [add_image(store, bytes([number]) * 100) for number in range(5)]
        for image in images:
            store.content_path(image.sha256).unlink(missing_ok=True)
        assert [store.content(image)[0] for image in images] == [0, 1, 2, 3, 4]
        assert sum(path.stat().st_size for path in (store.folder / "images").glob("??/*")) <= 250
