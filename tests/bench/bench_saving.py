"""Saving: over HTTP with the server killed at any moment, and two writers on one image; eight processes on one project.

    python -m tests.bench.bench_saving [--kills 1000] [--races 1000] [--writes 300]

Prints one JSON object; all but the counts and times must be 0. The server is the real one without the page (that takes
seconds to build), in a process that is forked warm, so that a thousand starts take minutes.
"""

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from annotator.storage.store import Store

KEYS = 5
PARTS = [[[[5, 5], [30, 5], [30, 40], [5, 40]]]]
PATIENCE_S = 60


def serve(folder, listener):
    """The routes over one project, until killed."""
    import uvicorn
    from fastapi import FastAPI

    from annotator.web.jobs import Prelabelling
    from annotator.web.projects import Projects
    from annotator.web.routes.errors import add_error_handlers
    from annotator.web.routes.router import build_routes
    from annotator.web.sharing.guard import Guard

    projects = Projects(local=folder)
    server = FastAPI()
    server.include_router(build_routes(projects, Prelabelling(projects)))
    add_error_handlers(server, projects)
    server.add_middleware(Guard)
    uvicorn.Server(uvicorn.Config(server, log_level="critical")).run(sockets=[listener])


class Killable:
    """Starts the server, kills it, starts it again, on one port."""

    def __init__(self, folder):
        self.folder = folder
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["annotator.web.routes.router", "uvicorn"])
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        self._process = None

    def start(self):
        self._process = self._context.Process(target=serve, args=(self.folder, self._listener), daemon=True)
        self._process.start()

    def kill(self):
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()

    def close(self):
        if self._process is not None and self._process.is_alive():
            self.kill()
        self._listener.close()


class Client:
    """A connection that is kept, as a browser keeps it."""

    def __init__(self, port, *, patience=PATIENCE_S):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)

    def call(self, method, path, body=None):
        self._connection.request(method, path, None if body is None else json.dumps(body))
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def close(self):
        self._connection.close()


def a_project(folder):
    """A project with one image and one category; its key."""
    from tests.conftest import picture

    with Store.open(folder) as store:
        store.add_image(picture(), file_name="a.png", width=64, height=48)
        store.add_category("person")
        return store.key


def gesture(number, revision, *, client="tab"):
    state = ("accepted", "rejected")[number // KEYS % 2]
    change = {"key": f"k{number % KEYS}", "category": 1, "state": state, "parts": PARTS}
    return {"client": client, "number": number, "revision": revision, "verb": "edit", "changes": [change]}


class Editor:
    """What the browser does: one gesture after the other, each sent again until it is acknowledged."""

    def __init__(self, address):
        self.address = address
        self.acknowledged = []
        self.refused = []
        self._number, self._revision = 1, 0

    def save(self, client):
        status, answer = client.call("POST", self.address, gesture(self._number, self._revision))
        if status != 200:
            self.refused.append(answer)
            raise OSError("refused")
        self.acknowledged.append(self._number)
        self._number, self._revision = self._number + 1, answer["revision"]


def kills(count, folder, *, seed=0):
    """kill -9 at random moments during saving; what was lost, doubled or broken."""
    chance = random.Random(seed)
    key = a_project(folder)
    server = Killable(folder)
    editor = Editor(f"/annotator/{key}/images/1/gestures")
    corrupt, in_flight = 0, 0
    try:
        for _ in range(count):
            server.start()
            done = len(editor.acknowledged)
            stop = threading.Event()

            def work(stop=stop):
                client = Client(server.port)
                # The server dies under it: refused, reset, or half an answer.
                with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                    while not stop.is_set():
                        editor.save(client)
                client.close()

            thread = threading.Thread(target=work)
            thread.start()
            end = time.monotonic() + PATIENCE_S
            while len(editor.acknowledged) == done and thread.is_alive() and time.monotonic() < end:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.06))
            server.kill()
            stop.set()
            thread.join()
            with contextlib.closing(sqlite3.connect(folder / "project.db")) as connection:
                corrupt += connection.execute("PRAGMA quick_check").fetchone()[0] != "ok"
                stored = connection.execute("SELECT max(number) FROM gestures").fetchone()[0] or 0
            in_flight += stored > len(editor.acknowledged)
    finally:
        server.close()
    with Store.open(folder) as store:
        numbers = [decision.number for decision in store.decisions()]
        states = {instance.key: instance.state.value for instance in store.instances(1)}
    last = {f"k{number % KEYS}": gesture(number, 0)["changes"][0]["state"] for number in numbers}
    return {
        "kills": count,
        "acknowledged": len(editor.acknowledged),
        "stored_but_not_acknowledged_at_the_kill": in_flight,
        "lost": len(set(editor.acknowledged) - set(numbers)),
        "doubled": len(numbers) - len(set(numbers)),
        "refused": len(editor.refused),
        "corrupt": corrupt,
        "wrong_states": sum(states.get(key) != state for key, state in last.items()),
    }


def races(count, folder):
    """Two writers with the same revision at the same time: one is taken, the other told, and neither is lost."""
    key = a_project(folder)
    server = Killable(folder)
    address = f"/annotator/{key}/images/1"
    clients = [Client(server.port) for _ in range(2)]
    silent = unanswered = lost = 0
    try:
        server.start()
        clients[0].call("POST", f"{address}/gestures", gesture(1, 0))
        for number in range(2, count + 2):
            document = clients[0].call("GET", address)[1]
            gate, answers = threading.Barrier(2), [None, None]

            def write(index, number=number, document=document, gate=gate, answers=answers):
                sent = gesture(1, document["revision"], client=f"tab{index}")
                sent["number"] = number
                sent["changes"][0]["state"] = ("accepted", "rejected")[index]
                gate.wait()
                answers[index] = clients[index].call("POST", f"{address}/gestures", sent)

            threads = [threading.Thread(target=write, args=(index,)) for index in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            statuses = sorted(status for status, _ in answers)
            winner = next((index for index in range(2) if answers[index][0] == 200), 0)
            found = next(
                item["state"] for item in clients[0].call("GET", address)[1]["instances"] if item["key"] == "k1"
            )
            silent += statuses == [200, 200]
            unanswered += statuses not in ([200, 409], [200, 200])
            lost += found != ("accepted", "rejected")[winner]
    finally:
        for client in clients:
            client.close()
        server.close()
    return {"races": count, "silent_overwrites": silent, "answered_otherwise": unanswered, "winner_not_stored": lost}


def writers(each, folder, *, processes=8):
    """So many processes record gestures on one image at once, without a pause: errors, and how long they waited."""
    from tests.storage.builders import add_image

    with Store.open(folder) as store:
        add_image(store)
        store.add_category("person")
    command = [sys.executable, "-m", "tests.storage.writers", "race", str(folder), str(each)]
    done = subprocess.run(command, input=f"all {processes}\n", capture_output=True, text=True, check=False)
    raced = [line.split() for line in done.stdout.splitlines() if line.startswith("raced")]
    with Store.open(folder) as store:
        recorded = len(store.decisions())
    return {
        "processes": processes,
        "writes": recorded,
        "too_late_and_sent_again": sum(int(words[1]) for words in raced),
        "errors": processes - len(raced) + processes * each - recorded,
        "p99_ms": round(1000 * max((float(words[3]) for words in raced), default=0)),
        "longest_ms": round(1000 * max((float(words[2]) for words in raced), default=0)),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--races", type=int, default=1_000)
    parser.add_argument("--writes", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ["ANNOTATOR_HOME"] = f"{place}/home"
        began = time.monotonic()
        figures = {
            "kills": kills(options.kills, Path(place) / "kills"),
            "races": races(options.races, Path(place) / "races"),
            "writers": writers(options.writes, Path(place) / "writers"),
        }
        print(json.dumps(figures | {"seconds": round(time.monotonic() - began)}, indent=1))


if __name__ == "__main__":
    main()
