"""The list of projects in the page: open, make, rename, duplicate, put away, throw away, take back."""

import pytest

from annotator.core.settings import BINNED, PUT_AWAY
from annotator.storage import archive
from annotator.storage.store import Store
from tests.e2e.conftest import watched
from tests.e2e.project_pages import act, answer, at, card, open_list, opened, saved, wait_for_picture
from tests.e2e.screen import require_soon, wait_for


def says(locator, *texts):
    """Fail unless an element comes to say all of these."""
    for text in texts:
        locator.filter(has_text=text).wait_for()


def test_the_list_shows_each_project_with_thumbnails_counts_and_progress(home, tab, served):
    helmets, _, vests = home(helmets=5, empty=0, vests=1)
    vests.set_setting(PUT_AWAY, True)
    (served.projects / "damaged").mkdir(exist_ok=True)
    (served.projects / "damaged" / "project.db").write_bytes(b"x" * 5000)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    page.keyboard.press("Enter")
    wait_for_picture(page, "helmets-1.jpg")
    saved(page)
    sheet = open_list(page)
    first = card(page, "helmets")
    says(first, "5 pictures · 2 accepted · 13 suggested", "1 of 5 reviewed", "open here")
    page.wait_for_function(
        "[...document.querySelectorAll('.an-card.is-open img')].filter((one) => one.naturalWidth > 0).length === 4"
    )
    says(card(page, "empty"), "no pictures")
    assert wait_for(card(page, "vests").is_hidden)
    sheet.get_by_text("Put away (1)").click()
    card(page, "vests").wait_for()
    broken = sheet.locator(".an-broken")
    says(broken, "damaged", "is not a project's database")
    assert "\n" not in broken.inner_text().strip()


def test_a_project_is_made_renamed_and_opened(home, tab, served):
    (helmets,) = home(helmets=1)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    open_list(page)
    page.get_by_role("button", name="New project…").click()
    answer(page, "Vests & <i>boots</i>", "Create")
    opened(page, "Vests & <i>boots</i>")
    page.get_by_text("Drop photographs here").first.wait_for()
    require_soon(page.title, "Vests & <i>boots</i> · Annotator")
    assert (served.projects / "vests-i-boots-i" / "project.db").is_file()
    open_list(page)
    act(page, "Vests & <i>boots</i>", "Rename…")
    answer(page, "Vests", "Rename")
    opened(page, "Vests")
    card(page, "helmets").click(position={"x": 30, "y": 30})
    wait_for_picture(page, "helmets-0.jpg")
    require_soon(page.title, "helmets-0.jpg · helmets · Annotator")


@pytest.mark.parametrize(
    ("name", "line"),
    [("x" * 200, "A name has 1 to 100 characters, this one has 200."), ("HELMETS ", "Another project has this name.")],
)
def test_a_name_that_cannot_be_is_refused_while_it_is_typed(home, tab, name, line):
    (helmets,) = home(helmets=1)
    page = tab(at(helmets))
    open_list(page)
    page.get_by_role("button", name="New project…").click()
    create = page.locator(".an-name-question").get_by_role("button", name="Create")
    assert wait_for(create.is_disabled)
    page.get_by_role("textbox", name="Name of the project").fill(name)
    require_soon(page.locator(".an-name-question [role=alert]").inner_text, line)
    assert wait_for(create.is_disabled)
    page.keyboard.press("Escape")
    require_soon(page.locator(".an-card").count, 1)


def test_a_duplicate_has_the_suggestions_and_no_decision(home, tab, served):
    (helmets,) = home(helmets=2)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    page.keyboard.press("Enter")
    wait_for_picture(page, "helmets-1.jpg")
    saved(page)
    open_list(page)
    act(page, "helmets", "Duplicate without decisions…")
    require_soon(page.get_by_role("textbox", name="Name of the project").input_value, "helmets (copy)")
    answer(page, "helmets again", "Duplicate")
    opened(page, "helmets again")
    wait_for_picture(page, "helmets-0.jpg")
    with Store.open(served.projects / "helmets-again") as copy:
        assert copy.decisions() == ()
        assert [image.reviewed for image in copy.images()] == [False, False]
        assert len(copy.instances(1)) == 3


def test_a_project_is_put_away_thrown_away_and_taken_back(home, tab):
    helmets, vests = home(helmets=1, vests=1)
    page = tab(at(helmets))
    sheet = open_list(page)
    act(page, "vests", "Put away")
    sheet.get_by_text("Put away (1)").click()
    card(page, "vests").locator(".an-card-more").press("Enter")
    page.get_by_role("menuitem", name="Take out again").press("Enter")
    sheet.get_by_text("Put away").wait_for(state="hidden")
    # The keys stay at the project.
    card(page, "vests").locator(".an-card-more").and_(page.locator(":focus")).wait_for()
    act(page, "vests", "Move to the bin")
    sheet.get_by_text("Bin (1)").click()
    require_soon(card(page, "vests").count, 0)
    assert vests.setting(BINNED) is not None
    sheet.get_by_role("button", name="Take back").click()
    card(page, "vests").wait_for()
    require_soon(lambda: vests.setting(BINNED), None)
    act(page, "vests", "Move to the bin")
    sheet.get_by_role("button", name="Delete for good").click()
    page.get_by_text("“vests”, its picture and every decision").wait_for()
    page.locator(".an-question").get_by_role("button", name="Delete for good").click()
    sheet.get_by_text("Bin (1)").wait_for(state="hidden")
    assert wait_for(lambda: not vests.folder.exists())


def test_a_project_file_opens_as_a_new_project(home, tab, tmp_path):
    (helmets,) = home(helmets=2)
    archive.pack_project(helmets, tmp_path / "helmets.zip")
    page = tab(at(helmets))
    sheet = open_list(page)
    with page.expect_file_chooser() as choosing:
        sheet.get_by_role("button", name="Open project file…").click()
    choosing.value.set_files(tmp_path / "helmets.zip")
    opened(page, "helmets 2")
    wait_for_picture(page, "helmets-0.jpg")
    (tmp_path / "none.zip").write_bytes(b"no zip")
    sheet = open_list(page)
    with page.expect_file_chooser() as choosing:
        sheet.get_by_role("button", name="Open project file…").click()
    choosing.value.set_files(tmp_path / "none.zip")
    sheet.get_by_text("The file could not be opened: archive: ").wait_for()
    require_soon(page.locator(".an-card").count, 2)


def test_the_list_has_the_keys_while_it_is_open_and_escape_closes_it(home, tab):
    (helmets,) = home(helmets=2)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    page.keyboard.press("]")
    page.locator(".an-row.is-selected").wait_for()
    sheet = open_list(page)
    page.keyboard.press("d")
    page.keyboard.press("PageDown")
    page.keyboard.press("Escape")
    sheet.wait_for(state="hidden")
    wait_for_picture(page, "helmets-0.jpg")
    page.keyboard.press("a")
    assert wait_for(lambda: [one.verb for one in helmets.decisions()] == ["accept"])


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_the_list_fits_every_window(home, served, chromium, width):
    (helmets, *_) = home(helmets=1, vests=4, **{"a" * 90: 2})
    with watched(chromium, served.address + at(helmets), viewport={"width": width, "height": 800}) as screen:
        page = screen.page
        page.goto(screen.address)
        page.locator(".an-project").click()
        page.locator(".an-card").nth(2).wait_for()
        assert wait_for(lambda: is_within(page.locator(".an-projects"), width))
        body = page.locator(".an-projects-body")
        assert wait_for(lambda: body.evaluate("element => element.scrollWidth <= element.clientWidth"))
        page.locator(".an-card-more").first.click()
        page.locator(".an-project-menu").wait_for()
        assert wait_for(lambda: is_within(page.locator(".an-project-menu"), width))


def is_within(locator, width):
    box = locator.bounding_box()
    return box["x"] >= 0 and box["x"] + box["width"] <= width


def test_what_takes_long_says_so_and_a_second_press_makes_no_second_one(home, tab):
    (helmets,) = home(helmets=1)
    page = tab(at(helmets))
    held = []
    page.route("**/duplicate", lambda route, request: held.append(route))
    open_list(page)
    act(page, "helmets", "Duplicate without decisions…")
    question = page.locator(".an-name-question")
    field = page.get_by_role("textbox", name="Name of the project")
    field.press("Enter")
    assert wait_for(lambda: len(held) == 1, page=page)
    assert question.get_attribute("aria-busy") == "true"
    field.press("Enter")
    question.get_by_role("button", name="Duplicate").click()
    # By now a second request would be held as well.
    page.wait_for_timeout(300)
    assert len(held) == 1
    held[0].continue_()
    opened(page, "helmets (copy)")
