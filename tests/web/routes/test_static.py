"""The built editor, and nothing else of the server."""

import pytest


@pytest.mark.parametrize("name", ["..%2frouts.py", "%2e%2e/routes.py", "..%2f..%2fcore%2ferrors.py"])
def test_static_serves_its_own_folder_only(client, name):
    assert client.get(f"/annotator/static/{name}").status_code == 404
