"""Statistics over HTTP, and as CSV."""

import csv
import io

import pytest
from fastapi.testclient import TestClient

from annotator.web.projects import Projects
from annotator.web.server import build_server
from tests.storage.builders import add_image, suggestion


@pytest.fixture
def desk(tmp_path):
    projects = Projects(visitors=tmp_path / "visitors")
    key = projects.create()
    with TestClient(build_server(projects)) as client, projects.use(key) as store:
        person = store.add_category('=person,"1"').id
        store.set_suggestions(add_image(store).id, [suggestion(category_id=person)])
        yield client, f"/annotator/{key}/statistics"


def test_the_page_gets_numbers_and_a_spreadsheet_the_same(desk):
    client, base = desk
    found = client.get(base).json()
    assert (found["images"], found["reviewed"], found["days"]) == (1, 0, [])
    assert found["categories"][0]["open"] == 1
    answer = client.get(f"{base}/categories.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="categories.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["open"], row["below"]) == ("1", "0")
    assert row["name"] == '\'=person,"1"', "a spreadsheet must not run a category's name"
    assert client.get(f"{base}/days.csv").text == ""


@pytest.mark.parametrize("address", ["?threshold=2", "?threshold=nan", "/people.csv", "/categories.csv?threshold=x"])
def test_anything_else_is_one_line(desk, address):
    client, base = desk
    answer = client.get(base + address)
    assert answer.status_code == 400
    assert "\n" not in answer.json()["error"]
