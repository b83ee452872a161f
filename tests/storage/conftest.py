"""A project with one picture and COCO's first category; and no deadline for a single example of a property."""

import pytest
from hypothesis import settings

from annotator.storage.store import Store
from tests.storage.builders import add_image

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "project") as found:
        found.add_category("person")
        yield found


@pytest.fixture
def image(store):
    return add_image(store)
