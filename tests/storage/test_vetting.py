"""A database out of an archive: what no project wrote is refused."""

import sqlite3
from contextlib import closing

import pytest

from annotator.core.errors import ArchiveError
from annotator.storage import vetting
from annotator.storage.archive import pack_project, unpack_project
from tests.storage.archives import nothing_is_left, with_database
from tests.storage.builders import block


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA application_id = 1",
        "CREATE TRIGGER evil AFTER INSERT ON images BEGIN DELETE FROM images; END",
        "CREATE VIEW evil AS SELECT * FROM images",
        "CREATE TABLE evil (x)",
        "DROP TRIGGER decisions_refuse_delete",
        "DROP TABLE decisions",
        "INSERT INTO migrations VALUES ('9999_future', 'now')",
        "DELETE FROM migrations",
        "UPDATE images SET width = 1000000000",
        "UPDATE images SET width = 'wide'",
        "UPDATE images SET revision = 'x'",
        "UPDATE images SET sha256 = replace(hex(zeroblob(32)), '0', 'Z') WHERE id = 1",
        "UPDATE images SET extra = '[' WHERE id = 1",
        "UPDATE images SET extra = x'00' WHERE id = 1",
        "UPDATE instances SET rle = '0'",
        "UPDATE instances SET rle = 'ooooooooooooooooooooo0'",
        "UPDATE instances SET rle = ''",
        "UPDATE instances SET parts = x'ffffffffffffffff'",
        "UPDATE instances SET parts = 'text'",
        "UPDATE instances SET image_id = 77",
        "UPDATE instances SET score = 'high'",
        "INSERT INTO suggestions VALUES ('k', 1, 1, 0.5, 'zzz', 's', 'now')",
        "INSERT INTO heatmaps VALUES ('k', 1, 0, 0, 5, 5, 3, x'00')",
        "INSERT INTO heatmaps VALUES ('k', 1, 0, 0, 5, 5, 1000000, x'789c03000000000001')",
        "INSERT INTO heatmaps VALUES ('k', 1, 9999999, 0, 5, 5, 1, x'789c63000000010001')",
        "INSERT INTO settings VALUES ('threshold', '{')",
        "UPDATE categories SET extra = 'no'",
        "UPDATE categories SET extra = '[]'",
        "UPDATE images SET extra = '1'",
        "UPDATE instances SET extra = 'null'",
        "INSERT INTO settings VALUES ('import', '[]')",
        "INSERT INTO settings VALUES ('threshold', '\"high\"')",
        "INSERT INTO settings VALUES ('threshold', '1e999')",
        "UPDATE sqlite_sequence SET seq = 9223372036854775807",
        "UPDATE images SET revision = 9223372036854775807",
        "UPDATE images SET reviewed = 2",
    ],
)
def test_a_database_that_no_project_wrote_is_refused(packed, tmp_path, statement):
    with pytest.raises(ArchiveError) as refused:
        unpack_project(with_database(packed, tmp_path, statement), tmp_path / "opened")
    assert str(refused.value).startswith("archive: ")
    assert "\n" not in str(refused.value)
    assert nothing_is_left(tmp_path)


def test_a_counter_of_ids_at_its_end_is_told_as_what_it_is(packed, tmp_path):
    counted = with_database(packed, tmp_path, "UPDATE sqlite_sequence SET seq = 9223372036854775807")
    with pytest.raises(ArchiveError, match=r"has counted [a-z]+ up to 9223372036854775807"):
        unpack_project(counted, tmp_path / "opened")


def test_settings_that_do_not_travel_or_that_nobody_knows_are_left_behind(packed, tmp_path):
    brought = ", ".join(f"('{name}', '1')" for name in ("key", "owner", "prelabelling", "future", "threshold"))
    worked_on = with_database(packed, tmp_path, f"INSERT OR REPLACE INTO settings VALUES {brought}")
    unpack_project(worked_on, tmp_path / "opened")
    with closing(sqlite3.connect(tmp_path / "opened" / "project.db")) as connection:
        settings = dict(connection.execute("SELECT name, value FROM settings"))
    assert settings.keys() == {"key", "threshold"}
    assert settings["key"] != "1"


def test_a_mask_among_many_that_no_program_wrote_is_found(archived, tmp_path):
    """Masks are checked a thousand at a time: the last one as well as the first."""
    sql = "INSERT INTO suggestions SELECT 's' || value, 1, 1, 0.5, {}, 'x', 'now' FROM generate"
    good = f"'{block(width=64, height=48).counts}'"
    numbers = (
        "WITH RECURSIVE generate(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM generate WHERE value < 1500) "
    )
    pack_project(archived, tmp_path / "whole.zip")
    unpack_project(with_database(tmp_path / "whole.zip", tmp_path, numbers + sql.format(good)), tmp_path / "opened")
    one = sql.format(f"iif(value = 1500, 'zzz', {good})")
    with pytest.raises(ArchiveError, match="not one that a project wrote"):
        unpack_project(with_database(tmp_path / "whole.zip", tmp_path, numbers + one), tmp_path / "other")


def test_masks_of_one_image_beyond_what_a_page_can_fetch_are_refused(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(vetting, "MAX_IMAGE_MASKS", 3)
    with pytest.raises(ArchiveError, match=r"image 1: \d+ bytes of masks, expected at most 3"):
        unpack_project(packed, tmp_path / "opened")
