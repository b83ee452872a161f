"""How soon a project with 20,000 pictures and 200,000 decisions says what its decisions mean.

    python -m tests.bench.bench_evidence [--pictures 20000] [--each 10] [--folder DIR]

Prints seconds by the clock and of the processor: the first read, one after another decision, and the advice from it;
how soon the page is answered that asks how good the networks are, and how long they are compared beside it.
With --folder the project is kept there, and used again.
"""

import argparse
import os
import random
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from annotator.core.dataset import State
from annotator.core.review import Change, Gesture
from annotator.insight.advice import advise
from annotator.insight.effort import ledger
from annotator.storage.store import Store
from annotator.web.evaluation_work import EvaluationWork
from annotator.web.projects import Projects
from tests.bench.bench_bulk import fill, timed

GOAL_S = 1.0


def decide(path, *, share_right=0.8):
    """A gesture about each suggestion, and each picture reviewed; written past the store, which would take hours."""
    draw = random.Random(1)
    with closing(sqlite3.connect(path)) as project, project:
        rows = project.execute("SELECT id, key, image_id, category_id, rle, source, score FROM instances").fetchall()
        gestures = ((n, row[2], n, draw.expovariate(0.5)) for n, row in enumerate(rows, start=1))
        project.executemany(
            "INSERT INTO gestures (id, image_id, client, number, digest, verb, who, at, revision_before,"
            " revision_after, threshold, seconds)"
            " VALUES (?, ?, 'bench', ?, '', 'accept', 'me', '2026-01-01T00:00:00Z', 0, 0, 0.3, ?)",
            gestures,
        )
        named = ["accepted" if draw.random() < share_right else "rejected" for _ in rows]
        project.executemany(
            "INSERT INTO decisions (gesture_id, key, state, category_id, rle, source, score)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((n, row[1], named[n - 1], *row[3:]) for n, row in enumerate(rows, start=1)),
        )
        project.executemany(
            "UPDATE instances SET state = ? WHERE id = ?", ((named[n], row[0]) for n, row in enumerate(rows))
        )
        project.execute("UPDATE images SET reviewed = id % 2 = 0, prelabelled_by = 'bench@1'")


def compare(folder, key):
    """The networks against what was left on the reviewed pictures, as the page asks for it."""
    with closing(Projects(local=folder)) as projects:
        work = EvaluationWork(projects)
        _, asked = timed("networks: the page is answered", lambda: work.look(key))
        timed("networks: compared beside it", lambda: settle(work, key))
        with projects.use(key) as store:
            image = next(one for one in store.images() if one.reviewed)
            drawn = Change("late", 1, State.ACCEPTED, rle=store.instances(image.id)[0].rle)
            number = 10**9 + time.time_ns() % 10**9
            store.record(Gesture(image.id, "bench", number, image.revision, "add", "b", (drawn,)))
        _, again = timed("networks: answered after a decision", lambda: work.look(key))
        if max(asked, again) > GOAL_S:
            print(f"slower than the goal of {GOAL_S:.0f} s")
    with closing(Projects(local=folder)) as projects:
        work = EvaluationWork(projects)
        timed("networks: after a restart", lambda: settle(work, key))


def settle(work, key):
    while work.look(key).under_way is not None:
        time.sleep(0.02)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pictures", type=int, default=20_000)
    options.add_argument("--each", type=int, default=10)
    options.add_argument("--folder", type=Path)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch) / "project"
        fresh = not (folder / "project.db").is_file()
        with Store.open(folder) as store:
            if fresh:
                timed("made", lambda: fill(store, asked.pictures, asked.each))
        if fresh:
            timed("decided", lambda: decide(folder / "project.db"))
        with Store.open(folder) as store:
            found, took = timed("first read", store.evidence.read)
            timed("read again", store.evidence.read)
            image = store.image(1)
            change = Change(store.instances(1)[0].key, 1, State.ACCEPTED)
            store.record(Gesture(1, "bench", 10**9 + time.time_ns() % 10**9, image.revision, "edit", "b", (change,)))
            timed("read after another decision", store.evidence.read)
            _, advised = timed("advice and ledger", lambda: (advise(found), ledger(found)))
            print(f"{len(found.answers)} answers of {len(found.pictures)} pictures")
            if took + advised > GOAL_S:
                print(f"slower than the goal of {GOAL_S:.0f} s")
            key = store.key
        compare(folder, key)
        print("load", *(f"{one:.1f}" for one in os.getloadavg()))


if __name__ == "__main__":
    main()
