"""A project with one picture and COCO's first category, on each database."""

import os

import pytest

from annotator.core.dataset import (
    State,
    Suggestion,
)
from annotator.core.review import Change, Gesture
from annotator.core.settings import BATCH
from annotator.storage.archive import pack_project
from annotator.storage.store import Store
from tests.conftest import picture
from tests.storage.builders import add_image, block
from tests.storage.databases import ON_SQLITE, schemas

__all__ = ["schemas"]


def pytest_generate_tests(metafunc):
    """Every test runs on each database, but those about SQLite, or about PostgreSQL."""
    marked, module = metafunc.definition.get_closest_marker, metafunc.module
    whole = os.environ.get("ANNOTATOR_TEST_DATABASES") == "all"
    alone = module.__name__.rpartition(".")[2] in ON_SQLITE or hasattr(module, "POSTGRESQL") or marked("sqlite")
    if not alone and (whole or not marked("slow")):
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def database(request, monkeypatch):
    if getattr(request, "param", "sqlite") == "sqlite":
        yield
    else:
        with request.getfixturevalue("schemas").instead_of_files(monkeypatch):
            yield


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "project") as found:
        found.add_category("person")
        yield found


@pytest.fixture
def image(store):
    return add_image(store)


@pytest.fixture(scope="module")
def archived(tmp_path_factory):
    """A project of three pictures, one reviewed, one in the bin; only to be read."""
    with Store.open(tmp_path_factory.mktemp("archived") / "project") as store:
        for index in range(3):
            store.add_image(picture(seed=index), file_name=f"folder/{index}.png", width=64, height=48)
        store.add_category("person")
        store.add_category("<b>helmet</b>")
        store.set_suggestions(1, [Suggestion(1, 0.9, block(width=64, height=48), "known@1")])
        key = store.instances(1)[0].key
        change = Change(key, 1, State.ACCEPTED)
        store.record(Gesture(1, "tab", 1, 0, "accept", "me", (change,), reviewed=True))
        store.remove_image(3)
        store.set_setting(BATCH, {"images": [1]})
        yield store


@pytest.fixture(scope="module")
def packed(archived, tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "project.zip"
    pack_project(archived, path)
    return path


@pytest.fixture
def empty(tmp_path):
    with Store.open(tmp_path / "empty") as store:
        yield store
