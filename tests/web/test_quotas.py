"""What a project, an address and a server may take: said in one line when it is reached."""

import pytest

from annotator.web.projects import Projects
from annotator.web.sharing.limits import Limits
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
