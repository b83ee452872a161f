"""What is read: files, folders, and addresses of a store, by one name each."""

import shutil

import pytest

from annotator.core.errors import AnnotatorError, ImageError, StoreError
from annotator.prelabel.cluster import pictures
from annotator.prelabel.cluster.pictures import list_pictures

fsspec = pytest.importorskip("fsspec", reason="the extra ray is not installed")


@pytest.fixture
def bucket(tmp_path):
    for name in ("a.png", "deep/b.JPG", "deep/notes.txt", ".hidden/c.png", "deep/.d.png"):
        path = tmp_path / "bucket" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "bucket"


def test_a_store_is_listed_like_a_folder_and_read_by_its_addresses(bucket):
    here, there = list_pictures([str(bucket)]), list_pictures([f"file://{bucket}"])
    assert [one.name for one in there] == [one.name for one in here] == ["a.png", "deep/b.JPG"]
    assert there[1].address == f"file://{bucket}/deep/b.JPG"
    assert [one.read() for one in there] == [one.read() for one in here] == [b"a.png", b"deep/b.JPG"]
    assert [one.name for one in list_pictures([f"file://{bucket}/a.png"])] == ["a.png"]


def test_a_picture_is_read_by_the_way_that_its_folder_was_reached(bucket, tmp_path):
    (bucket / "deep" / "c::d.png").write_bytes(b"two colons")
    (one,) = [one for one in list_pictures([f"file://{bucket}"]) if "::" in one.name]
    assert (one.name, one.read()) == ("deep/c::d.png", b"two colons")
    archive = shutil.make_archive(str(tmp_path / "photos"), "zip", bucket)
    for below, names in (("", ["a.png", "deep/b.JPG", "deep/c::d.png"]), ("deep", ["b.JPG", "c::d.png"])):
        inside = list_pictures([f"zip://{below}::file://{archive}"])
        assert [one.name for one in inside] == names
        assert [one.read() for one in inside][-2:] == [b"deep/b.JPG", b"two colons"]
    assert inside[0].address == f"zip://deep/b.JPG::file://{archive}"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("file:///nowhere/at/all", "file:///nowhere/at/all: nothing is there"),
        ("gopher://host/a.png", "Protocol not known: gopher"),
        ("{bucket}/none", "no such file or folder"),
    ],
)
def test_what_is_not_there_is_one_line(bucket, address, said):
    with pytest.raises(ImageError) as told:
        list_pictures([address.format(bucket=bucket)])
    assert said in str(told.value)


def test_two_pictures_of_one_name_are_told_and_one_that_has_gone_is_a_failure(bucket):
    with pytest.raises(AnnotatorError, match=r"a\.png: found twice"):
        list_pictures([str(bucket), f"file://{bucket}"])
    one = list_pictures([f"file://{bucket}"])[0]
    (bucket / "a.png").unlink()
    with pytest.raises(ImageError, match=r"a\.png: cannot be read \(it is no longer there\)"):
        one.read()


def test_a_store_that_does_not_answer_is_asked_again_until_one_picture_waited_in_vain(bucket, monkeypatch):
    store, asked = fsspec.filesystem("file"), []

    def absent(path, mode):
        asked.append(path)
        if len(asked) in answers_at:
            return open(path, mode)
        raise ConnectionError("no answer")

    one = list_pictures([f"file://{bucket}/a.png"])[0]
    monkeypatch.setattr(store, "open", absent)
    monkeypatch.setattr(pictures, "_store", lambda address: (store, address.removeprefix("file://")))
    monkeypatch.setattr(pictures, "PAUSES_S", (0.001, 0.001))
    answers_at = {3, 8}
    assert (one.read(), len(asked)) == (b"a.png", 3)
    for so_far in (6, 7):  # the second one does not wait
        with pytest.raises(StoreError, match=r"a\.png: the store does not answer \(no answer\)"):
            one.read()
        assert len(asked) == so_far
    assert (one.read(), len(asked)) == (b"a.png", 8)
    with pytest.raises(StoreError):
        one.read()
    assert len(asked) == 11
