"""A project on a server beside those in folders: for the command line, the page's list, and scripts."""

import pytest

from annotator.api.project import Project
from annotator.cli.program import main
from annotator.core.settings import NAME
from annotator.storage.project_folders import folder_of_address, folders_in, look
from annotator.storage.store import Store
from annotator.system import paths
from annotator.web.local_projects import LocalProjects
from tests.conftest import picture
from tests.storage.builders import add_image, suggestion

POSTGRESQL = "postgresql"


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))


@pytest.fixture
def address(schemas):
    return schemas.address(schemas.fresh_name())


def test_the_command_line_works_on_a_project_at_an_address(address, tmp_path, capsys):
    assert main(["export", "--project", address, "--out", str(tmp_path / "out")]) == 1
    assert "there is no project yet" in capsys.readouterr().err
    with Project(address) as project:
        project.add_picture(picture(), name="a.png")
    assert main(["export", "--project", address, "--out", str(tmp_path / "out"), "--all-images"]) == 0
    assert (tmp_path / "out" / "instances.json").is_file()
    assert main(["export", "--project", address.replace("%20", "x"), "--out", "out"]) == 1
    said = capsys.readouterr().err
    assert "error: postgresql://annotator@127.0.0.1" in said
    assert said.strip().endswith("the user or the password is wrong")
    assert "Traceback" not in said
    assert len(folders_in(paths.projects())) == 1  # whatever is asked for, it is the same folder


def test_a_list_of_projects_counts_what_lies_on_a_server(address):
    folder = folder_of_address(address, paths.projects())
    with Store.open(folder) as store:
        store.set_setting(NAME, "birds")
        image = add_image(store)
        store.add_category("person")
        store.set_suggestions(image.id, [suggestion()])
        key = store.key
    summary = look(folder).summary
    assert (summary.name, summary.key, summary.images, summary.suggested) == ("birds", key, 1, 1)
    assert summary.covers == (image.sha256,)


def test_the_page_serves_a_project_on_a_server_and_never_gives_it_another_key(address):
    folder = folder_of_address(address, paths.projects())
    projects = LocalProjects(folder, paths.projects())
    try:
        key = projects.current
        with projects.use(key) as store:
            assert store.add_category("person").id == 1
        again = folder.with_name("again")  # as somebody might copy it by hand
        again.mkdir()
        (again / "project.toml").write_bytes((folder / "project.toml").read_bytes())
        found = projects.look()
        assert [one.reason for one in found if one.summary is None] == [f"{again}: names the same database as {folder}"]
        with projects.use(key) as store:
            assert store.key == key
    finally:
        projects.close()
