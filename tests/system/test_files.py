"""Files are read and replaced only where they are plain ones."""

import os
from pathlib import Path

import pytest

from annotator.system.files import read_plain, replacing, require_plain, require_writable, write_atomically

needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


@needs_pipes
def test_a_pipe_is_not_waited_for_and_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for refused in (read_plain, require_plain, require_writable, lambda path: write_atomically(path, b"x")):
        with pytest.raises(OSError, match="no plain file"):
            refused(tmp_path / "pipe")
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no such device")
def test_a_device_is_neither_read_nor_replaced():
    for refused in (read_plain, require_plain, require_writable, lambda path: write_atomically(path, b"x")):
        with pytest.raises(OSError, match="no plain file"):
            refused(Path("/dev/full"))


def test_a_folder_is_no_file(tmp_path):
    for refused in (read_plain, require_plain, require_writable):
        with pytest.raises(IsADirectoryError):
            refused(tmp_path)


@pytest.mark.skipif(not hasattr(os, "SEEK_HOLE"), reason="this system cannot tell holes")
def test_a_file_with_holes_is_not_read(tmp_path):
    with open(tmp_path / "sparse", "wb") as file:
        file.write(b"[" * 10_000)
        file.truncate(1 << 32)
    if os.stat(tmp_path / "sparse").st_blocks * 512 > 1 << 30:
        pytest.skip("this disk writes holes out")
    with pytest.raises(OSError, match="it has holes"):
        read_plain(tmp_path / "sparse")


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 5_000_000])
def test_what_is_written_is_read(tmp_path, content):
    for _ in range(2):  # new, and in place of an older one
        write_atomically(tmp_path / "folder" / "file", content)
        require_writable(tmp_path / "folder" / "file")
        assert read_plain(tmp_path / "folder" / "file") == content
    os.symlink(tmp_path / "folder" / "file", tmp_path / "link")
    assert read_plain(tmp_path / "link") == content
    require_plain(tmp_path / "none")


def test_a_file_is_replaced_when_its_block_ends_and_left_alone_when_it_raises(tmp_path):
    def fail_half_way():
        with replacing(tmp_path / "file") as part:
            part.write_text("half of the n")
            raise KeyError

    (tmp_path / "file").write_text("old")
    with pytest.raises(KeyError):
        fail_half_way()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"file": "old"}
    with replacing(tmp_path / "file") as part:
        part.write_text("new")
        assert (tmp_path / "file").read_text() == "old"
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"file": "new"}
