"""Ten annotators on one project of 20,000 pictures: how long a save takes while others read the queue and the gallery.

    python -m tests.bench.bench_annotators [--pictures 20000] [--people 10] [--seconds 60]

Each saves about once a second and reads the queue every ten seconds; one more pages through the gallery of a category
of half the instances without a pause, in each of its orders. Prints one JSON object of milliseconds; the same without
the readers stands beside it. The server is `annotator serve`.
"""

import argparse
import http.client
import itertools
import json
import random
import statistics
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from annotator.core.dataset import State
from annotator.core.masks import mask_to_rle, rle_area, rle_box_xyxy
from annotator.core.words import natural_order
from annotator.storage import schema
from annotator.storage.store import Store
from tests.web.served import Served

INSTANCES = 10
WIDTH, HEIGHT = 640, 480
ORDERS = ("doubt", "score", "area", "odd")
PARTS = [[[[100, 100], [300, 100], [300, 400], [100, 400]]]]


def fill(folder, pictures, *, seed=7):
    """Rows as the project would have written them: ten instances a picture, half of them of the first category."""
    dice = random.Random(seed)
    masks = [_mask(dice) for _ in range(400)]
    with Store.open(folder) as store:
        categories = [store.add_category(name).id for name in ("person", "car", "dog")]
        images, instances = [], []
        for id in range(1, pictures + 1):
            name = f"IMG_{id}.jpg"
            images.append(
                {
                    "id": id, "sha256": f"{id:064x}", "file_name": name, "width": WIDTH, "height": HEIGHT,
                    "reviewed": False, "prelabelled": True, "removed": False, "revision": 0, "extra": "{}",
                    "added_at": "2026-01-01T00:00:00.000Z", "name_order": natural_order(name), "note": "",
                    "failure": "", "flags": "[]",
                }
            )  # fmt: skip
            for place in range(INSTANCES):
                category = categories[0] if dice.random() < 0.5 else dice.choice(categories[1:])
                instances.append(
                    dice.choice(masks)
                    | {
                        "key": f"{id}-{place}", "image_id": id, "category_id": category, "state": State.SUGGESTED.value,
                        "source": "first@1", "score": round(dice.random(), 4), "edited": False, "extra": "{}",
                        "crowd": False, "flags": "[]", "note": "", "locked": False,
                    }
                )  # fmt: skip
        with store._database.write() as connection:
            for table, rows in ((schema.images, images), (schema.instances, instances)):
                known = set(table.c.keys())
                connection.execute(insert(table), [{name: row[name] for name in row if name in known} for row in rows])
        return store.key, categories[0]


def _mask(dice):
    """An ellipse of any place and size, as the columns of an instance."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    w, h = dice.randint(8, 200), dice.randint(8, 200)
    left, top = dice.randint(0, WIDTH - w), dice.randint(0, HEIGHT - h)
    mask = ((x - left - w / 2) / (w / 2)) ** 2 + ((y - top - h / 2) / (h / 2)) ** 2 < 1
    rle = mask_to_rle(mask)
    box = rle_box_xyxy(rle)
    return {"rle": rle.counts, "area": rle_area(rle), "box_width": box[2] - box[0], "box_height": box[3] - box[1]}


class Browser:
    """One kept connection; `times` has the milliseconds of each request by its name."""

    def __init__(self, port, key):
        self.base = f"/annotator/{key}"
        self.times = {}
        self.errors = []
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def call(self, name, method, path, body=None):
        began = time.perf_counter()
        self._connection.request(method, f"{self.base}/{path}", None if body is None else json.dumps(body))
        answer = self._connection.getresponse()
        content = answer.read()
        self.times.setdefault(name, []).append(1000 * (time.perf_counter() - began))
        if answer.status != 200:
            self.errors.append(f"{name}: {answer.status} {content[:100]!r}")
            return {}
        return json.loads(content)


def annotate(browser, person, until, *, reads, stride=500):
    """Save about once a second, each on so many pictures of their own, 0: on one; read the queue every ten seconds."""
    dice, version, read_at = random.Random(person), "", 0.0
    for number in itertools.count(1):
        if time.monotonic() > until:
            return
        if reads and time.monotonic() > read_at:
            version = browser.call("queue", "GET", f"queue?limit=100&version={version}").get("version", "")
            read_at = time.monotonic() + 10
        image, revision = (1 + person * stride + number, 0) if stride else (1 + person, number - 1)
        change = {"key": f"p{person}-{number}", "category": 1, "state": "accepted", "parts": PARTS}
        sent = {"client": f"p{person}", "number": number, "revision": revision, "verb": "add", "changes": [change]}
        browser.call("save", "POST", f"images/{image}/gestures", sent)
        time.sleep(dice.uniform(0.5, 1.5))


def page_through(browser, category, until):
    for order in itertools.cycle(ORDERS):
        after = ""
        for _ in range(5):
            if time.monotonic() > until:
                return
            words = {"category": category, "state": "suggested", "order": order, "threshold": 0.5, "limit": 500}
            asked = urllib.parse.urlencode({**words, "after": after})
            after = browser.call(f"gallery {order}", "GET", f"gallery?{asked}").get("after")


def round_of(served, key, category, people, seconds, *, reads, first):
    until = time.monotonic() + seconds
    browsers = [Browser(served.port, key) for _ in range(people + 1)]
    threads = [
        threading.Thread(target=annotate, args=(browser, first + person, until), kwargs={"reads": reads})
        for person, browser in enumerate(browsers[:-1])
    ]
    if reads:
        threads.append(threading.Thread(target=page_through, args=(browsers[-1], category, until)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {}
    for browser in browsers:
        for name, times in browser.times.items():
            found.setdefault(name, []).extend(times)
    return {name: told(times) for name, times in found.items()} | {
        "errors": [one for b in browsers for one in b.errors][:5]
    }


def told(times):
    cuts = statistics.quantiles(times, n=20, method="inclusive") if len(times) > 1 else times
    return {"n": len(times), "p50": round(statistics.median(times), 1), "p95": round(cuts[-1], 1),
            "most": round(max(times), 1)}  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=20_000)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "project"
        key, category = fill(folder, options.pictures)
        served = Served(folder, Path(temporary) / "home")
        try:
            alone = round_of(served, key, category, 1, options.seconds / 4, reads=False, first=0)
            saves = round_of(served, key, category, options.people, options.seconds / 4, reads=False, first=1)
            reads = round_of(served, key, category, options.people, options.seconds, reads=True, first=11)
        finally:
            served.stop()
    print(json.dumps({"one alone": alone, "ten that save": saves, "with readers": reads}, indent=1))


if __name__ == "__main__":
    main()
