"""The whole project as one file, and back; and files that only look like one."""

import hashlib
import io
import json
import os
import shutil
import time
import zipfile

import pytest
from sqlalchemy import insert

from annotator.core.dataset import State
from annotator.core.errors import ArchiveError, ImageError, StoreError
from annotator.core.review import Gesture
from annotator.core.settings import BATCH
from annotator.storage import archive, contents, images, schema
from annotator.storage.archive import Limits, pack_project, unpack_project
from annotator.storage.store import Store
from tests.storage.archives import nothing_is_left, rezip


def content_of(store):
    """Everything a person would miss, as plain values."""
    return (
        [row.image for row in store.queue()],
        store.bin(),
        store.categories(),
        [store.instances(row.image.id, states=tuple(State)) for row in store.queue()],
        [decision.key for decision in store.decisions()],
        [store.content_path(row.image.sha256).read_bytes() for row in store.queue()],
    )


def test_a_project_comes_out_as_it_went_in_with_a_key_of_its_own(archived, packed, tmp_path):
    unpack_project(packed, tmp_path / "opened")
    with Store.open(tmp_path / "opened") as opened:
        assert content_of(opened) == content_of(archived)
        assert opened.key != archived.key
        assert opened.setting(BATCH) is None
        assert opened.record(Gesture(1, "tab", 2, 1, "review", "me", (), reviewed=False)) == 2
    assert not list(tmp_path.glob(".*"))
    assert [path.name for path in packed.parent.iterdir()] == [packed.name]


def test_the_key_does_not_travel(archived, packed):
    with zipfile.ZipFile(packed) as opened:
        assert archived.key.encode() not in opened.read("project.db")


def test_what_a_hand_unpacked_and_packed_again_still_opens(archived, packed, tmp_path):
    with zipfile.ZipFile(packed) as opened:
        opened.extractall(tmp_path / "by-hand")
    again = shutil.make_archive(str(tmp_path / "again"), "zip", tmp_path / "by-hand")
    unpack_project(tmp_path / again, tmp_path / "opened")
    with Store.open(tmp_path / "opened") as opened:
        assert content_of(opened) == content_of(archived)


def test_a_folder_with_something_in_it_is_left_alone(packed, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="is not empty"):
        unpack_project(packed, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


SHA = hashlib.sha256(b"x").hexdigest()


@pytest.mark.parametrize(
    "name",
    [
        "../evil", "images/../../evil", "/etc/passwd", "C:\\evil", "C:/evil", "images\\aa\\x", "..\\evil", "//host/x",
        "images/aa/" + "b" * 64, f"images/{SHA[:2]}/{SHA}/x", f"images/{SHA[:2]}/{SHA.upper()}", "project.db/x",
        "PROJECT.DB", "images/aa", "project.db-journal", "project.db-wal", "thumbnails/x.jpg", "", " ", "project.db\0x",
        f"images/{SHA[:2]}/{SHA}\n", "./project.db", "con", "images/\u202e/x",
    ],
)  # fmt: skip
def test_a_name_that_no_project_has_is_refused(packed, tmp_path, name):
    with pytest.raises(StoreError):
        unpack_project(rezip(packed, entries=[(zipfile.ZipInfo(name), b"x")]), tmp_path / "opened")
    assert nothing_is_left(tmp_path)
    assert not (tmp_path / "evil").exists()


def test_a_link_is_refused(packed, tmp_path):
    entry = zipfile.ZipInfo(f"images/{SHA[:2]}/{SHA}")
    entry.external_attr = 0o120777 << 16
    with pytest.raises(StoreError, match="is a link"):
        unpack_project(rezip(packed, entries=[(entry, b"/etc/passwd")]), tmp_path / "opened")
    assert nothing_is_left(tmp_path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_that_is_there_twice_is_refused(packed, tmp_path):
    with pytest.raises(StoreError, match="twice"):
        unpack_project(rezip(packed, entries=[("project.db", b"x")]), tmp_path / "opened")


def test_a_picture_under_anothers_name_is_refused(packed, tmp_path):
    entry = f"images/{SHA[:2]}/{SHA}"
    with pytest.raises(StoreError, match="its SHA-256 is not the one in its name"):
        unpack_project(rezip(packed, entries=[(entry, b"not x")]), tmp_path / "opened")
    assert nothing_is_left(tmp_path)


def test_a_bomb_is_refused_before_it_is_unpacked(packed, tmp_path):
    bomb = rezip(packed, entries=[(f"images/{SHA[:2]}/{SHA}", bytes(50 * 2**20))])
    with pytest.raises(ArchiveError, match="ratio above 100"):  # and not the server's want of room
        unpack_project(bomb, tmp_path / "opened")


def test_an_archive_of_many_entries_or_bytes_is_refused(packed, tmp_path, monkeypatch):
    with pytest.raises(StoreError, match="3 pictures, expected at most 2"):
        unpack_project(packed, tmp_path / "opened", limits=Limits(images=2))
    with pytest.raises(StoreError, match="expected at most"):
        unpack_project(packed, tmp_path / "opened", limits=Limits(bytes=50_000))
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    with pytest.raises(StoreError, match="more than 3 entries"):
        unpack_project(packed, tmp_path / "opened")
    assert nothing_is_left(tmp_path)


def test_a_project_too_large_for_an_archive_says_so_and_leaves_no_file(archived, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)
    monkeypatch.setattr(archive, "_copy_database", None)  # which takes long: the answer does not wait for it
    (tmp_path / "out").mkdir()
    with pytest.raises(StoreError, match="copy its folder instead"):
        pack_project(archived, tmp_path / "out" / "p.zip")
    assert not list((tmp_path / "out").iterdir())


def test_a_project_of_ten_thousand_pictures_and_more_is_packed_and_opened(tmp_path):
    with Store.open(tmp_path / "large") as store:
        with contents.Batch(store.folder / "images") as batch, store._database.write() as connection:
            row = images.image_row(sha256="", file_name="x.png", width=64, height=48)
            hashes = [batch.add(number.to_bytes(4, "big")) for number in range(10_500)]
            connection.execute(insert(schema.images), [row | {"sha256": sha256} for sha256 in hashes])
        pack_project(store, tmp_path / "large.zip")
    unpack_project(tmp_path / "large.zip", tmp_path / "opened")
    with Store.open(tmp_path / "opened") as opened:
        assert opened.image_count() == 10_500
        assert opened.content(opened.images()[-1]) == (10_499).to_bytes(4, "big")


def test_a_small_projects_list_of_entries_is_not_long(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "_OTHER_ENTRIES", 1)
    with pytest.raises(ArchiveError, match="more than 3 entries"):
        unpack_project(packed, tmp_path / "opened", limits=Limits(images=2))


def test_entries_that_overlap_are_refused(packed, tmp_path):
    content = bytearray(packed.read_bytes())
    with zipfile.ZipFile(packed) as opened:
        infos = opened.infolist()
        directory = opened.start_dir
    # Every later entry of the list points at the first picture's bytes.
    at = directory
    for index in range(len(infos)):
        length = int.from_bytes(content[at + 28 : at + 30], "little")
        if index > 1:
            content[at + 42 : at + 46] = infos[1].header_offset.to_bytes(4, "little")
        at += 46 + length
    with pytest.raises(StoreError):
        unpack_project(io.BytesIO(bytes(content)), tmp_path / "opened")
    assert nothing_is_left(tmp_path)


@pytest.mark.parametrize("cut", [0, 10, 100, 0.5, 0.9, -1, -30])
def test_what_is_cut_short_is_refused(packed, tmp_path, cut):
    whole = packed.read_bytes()
    end = cut if isinstance(cut, int) else int(len(whole) * cut)
    with pytest.raises(StoreError, match="archive: "):
        unpack_project(io.BytesIO(whole[:end]), tmp_path / "opened")
    assert nothing_is_left(tmp_path)


def test_a_flipped_byte_anywhere_is_refused_or_harmless(archived, packed, tmp_path):
    whole = packed.read_bytes()
    for index in range(40, len(whole), len(whole) // 40):
        broken = bytearray(whole)
        broken[index] ^= 0x55
        try:
            unpack_project(io.BytesIO(bytes(broken)), tmp_path / "opened")
        except StoreError:
            assert nothing_is_left(tmp_path)
        else:  # a date, an attribute: nothing that is used
            with Store.open(tmp_path / "opened") as opened:
                assert content_of(opened) == content_of(archived)
            shutil.rmtree(tmp_path / "opened")


def test_a_picture_is_taken_only_below_its_size_and_if_it_is_let_in(packed, tmp_path):
    with pytest.raises(ArchiveError, match=r"a picture of 0 MB, expected at most 0 MB"):
        unpack_project(packed, tmp_path / "opened", limits=Limits(picture_bytes=100))
    seen = []

    def check(content, image):
        assert hashlib.sha256(content).hexdigest() == image.sha256
        seen.append(image.file_name)
        if len(seen) == 3:
            raise ImageError("folder/2.png: is no picture")

    with pytest.raises(ArchiveError, match=r"^archive: folder/2\.png: is no picture$"):
        unpack_project(packed, tmp_path / "opened", check_picture=check)
    assert sorted(seen) == ["folder/0.png", "folder/1.png", "folder/2.png"]  # the one in the bin too
    assert nothing_is_left(tmp_path)


def test_pictures_that_take_too_long_together_are_refused(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "CHECKING_S", -1.0)
    monkeypatch.setattr(archive, "CHECKING_EACH_S", -1.0)
    with pytest.raises(ArchiveError, match="its pictures took longer"):
        unpack_project(packed, tmp_path / "opened", check_picture=lambda content, image: None)
    assert nothing_is_left(tmp_path)


def test_as_many_pictures_as_are_allowed_are_taken(packed, tmp_path):
    unpack_project(packed, tmp_path / "opened", limits=Limits(images=3))
    assert (tmp_path / "opened").is_dir()


def test_an_archive_may_be_larger_than_what_it_unpacks_to(packed, tmp_path):
    """As it is where nothing in it can be packed: each entry has its name twice."""
    stored = tmp_path / "stored.zip"
    with zipfile.ZipFile(packed) as opened, zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as writing:
        for name in opened.namelist():
            writing.writestr(name, opened.read(name))
    with open(stored, "rb") as file:
        size = archive.unpacked_bytes(file, archive.Limits())
    assert stored.stat().st_size > size
    archive.unpack_project(stored, tmp_path / "new", limits=archive.Limits(bytes=size))
    assert (tmp_path / "new" / "project.db").is_file()


def test_what_killed_programs_left_of_archives_is_removed_and_nothing_else(tmp_path):
    long_ago = time.time() - archive.ABANDONED_S - 60
    old, young = archive.beside(tmp_path / "project"), archive.beside(tmp_path / "project")
    for folder in (old, young, tmp_path / ".new-plans", tmp_path / "project"):
        (folder / "images").mkdir(parents=True)
        if folder != young:
            os.utime(folder, (long_ago, long_ago))
    archive.remove_abandoned(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([young.name, ".new-plans", "project"])


def test_what_is_no_database_or_no_zip_is_refused(packed, tmp_path):
    entries = [("project.db", b"no database" * 500)]
    with pytest.raises(StoreError, match="database is damaged"):
        unpack_project(rezip(packed, keep=lambda name: name != "project.db", entries=entries), tmp_path / "opened")
    with pytest.raises(StoreError, match=r"no project\.db"):
        unpack_project(rezip(packed, keep=lambda name: name != "project.db"), tmp_path / "opened")
    with pytest.raises(StoreError, match="is not a zip"):
        unpack_project(io.BytesIO(json.dumps({}).encode()), tmp_path / "opened")
    assert nothing_is_left(tmp_path)


def rewritten(packed, change):
    """The archive with its list of entries changed: `change(content, at)` is told where each entry's line begins."""
    content = bytearray(packed.read_bytes())
    with zipfile.ZipFile(packed) as opened:
        at, count = opened.start_dir, len(opened.infolist())
    for _ in range(count):
        length = 46 + sum(int.from_bytes(content[at + place : at + place + 2], "little") for place in (28, 30, 32))
        change(content, at)
        at += length
    return io.BytesIO(bytes(content))


def at_number(offset, value, size=4):
    def change(content, at):
        content[at + offset : at + offset + size] = value.to_bytes(size, "little")

    return change


TRICKS = {
    "encrypted": at_number(8, 1, 2),
    "packed by bzip2": at_number(10, 12, 2),
    "packed by lzma": at_number(10, 14, 2),
    "packed by nobody": at_number(10, 99, 2),
    "larger than it says": at_number(24, 5),
    "of 4 GB": at_number(24, 2**32 - 2),
    "of 4 GB, packed too": at_number(20, 2**32 - 2),
    "zip64 without its field": at_number(24, 2**32 - 1),
    "at an offset beyond the end": at_number(42, 2**31),
    "of another checksum": at_number(16, 12345),
    "a socket": at_number(38, 0o140777 << 16),
    "a folder": at_number(38, 0o040777 << 16),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_list_of_entries_that_lies_is_refused(packed, tmp_path, trick):
    with pytest.raises(StoreError, match=r"^archive: ") as error:
        unpack_project(rewritten(packed, TRICKS[trick]), tmp_path / "opened")
    assert "\n" not in str(error.value)
    assert nothing_is_left(tmp_path)


@pytest.mark.parametrize("name", ["ｐroject.db", "project.db\u200b", "proj\u0065\u0301ct.db", "images/ａa/" + "a" * 64])
def test_a_name_that_only_looks_like_one_is_refused(packed, tmp_path, name):
    with pytest.raises(StoreError, match=r"expected project\.db or images"):
        unpack_project(rezip(packed, entries=[(zipfile.ZipInfo(name), b"x")]), tmp_path / "opened")
    assert nothing_is_left(tmp_path)


def test_an_archive_in_the_archive_stays_packed_and_is_refused(packed, tmp_path):
    inner = packed.read_bytes()
    sha = hashlib.sha256(inner).hexdigest()
    with pytest.raises(StoreError):
        unpack_project(rezip(packed, entries=[("inner.zip", inner)]), tmp_path / "opened")
    # Under a picture's name it is bytes that no picture of the database has, and nothing looks into them.
    unpack_project(rezip(packed, entries=[(f"images/{sha[:2]}/{sha}", inner)]), tmp_path / "other")
    with Store.open(tmp_path / "other") as opened:
        assert sha not in [row.image.sha256 for row in opened.queue()]
