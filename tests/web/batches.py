"""Batches of a server that is started again and again, and what its projects hold of them."""

import contextlib
import sqlite3
import time

from annotator.prelabel.journey import Journey
from annotator.vision.networks import zoo
from tests.conftest import picture

PATIENCE_S = 30


def fill(projects, count):
    """A new project with so many pictures; its key."""
    key = projects.create()
    with projects.use(key) as store:
        for index in range(count):
            store.add_image(picture(seed=index), file_name=f"{index}.png", width=64, height=48)
    return key


def begin(worker, projects, key, model):
    return worker.start(key, zoo.find(model), images(projects, key))


def images(projects, key):
    return [row.image for row in projects.get(key).queue()]


def wait(job):
    wait_until(lambda: not job.running)


def wait_until(true):
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, f"still waiting after {PATIENCE_S} s"
        time.sleep(0.01)


class Stored:
    """What the projects of a server hold of its batches; `before(name)` may stop what is being stored."""

    def __init__(self, visitors):
        self._visitors = visitors
        self.before = None

    @property
    def names(self):
        """File names of the pictures whose suggestions were stored, in order; what was stored twice is there twice."""
        names = []
        for path in sorted(self._visitors.glob("*/project.db")):
            with contextlib.closing(sqlite3.connect(path)) as database:
                rows = database.execute(
                    "SELECT file_name FROM suggestions JOIN images ON images.id = image_id ORDER BY suggestions.rowid"
                ).fetchall()
            names += [name for (name,) in rows[::2]]  # the network sees two people on every picture
        return names


class Killed(BaseException):
    """What ends a worker's thread at once, as kill -9 ends its process: nothing after it runs."""


def killed_at(stored, name):
    """Make the worker die when it is about to store this picture."""

    def die(found):
        if found == name:
            stored.before = None
            raise Killed

    stored.before = die


def restart(start_server, worker, key):
    """The next server, once this one has died; it goes on with the project's batch."""
    wait_until(lambda: not worker._worker.is_alive())
    again, projects = start_server()
    return again, projects, again.resume(key)


def deadly(monkeypatch, name):
    """Make the worker die when it reads this picture; counts how often it did."""
    original, deaths = Journey._make_ready, []

    def make_ready(journey, image):
        if image.file_name == name:
            deaths.append(name)
            raise Killed
        return original(journey, image)

    monkeypatch.setattr(Journey, "_make_ready", make_ready)
    return deaths
