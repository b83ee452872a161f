"""What the sweeper closes, removes and leaves alone."""

import os
import shutil
import threading
import time

import pytest

from annotator.web import sweeper as sweeper_module
from annotator.web.projects import UnknownProjectError
from annotator.web.sweeper import Sweeper
from tests.web.conftest import AT_ONCE, folder_of, rest, with_a_picture


def test_the_sweeper_removes_what_nobody_opened_for_its_age_with_its_exports(visitors, tmp_path):
    projects = visitors(age_hours=10)
    old, young = with_a_picture(projects), with_a_picture(projects)
    exports = projects.export_folder(old, tmp_path / "exports")
    exports.mkdir()
    (exports / "instances.json").write_text("{}")
    rest(projects, old, hours=11)
    rest(projects, young, hours=9)
    assert projects.sweep() == 1
    with pytest.raises(UnknownProjectError):
        projects.get(old)
    assert projects.get(young).image_count() == 1
    assert os.listdir(tmp_path / "visitors") == [young]


def test_a_project_in_use_is_never_removed(visitors):
    projects = visitors(age_hours=AT_ONCE)
    key = with_a_picture(projects)
    with projects.use(key) as store:
        assert projects.sweep() == 0
        assert store.image_count() == 1
    time.sleep(0.01)
    assert projects.sweep() == 1


def test_what_a_killed_sweeper_left_behind_is_removed(visitors, tmp_path):
    projects = visitors()
    key = with_a_picture(projects)
    shutil.copytree(folder_of(projects, key), tmp_path / "visitors" / ".removed-0123")
    (tmp_path / "visitors" / "notes.txt").write_text("not a project: left alone")
    projects.sweep()
    assert sorted(os.listdir(tmp_path / "visitors")) == sorted([key, "notes.txt"])


def test_a_database_that_nobody_uses_is_closed(visitors, monkeypatch):
    monkeypatch.setattr(sweeper_module, "IDLE_S", 0.0)
    projects = visitors()
    key = with_a_picture(projects)
    with projects.use(key):
        projects.sweep()
        assert list(projects._visitors.open._open) == [key]
    time.sleep(0.01)
    projects.sweep()
    assert not projects._visitors.open._open
    assert projects.get(key).image_count() == 1


def test_a_sweeper_outlives_what_it_meets_and_stops(visitors, monkeypatch):
    projects = visitors()
    swept = threading.Semaphore(0)

    def trouble():
        swept.release()
        raise OSError("the disk is gone")

    monkeypatch.setattr(projects, "sweep", trouble)
    sweeper = Sweeper(projects.sweep, period=0.001)
    sweeper.start()
    for _ in range(3):
        assert swept.acquire(timeout=10)
    sweeper.stop()
    assert not sweeper._thread.is_alive()
