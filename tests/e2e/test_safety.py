"""Nothing is lost and everything is told: a server that dies, tabs that close, people who meet, a bin."""

import re

import pytest

from annotator.storage.store import Store
from tests.e2e.conftest import PATIENCE_MS, Server
from tests.e2e.screen import BOXES, Project, Screen, require_soon, wait_for

UNSAVED = """new Promise((resolve) => {
  const request = indexedDB.open('annotator');
  request.onsuccess = () => {
    const all = request.result.transaction('unsaved').objectStore('unsaved').getAll();
    all.onsuccess = () => resolve(all.result.length);
  };
})"""


@pytest.fixture
def own(tmp_path, chromium):
    """A server of the test's own, with one picture, and a browser profile."""
    folder = tmp_path / "project"
    with Store.open(folder) as store:
        image_id = Project(store).add("street.png", suggestions=1)
    running = Server(folder, tmp_path / "home")
    running.start()
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.set_default_timeout(PATIENCE_MS)
    yield running, context, image_id
    context.close()
    running.kill()


def test_a_server_killed_during_a_drag_and_a_closed_tab_lose_nothing(own):
    server, context, image_id = own
    screen = Screen(context.new_page(), server.address).open()
    _, _, right, bottom = BOXES[0]
    screen.click(25, 100)
    page = screen.page
    page.mouse.move(*screen.at(right, bottom))
    page.mouse.down()
    page.mouse.move(*screen.at(right + 10, bottom + 5), steps=3)
    server.kill()
    page.mouse.move(*screen.at(right + 30, bottom + 20), steps=3)
    page.mouse.up()
    page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'offline'")
    require_soon(page.locator(".an-status").inner_text, "Offline, 1 unsaved")
    require_soon(lambda: page.evaluate(UNSAVED), 1)
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.includes('unsaved'))") == []
    page.close()  # as a browser that is killed: nothing is asked
    server.start()
    again = Screen(context.new_page(), server.address).open()
    with Store.open(server.folder) as store:
        assert wait_for(lambda: store.decisions(image_id))
        (one,) = store.instances(image_id)
        assert one.state == "accepted"
        corner = max(one.parts[0].outer.tolist(), key=sum)
        assert corner == pytest.approx([right + 30, bottom + 20], abs=1)
    again.page.wait_for_selector(".an-row.is-accepted")
    require_soon(lambda: again.page.evaluate(UNSAVED), 0)


def test_a_tab_with_unsaved_work_asks_before_it_closes(screen, project):
    project.add("street.png")
    screen.open()
    screen.page.route("**/gestures", lambda route: route.abort())
    screen.click(25, 100)
    screen.press("a")
    with screen.page.expect_event("dialog") as asked:
        screen.page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.accept()


def test_two_pages_on_one_picture_know_of_each_other(screen, project, chromium):
    project.add("street.png")
    screen.page.clock.install()  # so that the ten seconds between two of its questions need not be waited for
    screen.open()
    here = screen.page.locator(".an-presence")

    def within_seconds(condition):
        return wait_for(lambda: screen.page.clock.fast_forward(10_000) or condition())

    assert wait_for(here.is_hidden)
    other = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="de-DE")
    other.set_default_timeout(PATIENCE_MS)
    second = Screen(other.new_page(), screen.address).open()
    second.page.locator(".an-presence", has_text=re.compile("^auch hier:")).wait_for()
    assert within_seconds(here.is_visible)
    assert wait_for(lambda: here.inner_text().startswith("also here:"))
    assert here.get_attribute("role") == "status"
    # What the other one decides arrives without a conflict.
    second.click(25, 100)
    second.press("a")
    second.saved()
    assert within_seconds(screen.page.locator(".an-row.is-accepted").is_visible)
    other.close()
    assert within_seconds(here.is_hidden)


def test_a_removed_picture_comes_back_from_the_bin_until_it_is_emptied(screen, project):
    image_id = project.add("street.png")
    project.add("other.png")
    screen.open()
    page = screen.page
    row = page.locator(".an-queue-row:visible", has_text="street.png")

    def remove():
        row.hover()
        row.get_by_title("Remove from the project").click()
        row.wait_for(state="detached")

    remove()
    page.get_by_role("button", name="Bin (1)").click()
    sheet = page.locator(".an-bin-sheet")
    sheet.locator("li", has_text="street.png").get_by_role("button", name="Restore").click()
    row.wait_for()
    sheet.get_by_role("button", name="Close").click()
    assert wait_for(lambda: image_id in [one.image.id for one in project.store.queue()])
    remove()
    page.get_by_role("button", name="Bin (1)").click()
    sheet.get_by_role("button", name="Empty the bin").click()
    page.locator(".an-question:not(.an-bin-sheet)").get_by_role("button", name="Empty the bin").click()
    sheet.get_by_text("The bin is empty.").wait_for()
    require_soon(project.store.bin, ())
    sheet.get_by_role("button", name="Remove all pictures").click()
    page.locator(".an-question:not(.an-bin-sheet)").get_by_role("button", name="Remove all pictures").click()
    sheet.locator("li", has_text="other.png").wait_for()
    require_soon(project.store.queue, ())
    sheet.get_by_role("button", name="Restore all").click()
    page.locator(".an-queue-row:visible", has_text="other.png").wait_for()
    require_soon(lambda: [one.image.file_name for one in project.store.queue()], ["other.png"])
