"""What was acknowledged is there, whatever happens to the server. The full size is tests/bench/bench_saving.py."""

import os

from tests.bench.bench_saving import kills, races

COUNT = int(os.environ.get("ANNOTATOR_TEST_KILLS", "12"))


def test_a_server_killed_during_saving_loses_nothing_it_acknowledged(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    figures = kills(COUNT, tmp_path / "project")
    assert figures["acknowledged"] >= COUNT
    assert {name: figures[name] for name in ("lost", "doubled", "refused", "corrupt", "wrong_states")} == dict.fromkeys(
        ("lost", "doubled", "refused", "corrupt", "wrong_states"), 0
    )


def test_of_two_writers_at_once_one_is_taken_and_the_other_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    figures = races(2 * COUNT, tmp_path / "project")
    assert figures == {"races": 2 * COUNT, "silent_overwrites": 0, "answered_otherwise": 0, "winner_not_stored": 0}
