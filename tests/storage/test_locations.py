"""An address of a database: what it may say, and that no password of it is written or told."""

import pytest

from annotator.core.errors import StoreError
from annotator.storage.locations import is_project, location_of, password_of, read_location, write_location
from tests.storage.builders import one_line


def test_an_address_is_kept_without_its_password_which_the_process_remembers(tmp_path):
    location = location_of("postgres://ann:a%20p%40ss@db.example:5433/team?schema=birds&sslmode=require")
    assert location.place == "postgresql://ann@db.example:5433/team?schema=birds&sslmode=require"
    assert location.schema == "birds"
    assert not is_project(tmp_path)
    write_location(tmp_path, location)
    assert is_project(tmp_path)
    assert "a%20p" not in (tmp_path / "project.toml").read_text()
    assert read_location(tmp_path) == location
    assert password_of(location) == "a p@ss"
    assert password_of(location_of("postgresql://ann@other/team")) is None


def test_the_schema_has_a_name_where_none_is_said():
    assert location_of("postgresql://ann@db/team").schema == "annotator"
    assert location_of("postgresql://ann@db/team").place == "postgresql://ann@db/team"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("mysql://ann:secret@db/team", "mysql is not known"),
        ("postgresql+asyncpg://ann:secret@db/team", "is not known"),
        ("postgresql://ann:secret@db", "names no database"),
        ("postgresql://ann:secret@db/team?schema=Birds;drop", "expected lower-case letters"),
        ("postgresql://ann:secret@db/team?schema=a&schema=b", "expected lower-case letters"),
        ("postgresql://ann:secret@db:port/team", "cannot be read"),
    ],
)
def test_what_is_no_address_is_one_line_without_the_password(address, reason):
    with pytest.raises(StoreError, match=reason) as error:
        location_of(address)
    assert "secret" not in one_line(error)


@pytest.mark.parametrize("text", ["", "database = 3", "database = 'nowhere'", "\0", "[database]"])
def test_a_file_that_names_none_is_one_line(tmp_path, text):
    (tmp_path / "project.toml").write_text(text)
    with pytest.raises(StoreError) as error:
        read_location(tmp_path)
    one_line(error)
