"""Programs that write to a project, started as processes of their own by the tests.

python writers.py record FOLDER CLIENT COUNT    for each line it reads, forks a child that tells its process id,
                                                records gestures and prints each one's number once it is stored;
                                                says "dead" when the child is
python writers.py race FOLDER CLIENT COUNT      records on the newest revision it knows, again where it was too late
"""

import os
import sys
import time
from pathlib import Path

from annotator.core.dataset import State
from annotator.core.errors import StaleRevisionError
from annotator.core.review import Change, Gesture
from annotator.storage.store import Store
from tests.storage.builders import block


def made(image_id, client, number, revision):
    """Each gesture draws one instance, named by client and number."""
    change = Change(f"{client}-{number}", 1, State.ACCEPTED, rle=block(number % 9, number % 5))
    return Gesture(image_id, client, number, revision, "add", client, (change,))


def serve(folder, client, count):
    """A child costs no import of its own, so that many can be killed in a minute."""
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            with Store.open(folder) as store:
                print("child", os.getpid(), flush=True)
                record(store, store.queue()[0].image.id, client, count)
            os._exit(0)
        os.waitpid(child, 0)
        print("dead", flush=True)


def record(store, image_id, client, count):
    """Goes on where an earlier child was killed."""
    done = {decision.number for decision in store.decisions(image_id) if decision.client == client}
    for number in range(len(done), len(done) + count):
        store.record(made(image_id, client, number, store.image(image_id).revision))
        print(number, flush=True)


def race(store, image_id, client, count):
    revision, refused, waits = 0, 0, []
    for number in range(count):
        while True:
            started = time.perf_counter()
            try:
                revision = store.record(made(image_id, client, number, revision))
            except StaleRevisionError:
                refused += 1
                revision = store.image(image_id).revision
                continue
            finally:
                waits.append(time.perf_counter() - started)
            break
    print(refused, max(waits), flush=True)


def main():
    verb, folder, client, count = sys.argv[1:]
    if verb == "record":
        serve(Path(folder), client, int(count))
        return
    with Store.open(Path(folder)) as store:
        race(store, store.queue()[0].image.id, client, int(count))


if __name__ == "__main__":
    main()
