"""The application that hostile clients ask."""

import pytest

from tests.web.routes.hostile import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANNOTATOR_HOME", str(folder / "home"))
        made = Server(folder)
        with made.client:
            yield made
