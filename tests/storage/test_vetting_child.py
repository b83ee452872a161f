"""A database that takes long or much memory is refused in one line, and its child ends."""

import subprocess
import sys
import zipfile

import pytest

from annotator.core.errors import ArchiveError, StoreError
from annotator.storage import archive, vetting, vetting_child
from annotator.storage.store import Store
from annotator.system.child import child_environment
from tests.conftest import picture


@pytest.fixture
def unpacked(tmp_path):
    """A folder with the database of an archive."""
    with Store.open(tmp_path / "project") as store:
        store.add_image(picture(), file_name="a.png", width=64, height=48)
        store.add_category("person")
        archive.pack_project(store, tmp_path / "project.zip")
    folder = tmp_path / "unpacked"
    (folder / "images").mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "project.zip") as packed:
        packed.extract("project.db", folder)
    return folder


def test_the_child_says_what_the_server_would_have_found(unpacked):
    found = vetting_child.vet(unpacked)
    assert found == vetting.vet(unpacked)
    assert [image.file_name for image in found] == ["a.png"]


def test_what_is_refused_in_the_child_is_refused_here(unpacked):
    (unpacked / "project.db").write_bytes(b"no database" * 500)
    with pytest.raises(ArchiveError, match=r"^archive: its database is damaged"):
        vetting_child.vet(unpacked)


def test_a_disk_that_is_full_is_not_the_archives_fault(unpacked, monkeypatch):
    monkeypatch.setattr(vetting_child, "_FURTHER_BYTES", -(unpacked / "project.db").stat().st_size)
    with pytest.raises(StoreError) as failed:
        vetting_child.vet(unpacked)
    assert not isinstance(failed.value, ArchiveError)


def test_too_long_is_one_line(unpacked, monkeypatch):
    monkeypatch.setattr(vetting_child, "TIMEOUT_SECONDS", 0.01)
    with pytest.raises(ArchiveError, match=r"^archive: its database took longer than 0\.01 s to check$"):
        vetting_child.vet(unpacked)


def test_the_child_ends_with_its_server(unpacked):
    command = [sys.executable, "-m", "annotator.storage.vetting_child", str(unpacked), str(2**30)]
    done = subprocess.run(command, input=b"", capture_output=True, env=child_environment(), check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, b"")
