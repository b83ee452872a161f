"""A disk that takes no more, and one that may not be written."""

import os
import re
import subprocess
import sys

import pytest
from sqlalchemy import event

from annotator.core.errors import StoreError
from annotator.storage.store import Store
from tests.storage.builders import accept, add_image, block, gesture


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
    for path in (tmp_path, *(above for above in tmp_path.parents if above.name.startswith(("pytest-", "popen-")))):
        path.chmod(0o755)
    (folder / "project.db").chmod(0o444)
    folder.chmod(0o555)
    command = [sys.executable, "-c", READ_ONLY, str(folder), str(tmp_path / "other")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    folder.chmod(0o755)
    assert "cannot be written (read-only); nothing was changed" in result.stdout, result.stderr
