"""Pictures on the disk: whole or not there, and nothing of a killed program stays for ever."""

import hashlib
import os
import time

import pytest

from annotator.core.errors import StoreError
from annotator.storage import contents
from annotator.storage.store import Store


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_batch_takes_its_names_at_the_end(tmp_path):
    with contents.Batch(tmp_path) as batch:
        names = [batch.add(f"{index % 30}".encode()) for index in range(60)]
        assert not any(name in files(tmp_path) for name in names)
    assert files(tmp_path) == sorted(set(names))
    for index, name in enumerate(names):
        assert contents.path_of(tmp_path, name).read_bytes() == f"{index % 30}".encode()


def test_a_batch_that_fails_leaves_nothing(tmp_path):
    def fail():
        with contents.Batch(tmp_path) as batch:
            batch.add(b"one")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert files(tmp_path) == []


def in_a_batch(folder, content):
    with contents.Batch(folder) as batch:
        return batch.add(content)


@pytest.mark.parametrize("put", [contents.put, in_a_batch])
def test_a_half_written_picture_is_written_again(tmp_path, put):
    path = contents.path_of(tmp_path, hashlib.sha256(b"whole").hexdigest())
    path.parent.mkdir()
    path.write_bytes(b"wh")
    put(tmp_path, b"whole")
    assert path.read_bytes() == b"whole"
    assert files(tmp_path) == [path.name]


def test_a_picture_that_cannot_be_written_is_one_line(tmp_path):
    sha256 = hashlib.sha256(b"x").hexdigest()
    (tmp_path / sha256[:2]).write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="the picture cannot be written"):
        contents.put(tmp_path, b"x")
    assert files(tmp_path) == [sha256[:2]]


def test_what_killed_programs_left_is_swept_when_it_is_old(tmp_path):
    Store.open(tmp_path).close()
    old, young = tmp_path / "images" / ".new-old", tmp_path / "images" / ".new-young"
    for path in (old, young):
        path.write_bytes(b"half")
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    Store.open(tmp_path).close()
    assert not old.exists()
    assert young.exists()
