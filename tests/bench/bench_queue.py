"""The queue of a project of 20,000 pictures with ten instances each: filter, sort, search; over HTTP, on the page.

    python -m tests.bench.bench_queue [--pictures 20000] [--rounds 15] [--no-browser]

Prints a table of milliseconds by the clock and of the server's processor, which other work on the machine does not
lengthen, and the machine's load. Before each request over HTTP something is stored, so that no list is known already;
"again" is the next stretch of the list that was asked for last, "a gesture" is one that accepts an instance. On the
page it is the time from the choice of a filter or an order to the first row of the new list, where the request, the
drawing and 20,000 places count.
"""

import argparse
import json
import os
import random
import statistics
import tempfile
import time
import urllib.parse
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import insert

from annotator.core.dataset import State
from annotator.core.settings import THRESHOLD
from annotator.core.words import natural_order
from annotator.storage import schema
from annotator.storage.store import Store
from tests.machine import CHROMIUM
from tests.storage.builders import block
from tests.web.served import Served

INSTANCES = 10
QUERIES = (
    "", "street", "IMG_77", "state:unreviewed", "state:reviewed", "state:new", "state:started", "state:doubtful",
    "state:nothing", "disagree:", "changed:export", "instances:0", "suggestions:3..", "category:person",
    "category:person score:0.2..0.5", "-category:person", "network:second", "is:rejected", "#500..700",
    "flag:occluded", "-flag:occluded", "note:", "state:failed",
)  # fmt: skip
SORTS = ("added", "name", "doubt", "count", "changed", "gain")


def fill(folder, pictures):
    """Rows as the project would have written them, with a mask each."""
    dice = random.Random(7)
    counts = block(width=640, height=480, x=100, y=100, w=90, h=200).counts
    with Store.open(folder) as store:
        categories = [store.add_category(name).id for name in ("person", "car", "bicycle", "dog", "helmet")]
        store.set_setting(THRESHOLD, 0.5)
        images, instances, gestures = [], [], []
        for id in range(1, pictures + 1):
            name = f"{dice.choice(['street', 'beach', 'park'])}/IMG_{id}.jpg"
            reviewed = dice.random() < 0.4
            images.append(_image(id, name, reviewed=reviewed))
            instances += [_instance(id, place, reviewed, categories, counts, dice) for place in range(INSTANCES)]
            if reviewed:
                gestures.append(_gesture(id, f"2026-01-{dice.randint(1, 28):02}T12:00:00.000Z"))
        with store._database.write() as connection:
            for table, rows in ((schema.images, images), (schema.instances, instances), (schema.gestures, gestures)):
                connection.execute(insert(table), rows)


def _image(id, name, *, reviewed):
    return {
        "id": id, "sha256": f"{id:064x}", "file_name": name, "width": 640, "height": 480, "reviewed": reviewed,
        "prelabelled": True, "removed": False, "revision": 1, "extra": "{}", "added_at": "2026-01-01T00:00:00.000Z",
        "name_order": natural_order(name),
    }  # fmt: skip


def _instance(image_id, place, reviewed, categories, counts, dice):
    decided = reviewed and dice.random() < 0.95
    state = dice.choice([State.ACCEPTED, State.ACCEPTED, State.REJECTED]) if decided else State.SUGGESTED
    source = "manual" if decided and dice.random() < 0.05 else dice.choice(["first", "second"]) + "@1"
    return {
        "key": f"{image_id}-{place}", "image_id": image_id, "category_id": dice.choice(categories), "state": state,
        "rle": counts, "source": source, "score": round(dice.random(), 4), "edited": False, "extra": "{}",
        "crowd": False,
    }  # fmt: skip


def _gesture(image_id, at):
    return {
        "image_id": image_id, "client": "bench", "number": image_id, "digest": "", "verb": "review", "who": "bench",
        "at": at, "revision_before": 0, "revision_after": 1, "reviewed": True,
    }  # fmt: skip


@dataclass
class Taken:
    """Milliseconds, by the clock and of the server's processor."""

    clock: list = field(default_factory=list)
    processor: list = field(default_factory=list)


class Stopwatch:
    """What was done, by its name, as `Taken`."""

    def __init__(self, server):
        self.found = defaultdict(Taken)
        self._server = ~server.pid << 3 | 2  # its clock of the processor; source: clock_getcpuclockid of the C library

    @contextmanager
    def of(self, name):
        began, worked = time.perf_counter(), time.clock_gettime(self._server)
        yield
        self.found[name].clock.append(1000 * (time.perf_counter() - began))
        self.found[name].processor.append(1000 * (time.clock_gettime(self._server) - worked))


def over_http(served, key, folder, rounds):
    """What each request took, by what was asked for."""
    watch = Stopwatch(served.process)
    asked = [(query or "(all)", {"query": query}) for query in QUERIES]
    asked += [(f"order {sort}", {"sort": sort}) for sort in SORTS]
    with Store.open(folder) as store:
        for number in range(rounds):
            for name, more in asked:
                store.set_setting(THRESHOLD, 0.5 + number * 1e-6)  # nobody knows the list any more
                with watch.of(name):
                    ask(served, key, **more)
            with watch.of("again, 10,000 rows on"):
                ask(served, key, sort="changed", offset=10_000)
            version = ask(served, key)["version"]
            with watch.of("unchanged"):
                ask(served, key, version=version)
            with watch.of("next to do"):
                ask(served, key, path="queue/next", after=10_000)
        everything = list(watch.found.values())
        watch.found["all of them"] = Taken(
            [one for taken in everything for one in taken.clock],
            [one for taken in everything for one in taken.processor],
        )
        for number in range(20 * rounds):
            save(served, key, store, watch, number)
    return watch.found


def ask(served, key, *, path="queue", **more):
    words = urllib.parse.urlencode({"threshold": 0.5, "limit": 100, **more})
    text, _ = served.get(f"/annotator/{key}/{path}?{words}")
    return json.loads(text) | {"bytes": len(text)}


def save(served, key, store, watch, number):
    """A person accepts an instance."""
    image = store.image(1 + number * 37 % store.image_count())
    one = store.instances(image.id)[number % INSTANCES]
    change = {"key": one.key, "category": one.category_id, "state": "accepted"}
    head = {"client": "bench-saves", "number": number, "revision": image.revision, "verb": "accept"}
    with watch.of("a gesture"):
        status, found = served.call(f"/annotator/{key}/images/{image.id}/gestures", head | {"changes": [change]})
    if status != 200:
        raise SystemExit(found)


CHOOSE = """([label, value]) => new Promise((done) => {
    const select = document.querySelector(`.an-queue select[aria-label="${label}"]`);
    const top = () => [...document.querySelectorAll('.an-queue-row:not(.is-pending)')]
        .filter((row) => !row.hidden && /\\((0|64|128)px/.test(row.style.transform))
        .map((row) => row.textContent).sort().join();
    const list = document.querySelector('.an-queue .an-list'), found = document.querySelector('.an-queue-found');
    const state = () => [top(), found.textContent, list.getAttribute('aria-rowcount')].join();
    const before = state(), began = performance.now();
    const look = () => state() === before && performance.now() - began < 5000
        ? requestAnimationFrame(look) : done(performance.now() - began);
    select.value = value;
    select.dispatchEvent(new Event('change'));
    requestAnimationFrame(look);
})"""


def on_the_page(address, rounds):
    """From a choice to its first row, by what was chosen."""
    from playwright import sync_api

    found = defaultdict(Taken)
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 800}).new_page()
        page.goto(address)
        page.wait_for_selector(".an-queue-row:not(.is-pending) .an-queue-name")
        filters, orders = "Which pictures are listed", "Order of the pictures"
        for _ in range(rounds):
            for value in ("state:unreviewed", "state:new", "state:doubtful", "disagree:", "state:reviewed", ""):
                found[f"page: {value or 'all'}"].clock.append(page.evaluate(CHOOSE, [filters, value]))
            for value in ("name", "doubt", "changed", "added"):
                found[f"page: order {value}"].clock.append(page.evaluate(CHOOSE, [orders, value]))
        browser.close()
    return found


def told(found):
    print(f"{'':38} {'clock':>26} {'processor':>26}")
    print(f"{'':38}" + f" {'p50':>8} {'p95':>8} {'most':>8}" * 2)
    for name, taken in found.items():
        print(f"{name:38}{row(taken.clock)}{row(taken.processor)}")
    print("load", *(f"{one:.1f}" for one in os.getloadavg()))


def row(times):
    if not times:
        return ""
    cuts = statistics.quantiles(times, n=20, method="inclusive")
    return f" {statistics.median(times):8.1f} {cuts[-1]:8.1f} {max(times):8.1f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-browser", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "project"
        fill(folder, options.pictures)
        with Store.open(folder) as store:
            key = store.key
        served = Served(folder, Path(temporary) / "home")
        try:
            print(f"{options.pictures} pictures; 100 rows have {ask(served, key)['bytes']} bytes")
            told(over_http(served, key, folder, options.rounds))
            if not options.no_browser:
                told(on_the_page(served.address, options.rounds))
        finally:
            served.stop()


if __name__ == "__main__":
    main()
