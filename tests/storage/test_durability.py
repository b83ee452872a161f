"""Killed at any moment, written to from anywhere: nothing that was acknowledged is missing, nothing is overwritten."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from annotator.core.dataset import State
from annotator.core.errors import StaleRevisionError
from annotator.storage.store import Store
from tests.core.strategies import examples
from tests.storage.builders import add_image
from tests.storage.writers import made

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments):
    command = [sys.executable, str(Path(__file__).with_name("writers.py")), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, env=environment, **pipes)


@pytest.fixture
def project(tmp_path):
    """A folder with one image and its id."""
    folder = tmp_path / "project"
    with Store.open(folder) as store:
        store.add_category("person")
        return folder, add_image(store).id


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_kill_9_loses_nothing_that_was_acknowledged(project):
    folder, image_id = project
    chance = random.Random(0)
    acknowledged = -1
    writer = start("record", folder, "tab", 100_000)
    for _ in range(examples(12, 1000)):
        writer.stdin.write("go\n")
        writer.stdin.flush()
        word, child = writer.stdout.readline().split() or ("", writer.stderr.read())
        assert word == "child", child
        numbers = [writer.stdout.readline() for _ in range(chance.randrange(4))]
        time.sleep(chance.uniform(0.0, 0.05))
        os.kill(int(child), signal.SIGKILL)
        numbers += iter(writer.stdout.readline, "dead\n")
        acknowledged = int(numbers[-1]) if numbers else acknowledged
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
    writer.communicate()


def test_a_killed_import_leaves_all_or_nothing(project, tmp_path):
    folder, _ = project
    script = (
        "import sys; from pathlib import Path; from annotator.storage.store import Store\n"
        "from tests.storage.test_import import DATASET, an_image, an_instance, pictures\n"
        "from dataclasses import replace\n"
        "many = replace(DATASET, images=tuple(an_image(i, f'{i}.jpg') for i in range(2, 302)),\n"
        "               instances=tuple(an_instance(i, 2 + i % 300) for i in range(3000)))\n"
        "store = Store.open(Path(sys.argv[1])); print('ready', flush=True)\n"
        "store.import_dataset(many, pictures(many)); print('done', flush=True)\n"
    )
    chance = random.Random(1)
    for _ in range(examples(4, 100)):
        writer = subprocess.Popen(
            [sys.executable, "-c", script, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert writer.stdout.readline() == "ready\n", writer.stderr.read()
        time.sleep(chance.uniform(0.0, 0.8))
        writer.kill()
        done = "done" in writer.communicate()[0]
        with Store.open(folder) as store:
            counts = store.image_count(), len(store.dataset().instances)
            assert counts in ((1, 0), (301, 3000))
            assert counts == (301, 3000) or not done
            for row in store.queue():
                assert store.content_path(row.image.sha256).is_file()


def test_eight_processes_write_without_an_error(project):
    folder, image_id = project
    each = examples(12, 300)
    writers = [start("race", folder, f"p{index}", each) for index in range(8)]
    refused, longest = 0, 0.0
    for writer in writers:
        output, errors = writer.communicate(timeout=300)
        assert writer.returncode == 0, errors
        words = output.split()
        refused, longest = refused + int(words[0]), max(longest, float(words[1]))
    with Store.open(folder) as store:
        decisions = store.decisions(image_id)
        assert Counter(one.client for one in decisions) == {f"p{index}": each for index in range(8)}
        assert len(store.instances(image_id)) == 8 * each
        assert store.image(image_id).revision == 8 * each
    assert refused > 0  # they did get into each other's way
    assert longest < 20  # on a machine that does nothing else: a fraction of a second


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


def test_a_new_project_is_made_once_however_many_open_it(tmp_path):
    script = (
        "import sys; from pathlib import Path; from annotator.storage.store import Store\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "with Store.open(Path(sys.argv[1])) as store: print(store.key, store.add_category('helmet').id)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "project")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    openers = [subprocess.Popen(command, text=True, cwd=ROOT, **pipes) for _ in range(6)]
    for opener in openers:
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:  # all at once
        opener.stdin.write("\n")
        opener.stdin.flush()
    answers = set()
    for opener in openers:
        output, errors = opener.communicate(timeout=120)
        assert opener.returncode == 0, errors
        answers.add(output)
    assert len(answers) == 1
