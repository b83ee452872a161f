"""People at work on one server: how long saving takes, what fails, and what memory is left taken.

    python -m tests.bench.bench_users [--users 20] [--seconds 600]     active users, each in a project of their own
    python -m tests.bench.bench_users --sessions 1000                  visitors who come, do one thing and go
    python -m tests.bench.bench_users --uploads 20                     pictures of the largest size, all at once

Prints one JSON object. The server is `annotator serve` as a Space runs it, with decoding in child processes.
"""

import argparse
import http.client
import json
import os
import random
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import cv2
import numpy as np

from annotator.system import paths
from annotator.web.projects import Projects
from tests.web.served import Served

THINK_S = (0.5, 3.0)
PARTS = [[[[100, 100], [300, 100], [300, 400], [100, 400]]]]


def resident_mb(process_id):
    """Memory of the server itself, without its children."""
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def photograph(seed):
    """A picture that is new to the server: an example with some pixels changed."""
    content = np.fromfile(sorted(paths.EXAMPLES.glob("*.jpg"))[seed % 2], np.uint8)
    pixels = cv2.imdecode(content, cv2.IMREAD_COLOR)
    pixels[:8, :8] = np.random.default_rng(seed).integers(0, 256, (8, 8, 3))
    return cv2.imencode(".jpg", pixels)[1].tobytes()


class Person:
    """One browser: a kept connection, numbered gestures, times to think."""

    def __init__(self, port, key, *, seed):
        self.base = f"/annotator/{key}"
        self.port, self.seed = port, seed
        self.saves, self.errors = [], []
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._number = 0

    def call(self, method, path, body=None):
        try:
            self._connection.request(method, path, body)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self.errors.append(f"{method} {path.rpartition('/')[2]}: {error!r}")
            return None
        if answer.status != 200:
            self.errors.append(f"{method} {path.rpartition('/')[2]}: {answer.status} {content[:100]!r}")
            return None
        return json.loads(content) if content[:1] == b"{" else content

    def arrive(self, pictures):
        for index in range(pictures):
            self.call("POST", f"{self.base}/images?name={index}.jpg", photograph(1000 * self.seed + index))
        self.call("POST", f"{self.base}/categories", json.dumps({"name": "person"}))
        # Until everybody is there the server may have hung up, which a browser would not notice.
        self._connection.close()

    def save(self, document):
        """Draw or change one instance; the time until it is acknowledged."""
        self._number += 1
        change = {
            "key": f"i{document['image']['id']}-{self._number % 20}",
            "category": 1,
            "state": "accepted",
            "parts": PARTS,
        }
        sent = {"client": f"p{self.seed}", "number": self._number, "revision": document["revision"], "verb": "edit"}
        began = time.perf_counter()
        answer = self.call(
            "POST", f"{self.base}/images/{document['image']['id']}/gestures", json.dumps(sent | {"changes": [change]})
        )
        if answer is not None:
            self.saves.append(time.perf_counter() - began)
            document["revision"] = answer["revision"]

    def work(self, until):
        chance = random.Random(self.seed)
        while time.monotonic() < until:
            queue = self.call("GET", f"{self.base}/queue")
            image = chance.choice(queue["images"]) if queue and queue["images"] else None
            if image is None:
                time.sleep(1)
                continue
            self.call("GET", f"/{image['thumbnail']}")
            document = self.call("GET", f"{self.base}/images/{image['id']}")
            self.call("GET", f"{self.base}/pictures/{image['id']}")
            for _ in range(8):
                if document is None or time.monotonic() > until:
                    break
                self.save(document)
                time.sleep(chance.uniform(*THINK_S))


def quantiles(times):
    ordered = sorted(times)
    return {
        f"p{percent}_ms": round(1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 1)
        for percent in (50, 95, 99, 100)
    }


def started(place, **environment):
    """A server for visitors below this folder."""
    server = Served(None, place, SPACE_ID="bench/annotator", **environment)
    if "runs on" not in server.said:
        raise SystemExit(f"the server did not start: {server.process.communicate()[1]}")
    return server


def users(count, seconds, place):
    projects = Projects(visitors=place / "visitors")
    keys = [projects.create() for _ in range(count)]
    projects.close()
    server = started(place)
    people = [Person(server.port, key, seed=seed) for seed, key in enumerate(keys)]
    for person in people:
        person.arrive(4)
    before = resident_mb(server.process.pid)
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=person.work, args=(until,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = resident_mb(server.process.pid)
    server.stop()
    saves = [taken for person in people for taken in person.saves]
    errors = [error for person in people for error in person.errors]
    return {
        "users": count,
        "seconds": seconds,
        "saves": len(saves),
        **(quantiles(saves) if saves else {}),
        "errors": len(errors),
        "first_errors": errors[:3],
        "server_mb": [round(before), round(after)],
        "load": [round(value, 1) for value in os.getloadavg()],
    }


def open_page(server, session):
    """What the page does when it is loaded, without a browser; the key of the project that it is given."""
    server.get("/")
    _, config = server.call("/config")
    opening = next(item for item in config["dependencies"] if any(target[1] == "load" for target in item["targets"]))
    joined = {"data": [""], "fn_index": opening["id"], "session_hash": session}
    request = urllib.request.Request(
        f"{server.address}/gradio_api/queue/join", json.dumps(joined).encode(), {"content-type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=60).close()
    address = f"{server.address}/gradio_api/queue/data?session_hash={urllib.parse.quote(session)}"
    with urllib.request.urlopen(address, timeout=60) as stream:
        for line in stream:
            if line.startswith(b"data:") and b"process_completed" in line:
                return json.loads(line[5:])["output"]["data"][0]
    raise OSError("the page did not load")


def sessions(count, place):
    limits = ("PROJECTS", "NEW_PROJECTS", "ADDRESS_PROJECTS")
    server = started(place, **{f"ANNOTATOR_MAX_{limit}": str(count + 10) for limit in limits})
    memory, errors, began = [], [], time.monotonic()
    for index in range(count):
        if index % max(1, count // 10) == 0:
            memory.append(round(resident_mb(server.process.pid)))
        try:
            person = Person(server.port, open_page(server, f"session{index}"), seed=index)
            person.arrive(1)
            document = person.call("GET", f"{person.base}/images/1")
            person.save(document)
            errors += person.errors
            person._connection.close()
        except (OSError, TypeError) as error:
            errors.append(repr(error))
    memory.append(round(resident_mb(server.process.pid)))
    server.stop()
    return {
        "sessions": count,
        "errors": len(errors),
        "first_errors": errors[:3],
        "server_mb_at_each_tenth": memory,
        "seconds": round(time.monotonic() - began),
    }


def uploads(count, place):
    """Bodies of 64 MB at once, from projects of their own; the most memory that the server ever took."""
    projects = Projects(visitors=place / "visitors")
    keys = [projects.create() for _ in range(count)]
    projects.close()
    server = started(place)
    before = resident_mb(server.process.pid)
    content = photograph(0)
    content += bytes(63 * 2**20 - len(content))
    answers, most, stop = [], [before], threading.Event()

    def watch():
        while not stop.wait(0.05):
            most.append(resident_mb(server.process.pid))

    def send(index, key):
        answers.append(server.call(f"/annotator/{key}/images?name={index}.jpg", content, patience=300)[0])

    watching = threading.Thread(target=watch)
    watching.start()
    threads = [threading.Thread(target=send, args=pair) for pair in enumerate(keys)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    watching.join()
    server.stop()
    return {
        "uploads": count,
        "megabytes": len(content) // 2**20,
        "answers": {str(status): answers.count(status) for status in set(answers)},
        "server_mb_before": round(before),
        "server_mb_most": round(max(most)),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--sessions", type=int)
    parser.add_argument("--uploads", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        if options.sessions is not None:
            figures = sessions(options.sessions, place)
        elif options.uploads is not None:
            figures = uploads(options.uploads, place)
        else:
            figures = users(options.users, options.seconds, place)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
