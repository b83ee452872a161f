"""What a project, an address and a server may take: said in one line when it is reached."""

import hashlib
import io
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from annotator.core.errors import AnnotatorError
from annotator.web import pictures
from annotator.web.pictures import Checked
from annotator.web.projects import Projects
from annotator.web.quotas import Quotas
from annotator.web.sharing.limits import LimitError, Limits
from annotator.web.sharing.makers import Makers
from tests.web.conftest import client_of, png, with_a_picture


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


def test_nobody_limits_the_person_at_this_computer(tmp_path):
    projects = Projects(local=tmp_path / "project", limits=Limits(images=1, project_mb=0.001, total_mb=0.001))
    client = client_of(projects)
    for seed in range(3):
        answer = client.post(f"/annotator/{projects.local_key}/images", params={"name": "x"}, content=png(seed=seed))
        assert answer.status_code == 200
    projects.close()


def test_pictures_side_by_side_are_no_more_than_the_most(visitors, monkeypatch):
    projects = visitors(images=3)
    key = projects.create()
    asked = Quotas.require_images
    monkeypatch.setattr(Quotas, "require_images", lambda *args: (asked(*args), time.sleep(0.05)))

    def put(seed):
        content = png(seed=seed)
        checked = Checked("a.png", 64, 48, hashlib.sha256(content).hexdigest(), b"thumbnail")
        try:
            pictures.put(projects, key, content, checked)
        except LimitError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(put, range(8))) == 3
    with projects.use(key) as store:
        assert store.image_count() == 3


def test_the_bin_is_no_way_around_the_most_pictures(visitors):
    projects = visitors(images=2)
    key = projects.create()
    client, base = client_of(projects), f"/annotator/{key}"

    def upload(seed):
        return client.post(f"{base}/images", params={"name": f"{seed}.png"}, content=png(seed=seed)).status_code

    assert [upload(seed) for seed in range(2)] == [200, 200]  # as many as there may be
    client.post(f"{base}/bin")
    assert upload(2) == 200
    refused = client.post(f"{base}/bin/restore")
    assert refused.status_code == 507
    assert refused.json()["error"] == "this project is full, expected at most 2 pictures"
    assert client.post(f"{base}/bin/1/restore").status_code == 200
    assert client.post(f"{base}/bin/2/restore").status_code == 507
    assert len(client.get(f"{base}/queue").json()["images"]) == 2


def test_what_gestures_make_of_a_project_counts_at_once(visitors):
    """A polygon of some bytes is a mask of some thousand: its mask counts, and not what was sent."""
    projects = visitors(project_mb=1.0)
    key = projects.create()
    with projects.use(key) as store:
        store.add_image(b"content", file_name="a.png", width=4000, height=3000)
        store.add_category("person")
    client, address = client_of(projects), f"/annotator/{key}/images/1/gestures"
    zigzag = [[3990 if y % 2 else 10, 100 * y] for y in range(20)]
    sent = 0
    for number in range(1, 100):
        change = {"key": f"k{number}", "category": 1, "state": "accepted", "parts": [[zigzag]]}
        gesture = {"client": "tab", "number": number, "revision": number - 1, "verb": "add", "changes": [change]}
        answer = client.post(address, json=gesture)
        sent += len(answer.request.content)
        if answer.status_code != 200:
            break
    assert answer.status_code == 507
    assert answer.json()["error"].startswith("this project is full: ")
    assert 0.9e6 < (projects.get(key).folder / "project.db").stat().st_size < 1.5e6
    assert sent < 0.1e6


def test_an_archive_is_counted_before_it_is_unpacked(visitors, monkeypatch):
    """Side by side, they cannot each take what is left."""
    key = with_a_picture(visitors())
    projects = visitors(total_mb=0.5)
    client = client_of(projects)
    packed = client.get(f"/annotator/{key}/archive").content
    with ExitStack() as stack:
        adopts = [stack.enter_context(projects.expect_archive(key)) for _ in range(8)]
        with ThreadPoolExecutor() as pool:
            outcomes = list(pool.map(lambda adopt: outcome(adopt, packed), adopts))
    assert "this server is full" in {line[:19] for line in outcomes}
    assert len(os.listdir(projects.get(key).folder.parent)) == 1 + outcomes.count("opened")
    projects.sweep()
    sizes = [size_of(projects.get(name).folder) for name in os.listdir(projects.get(key).folder.parent)]
    assert sum(sizes) < 0.5e6 + max(sizes)


def outcome(adopt, packed):
    try:
        adopt(io.BytesIO(packed))
    except AnnotatorError as error:
        return str(error)
    return "opened"


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_as_much_as_is_allowed_is_taken_and_what_went_makes_room_once_it_is_measured_again(tmp_path):
    limits = Limits(total_mb=1, address_mb=1)
    quotas = Quotas(limits, Makers(limits))
    quotas.reserve("a", 999_999, address="10.0.0.1")
    with pytest.raises(LimitError, match="this server is full"):
        quotas.reserve("b", 2, address="10.0.0.1")
    quotas.reserve("b", 1, address="10.0.0.1")
    (tmp_path / "picture").write_bytes(bytes(400_000))
    quotas.measure("a", tmp_path)  # known already: nobody looks
    with pytest.raises(LimitError):
        quotas.reserve("c", 1, address="")
    quotas.measure("a", tmp_path, again=True)
    quotas.reserve("c", 599_999, address="")
    quotas.add("c", 1)
    with pytest.raises(LimitError):
        quotas.reserve("d", 1, address="")
    quotas.forget("c")
    quotas.reserve("d", 599_999, address="")
