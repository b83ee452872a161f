"""A team on one PostgreSQL server: people who save from several machines, and machines that are killed while they save.

    python -m tests.bench.bench_team [--people 50] [--machines 5] [--seconds 600] [--thinks 1] [--kills 1000]
        [--database ADDRESS]

Without an address it starts a server of its own, whose commits do not wait for the disk. Prints one JSON object; all
but the counts and times must be 0. A person takes the next picture, looks at it for some seconds and saves; one save in
ten goes to a picture that somebody else works on at that moment.
"""

import argparse
import json
import multiprocessing
import os
import random
import signal
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from sqlalchemy import make_url

from annotator.core.dataset import State, Suggestion
from annotator.core.errors import AnnotatorError, StaleRevisionError
from annotator.core.review import Change, Gesture
from annotator.storage.leases import Holder
from annotator.storage.locations import location_of, write_location
from annotator.storage.search import Search
from annotator.storage.store import Store
from tests.storage.builders import block
from tests.storage.postgres_server import Server, programs

WIDTH, HEIGHT = 64, 48
PICTURES = 2_000


@contextmanager
def server(address):
    """The address of a database for the time of the block."""
    if address is not None:
        yield address
        return
    if programs() is None:
        raise SystemExit("PostgreSQL is not installed, and no --database is named")
    own = Server()
    try:
        yield own.address()
    finally:
        own.close()


def fill(store, pictures):
    store.add_category("person")
    for number in range(pictures):
        with store.together():
            image = store.add_image(b"%d" % number, file_name=f"{number}.jpg", width=WIDTH, height=HEIGHT)
            store.set_suggestions(image.id, [Suggestion(1, 0.9, mask(number), "bench@1")])


def mask(number):
    return block(number % 40, 5, 20, 30, width=WIDTH, height=HEIGHT)


def add(image_id, client, number, revision):
    change = Change(f"{client}-{number}", 1, State.ACCEPTED, rle=mask(number))
    return Gesture(image_id, client, number, revision, "add", client, (change,))


# --- people ----------------------------------------------------------------------------------------------------------


@dataclass
class Told:
    """waits, asking: seconds of each save and of each hand-out. held: pictures, each from when until when."""

    waits: list = field(default_factory=list)
    asking: list = field(default_factory=list)
    late: int = 0
    errors: list = field(default_factory=list)
    saved: list = field(default_factory=list)
    held: list = field(default_factory=list)


def person(store, name, end, options, told):
    """Takes pictures and saves until the end."""
    chance, mine, own = random.Random(name), Holder(name, name), Told()
    held, since, number = None, 0.0, 0
    while time.monotonic() < end:
        try:
            started = time.monotonic()
            if held is not None:
                own.held.append((held, since, started))
            lease = store.hand_out.take_next(Search(), mine, after=held, ordered=list)
            held, since = lease and lease.image_id, time.monotonic()
            own.asking.append(since - started)
            time.sleep(chance.uniform(0.5, 1.5) * options.thinks)
            crowded = held is None or chance.random() < 0.1
            image_id = chance.randint(1, 5) if crowded else held
            revision = store.image(image_id).revision
            if crowded:
                time.sleep(0.05)
            started = time.monotonic()
            store.record(add(image_id, name, number, revision))
            own.waits.append(time.monotonic() - started)
            own.saved.append((image_id, f"{name}-{number}"))
            number += 1
        except StaleRevisionError:
            own.late += 1
        except AnnotatorError as error:
            own.errors.append(str(error))
    told.append(own)


def held_twice(told):
    """How many pictures two people held at the same moment; all machines here have one clock."""
    spans = sorted((image_id, since, until) for one in told for image_id, since, until in one.held)
    return len({one[0] for one, after in pairwise(spans) if one[0] == after[0] and after[1] < one[2]})


def machine(folder, index, options, results):
    told = []
    with Store.open(Path(folder)) as store:
        end = time.monotonic() + options.seconds
        names = [f"m{index}p{one}" for one in range(options.people // options.machines)]
        threads = [threading.Thread(target=person, args=(store, name, end, options, told)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    results.put(told)


def team(folders, options):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    machines = [
        context.Process(target=machine, args=(folder, index, options, results)) for index, folder in enumerate(folders)
    ]
    for one in machines:
        one.start()
    told = [person for _ in machines for person in results.get()]
    for one in machines:
        one.join()
    waits = sorted(wait for person in told for wait in person.waits)
    asking = sorted(wait for person in told for wait in person.asking)
    saved = [one for person in told for one in person.saved]
    with Store.open(Path(folders[0])) as store:
        stored = [(one.image_id, one.key) for one in store.decisions()]
        revisions = {image.id: image.revision for image in store.images()}
    made = {}
    for image_id, _ in stored:
        made[image_id] = made.get(image_id, 0) + 1
    return {
        "people": len(told),
        "machines": len(machines),
        "saves": len(waits),
        "save_p50_ms": round(1000 * waits[len(waits) // 2]),
        "save_p95_ms": round(1000 * waits[len(waits) * 95 // 100]),
        "longest_ms": round(1000 * waits[-1]),
        "hand_outs": len(asking),
        "hand_out_p50_ms": round(1000 * asking[len(asking) // 2]),
        "hand_out_p95_ms": round(1000 * asking[len(asking) * 95 // 100]),
        "pictures_with_two_leases": held_twice(told),
        "too_late_and_told": sum(person.late for person in told),
        "errors": sum(len(person.errors) for person in told),
        "first_error": next((error for person in told for error in person.errors), ""),
        "lost": len(set(saved) - set(stored)),
        "stored_twice": len(stored) - len(set(stored)),
        "silent_overwrites": sum(revision != made.get(image_id, 0) for image_id, revision in revisions.items()),
    }


# --- kills -----------------------------------------------------------------------------------------------------------


def saver(folder, image_id, told):
    """Saves one gesture after the other, and tells each that is stored, until it is killed."""
    with Store.open(Path(folder)) as store:
        number = 0
        while True:
            client = f"k{os.getpid()}"
            store.record(add(image_id, client, number, store.image(image_id).revision))
            os.write(told, f"{client}-{number}\n".encode())
            number += 1


def kills(folder, count):
    """Each worker saves on a picture of its own, and is killed at a moment of chance."""
    chance = random.Random(1)
    acknowledged = []
    for _ in range(count):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            try:
                saver(folder, chance.randint(6, 50), writer)
            finally:
                os._exit(1)
        os.close(writer)
        with open(reader) as told:
            line = told.readline()
            time.sleep(chance.uniform(0, 0.02))
            os.kill(child, signal.SIGKILL)
            acknowledged += [one.strip() for one in (line, *told) if one.endswith("\n")]
        os.waitpid(child, 0)
    with Store.open(Path(folder)) as store:
        stored = [one.key for one in store.decisions()]
        started = time.perf_counter()
        store.add_category("after")  # a killed worker holds no lock
        waited = time.perf_counter() - started
    return {
        "kills": count,
        "acknowledged": len(acknowledged),
        "lost": len(set(acknowledged) - set(stored)),
        "stored_twice": len(stored) - len(set(stored)),
        "next_save_ms": round(1000 * waited),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--machines", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--thinks", type=float, default=1.0, metavar="SECONDS")
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--database", metavar="ADDRESS")
    options = parser.parse_args()
    with server(options.database) as address, tempfile.TemporaryDirectory() as parent:
        folders = [str(Path(parent) / str(index)) for index in range(options.machines)]
        for folder in folders:
            write_location(Path(folder), location_of(address))
        os.environ["PGPASSWORD"] = _password(address)  # the machines are processes of their own
        with Store.open(Path(folders[0]), pictures=f"file://{parent}/pictures") as store:
            fill(store, options.pictures)
        told = {"team": team(folders, options)} if options.people else {}
        print(json.dumps(told | {"kills": kills(folders[0], options.kills)}, indent=1))


def _password(address):
    return str(make_url(address).password or os.environ.get("PGPASSWORD", ""))


if __name__ == "__main__":
    main()
