"""The built editor, and nothing else of the server."""

import hashlib
import re

import pytest

from annotator.web.page.editor import STATIC


@pytest.mark.parametrize("name", ["..%2frouts.py", "%2e%2e/routes.py", "..%2f..%2fcore%2ferrors.py"])
def test_static_serves_its_own_folder_only(client, name):
    assert client.get(f"/annotator/static/{name}").status_code == 404


def test_the_script_that_draws_charts_is_where_the_editor_fetches_it(client):
    (version,) = re.findall(r"import\(\"\./plots\.js\?v=(\w+)\"\)", (STATIC / "editor.js").read_text())
    answer = client.get("/annotator/static/plots.js", params={"v": version})
    assert hashlib.sha256(answer.content).hexdigest().startswith(version)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
