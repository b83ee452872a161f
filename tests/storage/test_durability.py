"""Killed at any moment, written to from anywhere: nothing that was acknowledged is missing, nothing is overwritten."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from annotator.core.dataset import State
from annotator.core.errors import StaleRevisionError
from annotator.core.settings import UNFINISHED
from annotator.storage.store import Store
from tests.core.strategies import examples
from tests.storage.builders import add_image
from tests.storage.writers import made

ROOT = Path(__file__).resolve().parents[2]
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


class Writers:
    """See writers.py."""

    def __init__(self, process):
        self._process = process

    def say(self, line):
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def read(self):
        """The words of its next line; its errors where it has ended."""
        words = self._process.stdout.readline().split()
        assert words, self._process.stderr.read()
        return words

    def rest(self):
        """What its children still said until the last one ended."""
        return list(iter(self.read, ["dead"]))


@contextmanager
def writers(verb, folder, count=0):
    command = [sys.executable, "-m", "tests.storage.writers", verb, str(folder), str(count)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, text=True, cwd=ROOT, **pipes)
    yield Writers(process)
    _, errors = process.communicate()
    assert process.returncode == 0, errors


@pytest.fixture
def project(tmp_path):
    """A folder with one image and its id."""
    folder = tmp_path / "project"
    with Store.open(folder) as store:
        store.add_category("person")
        return folder, add_image(store).id


@pytest.mark.sqlite
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_the_folder_is_on_the_disk_without_the_journal_before_a_gesture_is_acknowledged(project, tmp_path):
    """A journal that is there again after a power cut would roll back what was acknowledged."""
    folder, log = project[0], tmp_path / "calls"
    watched = ["strace", "-f", "-y", "-o", str(log), "-e", "trace=unlink,unlinkat,fsync,fdatasync,write"]
    command = [*watched, sys.executable, "-m", "tests.storage.writers", "record", str(folder), "3"]
    done = subprocess.run(command, input="go\n", text=True, cwd=ROOT, capture_output=True, check=False)
    if "Operation not permitted" in done.stderr or not log.read_text():
        pytest.skip("this system lets nobody be watched")
    journal, synced = re.escape(f"{folder}/project.db-journal"), re.escape(f"<{folder}>")
    events = "".join(
        letter
        for line in log.read_text().splitlines()
        for letter, sign in (
            ("u", rf'unlink.*"{journal}"'),
            ("s", rf"sync\(\d+{synced}\)"),
            ("t", r'write\(1.*"\d\\n"'),
        )
        if re.search(sign, line)
    )
    assert events.count("t") == 3
    assert all(before.rpartition("u")[2] == "s" for before in events.split("t")[:3]), events


@needs_fork
def test_kill_9_loses_nothing_that_was_acknowledged(project):
    folder, image_id = project
    chance = random.Random(0)
    acknowledged = -1
    with writers("record", folder, 100_000) as program:
        for _ in range(examples(12, 1000)):
            program.say("go")
            child = program.read()[1]
            numbers = [program.read() for _ in range(chance.randrange(4))]
            time.sleep(chance.uniform(0.0, 0.05))
            os.kill(int(child), signal.SIGKILL)
            numbers += program.rest()
            acknowledged = int(numbers[-1][0]) if numbers else acknowledged
            with Store.open(folder) as store:  # checks the whole database
                decisions = store.decisions(image_id)
                keys = {one.key for one in store.instances(image_id)}
                revision = store.image(image_id).revision
            assert [one.number for one in decisions] == list(range(len(decisions)))
            assert len(decisions) > acknowledged
            assert len(decisions) - acknowledged <= 2  # at most the one in the making
            acknowledged = len(decisions) - 1  # the next child goes on from there
            assert keys == {f"tab-{number}" for number in range(len(decisions))}
            assert revision == len(decisions)
    assert acknowledged > 0


@needs_fork
def test_a_killed_import_leaves_whole_images_and_says_that_it_is_unfinished(project):
    folder, _ = project
    chance = random.Random(1)
    with writers("import", folder) as program:
        for _ in range(examples(4, 100)):
            program.say("go")
            child = program.read()[1]
            time.sleep(chance.uniform(0.0, 0.8))
            with suppress(ProcessLookupError):  # it was done already
                os.kill(int(child), signal.SIGKILL)
            done = ["done"] in program.rest()
            with Store.open(folder) as store:
                counts = store.image_count(), len(store.dataset().instances)
                assert counts[1] == 10 * (counts[0] - 1)
                assert counts == (301, 3000) or not done
                # Once all are there, one that is killed may be any of the next ones, which find everything.
                is_told = store.setting(UNFINISHED) is not None
                assert is_told or counts[0] in (1, 301)
                assert not (is_told and (done or counts[0] == 1))
                for row in store.queue():
                    assert store.content_path(row.image.sha256).is_file()


@needs_fork
def test_eight_processes_write_without_an_error(project):
    folder, image_id = project
    each = examples(12, 300)
    with writers("race", folder, each) as program:
        program.say("all 8")
        said = program.rest()
    raced = [words for words in said if words[0] == "raced"]
    assert len(raced) == 8
    with Store.open(folder) as store:
        decisions = store.decisions(image_id)
        assert list(Counter(one.client for one in decisions).values()) == [each] * 8
        assert len(store.instances(image_id)) == 8 * each
        assert store.image(image_id).revision == 8 * each
    assert sum(int(words[1]) for words in raced) > 0  # they did get into each other's way
    assert max(float(words[2]) for words in raced) < 20  # on a machine that does nothing else: a fraction of a second


@pytest.mark.sqlite
@needs_fork
def test_a_new_project_is_made_once_however_many_open_it(tmp_path):
    with writers("open", tmp_path / "project") as program:
        program.say("all 6")
        opened = [words for words in program.rest() if words[0] == "opened"]
    assert len(opened) == 6
    assert len(set(map(tuple, opened))) == 1


def test_of_two_writers_on_one_revision_one_is_told(project):
    folder, image_id = project
    with Store.open(folder) as first, Store.open(folder) as second:
        for round in range(examples(30, 1000)):
            revision = first.image(image_id).revision
            outcomes = {}
            stores = [("a", first), ("b", second)]
            random.Random(round).shuffle(stores)
            for client, store in stores:
                try:
                    outcomes[client] = store.record(made(image_id, client, round, revision))
                except StaleRevisionError:
                    outcomes[client] = "stale"
            assert sorted(map(str, outcomes.values())) == sorted([str(revision + 1), "stale"])
            winner = next(client for client, outcome in outcomes.items() if outcome != "stale")
            last = first.decisions(image_id)[-1]
            assert (last.client, last.number, last.revision) == (winner, round, revision + 1)


def test_threads_of_one_process_share_a_store(project):
    folder, image_id = project
    with Store.open(folder) as store:

        def work(index):
            for number in range(10):
                while True:
                    try:
                        store.record(made(image_id, f"t{index}", number, store.image(image_id).revision))
                        break
                    except StaleRevisionError:
                        pass
                store.queue()
                add_image(store, f"{index}-{number % 3}".encode())

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        assert store.image(image_id).revision == 80
        assert store.image_count() == 1 + 24
        assert all(one.state == State.ACCEPTED for one in store.instances(image_id))
