"""A server's routes over a project of its own, and pictures to put into it."""

import asyncio
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from annotator.storage.store import Store
from annotator.web.jobs import Prelabelling
from annotator.web.projects import Projects
from annotator.web.routes.errors import add_error_handlers
from annotator.web.routes.router import build_routes
from annotator.web.sharing.guard import Guard
from annotator.web.sharing.limits import Limits
from tests.conftest import picture
from tests.machine import CHROMIUM
from tests.web.batches import Stored
from tests.web.served import Served


def run(coroutine):
    """What the coroutine returns; in a thread of its own, as a browser's driver may keep a loop in this one."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def png(width=64, height=48, *, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


def client_of(projects):
    server = FastAPI()
    server.include_router(build_routes(projects, Prelabelling(projects)))
    add_error_handlers(server, projects)
    server.add_middleware(Guard)
    return TestClient(server)


@pytest.fixture
def projects(tmp_path):
    opened = Projects(local=tmp_path / "project")
    yield opened
    opened.close()


@pytest.fixture
def client(projects):
    return client_of(projects)


@pytest.fixture
def base(projects):
    """The beginning of every address of the project."""
    return f"/annotator/{projects.welcome(None)}"


def upload(client, base, **size):
    answer = client.post(f"{base}/images", params={"name": "one.png"}, content=png(**size))
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


@pytest.fixture
def browse():
    """Runs a function of a browser, in a thread of its own, as other tests may keep a driver in this one."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("no chromium on the PATH: Debian's is what the browser tests drive")

    def work(visit):
        with sync_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            visit(browser)
            browser.close()

    with ThreadPoolExecutor(max_workers=1) as pool:
        yield lambda visit: pool.submit(work, visit).result()


# --- visitors' projects ---------------------------------------------------------------------------------------------

AT_ONCE = 1e-9  # hours


@pytest.fixture
def visitors(tmp_path):
    """Makes the projects of a server with these limits, over the same folder each time."""
    made = []

    def make(**limits):
        made.append(Projects(visitors=tmp_path / "visitors", limits=Limits(**limits)))
        return made[-1]

    yield make
    for projects in made:
        projects.close()


def with_a_picture(projects):
    key = projects.create()
    with projects.use(key) as store:
        store.add_image(picture(), file_name="a.png", width=64, height=48)
    return key


def folder_of(projects, key):
    """Where a visitor's project lies."""
    return projects._visitors.open.folder_of(key)


def rest(projects, key, hours):
    """Make a project look as if nobody had been there for so long."""
    projects.close()
    then = time.time() - 3600 * hours
    os.utime(folder_of(projects, key) / "project.db", (then, then))


@pytest.fixture
def start_server(tmp_path, monkeypatch):
    """Makes the worker of a server over the same visitors' projects, again and again: a restart each time."""
    monkeypatch.setattr(threading, "excepthook", lambda _: None)  # workers die in these tests
    started = []

    def start(**limits):
        projects = Projects(visitors=tmp_path / "visitors", limits=Limits(**limits))
        worker = Prelabelling(projects)
        started.append((worker, projects))
        return worker, projects

    yield start
    for worker, projects in started:
        worker.stop()
        projects.close()


@pytest.fixture
def stored(monkeypatch, tmp_path):
    found = Stored(tmp_path / "visitors")
    original = Store.set_suggestions

    def store(self, image_id, suggestions, **named):
        if found.before is not None:
            found.before(self.image(image_id).file_name)
        original(self, image_id, suggestions, **named)

    monkeypatch.setattr(Store, "set_suggestions", store)
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The real server on a project, in a process of its own."""
    folder = tmp_path_factory.mktemp("served")
    server = Served(folder / "project", folder / "home")
    yield server
    server.stop()
