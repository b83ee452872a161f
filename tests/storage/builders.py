"""Small values for the tests of the store."""

import sqlite3
from contextlib import closing, contextmanager

import numpy as np

from annotator.core.dataset import State, Suggestion
from annotator.core.masks import mask_to_rle
from annotator.core.review import Change, Gesture
from annotator.storage import schema
from annotator.storage.imports import Arrival

WIDTH, HEIGHT = 20, 12


def block(x=2, y=2, w=4, h=3, *, width=WIDTH, height=HEIGHT):
    """The mask of a rectangle."""
    mask = np.zeros((height, width), bool)
    mask[y : y + h, x : x + w] = True
    return mask_to_rle(mask)


def add_image(store, content=b"picture", name="a/b.jpg"):
    return store.add_image(content, file_name=name, width=WIDTH, height=HEIGHT)


def suggestion(x=2, *, score=0.9, category_id=1, source="starter-person@1"):
    return Suggestion(category_id, score, block(x), source)


def accept(key, *, category_id=1, **mask):
    return Change(key, category_id, State.ACCEPTED, **mask)


def gesture(image, *changes, number=0, revision=None, verb="accept", client="tab", **more):
    revision = image.revision if revision is None else revision
    return Gesture(image.id, client, number, revision, verb, "me", tuple(changes), **more)


def import_dataset(store, dataset, pictures):
    """Take in one dataset, with its pictures by their ids there; what the import tells of it."""
    return store.import_files([Arrival("", dataset, pictures)]).reports[0]


def one_line(error):
    """The message of what was raised, which must be one short line."""
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


@contextmanager
def older_project(folder, *, before):
    """The database of a project as it was before a migration, with one picture and the category 1."""
    with closing(sqlite3.connect(folder / "project.db")) as older, older:
        names = list(schema.MIGRATIONS)
        for name in names[: names.index(before)]:
            for statement in schema.MIGRATIONS[name]:
                older.execute(statement)
            older.execute("INSERT INTO migrations VALUES (?, 'then')", (name,))
        picture = ("0" * 64, "a.jpg", WIDTH, HEIGHT, "")
        older.execute("INSERT INTO images (sha256, file_name, width, height, added_at) VALUES (?, ?, ?, ?, ?)", picture)
        older.execute("INSERT INTO categories (id, name) VALUES (1, 'person')")
        yield older
