"""Visitors' projects: how many, how large, how long, and never removed or closed under somebody's hands."""

import os
import random
import shutil
import threading
import time

import pytest

from annotator.core.errors import AnnotatorError
from annotator.web import projects as projects_module
from annotator.web.projects import Projects, UnknownProjectError
from annotator.web.sharing import makers
from annotator.web.sharing.limits import LimitError, Limits
from annotator.web.sharing.visitor import Visitors
from annotator.web.sweeper import Sweeper
from tests.conftest import picture
from tests.web.conftest import client_of, png

AT_ONCE = 1e-9  # hours


@pytest.fixture
def visitors(tmp_path):
    """Makes the projects of a server with these limits, over the same folder each time."""
    made = []

    def make(**limits):
        made.append(Projects(visitors=tmp_path / "visitors", limits=Limits(**limits)))
        return made[-1]

    yield make
    for projects in made:
        projects.close()


def with_a_picture(projects):
    key = projects.create()
    with projects.use(key) as store:
        store.add_image(picture(), file_name="a.png", width=64, height=48)
    return key


def rest(projects, key, hours):
    """Make a project look as if nobody had been there for so long."""
    projects.close()
    then = time.time() - 3600 * hours
    os.utime(projects._folder(key) / "project.db", (then, then))


def test_a_server_that_is_full_says_so_in_one_line(visitors):
    projects = visitors(projects=3)
    keys = {projects.welcome(None) for _ in range(3)}
    assert len(keys) == 3
    with pytest.raises(LimitError, match="holds 3 projects and takes no more"):
        projects.welcome("not a key")
    assert projects.welcome(min(keys)) in keys


def test_one_address_cannot_take_every_project(visitors):
    projects = visitors(projects=100, new_projects=3)
    for _ in range(3):
        projects.welcome(None, address="10.0.0.1")
    with pytest.raises(LimitError, match="3 projects were made from here within an hour"):
        projects.welcome(None, address="10.0.0.1")
    key = projects.welcome(None, address="10.0.0.2")
    assert projects.welcome(key, address="10.0.0.1") == key


def test_one_address_does_not_keep_every_project_of_a_server(visitors, monkeypatch):
    projects = visitors(projects=100, new_projects=100, address_projects=2)
    monkeypatch.setattr(makers, "HOUR_S", 0.0)
    mine = [projects.create(address="10.0.0.1") for _ in range(2)]
    with pytest.raises(LimitError, match="2 projects were made from here and are still there"):
        projects.create(address="10.0.0.1")
    assert projects.create(address="10.0.0.2")
    assert projects.create() != projects.create()  # of nobody's address
    rest(projects, mine[0], hours=1000)
    assert projects.sweep() == 1
    assert projects.create(address="10.0.0.1")


def test_projects_that_come_as_archives_count_as_well(visitors):
    projects = visitors(projects=100, new_projects=2)
    client = client_of(projects)
    client.app.add_middleware(Visitors)
    key = projects.create(address="testclient")
    packed = client.get(f"/annotator/{key}/archive").content
    statuses = [client.post(f"/annotator/{key}/archive", content=packed).status_code for _ in range(2)]
    assert statuses == [200, 507]


def test_one_address_does_not_fill_the_disk_of_a_server(visitors):
    projects = visitors(address_mb=0.5)
    client = client_of(projects)
    first, second, other = (projects.create(address=address) for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2"))
    projects.sweep()
    statuses = []
    for seed, key in enumerate([*[first] * 12, second, other]):
        added = client.post(f"/annotator/{key}/images", params={"name": "a"}, content=png(120, 120, seed=seed))
        statuses.append(added.status_code)
    assert statuses[0] == 200
    assert statuses[-3:] == [507, 507, 200]  # the full one, another of the same address, somebody else's


def test_a_project_without_a_picture_makes_room_when_there_is_none(visitors):
    projects = visitors(projects=2)
    empty, full = projects.create(), with_a_picture(projects)
    for key in (empty, full):
        rest(projects, key, hours=2)
    new = projects.welcome(None)
    assert projects.welcome(full) == full
    with pytest.raises(UnknownProjectError):
        projects.get(empty)
    assert projects.get(new)


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


def test_opening_a_project_makes_it_young_again(visitors):
    projects = visitors(age_hours=10)
    key = with_a_picture(projects)
    rest(projects, key, hours=9)
    projects.get(key)
    assert time.time() - (projects._folder(key) / "project.db").stat().st_mtime < 60


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
    shutil.copytree(projects._folder(key), tmp_path / "visitors" / ".removed-0123")
    (tmp_path / "visitors" / "notes.txt").write_text("not a project: left alone")
    projects.sweep()
    assert sorted(os.listdir(tmp_path / "visitors")) == sorted([key, "notes.txt"])


def test_a_sweeper_outlives_what_it_meets_and_stops(visitors, monkeypatch):
    projects = visitors()
    swept = threading.Semaphore(0)

    def trouble():
        swept.release()
        raise OSError("the disk is gone")

    monkeypatch.setattr(projects, "sweep", trouble)
    sweeper = Sweeper(projects, period=0.001)
    sweeper.start()
    for _ in range(3):
        assert swept.acquire(timeout=10)
    sweeper.stop()
    assert not sweeper._thread.is_alive()


def test_only_so_many_databases_stay_open_and_one_in_use_is_not_closed(visitors):
    projects = visitors(open_projects=3)
    keys = [projects.create() for _ in range(8)]
    with projects.use(keys[0]) as held:
        for key in keys[1:]:
            projects.get(key)
        assert len(projects._open) == 3
        assert projects._open[keys[0]].store is held
        assert projects.get(keys[0]) is held
    again = projects.get(keys[1])
    assert again.key


def test_a_database_that_nobody_uses_is_closed(visitors, monkeypatch):
    monkeypatch.setattr(projects_module, "IDLE_S", 0.0)
    projects = visitors()
    key = with_a_picture(projects)
    with projects.use(key):
        projects.sweep()
        assert list(projects._open) == [key]
    time.sleep(0.01)
    projects.sweep()
    assert not projects._open
    assert projects.get(key).image_count() == 1


def test_visitors_sweepers_and_closings_at_once_do_not_meet(visitors):
    """Many threads use and make projects while everything unused is closed and removed: whoever is in has it whole."""
    projects = visitors(age_hours=AT_ONCE, empty_hours=AT_ONCE, open_projects=2)
    stop, troubles, used = threading.Event(), [], []
    keys = [with_a_picture(projects) for _ in range(6)]

    def visit(seed):
        chance = random.Random(seed)
        while not stop.is_set():
            try:
                with projects.use(chance.choice(keys)) as store:
                    for _ in range(3):
                        used.append(store.image_count())
                    assert (store.folder / "project.db").is_file()
                keys[chance.randrange(len(keys))] = with_a_picture(projects)
            except UnknownProjectError:  # swept since, or between its making and its first picture
                keys.append(projects.create())
            except Exception as error:
                troubles.append(repr(error))

    def sweep():
        while not stop.is_set():
            projects.sweep()

    threads = [threading.Thread(target=visit, args=(seed,)) for seed in range(4)] + [threading.Thread(target=sweep)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    stop.set()
    for thread in threads:
        thread.join(timeout=20)
    assert troubles == []
    assert set(used) <= {0, 1}
    assert used


@pytest.mark.parametrize(
    ("limits", "line"),
    [
        ({"images": 2}, "this project is full, expected at most 2 pictures"),
        ({"project_mb": 0.08}, "this project is full"),
        ({"total_mb": 0.08}, "this server is full"),
    ],
)
def test_a_full_project_takes_no_more_and_says_so_in_one_line(visitors, limits, line):
    projects = visitors(**limits)
    key = projects.create()
    client = client_of(projects)
    projects.sweep()
    answers = [
        client.post(f"/annotator/{key}/images", params={"name": f"{seed}.png"}, content=png(seed=seed))
        for seed in range(3)
    ]
    statuses = [answer.status_code for answer in answers]
    assert statuses[-1] == 507
    assert answers[-1].json()["error"].startswith(line)
    assert client.get(f"/annotator/{key}/queue").json()["images"] == [
        row for row in client.get(f"/annotator/{key}/queue").json()["images"] if row["id"] <= statuses.count(200)
    ]


def test_a_full_project_can_still_be_read(visitors):
    key = with_a_picture(visitors())
    projects = visitors(project_mb=0.001)
    client = client_of(projects)
    document = client.get(f"/annotator/{key}/images/1").json()
    sent = {"client": "tab", "number": 1, "revision": document["revision"], "verb": "review", "reviewed": True}
    refused = client.post(f"/annotator/{key}/images/1/gestures", json=sent)
    assert refused.status_code == 507  # which a browser keeps and sends again
    assert client.get(f"/annotator/{key}/images/1").json() == document


def test_nobody_limits_the_person_at_this_computer(tmp_path):
    projects = Projects(local=tmp_path / "project", limits=Limits(images=1, project_mb=0.001, total_mb=0.001))
    client = client_of(projects)
    for seed in range(3):
        answer = client.post(f"/annotator/{projects.local_key}/images", params={"name": "x"}, content=png(seed=seed))
        assert answer.status_code == 200
    projects.close()


def test_a_limit_is_set_by_its_variable(monkeypatch):
    monkeypatch.setenv("ANNOTATOR_MAX_PROJECTS", "7")
    monkeypatch.setenv("ANNOTATOR_MAX_AGE_HOURS", "0.5")
    limits = Limits.from_environment()
    assert (limits.projects, limits.age_hours, limits.images) == (7, 0.5, Limits().images)


@pytest.mark.parametrize("text", ["many", "-1", "0", "nan"])
def test_a_limit_that_is_none_is_told_in_one_line(monkeypatch, text):
    monkeypatch.setenv("ANNOTATOR_MAX_JOBS", text)
    with pytest.raises(AnnotatorError, match="ANNOTATOR_MAX_JOBS: found"):
        Limits.from_environment()


def test_visitors_are_not_told_where_things_lie(visitors, tmp_path):
    projects = visitors()
    key = with_a_picture(projects)
    line = projects.plain(f"{tmp_path}/visitors/{key}/project.db: the disk is full; nothing was changed")
    assert line == "the project: the disk is full; nothing was changed"
    assert projects.plain("model /srv/models/x/model.bin: found 3") == "model (a file of the server): found 3"
    assert projects.plain("a/b.png: is 3 x 4 pixels, 50/100") == "a/b.png: is 3 x 4 pixels, 50/100"


def test_a_broken_database_is_one_line_without_the_servers_folders(visitors, tmp_path):
    projects = visitors()
    key = with_a_picture(projects)
    projects.close()
    (projects._folder(key) / "project.db").write_bytes(b"no database" * 1000)
    answer = client_of(projects).get(f"/annotator/{key}/queue")
    assert answer.status_code == 507
    assert str(tmp_path) not in answer.text
    assert answer.json()["error"].startswith("the project: ")
    assert not projects._open
