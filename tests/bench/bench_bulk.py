"""How long one decision about 50,000 suggestions takes, its count before and its undo after; the same of a repair.

    python -m tests.bench.bench_bulk [--pictures 5000] [--each 10] [--only accept]

Prints a line for each step: seconds by the clock and of the processor, which other work on the machine does not
lengthen. It says so where a decision or its undo took longer than the goal by the clock. The masks have ragged edges:
each takes 1,500 bytes, several times as much as a network's.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from annotator.core.dataset import Suggestion
from annotator.core.masks import mask_to_rle
from annotator.core.query import parse
from annotator.core.repair import Kind, Repair
from annotator.storage.bulk_orders import Order, Verb
from annotator.storage.store import Store

SIDE = 640
GOAL_S = 5.0


def blob(seed):
    """The mask of an ellipse with a ragged edge."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((SIDE, SIDE))
    (cy, cx), (ry, rx) = rng.uniform(120, 520, 2), rng.uniform(20, 90, 2)
    return mask_to_rle((((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2) < 1 + 0.1 * rng.standard_normal((SIDE, SIDE)))


def fill(store, pictures, each):
    person = store.add_category("person").id
    masks = [blob(seed) for seed in range(40)]
    with store.together():
        for number in range(pictures):
            image = store.add_image(b"%d" % number, file_name=f"{number}.jpg", width=SIDE, height=SIDE)
            found = [Suggestion(person, 0.5 + 0.04 * n, masks[(number + n) % 40], "bench@1") for n in range(each)]
            store.set_suggestions(image.id, found)


def timed(name, work):
    began, worked = time.perf_counter(), time.process_time()
    found = work()
    seconds = time.perf_counter() - began
    print(f"{name:<32}{seconds:7.2f} s, processor {time.process_time() - worked:7.2f} s", flush=True)
    return found, seconds


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pictures", type=int, default=5000)
    options.add_argument("--each", type=int, default=10)
    options.add_argument("--only", choices=("accept", "smooth"), help="this decision alone")
    asked = options.parse_args()
    orders = {
        "accept": Order(Verb.ACCEPT, parse("score:0.3..")),
        "smooth": Order(Verb.REPAIR, parse("score:0.3.."), repair=Repair(Kind.SMOOTH, 2)),
    }
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "project") as store:
        timed("made", lambda: fill(store, asked.pictures, asked.each))
        for name, order in orders.items():
            if asked.only not in (None, name):
                continue
            looked, _ = timed(f"{name}: counted", lambda order=order: store.bulk.preview(order))
            (made, report), took = timed(
                name, lambda order=order, at=looked.as_of: store.bulk.carry_out(order, as_of=at, who="bench")
            )
            undone, back = timed(f"{name}: undone", lambda made=made: store.bulk.undo(made, who="bench"))
            print(f"{report.done} of {looked.instances} decided about, {undone.done} taken back")
            if name == "accept" and max(took, back) > GOAL_S:
                print(f"slower than the goal of {GOAL_S:.0f} s")
        print("load", *(f"{one:.1f}" for one in os.getloadavg()))


if __name__ == "__main__":
    main()
