"""A project with one picture and COCO's first category."""

import pytest

from annotator.storage.store import Store
from tests.storage.builders import add_image


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "project") as found:
        found.add_category("person")
        yield found


@pytest.fixture
def image(store):
    return add_image(store)
