"""How long every list takes in a project with 500,000 pictures, instances and decisions, and 1,000 categories.

    python -m tests.bench.bench_lists [--pictures 500000] [--in FOLDER]

The rows are written into the database, without pictures. Prints a JSON object: seconds of the processor for each list,
as the storage gives it, and the peak of memory in MB.

--in: a folder that keeps the project for the next call.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from annotator.core.dataset import State
from annotator.core.query import parse
from annotator.storage.gallery_order import Order
from annotator.storage.search import Search, Sort
from annotator.storage.store import Store
from tests.storage.builders import block

CATEGORIES, PEOPLE = 1000, 50
AT = "2026-01-01T00:00:00+00:00"
PAGE = 100


def fill(folder: Path, pictures: int) -> None:
    """Every picture has a suggestion; of every second one somebody accepted it."""
    with Store.open(folder):
        pass
    dice, counts = random.Random(5), block(width=640, height=480).counts
    numbers = range(1, pictures + 1)
    statements: dict[str, Iterator[tuple[Any, ...]]] = {
        "INSERT INTO categories (id, name) VALUES (?, ?)": ((id, f"c{id}") for id in range(1, CATEGORIES + 1)),
        f"""INSERT INTO images (id, sha256, file_name, name_order, width, height, reviewed, prelabelled, added_at)
            VALUES (?, ?, ?, ?, 640, 480, ?, 1, '{AT}')""": (
            (id, f"{id:064x}", f"p{id:07}.jpg", f"p{id:07}.jpg", id % 2) for id in numbers
        ),
        f"""INSERT INTO suggestions (key, image_id, category_id, score, rle, source, at)
            VALUES (?, ?, 1, ?, '{counts}', 'm@1', '{AT}')""": ((f"{id:016x}", id, dice.random()) for id in numbers),
        f"""INSERT INTO instances (key, image_id, category_id, state, rle, source, score, area, box_width, box_height)
            VALUES (?, ?, 1, ?, '{counts}', 'm@1', ?, 12, 4, 3)""": (
            (f"{id:016x}", id, "accepted" if id % 2 else "suggested", dice.random()) for id in numbers
        ),
        f"""INSERT INTO gestures (id, image_id, client, number, digest, verb, who, at, revision_before, revision_after)
            VALUES (?, ?, ?, 1, '', 'accept', ?, '{AT}', 0, 1)""": (
            (id, id, f"t{id}", f"person {id % PEOPLE}") for id in numbers[::2]
        ),
        f"""INSERT INTO decisions (gesture_id, key, state, category_id, rle, source)
            VALUES (?, ?, 'accepted', 1, '{counts}', 'm@1')""": ((id, f"{id:016x}") for id in numbers[::2]),
    }
    with closing(sqlite3.connect(folder / "project.db")) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for statement, rows in statements.items():
            connection.executemany(statement, rows)
        connection.commit()


def lists(store: Store, middle: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """middle: the id of a picture in the middle."""
    of_all: dict[str, Any] = {
        "category_id": 1,
        "states": [State.SUGGESTED, State.ACCEPTED],
        "threshold": 0.0,
        "limit": PAGE,
    }
    for sort in Sort:
        yield f"order by {sort.value}", partial(store.worklist.ids, Search(sort=sort))
    for query in (f"name:p{middle // 1000:04}", "category:c1", "score:0.5..0.6", "state:unreviewed"):
        yield f"search {query}", partial(store.worklist.ids, Search(parse(query)))
    yield "rows of the queue", lambda: store.worklist.rows(range(middle, middle + PAGE))
    yield "counts of the queue", store.worklist.counts
    for order in Order:
        yield f"gallery by {order.value}", partial(store.gallery.page, order=order, **of_all)
    yield "categories", store.categories
    yield "uses of categories", store.category_manager.uses
    yield "statistics", lambda: store.statistics.read(0.5)
    yield "decisions of a picture", lambda: store.decisions(middle)
    yield "instances of a picture", lambda: store.instances(middle)
    yield "people", store.people.all
    yield "figures of people", store.people.figures
    yield "bin", store.bin


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=500_000)
    parser.add_argument("--in", dest="folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)) / "project"
        if not folder.exists():
            fill(folder, options.pictures)
        seconds = {}
        with Store.open(folder) as store:
            for name, work in lists(store, options.pictures // 2):
                began = time.process_time()
                work()
                seconds[name] = round(time.process_time() - began, 3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"pictures": options.pictures, "cpu_seconds": seconds, "peak_mb": peak}, indent=1))


if __name__ == "__main__":
    main()
