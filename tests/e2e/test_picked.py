"""Several pictures of the queue at once: picked, marked, removed, pre-labelled, exported."""

import pytest

from tests.e2e.queue import FILTER, accept, listed, offered, reviewed, row, shows
from tests.e2e.screen import require_soon, wait_for


def pick(screen, *names):
    for name in names:
        row(screen, name).click(modifiers=["Control"])


def act(screen, action):
    screen.page.locator(f".an-picked [data-action={action}]").click()


@pytest.fixture
def five(screen, project):
    names = [f"{letter}.png" for letter in "abcde"]
    for name in names:
        project.add(name)
    screen.open()
    shows(screen, *names)
    return names


def count(screen):
    return screen.page.locator(".an-picked-count strong").inner_text()


def test_pictures_are_selected_one_by_one_in_ranges_and_all_together(screen, five):
    pick(screen, "b.png", "d.png")
    require_soon(lambda: count(screen), "2 pictures selected")
    row(screen, "e.png").click(modifiers=["Shift"])
    assert wait_for(lambda: screen.page.locator(".an-queue-row.is-picked").count() == 2)
    assert listed(screen) == five
    screen.press("Control+a")
    assert wait_for(lambda: count(screen) == "5 pictures selected")
    screen.press("Escape")
    screen.page.locator(".an-picked").wait_for(state="hidden")
    screen.press("Shift+ArrowDown")
    assert wait_for(lambda: count(screen) == "2 pictures selected")
    row(screen, "c.png").click()
    screen.page.locator(".an-picked").wait_for(state="hidden")
    screen.wait_for_picture("c.png")


def test_a_selection_is_marked_reviewed_and_back(screen, project, five):
    pick(screen, "a.png", "c.png", "e.png")
    act(screen, "review")
    offered(screen, "3 pictures marked as reviewed").wait_for()
    assert reviewed(project) == ["a.png", "c.png", "e.png"]
    screen.page.locator(".an-reviewed").wait_for()  # the open one is among them
    offered(screen, "3 pictures marked as reviewed").get_by_role("button", name="Undo").click()
    assert wait_for(lambda: reviewed(project) == [])
    act(screen, "unreview")
    offered(screen, "None of them is reviewed.").wait_for()


def test_what_was_decided_meanwhile_stays_when_a_selection_is_marked(screen, project, five):
    open_id = project.store.images()[0].id
    pick(screen, "a.png", "b.png")
    act(screen, "review")
    offered(screen, "2 pictures marked as reviewed").wait_for()
    screen.page.locator(".an-picked").get_by_role("button", name="Select none").click()
    screen.click(25, 100)
    screen.press("a")
    screen.saved()
    assert project.states(open_id)[0] == "accepted"
    assert reviewed(project) == ["a.png", "b.png"]


def test_a_selection_is_flagged_found_by_that_and_taken_back(screen, project, five):
    page = screen.page
    flags = page.locator(".an-flags")

    def flagged():
        return {image.file_name: list(image.flags) for image in project.store.images() if image.flags}

    pick(screen, "a.png", "c.png")
    act(screen, "flag")
    flags.get_by_label("difficult").check()
    offered(screen, "2 pictures flagged “difficult”").wait_for()
    flags.get_by_label("A flag of your own").fill("blurred")
    screen.press("Enter")
    offered(screen, "2 pictures flagged “blurred”").wait_for()
    assert flagged() == {"a.png": ["blurred", "difficult"], "c.png": ["blurred", "difficult"]}
    screen.press("Escape")
    row(screen, "e.png").click(modifiers=["Control"])
    act(screen, "flag")
    assert wait_for(lambda: flags.get_by_label("blurred").evaluate("box => box.indeterminate"))
    flags.get_by_label("difficult").check()
    offered(screen, "1 picture flagged “difficult”").get_by_role("button", name="Undo").click()
    assert wait_for(lambda: "e.png" not in flagged())
    page.get_by_label(FILTER).select_option(label="Flagged (flag:)")
    shows(screen, "a.png", "c.png")
    assert "Flags: blurred, difficult" in row(screen, "a.png").get_attribute("title")


def test_a_selection_is_removed_the_next_picture_opens_and_it_comes_back(screen, project, five):
    pick(screen, "a.png", "b.png")
    screen.press("Delete")
    screen.wait_for_picture("c.png")
    shows(screen, "c.png", "d.png", "e.png")
    offered(screen, "2 pictures removed").get_by_role("button", name="Undo").click()
    shows(screen, *five)
    screen.wait_for_picture("a.png")
    require_soon(project.store.bin, ())


def test_a_selection_is_pre_labelled(screen, project, five):
    before = [one.source for image in project.store.images() for one in project.store.instances(image.id)]
    assert set(before) == {"test@1"}
    pick(screen, "b.png", "d.png")
    act(screen, "prelabel")
    screen.page.locator("#progress", has_text="2 pictures pre-labelled.").wait_for(timeout=120_000)
    left = [
        image.file_name for image in project.store.images()
        if any(one.source == "test@1" for one in project.store.instances(image.id))
    ]  # fmt: skip
    assert left == ["a.png", "c.png", "e.png"]


def test_only_a_selection_is_exported_and_what_stays_behind_is_said_before(screen, project, five):
    ids = {image.file_name: image.id for image in project.store.images()}
    for name in ("b.png", "c.png", "d.png"):
        accept(project, ids[name], project.instances(ids[name])[0].key, reviewed=True)
    screen.page.reload()
    shows(screen, *five)
    pick(screen, "b.png")
    row(screen, "d.png").click(modifiers=["Control"])
    act(screen, "export")
    screen.page.get_by_text("Only the 2 pictures that you selected").wait_for()
    ahead = screen.page.locator("#export-ahead")
    ahead.get_by_text("2 pictures").wait_for()
    ahead.get_by_text("2 reviewed pictures still hold undecided suggestions").wait_for()
    screen.page.locator("#export-button").click()
    screen.page.locator("#export-report pre", has_text="2 reviewed images hold").wait_for()
