"""The page hands out the whole project as one file, and opens such a file."""

import pytest

from annotator.storage.store import Store
from tests.conftest import picture
from tests.web.served import Served

PATIENCE_MS = 60_000


@pytest.fixture
def servers(tmp_path):
    """Two computers: a project of two pictures on the first, an empty one on the second."""
    with Store.open(tmp_path / "first") as store:
        for seed in range(2):
            store.add_image(picture(seed=seed), file_name=f"photo-{seed}.png", width=64, height=48)
    started = [Served(tmp_path / name, tmp_path / f"{name}-home") for name in ("first", "second")]
    yield started
    for server in started:
        server.stop()


def open_export(browser, server):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(server.address)
    page.wait_for_function("localStorage.getItem('annotator.project')", timeout=PATIENCE_MS)
    page.get_by_role("tab", name="Export").click()
    return page


def test_a_project_moves_from_one_computer_to_another(servers, browse, tmp_path):
    browse(lambda browser: move(servers, browser, tmp_path))


def move(servers, browser, tmp_path):
    first, second = servers
    page = open_export(browser, first)
    with page.expect_download(timeout=PATIENCE_MS) as downloading:
        page.locator("#download-project").click()
    file = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(file)
    assert file.suffix == ".zip"
    page.close()

    page = open_export(browser, second)
    with page.expect_file_chooser(timeout=PATIENCE_MS) as choosing:
        page.locator("#open-project").click()
    with page.expect_navigation(timeout=PATIENCE_MS):
        choosing.value.set_files(file)
    page.get_by_text("photo-1.png").first.wait_for(state="attached", timeout=PATIENCE_MS)

    # A second time it becomes one more project, beside the first.
    first_address = page.url
    page.get_by_role("tab", name="Export").click()
    with page.expect_file_chooser(timeout=PATIENCE_MS) as choosing:
        page.locator("#open-project").click()
    with page.expect_navigation(timeout=PATIENCE_MS):
        choosing.value.set_files(file)
    page.get_by_text("photo-1.png").first.wait_for(state="attached", timeout=PATIENCE_MS)
    assert page.url != first_address
    page.close()
