"""Saves while a batch runs: how long each takes beside the network, and without it.

    python -m tests.bench.bench_batch [--pictures 1500] [--people 3] [--seconds 60] [--model starter-person]

Photographs of 640x480 are pre-labelled by the bundled network in the server, as the page's button does it, while each
person saves about once a second. Prints one JSON object of milliseconds, and the pictures that were done a second.
"""

import argparse
import json
import multiprocessing
import socket
import tempfile
import threading
import time
from pathlib import Path

import cv2
import numpy as np

from annotator.storage.store import Store
from annotator.system import paths
from tests.bench.bench_annotators import Browser, annotate, told
from tests.machine import free_port


def fill(folder, pictures):
    """Photographs that differ from each other, with nothing on them yet."""
    examples = [cv2.imread(str(path)) for path in sorted(paths.EXAMPLES.glob("*.jpg"))]
    noise = np.random.default_rng(0)
    with Store.open(folder) as store:
        store.add_category("person")
        for number in range(pictures):
            pixels = cv2.resize(examples[number % len(examples)], (640, 480))
            pixels[:8, :8] = noise.integers(0, 256, (8, 8, 3))
            content = cv2.imencode(".jpg", pixels)[1].tobytes()
            store.add_image(content, file_name=f"{number}.jpg", width=640, height=480)
        return store.key


def serve(folder, port, model, begun, done):
    """The routes over one project; pre-labels everything as soon as it is told to."""
    import uvicorn
    from fastapi import FastAPI

    from annotator.vision.networks import zoo
    from annotator.web.jobs import Prelabelling
    from annotator.web.projects import Projects
    from annotator.web.routes.errors import add_error_handlers
    from annotator.web.routes.router import build_routes
    from annotator.web.sharing.guard import Guard

    projects = Projects(local=folder)
    jobs = Prelabelling(projects)
    server = FastAPI()
    server.include_router(build_routes(projects, jobs))
    add_error_handlers(server, projects)
    server.add_middleware(Guard)

    def batch():
        begun.wait()
        key = projects.welcome(None)
        with projects.use(key) as store:
            job = jobs.start(key, zoo.find(model), store.images())
        while job.running:
            done.value = job.done
            time.sleep(0.1)

    threading.Thread(target=batch, daemon=True).start()
    uvicorn.run(server, port=port, log_level="critical")


def wait_for(port, *, patience=120):
    """Until somebody answers there."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server did not start")


def round_of(port, key, people, seconds, *, first):
    until = time.monotonic() + seconds
    browsers = [Browser(port, key) for _ in range(people)]
    threads = [
        threading.Thread(target=annotate, args=(browser, person, until), kwargs={"reads": True, "stride": 0})
        for person, browser in enumerate(browsers, start=first)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    errors = [one for browser in browsers for one in browser.errors]
    saves = [taken for browser in browsers for taken in browser.times.get("save", [])]
    return told(saves) | {"errors": errors[:5]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=1500)
    parser.add_argument("--people", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--model", default="starter-person")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    begun, done, port = context.Event(), context.Value("i", 0), free_port()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "project"
        key = fill(folder, options.pictures)
        process = context.Process(target=serve, args=(folder, port, options.model, begun, done), daemon=True)
        process.start()
        wait_for(port)
        alone = round_of(port, key, options.people, options.seconds / 4, first=0)
        begun.set()
        time.sleep(5)
        before = done.value
        beside = round_of(port, key, options.people, options.seconds, first=100)
        rate = (done.value - before) / options.seconds
        process.kill()
    print(json.dumps({"alone": alone, "beside a batch": beside, "pictures_a_second": round(rate, 1)}, indent=1))


if __name__ == "__main__":
    main()
