"""Categories of a project from outside that no project could have written."""

import sqlite3
from contextlib import closing

import pytest

from annotator.core.errors import ArchiveError
from annotator.storage import archive
from annotator.storage.store import Store
from tests.storage.builders import add_image, suggestion


@pytest.fixture
def folder(tmp_path):
    """A project with a merge, and its folder."""
    with Store.open(tmp_path / "project") as store:
        for name in ("person", "car", "truck"):
            store.add_category(name)
        store.set_suggestions(add_image(store).id, [suggestion()])
        store.category_manager.merge(3, into=8, who="me")
    return tmp_path / "project"


def opened_elsewhere(folder, statement):
    with closing(sqlite3.connect(folder / "project.db")) as connection:
        connection.execute(statement)
        connection.commit()
    with Store.open(folder) as store:
        archive.pack_project(store, folder / "packed.zip")
    archive.unpack_project(folder / "packed.zip", folder / "other")


def test_a_project_with_a_merge_is_sound(folder):
    opened_elsewhere(folder, "UPDATE categories SET color = '#00ff00', digit = 3, threshold = 0.5 WHERE id = 8")


LINE = "INSERT INTO category_changes (at, who, verb, before, after) VALUES ('', '', 'rename', '{}', '{}')"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE categories SET color = 'red;}' WHERE id = 8",
        "UPDATE categories SET digit = 0 WHERE id = 8",
        "UPDATE categories SET threshold = 2 WHERE id = 8",
        "UPDATE categories SET merged_into = 1 WHERE id = 8",
        "UPDATE categories SET merged_into = 3 WHERE id = 3",
        "UPDATE categories SET removed = 1 WHERE id = 1",
        LINE.format("[]", "{}"),
        LINE.format('{"4": {"name": ""}}', '{"4": {"name": ""}}'),
        LINE.format('{"8": {"name": ""}}', '{"8": {"color": null}}'),
        LINE.format('{"8": {"color": "red"}}', '{"8": {"color": null}}'),
        LINE.format('{"8": {"id": 7}}', '{"8": {"id": 8}}'),
        LINE.format('{"8": {"name": 7}}', '{"8": {"name": "a"}}'),
        LINE.format('{"8": {"merged_into": 70}}', '{"8": {"merged_into": null}}'),
    ],
)
def test_categories_that_cannot_be_are_refused(folder, statement):
    with pytest.raises(ArchiveError, match="not one that a project wrote"):
        opened_elsewhere(folder, statement)
