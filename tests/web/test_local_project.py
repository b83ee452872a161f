"""The project at this computer: an archive takes its place while it is empty."""

import io
import os

import pytest

from annotator.core.errors import StoreError
from annotator.storage import archive
from annotator.web.projects import OccupiedError, Projects
from tests.web.conftest import client_of, png
from tests.web.routes.test_archives import fill, names


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_the_local_project_takes_an_archive_while_it_is_empty(visitors, tmp_path):
    shared = visitors()
    key = shared.create()
    fill(client_of(shared), f"/annotator/{key}")
    packed = client_of(shared).get(f"/annotator/{key}/archive").content
    projects = Projects(local=tmp_path / "local")
    client = client_of(projects)
    before = projects.local_key
    new = client.post(f"/annotator/{before}/archive", content=packed).json()["key"]
    assert projects.local_key == new != before
    assert names(client, f"/annotator/{new}") == ["0.png", "1.png"]
    assert client.get(f"/annotator/{before}/queue").status_code == 404
    refused = client.post(f"/annotator/{new}/archive", content=packed)
    assert refused.status_code == 409
    assert "holds 2 pictures and stays as it is" in refused.json()["error"]
    projects.close()
    again = Projects(local=tmp_path / "local")
    assert again.local_key == new
    assert again.get(new).image_count() == 2
    again.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "local", "visitors"]


def test_a_broken_archive_leaves_the_empty_local_project_as_it_was(tmp_path):
    projects = Projects(local=tmp_path / "local")
    key = projects.local_key
    with projects.expect_archive(key) as adopt, pytest.raises(StoreError):
        adopt(io.BytesIO(b"PK\x05\x06" + bytes(18)))
    assert projects.local_key == key
    assert projects.get(key).image_count() == 0
    projects.close()


def test_a_picture_that_came_in_the_meantime_is_not_lost(visitors, tmp_path, monkeypatch):
    shared = visitors()
    key = shared.create()
    fill(client_of(shared), f"/annotator/{key}")
    packed = client_of(shared).get(f"/annotator/{key}/archive").content
    projects = Projects(local=tmp_path / "local")
    whole = archive.unpack_project

    def slow(file, folder, **rest):
        whole(file, folder, **rest)
        projects.get(projects.local_key).add_image(png(seed=7), file_name="mine.png", width=64, height=48)

    monkeypatch.setattr(archive, "unpack_project", slow)
    with projects.expect_archive(projects.local_key) as adopt, pytest.raises(OccupiedError):
        adopt(io.BytesIO(packed))
    assert [row.image.file_name for row in projects.get(projects.local_key).queue()] == ["mine.png"]
    projects.close()


def test_what_a_killed_server_left_beside_the_local_project_is_removed(tmp_path):
    left = archive.beside(tmp_path / "local")
    left.mkdir()
    os.utime(left, (1, 1))
    Projects(local=tmp_path / "local").close()
    assert [path.name for path in tmp_path.iterdir()] == ["local"]
