"""Accepting and rejecting many at once: counted and shown first, taken back by one click, also after a reload."""

import shutil
import time

import pytest

from annotator.core.dataset import Suggestion
from annotator.core.masks import mask_to_rle
from annotator.storage.store import Store
from tests.e2e.conftest import LARGE, Server, watched
from tests.e2e.screen import Project, require_soon, square, wait_for

playwright = pytest.importorskip("playwright.sync_api")

MASKS = [mask_to_rle(square((x, y, x + 30, y + 30))) for x in range(0, 280, 40) for y in range(0, 200, 40)]


@pytest.fixture
def pictures(project):
    """Four pictures with suggestions of 0.9, 0.6 and 0.3."""
    return [project.add(f"{name}.png") for name in "abcd"]


def states(project, pictures):
    return [project.states(image) for image in pictures]


def facts(page, text):
    page.wait_for_function("text => document.querySelector('.an-bulk-facts').textContent === text", arg=text)


def go(page):
    return page.locator(".an-bulk .an-pair .is-primary")


def says(page, button, enter):
    playwright.expect(go(page)).to_have_text(button)
    playwright.expect(page.locator(".an-bulk-enter")).to_have_text(f"Enter in the field: {enter}")


def test_the_button_names_what_it_does_to_how_many_and_enter_does_that_once_it_is_counted(screen, project, pictures):
    page = screen.open().page
    screen.press("Shift+A")
    says(page, "Accept 4", "Accept 4")
    page.locator(".an-bulk").get_by_role("button", name="Repair masks").click()
    says(page, "Repair 4", "Repair 4")
    page.locator(".an-bulk").get_by_role("button", name="Reject", exact=True).click()
    says(page, "Reject 4", "Reject 4")
    page.locator(".an-bulk .an-search-field").fill("score:0.99..")
    says(page, "Reject", "nothing, as nothing fits")
    screen.press("Enter")
    # What is not counted yet is counted first: Enter decides nothing that was not shown.
    page.route("**/bulk/preview*", lambda route: (time.sleep(0.5), route.continue_()))
    page.locator(".an-bulk .an-search-field").fill(f"score:0.8.. #{pictures[0]}")
    says(page, "Reject", "count what fits")
    screen.press("Enter")
    says(page, "Reject 1", "Reject 1")
    assert states(project, pictures) == [["suggested"] * 3] * 4
    screen.press("Enter")
    page.get_by_text("1 instance rejected").wait_for()
    assert states(project, pictures) == [["rejected", "suggested", "suggested"]] + [["suggested"] * 3] * 3


def test_all_sure_ones_are_accepted_and_one_undo_takes_them_back_after_a_reload(screen, project, pictures):
    page = screen.open().page
    screen.press("Shift+A")
    nearest = page.locator(".an-bulk-nearest figcaption").all_inner_texts
    facts(page, "Accepts 4 suggestions in 4 pictures.")
    require_soon(nearest, ["0.90"] * 4)
    page.locator(".an-bulk .an-search-field").fill(f"score:0.5.. -#{pictures[3]}")
    facts(page, "Accepts 6 suggestions in 3 pictures.")
    require_soon(nearest, ["0.60"] * 3 + ["0.90"] * 3)
    assert states(project, pictures) == [["suggested"] * 3] * 4
    go(page).click()
    page.get_by_text("6 instances accepted").wait_for()
    assert states(project, pictures) == [["accepted", "accepted", "suggested"]] * 3 + [["suggested"] * 3]
    page.wait_for_function("document.querySelectorAll('.an-row.is-accepted').length === 2")

    page.reload()
    page.wait_for_selector(".an-picture.is-ready")
    screen.press("Shift+A")
    page.get_by_text("Last time: 6 instances accepted").wait_for()
    page.locator(".an-bulk-last button").click()
    page.get_by_text("6 instances are as they were before").wait_for()
    assert states(project, pictures) == [["suggested"] * 3] * 4


def test_the_suggestions_of_picked_pictures_are_rejected_and_the_notice_takes_it_back(screen, project, pictures):
    page = screen.open().page
    page.locator(".an-queue-row").nth(1).click(modifiers=["Control"])
    page.locator(".an-queue-row").nth(2).click(modifiers=["Control"])
    page.locator("[data-action=decide]").click()
    both = [f"#{pictures[1]}{link}{pictures[2]} score:0.80.." for link in (",", "..")]
    assert wait_for(lambda: page.locator(".an-bulk .an-search-field").input_value() in both)
    page.get_by_role("button", name="Reject", exact=True).last.click()
    facts(page, "Rejects 2 instances in 2 pictures.")
    go(page).click()
    page.get_by_text("2 instances rejected").wait_for()
    assert [one[0] for one in states(project, pictures)] == ["suggested", "rejected", "rejected", "suggested"]
    page.locator(".an-notice").get_by_role("button", name="Undo").click()
    page.get_by_text("2 instances are as they were before").wait_for()
    assert states(project, pictures) == [["suggested"] * 3] * 4


def test_relabelling_many_and_a_picture_that_changed_meanwhile(screen, project, pictures):
    page, store = screen.open().page, project.store
    screen.press("Shift+A")
    page.get_by_role("button", name="Change the category").click()
    page.get_by_label("Change the category").and_(page.locator("select")).select_option(label="car")
    page.locator(".an-bulk .an-search-field").fill("category:person")
    facts(page, "Changes the category of 8 instances in 4 pictures.")
    store.worklist.mark_reviewed([pictures[0]], True, who="somebody else")
    go(page).click()
    page.get_by_text("Somebody changed 1 picture meanwhile: it stays as it is").wait_for()
    assert wait_for(lambda: page.get_by_text("a.png").count() > 0)
    car = next(one.id for one in store.categories() if one.name == "car")
    require_soon(lambda: [one.category_id for one in project.instances(pictures[1])][:2], [car, car])
    assert car not in [one.category_id for one in project.instances(pictures[0])]


def test_an_expression_that_cannot_be_read_says_where_and_decides_nothing(screen, project, pictures):
    page = screen.open().page
    screen.press("Shift+A")
    page.locator(".an-bulk .an-search-field").fill("score:x")
    page.wait_for_function("document.querySelector('.an-bulk-facts').textContent.includes('character 7')")
    assert wait_for(go(page).is_disabled)
    page.locator(".an-bulk .an-search-field").fill("category:zebra")
    facts(page, "No instance fits, so nothing would change.")
    assert wait_for(go(page).is_disabled)
    screen.press("Escape")
    assert states(project, pictures) == [["suggested"] * 3] * 4


def test_holes_of_many_masks_are_filled_after_twelve_were_shown_and_come_back(screen, project, pictures):
    page = screen.open().page
    before = [[one.rle for one in project.instances(image)] for image in pictures]
    screen.press("Shift+A")
    page.get_by_role("button", name="Repair masks").click()
    page.locator(".an-bulk .an-search-field").fill("score:0.3..")
    page.wait_for_function("document.querySelectorAll('.an-bulk-nearest svg').length === 12")
    page.locator(".an-bulk-facts", has_text="Tried on 12 masks in 4 pictures").wait_for()
    lines = page.locator(".an-bulk-nearest figure").first
    # Two rings before, one after.
    assert lines.locator(".is-before").get_attribute("d").count("Z") == 2
    assert lines.locator(".is-after").get_attribute("d").count("Z") == 1
    go(page).click()
    page.get_by_text("12 masks repaired").wait_for()
    assert all(one.edited for image in pictures for one in project.instances(image))
    page.locator(".an-notice").get_by_role("button", name="Undo").click()
    page.get_by_text("12 instances are as they were before").wait_for()
    assert [[one.rle for one in project.instances(image)] for image in pictures] == before


def test_a_repair_that_would_leave_nothing_is_said_before_and_after(screen, project, pictures):
    page = screen.open().page
    screen.press("Shift+A")
    page.get_by_role("button", name="Repair masks").click()
    page.locator(".an-bulk-repair select").select_option("shrink")
    page.locator(".an-bulk-pixels").fill("90")
    page.wait_for_function("document.querySelectorAll('.an-bulk-nearest .is-lost').length === 4")
    go(page).click()
    page.get_by_text("Nothing would be left of 4 masks: they stay as they are").wait_for()
    assert not any(one.edited for image in pictures for one in project.instances(image))


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory, chromium):
    """The folder of a project whose server was killed in the middle of a repair of 2,100 masks on 60 pictures."""
    folder = tmp_path_factory.mktemp("interrupted")
    server = Server(folder / "project", folder / "home")
    with Store.open(server.folder) as store:
        project = Project(store)
        pictures = [project.add(f"{number}.png") for number in range(60)]
        person = store.add_category("person").id
        for image in pictures:
            store.set_suggestions(image, [Suggestion(person, 0.9, mask, "test@1") for mask in MASKS])
        server.start()
        try:
            with watched(chromium, server.address, **LARGE) as screen:
                page = screen.open().page
                screen.press("Shift+A")
                page.get_by_role("button", name="Repair masks").click()
                page.wait_for_function("document.querySelectorAll('.an-bulk-nearest svg').length === 12")
                page.locator(".an-bulk-facts", has_text=f"Tried on {60 * len(MASKS)} masks").wait_for()
                go(page).click()
                patience = time.monotonic() + 60
                while store.bulk.last() is None and time.monotonic() < patience:
                    time.sleep(0.001)
        finally:
            server.kill()
        last = store.bulk.last()
        assert (last.ended, 0 < last.done < last.total) == (False, True)
    return server.folder


@pytest.fixture
def broken_off(interrupted, tmp_path):
    """A server started again on a copy of it; yields its address and its store."""
    shutil.copytree(interrupted, tmp_path / "project")
    server = Server(tmp_path / "project", tmp_path / "home")
    server.start()
    with server.store() as store:
        yield server.address, store
    server.kill()


def masks_of(store):
    return [[one.rle for one in store.instances(image.id)] for image in store.images()]


def test_one_that_the_servers_end_interrupted_is_taken_back_after_it_started_again(broken_off, chromium):
    address, store = broken_off
    last = store.bulk.last()
    with watched(chromium, address, **LARGE) as screen:
        page = screen.open().page
        notice = page.locator(".an-notice", has_text="Interrupted last time")
        notice.get_by_role("button", name="Undo").wait_for()
        screen.press("Shift+A")
        page.locator(".an-bulk-last").get_by_text(f"Interrupted last time: {last.done} masks repaired").wait_for()
        page.locator(".an-bulk-last button").click()
        page.get_by_text(f"{last.done} instances are as they were before").wait_for()
    assert masks_of(store) == [MASKS] * 60
    assert not any(one.edited for image in store.images() for one in store.instances(image.id))


def test_one_that_the_servers_end_interrupted_goes_on_as_the_same_one(broken_off, chromium):
    address, store = broken_off
    last = store.bulk.last()
    with watched(chromium, address, **LARGE) as screen:
        page = screen.open().page
        notice = page.locator(".an-notice", has_text="Interrupted last time")
        notice.get_by_role("button", name="Go on").click()
        repaired = page.locator(".an-notice", has_text=f"{last.total} masks repaired")
        repaired.wait_for()
        assert all(one.edited for image in store.images() for one in store.instances(image.id))
        assert store.bulk.last().id == last.id
        repaired.get_by_role("button", name="Undo").click()
        page.get_by_text(f"{last.total} instances are as they were before").wait_for()
    assert masks_of(store) == [MASKS] * 60
