"""Exports of the page: each project has a folder of its own, and a link gives the file that it was made for."""

import re

import pytest

from annotator.exchange import leaving
from annotator.exchange.formats import Options
from annotator.web.page import fragments
from annotator.web.projects import Projects
from tests.web.conftest import client_of, png


@pytest.fixture(autouse=True)
def exports(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_EXPORTS", str(tmp_path / "exports"))
    return tmp_path / "exports"


def opened(folder, *names):
    """A project with reviewed pictures: its server's projects, a client, its key."""
    projects = Projects(local=folder)
    key, client = projects.welcome(None), client_of(projects)
    for seed, name in enumerate(names):
        assert client.post(f"/annotator/{key}/images", params={"name": name}, content=png(seed=seed)).status_code == 200
    return projects, client, key


def export(projects, key, exports, **options):
    with projects.use(key) as store:
        folder = projects.export_folder(key, exports, claim=True)
        return leaving.export(store, folder, options=Options(**options), reviewed_only=False)


def links(key, written):
    return re.findall(r"href='([^']+)'", fragments.export_report(key, written))


def test_two_projects_whose_folders_share_a_name_have_an_export_each(tmp_path, exports):
    one, _, first = opened(tmp_path / "a" / "default", "a.png")
    two, client, second = opened(tmp_path / "b" / "default", "b.png")
    made = export(one, first, exports)
    assert exports / "default" / "instances.json" in made.files
    # Not even before it has exported anything is the other's export its own.
    (link,) = (one for one in links(second, made) if "instances.json" in one)
    assert client.get(f"/{link}").status_code == 404
    export(two, second, exports)
    assert "a.png" in (exports / "default" / "instances.json").read_text()
    assert len(list(exports.glob("default*/instances.json"))) == 2
    assert export(one, first, exports).files.keys() == made.files.keys()
    one.close()
    two.close()


def test_a_link_gives_the_file_that_it_was_made_for_or_nothing(tmp_path, exports):
    projects, client, key = opened(tmp_path / "project", "a.png")
    first = export(projects, key, exports)
    assert {client.get(f"/{link}").status_code for link in links(key, first)} == {200}
    with projects.use(key) as store:
        store.add_category("person")
    second = export(projects, key, exports)  # by another page, say
    for link in links(key, first):
        answer = client.get(f"/{link}")
        assert answer.status_code == 404
        assert "export again" in answer.json()["error"]
    for link in links(key, second):
        answer = client.get(f"/{link}")
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith("attachment")
    assert client.get(f"/annotator/{key}/exports/instances.json").status_code == 404
    projects.close()


def test_every_file_of_a_format_that_writes_no_folder_is_handed_out(tmp_path, exports):
    projects, client, key = opened(tmp_path / "project", "a.png")
    written = export(projects, key, exports, zipped=True)
    (link,) = links(key, written)
    assert client.get(f"/{link}").content == (exports / "project" / "dataset.zip").read_bytes()
    projects.close()
