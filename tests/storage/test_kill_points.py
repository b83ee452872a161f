"""Killed in the middle of what touches many files: the old state or the new one, and the next try gets there."""

import json
import os
import random
import shutil
import signal
import sqlite3
import time
import zipfile
from contextlib import closing, suppress

import cv2
import numpy as np
import pytest

from annotator.core.query import parse
from annotator.core.review import Gesture
from annotator.exchange import leaving
from annotator.exchange.formats import Options
from annotator.storage import archive, schema
from annotator.storage.bulk_orders import Order, Verb
from annotator.storage.store import Store
from tests.core.strategies import examples
from tests.storage.builders import HEIGHT, WIDTH, accept, block
from tests.storage.test_durability import needs_fork, writers

PICTURES = 30
LONGEST_S = 0.15
"""About as long as each of these takes; a kill after the end proves nothing and costs little."""


def picture(seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A project of reviewed pictures, an instance on each, and beside it the project as one file."""
    folder = tmp_path_factory.mktemp("whole") / "project"
    with Store.open(folder) as store:
        store.add_category("person")
        for seed in range(PICTURES):
            image = store.add_image(picture(seed), file_name=f"{seed}.png", width=WIDTH, height=HEIGHT)
            store.record(Gesture(image.id, "tab", seed, 0, "add", "me", (accept(f"k{seed}", rle=block()),), True))
        archive.pack_project(store, folder.with_name("whole.zip"))
    return folder


def killed(program, chance):
    """Whether the program's child was done before it was killed."""
    program.say("go")
    child = program.read()[1]
    time.sleep(chance.uniform(0.0, LONGEST_S))
    with suppress(ProcessLookupError):  # it was done already
        os.kill(int(child), signal.SIGKILL)
    return ["done"] in program.rest()


def require_whole(folder):
    """Sound, every picture there, and as it was made."""
    with Store.open(folder) as store:
        with store._database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        rows = store.queue()
        assert [store.content(row.image) for row in rows] == [picture(seed) for seed in range(PICTURES)]
        assert [row.accepted for row in rows] == [1] * PICTURES
        assert len(store.decisions()) == PICTURES


def empty_bin(folder, done):
    with Store.open(folder) as store:
        kept = store.bin()
        assert not done or kept == ()
        assert store.restore_images() == len(kept)
        for image in kept:
            store.content(image)
        for seed in range(PICTURES):  # what was deleted comes back as the same image
            store.add_image(picture(seed), file_name=f"{seed}.png", width=WIDTH, height=HEIGHT)
        assert [row.image.id for row in store.queue()] == list(range(1, PICTURES + 1))
        assert len(store.decisions()) == PICTURES


def export(folder, done):
    out = folder.with_name("out")
    document = json.loads((out / "annotations" / "instances.json").read_text())
    assert len(document["annotations"]) == PICTURES
    assert len(list((out / "images").iterdir())) == PICTURES
    with Store.open(folder) as store:
        leaving.export(store, out, options=Options(with_images=True))


def pack(folder, done):
    packed = folder.with_name("packed.zip")
    assert packed.exists() or not done
    if packed.exists():
        with zipfile.ZipFile(packed) as opened:
            assert opened.testzip() is None


def unpack(folder, done):
    opened = folder.with_name("opened")
    assert opened.exists() or not done
    if not opened.exists():
        archive.unpack_project(folder.with_name("whole.zip"), opened)
    require_whole(opened)


def migrate(folder, done):
    require_whole(folder)
    assert [path.name for path in folder.glob("*.part")] == []
    (backup,) = folder.glob("*-before-*.db")
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM decisions").fetchone() == (PICTURES,)


def make_old(folder):
    """The database as the first schema had it, with what it could hold."""
    path = folder / "project.db"
    newer = path.rename(folder / "newer.db")
    with closing(sqlite3.connect(path)) as connection:
        for statement in schema.MIGRATIONS["0001_first"]:
            connection.execute(statement)
        connection.execute("ATTACH ? AS newer", (str(newer),))
        tables = connection.execute(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
        for (table,) in tables.fetchall():
            columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))
            connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}")
        connection.execute("DELETE FROM migrations WHERE name != '0001_first'")
        connection.commit()
    newer.unlink()


@needs_fork
@pytest.mark.parametrize("verb", ["empty", "export", "pack", "unpack", "open"])
def test_killed_in_the_middle_of(verb, whole, tmp_path):
    chance, folder = random.Random(verb), tmp_path / "here" / "project"
    check = {"empty": empty_bin, "export": export, "pack": pack, "unpack": unpack, "open": migrate}[verb]
    with writers(verb, folder) as program:
        for _ in range(examples(4, 200)):
            shutil.rmtree(folder.parent, ignore_errors=True)
            shutil.copytree(whole.parent, folder.parent)
            with Store.open(folder) as store:
                if verb == "empty":
                    store.remove_images()
                if verb == "export":
                    leaving.export(store, folder.with_name("out"), options=Options(with_images=True))
            if verb == "open":
                make_old(folder)
            check(folder, killed(program, chance))


@needs_fork
def test_what_a_killed_undo_took_back_is_known_and_the_next_one_takes_back_the_rest(whole, tmp_path):
    chance, folder = random.Random("undo"), tmp_path / "project"
    shutil.copytree(whole, folder)
    order = Order(Verb.REJECT, parse("is:accepted"))
    with writers("undo", folder) as program:
        for _ in range(examples(3, 100)):
            with Store.open(folder) as store:
                store.bulk.carry_out(order, as_of=store.bulk.preview(order).as_of, who="me")
            program.say("go")
            child = program.read()[1]
            told = [program.read() for _ in range(chance.randrange(1, PICTURES - 5))]
            os.kill(int(child), signal.SIGKILL)
            told += program.rest()
            with Store.open(folder) as store:
                last, undone = store.bulk.last(), sum(row.accepted for row in store.queue())
                assert 0 <= undone - int(told[-1][0]) <= 1  # at most the one in the making
                assert (last.done, last.undone) == (PICTURES, undone)
                report = store.bulk.undo(last.id, who="me")
                assert (report.total, report.done, report.passed_over) == (PICTURES - undone, PICTURES - undone, 0)
                assert [row.accepted for row in store.queue()] == [1] * PICTURES
                assert store.bulk.last() is None
