"""Projects are opened and closed under nobody's hands."""

import random
import threading
import time

from annotator.web.projects import UnknownProjectError
from tests.web.conftest import AT_ONCE, client_of, folder_of, rest, with_a_picture


def test_opening_a_project_makes_it_young_again(visitors):
    projects = visitors(age_hours=10)
    key = with_a_picture(projects)
    rest(projects, key, hours=9)
    projects.get(key)
    assert time.time() - (folder_of(projects, key) / "project.db").stat().st_mtime < 60


def test_only_so_many_databases_stay_open_and_one_in_use_is_not_closed(visitors):
    projects = visitors(open_projects=3)
    keys = [projects.create() for _ in range(8)]
    with projects.use(keys[0]) as held:
        for key in keys[1:]:
            projects.get(key)
        assert len(projects._visitors.open._open) == 3
        assert projects._visitors.open._open[keys[0]].store is held
        assert projects.get(keys[0]) is held
    again = projects.get(keys[1])
    assert again.key


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


def test_a_broken_database_is_one_line_without_the_servers_folders(visitors, tmp_path):
    projects = visitors()
    key = with_a_picture(projects)
    projects.close()
    (folder_of(projects, key) / "project.db").write_bytes(b"no database" * 1000)
    answer = client_of(projects).get(f"/annotator/{key}/queue")
    assert answer.status_code == 507
    assert str(tmp_path) not in answer.text
    assert answer.json()["error"].startswith("the project: ")
    assert not projects._visitors.open._open
