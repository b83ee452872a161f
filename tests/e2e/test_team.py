"""Two people on one project behind a proxy that says who they are: handed out, sent back with a note, done again."""

import pytest

from annotator.core.people import Role
from annotator.storage.store import Store
from tests.e2e.conftest import LARGE, PATIENCE_MS, Server
from tests.e2e.screen import Project, Screen, require_soon, wait_for

NOTE = "the left one is missing"


@pytest.fixture
def team(tmp_path, chromium):
    """A page of somebody, by their name, on a project of four pictures."""
    names = {"ANNOTATOR_USER_HEADER": "X-Forwarded-User", "ANNOTATOR_USER_PROXIES": "127.0.0.1"}
    with Store.open(tmp_path / "project") as store:
        for number in range(4):
            Project(store).add(f"{number}.png")
        store.hand_out.switch(True)
        store.verdicts.switch(True)
        store.people.add("mara", Role.MANAGE, by="")
        for name, role in (("ann", Role.ANNOTATE), ("ben", Role.ANNOTATE), ("rolf", Role.REVIEW)):
            store.people.add(name, role, by="mara")
    running = Server(tmp_path / "project", tmp_path / "home", **names)
    running.start()
    contexts = []

    def arrive(name):
        context = chromium.new_context(locale="en-US", extra_http_headers={"X-Forwarded-User": name}, **LARGE)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return Screen(context.new_page(), running.address).open()

    yield arrive
    for context in contexts:
        context.close()
    running.kill()


def shown(screen):
    """The name of the open picture, "" while none is."""
    return screen.page.locator(".an-title").text_content()


def test_what_a_reviewer_sends_back_is_the_first_that_its_annotator_sees_again_with_the_note(team):
    ann, ben = team("ann"), team("ben")

    first = shown(ann)
    assert first != shown(ben)
    ann.press("Shift+Enter")
    second = wait_for(lambda: shown(ann) not in (first, "") and shown(ann))
    assert second != shown(ben)
    ann.press("Shift+Enter")
    wait_for(lambda: shown(ann) not in (first, second, ""))
    ann.saved()

    rolf = team("rolf")
    rolf.page.get_by_role("button", name="To review: 2").click()
    require_soon(lambda: rolf.page.locator(".an-queue-row:visible").count(), 2)
    rolf.page.locator(".an-queue-row:visible", has_text=first).click()
    rolf.wait_for_picture(first)
    rolf.page.locator(".an-verdict input").wait_for()
    rolf.press("Control+Backspace")
    rolf.page.keyboard.type(NOTE)
    rolf.press("Enter")
    rolf.wait_for_picture(second)

    ann.press("Shift+Enter")
    ann.wait_for_picture(first)
    ann.page.locator(".an-verdict", has_text=NOTE).wait_for()
    rolf.press("Control+z")
    rolf.wait_for_picture(first)
    rolf.page.locator(".an-verdict", has_text="waits for a reviewer").wait_for()
