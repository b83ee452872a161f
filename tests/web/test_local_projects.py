"""The projects at this computer: made, opened, listed, put into the bin; an archive becomes one more."""

import os
import shutil
import time

import pytest

from annotator.core.errors import StoreError
from annotator.core.project import ProjectNameError, project_id
from annotator.core.settings import BINNED, KEY, NAME
from annotator.storage import archive
from annotator.storage.store import Store
from annotator.web import local_projects
from annotator.web.projects import OccupiedError, Projects, UnknownProjectError
from tests.web.conftest import client_of, png
from tests.web.routes.test_archives import fill, names


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "projects"


@pytest.fixture
def start(home):
    """Starts a server's projects over the same home each time."""
    started = []

    def begin(local=None):
        for projects in started:
            projects.close()
        started.append(Projects(local=local, home=home))
        return started[-1]

    yield begin
    for projects in started:
        projects.close()


def listed(projects):
    """Name and place of each project that can be read."""
    return {
        one.name: "bin" if one.summary.binned else "away" if one.summary.put_away else "here"
        for one in projects.listed().values()
        if one.summary is not None
    }


def test_the_first_start_makes_a_project_and_later_ones_open_the_last(start):
    projects = start()
    assert listed(projects) == {"default": "here"}
    helmets = projects.make("Helmets")
    projects.note_opened(helmets)
    assert projects.welcome(None) == helmets
    assert start().welcome(None) == helmets


def test_the_project_that_a_server_was_given_is_listed_while_it_runs(start, tmp_path):
    mine = start().make("Mine")
    projects = start(tmp_path / "elsewhere")
    given = projects.welcome(None)
    assert listed(projects) == {"elsewhere": "here", "default": "here", "Mine": "here"}
    projects.note_opened(mine)
    projects.note_opened(given)
    again = start()
    assert listed(again) == {"default": "here", "Mine": "here"}
    assert again.welcome(None) == mine
    assert start(tmp_path / "elsewhere").welcome(None) == given


def test_an_id_finds_its_project_and_no_other_id_does(start):
    projects = start()
    key = projects.make("Helmets")
    assert projects.find(project_id(key)) == key
    assert projects.find("0" * 16) is None
    assert projects.find(key) is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 200])
def test_a_name_that_is_none_makes_no_project(start, home, name):
    projects = start()
    before = sorted(os.listdir(home))
    with pytest.raises(ProjectNameError, match="expected 1 to 100"):
        projects.make(name)
    assert sorted(os.listdir(home)) == before


def test_a_name_is_only_one_projects(start):
    projects = start()
    helmets, vests = projects.make("Helmets"), projects.make("Vests")
    for attempt in (lambda: projects.make("helmets"), lambda: projects.rename(vests, "HELMETS")):
        with pytest.raises(ProjectNameError, match="already"):
            attempt()
    assert projects.rename(helmets, "helmets") == "helmets"  # its own, in other capitals
    assert projects.rename(vests, "<b>Vests</b>") == "<b>Vests</b>"
    assert set(listed(projects)) == {"default", "helmets", "<b>Vests</b>"}


def test_a_project_goes_into_the_bin_and_comes_back_with_what_came_meanwhile(start):
    projects = start()
    key = projects.make("Helmets")
    projects.note_opened(key)
    projects.throw_away(key)
    assert listed(projects)["Helmets"] == "bin"
    with projects.use(key) as store:  # another tab still has it open
        store.add_image(png(), file_name="late.png", width=64, height=48)
    assert projects.welcome(None) != key
    projects.make("Helmets")
    projects.take_back(key)
    assert projects.name_of(key) == "Helmets 2"
    assert projects.get(key).image_count() == 1


def test_only_what_lies_in_the_bin_is_deleted_for_good(start, home, tmp_path):
    projects = start(tmp_path / "elsewhere")
    given, key = projects.welcome(None), projects.make("Helmets")
    with pytest.raises(OccupiedError, match="not in the bin"):
        projects.remove(key)
    projects.throw_away(key)
    with projects.use(key), pytest.raises(OccupiedError, match="in use"):
        projects.remove(key)
    projects.remove(key)
    assert not (home / "helmets").exists()
    with pytest.raises(UnknownProjectError):
        projects.get(key)
    projects.throw_away(given)
    with pytest.raises(OccupiedError, match="in a folder of yours"):
        projects.remove(given)
    assert (tmp_path / "elsewhere" / "project.db").is_file()


def test_when_every_project_is_in_the_bin_a_new_one_is_made(start):
    projects = start()
    first = projects.welcome(None)
    projects.throw_away(first)
    second = projects.welcome(None)
    assert second != first
    assert listed(projects) == {"default": "bin", "default-2": "here"}


def test_whoever_names_a_project_of_the_bin_takes_it_out(start, home):
    projects = start()
    key = projects.make("Helmets")
    projects.throw_away(key)
    again = start(home / "helmets")
    assert again.welcome(None) == key
    assert not again.is_binned(key)


def test_the_bin_is_swept_by_age_and_by_nothing_else(start, home):
    projects = start()
    old, fresh, used = (projects.make(name) for name in ("Old", "Fresh", "Used"))
    long_ago = time.time() - (local_projects.BIN_DAYS + 1) * 24 * 3600
    for key, folder in ((old, "old"), (used, "used")):
        with projects.use(key) as store:
            store.set_setting(BINNED, "2020-01-01T00:00:00.000Z")
        os.utime(home / folder / "project.db", (long_ago, long_ago))
    with projects.use(used) as store:
        store.add_image(png(), file_name="a.png", width=64, height=48)
    projects.throw_away(fresh)
    assert projects.sweep() == 1
    assert listed(projects) == {"default": "here", "Fresh": "bin", "Used": "bin"}


def test_a_project_that_was_copied_by_hand_gets_a_key_of_its_own(start, home):
    projects = start()
    key = projects.make("Helmets")
    shutil.copytree(home / "helmets", home / "a-copy")
    keys = {one.folder.name: found for found, one in projects.listed().items()}
    assert keys["helmets"] == key
    assert keys["a-copy"] not in (key, "")
    assert projects.get(keys["a-copy"]).folder.name == "a-copy"
    with Store.open(home / "a-copy") as copy:
        assert copy.setting(KEY) == keys["a-copy"]


def test_a_damaged_project_holds_up_nobody(start, home):
    projects = start()
    key = projects.make("Helmets")
    projects.note_opened(key)
    projects.close()
    (home / "helmets" / "project.db").write_bytes(b"x" * 5000)
    again = start()
    assert again.welcome(None) != key
    reasons = [one.reason for one in again.listed().values() if one.summary is None]
    assert len(reasons) == 1
    assert "is not a project's database" in reasons[0]


def test_where_only_a_damaged_project_is_the_server_says_so(start, home):
    (home / "default").mkdir(parents=True)
    (home / "default" / "project.db").write_bytes(b"x" * 5000)
    with pytest.raises(StoreError, match="is not a project's database"):
        start()


def test_a_project_that_another_server_holds_is_one_for_both(start, home):
    projects = start()
    key = projects.make("Helmets")
    other = Projects(home=home)
    other.rename(key, "Vests")
    assert projects.name_of(key) == "Vests"
    other.throw_away(key)
    assert listed(projects)["Vests"] == "bin"
    other.close()


def test_on_a_full_disk_no_half_project_is_left(start, home, monkeypatch):
    projects = start()

    def full(*_):
        raise StoreError("the disk is full; nothing was changed")

    monkeypatch.setattr(Store, "set_setting", full)
    with pytest.raises(StoreError, match="the disk is full"):
        projects.make("Helmets")
    assert "helmets" not in os.listdir(home)


def test_an_archive_becomes_one_more_project(start, tmp_path):
    projects = start()
    client, first = client_of(projects), projects.welcome(None)
    fill(client, f"/annotator/{first}")
    packed = client.get(f"/annotator/{first}/archive").content
    made = [client.post(f"/annotator/{first}/archive", content=packed).json()["key"] for _ in range(2)]
    assert len({first, *made}) == 3
    assert [projects.name_of(key) for key in made] == ["default 2", "default 3"]
    for key in (first, *made):
        assert names(client, f"/annotator/{key}") == ["0.png", "1.png"]


def test_a_project_takes_its_name_along(start, tmp_path):
    projects = start()
    key = projects.make("Helmets & Vests")
    with projects.use(key) as store:
        archive.pack_project(store, tmp_path / "p.zip")
    with projects.expect_archive(key) as adopt, open(tmp_path / "p.zip", "rb") as packed:
        new = adopt(packed)
    assert projects.name_of(new) == "Helmets & Vests 2"


def test_a_project_that_is_called_as_its_folder_takes_that_along(start, home):
    with Store.open(home / "yard"):
        pass
    client, projects = client_of(start()), start()
    (key,) = [key for key, one in projects.listed().items() if one.name == "yard"]
    packed = client.get(f"/annotator/{key}/archive").content
    new = client.post(f"/annotator/{key}/archive", content=packed).json()["key"]
    assert projects.name_of(new) == "yard 2"


def test_a_name_that_no_project_has_is_refused_in_an_archive(start, tmp_path):
    projects = start()
    with Store.open(tmp_path / "made") as store:
        store.set_setting(NAME, "x" * 200)
        archive.pack_project(store, tmp_path / "made.zip")
    client, key = client_of(projects), projects.welcome(None)
    refused = client.post(f"/annotator/{key}/archive", content=(tmp_path / "made.zip").read_bytes())
    assert refused.status_code == 400
    assert "200 characters" in refused.json()["error"]
    assert listed(projects) == {"default": "here"}


def test_a_broken_archive_leaves_nothing(start, home):
    projects = start()
    refused = client_of(projects).post(
        f"/annotator/{projects.welcome(None)}/archive", content=b"PK\x05\x06" + bytes(18)
    )
    assert refused.status_code == 400
    assert sorted(os.listdir(home)) == ["default"]


def test_what_a_killed_server_left_beside_a_local_project_is_removed(home, tmp_path):
    for place in (tmp_path / "local", home / "default"):
        left = archive.beside(place)
        left.mkdir(parents=True)
        os.utime(left, (1, 1))
    Projects(local=tmp_path / "local").close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "local"]
    assert not home.exists() or os.listdir(home) == []
