"""A program that writes to a project from children of its own, which cost no import each.

    python -m tests.storage.writers VERB FOLDER COUNT

For each line that it reads it forks a child, which says `child` and its process id and then does VERB; when the child
has ended it says `dead`. `all NUMBER` forks that many at once and says `dead` when the last has ended.

record: records COUNT gestures, going on where an earlier child was killed; tells each one's number once it is stored
race:   records COUNT gestures on the newest revision it knows, again where it was too late; tells how often that was,
        its longest wait and the 99th of a hundred, in seconds
lease:  takes at most COUNT pictures one after the other, finishes two of three of them; tells `took` with its own and
        the picture's number once it holds one, `left` before it gives it back
open:   opens the project and adds a category; tells the project's key and the category's id
import: brings 300 pictures and 3,000 instances; tells `done`
empty:  empties the bin; tells `done`
export: writes everything with its pictures to `out` beside the project; tells `done`
pack:   writes the project to `packed.zip` beside it; tells `done`
undo:   takes the latest decision about many instances back, picture by picture; tells how many are done
unpack: makes `opened` beside the project of `whole.zip` there; tells `done`
"""

import os
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path

from annotator.core.dataset import State
from annotator.core.errors import StaleRevisionError
from annotator.core.review import Change, Gesture
from annotator.exchange import leaving
from annotator.exchange.formats import Options
from annotator.storage import archive, bulk
from annotator.storage.leases import Holder
from annotator.storage.search import Search
from annotator.storage.store import Store
from tests.storage.builders import block, import_dataset
from tests.storage.imports import DATASET, an_image, an_instance, pictures


def made(image_id, client, number, revision):
    """Each gesture draws one instance, named by client and number."""
    change = Change(f"{client}-{number}", 1, State.ACCEPTED, rle=block(number % 9, number % 5))
    return Gesture(image_id, client, number, revision, "add", client, (change,))


def tell(*words):
    """One write, so that lines of several children do not mix."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def record(store, count):
    image_id = store.queue()[0].image.id
    done = len(store.decisions(image_id))
    for number in range(done, done + count):
        store.record(made(image_id, "tab", number, store.image(image_id).revision))
        tell(number)


def race(store, count):
    image_id = store.queue()[0].image.id
    revision, refused, waits = 0, 0, []
    for number in range(count):
        while True:
            started = time.perf_counter()
            try:
                revision = store.record(made(image_id, f"p{os.getpid()}", number, revision))
            except StaleRevisionError:
                refused += 1
                revision = store.image(image_id).revision
                continue
            finally:
                waits.append(time.perf_counter() - started)
            break
    waits.sort()
    tell("raced", refused, waits[-1], waits[len(waits) * 99 // 100])


def lease(store, count):
    mine = Holder("", f"tab-{os.getpid()}")
    left = None
    for number in range(count):
        found = store.hand_out.take_next(Search(), mine, after=left, ordered=list)
        if found is None:
            break
        left = found.image_id
        tell("took", os.getpid(), left)
        if number % 3:
            store.worklist.mark_reviewed([left], True, who=mine.client)
        tell("left", os.getpid(), left)


def add(store, count):
    tell("opened", store.key, store.add_category("helmet").id)


def bring(store, count):
    many = replace(
        DATASET,
        images=tuple(an_image(id, f"{id}.jpg") for id in range(2, 302)),
        instances=tuple(an_instance(id, 2 + id % 300) for id in range(3000)),
    )
    import_dataset(store, many, pictures(many))
    tell("done")


def empty(store, count):
    store.empty_bin()
    tell("done")


def export(store, count):
    leaving.export(store, store.folder.with_name("out"), options=Options(masks="rle", with_images=True))
    tell("done")


def pack(store, count):
    archive.pack_project(store, store.folder.with_name("packed.zip"))
    tell("done")


def unpack(store, count):
    archive.unpack_project(store.folder.with_name("whole.zip"), store.folder.with_name("opened"))
    tell("done")


def undo(store, count):
    bulk.STRETCH = 1
    store.bulk.undo(store.bulk.last().id, who="me", told=lambda report: tell(report.done) or True)


VERBS = {
    "record": record,
    "race": race,
    "lease": lease,
    "open": add,
    "import": bring,
    "empty": empty,
    "export": export,
    "pack": pack,
    "undo": undo,
    "unpack": unpack,
}


def child(verb, folder, count):
    """Never returns: the child does its work and ends."""
    tell("child", os.getpid())
    try:
        with Store.open(Path(folder)) as store:
            VERBS[verb](store, int(count))
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def main():
    for line in sys.stdin:
        children = []
        for _ in range(int(line.split()[1]) if line.startswith("all") else 1):
            children.append(os.fork())
            if children[-1] == 0:
                child(*sys.argv[1:])
        for process in children:
            os.waitpid(process, 0)
        tell("dead")


if __name__ == "__main__":
    main()
