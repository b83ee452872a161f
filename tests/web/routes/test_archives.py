"""The whole project as one file, over HTTP."""

import asyncio
import hashlib
import io
import os
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from annotator.storage import archive, vetting, vetting_child
from annotator.storage.store import Store
from annotator.web import unpacking
from annotator.web.sharing.visitor import Visitors
from tests.web.conftest import client_of, png, run


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def fill(client, base, count=2):
    for seed in range(count):
        answer = client.post(f"{base}/images", params={"name": f"{seed}.png"}, content=png(seed=seed))
        assert answer.status_code == 200
    client.post(f"{base}/categories", json={"name": "helmet"})


def names(client, base):
    return [row["name"] for row in client.get(f"{base}/queue").json()["images"]]


def test_a_visitor_takes_a_project_along_and_opens_it_again(visitors, home):
    projects = visitors()
    client = client_of(projects)
    key = projects.create()
    fill(client, f"/annotator/{key}")
    assert 'filename="project-20' in client.get(f"/annotator/{key}/archive").headers["content-disposition"]
    client.post(f"/annotator/{key}/project", json={"name": "Yard / helmets"})
    answer = client.get(f"/annotator/{key}/archive")
    assert answer.headers["content-type"] == "application/zip"
    assert 'filename="yard-helmets-20' in answer.headers["content-disposition"]
    assert client.get(f"/annotator/{key}/archive/check").json() == {}
    with zipfile.ZipFile(io.BytesIO(answer.content)) as opened:
        assert opened.testzip() is None
        assert len(opened.namelist()) == 3
    assert os.listdir(home / "outgoing") == []
    fresh = projects.create()
    new = client.post(f"/annotator/{fresh}/archive", content=answer.content).json()["key"]
    assert new not in (key, fresh)
    assert names(client, f"/annotator/{new}") == ["0.png", "1.png"]
    assert names(client, f"/annotator/{fresh}") == []
    document = client.get(f"/annotator/{new}/images/1").json()
    assert "helmet" in [category["name"] for category in document["categories"]]
    assert client.get(f"/annotator/{new}/thumbnails/1").status_code == 200
    assert list(home.glob("incoming/*")) == []


@pytest.mark.parametrize(
    ("limits", "line"), [({"images": 1}, "2 pictures"), ({"project_mb": 0.05}, "expected at most")]
)
def test_an_archive_beyond_the_limits_is_refused(visitors, tmp_path, limits, line):
    projects = visitors()
    key = projects.create()
    fill(client_of(projects), f"/annotator/{key}")
    packed = client_of(projects).get(f"/annotator/{key}/archive").content
    strict = visitors(**limits)
    refused = client_of(strict).post(f"/annotator/{key}/archive", content=packed)
    assert refused.status_code >= 400
    assert line in refused.json()["error"]
    assert os.listdir(tmp_path / "visitors") == [key]


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 1000])
def test_what_is_no_archive_is_refused_in_one_line(visitors, content):
    projects = visitors()
    key = projects.create()
    refused = client_of(projects).post(f"/annotator/{key}/archive", content=content)
    assert 400 <= refused.status_code < 500
    assert "archive" in refused.json()["error"]


def test_an_archive_needs_a_key_on_the_way_out_and_in(visitors):
    client = client_of(visitors())
    assert client.get(f"/annotator/{'A' * 32}/archive").status_code == 404
    assert client.post(f"/annotator/{'A' * 32}/archive", content=b"x").status_code == 404


def bomb(packed):
    """The archive with a picture of zeros more."""
    content = bytes(20 * 2**20)
    sha256 = hashlib.sha256(content).hexdigest()
    with zipfile.ZipFile(io.BytesIO(packed)) as source, zipfile.ZipFile(made := io.BytesIO(), "w") as target:
        for entry in source.infolist():
            target.writestr(entry, source.read(entry))
        target.writestr(f"images/{sha256[:2]}/{sha256}", content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def test_a_bomb_is_the_files_fault_and_not_the_servers_want_of_room(visitors):
    projects = visitors()
    client, key = client_of(projects), projects.create()
    fill(client, f"/annotator/{key}", 1)
    refused = client.post(f"/annotator/{key}/archive", content=bomb(client.get(f"/annotator/{key}/archive").content))
    assert refused.status_code == 400
    assert "a ratio above 100" in refused.json()["error"]


@pytest.mark.parametrize(
    ("content", "width", "line"),
    [(b"no picture at all", 64, "a.png: "), (png(32, 48), 64, "a.png: is 32 x 48 pixels, its project says 64 x 48")],
)
def test_a_picture_that_is_not_what_its_database_says_is_refused(visitors, tmp_path, content, width, line):
    with Store.open(tmp_path / "made") as store:
        store.add_image(content, file_name="a.png", width=width, height=48)
        archive.pack_project(store, tmp_path / "made.zip")
    projects = visitors()
    key = projects.create()
    refused = client_of(projects).post(f"/annotator/{key}/archive", content=(tmp_path / "made.zip").read_bytes())
    assert refused.status_code == 400
    assert refused.json()["error"].startswith(f"archive: {line}")
    assert os.listdir(tmp_path / "visitors") == [key]


def test_nobodys_download_waits_for_an_archive_that_is_looked_at(visitors, monkeypatch):
    projects = visitors()
    client = client_of(projects)
    mine, others = projects.create(), projects.create()
    packed = client.get(f"/annotator/{mine}/archive").content
    looking, done = threading.Event(), threading.Event()

    def look(folder):
        looking.set()
        assert done.wait(30)
        return vetting.vet(folder)

    monkeypatch.setattr(vetting_child, "vet", look)
    with client, ThreadPoolExecutor(max_workers=1) as pool:
        opening = pool.submit(client.post, f"/annotator/{mine}/archive", content=packed)
        assert looking.wait(30)
        assert client.get(f"/annotator/{others}/archive").status_code == 200
        assert client.get(f"/annotator/{mine}/archive").status_code == 200
        done.set()
        assert opening.result().status_code == 200


def test_how_far_an_archive_is_opened_can_be_asked_while_it_lasts(visitors, monkeypatch):
    projects = visitors()
    client, key, gate = client_of(projects), projects.create(), threading.Event()
    fill(client, f"/annotator/{key}", 4)
    packed = client.get(f"/annotator/{key}/archive").content
    seen = []

    def look(content, image):
        seen.append(image.file_name)
        assert len(seen) < 3 or gate.wait(20)

    monkeypatch.setattr(unpacking, "_require_as_told", look)

    def percent():
        return client.get(f"/annotator/{key}/archive/progress").json()["percent"]

    assert percent() is None
    with ThreadPoolExecutor() as pool:
        opened = pool.submit(client.post, f"/annotator/{key}/archive", content=packed)
        patience = time.monotonic() + 20
        while percent() != 75 and time.monotonic() < patience:  # unpacked, and two of four were looked at
            time.sleep(0.02)
        assert percent() == 75
        gate.set()
        assert opened.result().status_code == 200
    assert percent() is None


def test_one_address_whose_downloads_are_not_read_leaves_room_for_others_and_none_of_its_files(visitors, home):
    projects = visitors()
    keys = [projects.create() for _ in range(4)]
    server = client_of(projects).app
    server.add_middleware(Visitors)

    async def download(key, address, read):
        begun, statuses = [], []

        async def receive():
            if begun:
                await asyncio.Event().wait()
            begun.append(True)
            return {"type": "http.request", "body": b""}

        async def send(message):
            statuses.append(message.get("status"))
            await (asyncio.sleep(0) if read or statuses[0] != 200 else asyncio.Event().wait())

        path = f"/annotator/{key}/archive"
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "headers": [],
            "query_string": b"",
            "client": (address, 1),
        }
        await server(scope, receive, send)
        return statuses[0]

    async def scenario():
        unread = [asyncio.ensure_future(download(key, "greedy", read=False)) for key in keys for _ in range(2)]
        done, waiting = await asyncio.wait(unread, timeout=3)
        assert (len(done), len(waiting)) == (5, 3)
        assert {task.result() for task in done} == {507}
        assert await download(keys[3], "modest", read=True) == 200
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        assert await download(keys[0], "greedy", read=True) == 200

    run(scenario())
    assert os.listdir(home / "outgoing") == []


def test_whether_a_project_fits_is_told_before_it_is_downloaded(visitors, monkeypatch):
    projects = visitors()
    client, key = client_of(projects), projects.create()
    fill(client, f"/annotator/{key}")
    monkeypatch.setattr(archive, "MAX_ENTRIES", 2)
    answer = client.get(f"/annotator/{key}/archive/check")
    assert answer.status_code == 507
    assert "copy its folder instead" in answer.json()["error"]
