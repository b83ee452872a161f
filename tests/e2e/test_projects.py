"""Projects in the page: the list of them, their addresses, two at once, and other people's out of reach."""

import json
import re
import urllib.error
import urllib.request

import pytest

from annotator.core.project import project_id
from annotator.core.settings import BINNED, NAME, PUT_AWAY
from annotator.storage import archive
from annotator.storage.store import Store
from tests.e2e.conftest import Server, is_foreign, watched
from tests.e2e.screen import Project, wait_for

LARGE = {"viewport": {"width": 1280, "height": 800}}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """`annotator serve` over a folder of projects."""
    running = Server(None, tmp_path_factory.mktemp("projects") / "home")
    running.projects = running._home / "projects"
    running.start()
    yield running
    running.kill()


@pytest.fixture
def home(served):
    """Makes projects of so many pictures in the served folder, where no other test's are in the way."""
    stores = {}

    def make(**counts):
        for name, count in counts.items():
            store = stores[name] = Store.open(served.projects / name)
            for number in range(count):
                Project(store).add(f"{name}-{number}.jpg")
            store.set_setting(NAME, name)
        return [stores[name] for name in counts]

    yield make
    for folder in served.projects.iterdir():
        if (folder / "project.db").is_file():
            (folder / "project.db").rename(folder / "gone.db")
    for store in stores.values():
        store.close()


@pytest.fixture
def tab(served, chromium):
    """Opens tabs of one browser; an error of a script fails the test."""
    context = chromium.new_context(locale="en-US", **LARGE)
    errors = []

    def open_tab(address=""):
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(served.address + address)
        page.locator(".an-project-name").wait_for()
        return page

    yield open_tab
    context.close()
    assert errors == []


def at(store, image=None):
    return f"?project={project_id(store.key)}" + ("" if image is None else f"&image={image}")


def wait_for_picture(page, name):
    page.wait_for_function("name => document.querySelector('.an-title')?.textContent === name", arg=name)
    page.wait_for_selector(".an-picture.is-ready")


def saved(page):
    page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")


def open_list(page):
    page.locator(".an-project").click()
    page.locator(".an-card, .an-binned, .an-broken").first.wait_for()
    return page.locator(".an-projects")


def card(page, name):
    return page.locator(".an-card").filter(has=page.get_by_role("link", name=name, exact=True))


def act(page, name, action):
    card(page, name).locator(".an-card-more").click()
    page.get_by_role("menuitem", name=action, exact=True).click()


def answer(page, name, agree):
    field = page.get_by_role("textbox", name="Name of the project")
    field.fill(name)
    page.locator(".an-name-question").get_by_role("button", name=agree, exact=True).click()


def opened(page, name):
    page.wait_for_function("name => document.querySelector('.an-project-name')?.textContent === name", arg=name)


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
    assert "5 pictures · 2 accepted · 13 suggested" in first.inner_text()
    assert "1 of 5 reviewed" in first.inner_text()
    assert "open here" in first.inner_text()
    page.wait_for_function(
        "[...document.querySelectorAll('.an-card.is-open img')].filter((one) => one.naturalWidth > 0).length === 4"
    )
    assert "no pictures" in card(page, "empty").inner_text()
    assert not card(page, "vests").is_visible()
    sheet.get_by_text("Put away (1)").click()
    assert card(page, "vests").is_visible()
    broken = sheet.locator(".an-broken").inner_text()
    assert "damaged" in broken
    assert "is not a project's database" in broken
    assert "\n" not in broken.strip()


def test_a_project_is_made_renamed_and_opened(home, tab, served):
    (helmets,) = home(helmets=1)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    open_list(page)
    page.get_by_role("button", name="New project…").click()
    answer(page, "Vests & <i>boots</i>", "Create")
    opened(page, "Vests & <i>boots</i>")
    page.get_by_text("Drop photographs here").first.wait_for()
    assert page.title() == "Vests & <i>boots</i> · Annotator"
    assert (served.projects / "vests-i-boots-i" / "project.db").is_file()
    open_list(page)
    act(page, "Vests & <i>boots</i>", "Rename…")
    answer(page, "Vests", "Rename")
    opened(page, "Vests")
    card(page, "helmets").click(position={"x": 30, "y": 30})
    wait_for_picture(page, "helmets-0.jpg")
    assert page.title() == "helmets-0.jpg · helmets · Annotator"


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
    assert create.is_disabled()
    page.get_by_role("textbox", name="Name of the project").fill(name)
    assert page.locator(".an-name-question [role=alert]").inner_text() == line
    assert create.is_disabled()
    page.keyboard.press("Escape")
    assert page.locator(".an-card").count() == 1


def test_a_duplicate_has_the_suggestions_and_no_decision(home, tab, served):
    (helmets,) = home(helmets=2)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    page.keyboard.press("Enter")
    wait_for_picture(page, "helmets-1.jpg")
    saved(page)
    open_list(page)
    act(page, "helmets", "Duplicate without decisions…")
    assert page.get_by_role("textbox", name="Name of the project").input_value() == "helmets (copy)"
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
    act(page, "vests", "Take out again")
    sheet.get_by_text("Put away").wait_for(state="hidden")
    act(page, "vests", "Move to the bin")
    sheet.get_by_text("Bin (1)").click()
    assert card(page, "vests").count() == 0
    assert vests.setting(BINNED) is not None
    sheet.get_by_role("button", name="Take back").click()
    card(page, "vests").wait_for()
    assert vests.setting(BINNED) is None
    act(page, "vests", "Move to the bin")
    sheet.get_by_role("button", name="Delete for good").click()
    page.get_by_text("“vests”, its picture and every decision").wait_for()
    page.locator(".an-question").get_by_role("button", name="Delete for good").click()
    sheet.get_by_text("Bin (1)").wait_for(state="hidden")
    assert wait_for(lambda: not vests.folder.exists())


def test_reload_back_forward_and_a_link_lead_to_the_picture_that_the_address_names(home, tab):
    (helmets,) = home(helmets=3)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    for number in (1, 2):
        page.keyboard.press("PageDown")
        wait_for_picture(page, f"helmets-{number}.jpg")
    assert page.url.endswith(at(helmets, 3))
    page.go_back()
    wait_for_picture(page, "helmets-1.jpg")
    assert page.title() == "helmets-1.jpg · helmets · Annotator"
    page.go_back()
    wait_for_picture(page, "helmets-0.jpg")
    page.go_forward()
    wait_for_picture(page, "helmets-1.jpg")
    page.reload()
    wait_for_picture(page, "helmets-1.jpg")
    assert page.url.endswith(at(helmets, 2))
    page.locator(".an-row").nth(1).click()
    page.wait_for_function("location.hash.startsWith('#instance=')")
    link = page.url
    other = tab(link.rpartition("/")[2])
    wait_for_picture(other, "helmets-1.jpg")
    other.wait_for_function("document.querySelectorAll('.an-row.is-selected').length === 1")
    assert other.url == link


def test_back_leads_to_the_project_before(home, tab):
    helmets, vests = home(helmets=2, vests=1)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    page.keyboard.press("PageDown")
    wait_for_picture(page, "helmets-1.jpg")
    open_list(page)
    card(page, "vests").click(position={"x": 30, "y": 30})
    wait_for_picture(page, "vests-0.jpg")
    page.go_back()
    wait_for_picture(page, "helmets-1.jpg")
    page.go_forward()
    wait_for_picture(page, "vests-0.jpg")
    assert page.url.endswith(at(vests, 1))


@pytest.mark.parametrize(
    "address", ["?project=0000000000000000", "?project=%3Cimg%20src=x%3E&image=1", "?project=" + "x" * 1500]
)
def test_an_address_that_leads_nowhere_says_so_and_another_project_opens(home, tab, address):
    (helmets,) = home(helmets=1)
    tab(at(helmets)).close()
    page = tab(address)
    page.get_by_text("The project in this address is not there, or not yours.").wait_for()
    wait_for_picture(page, "helmets-0.jpg")
    assert page.url.endswith(at(helmets, 1))


def test_a_picture_that_is_not_there_says_so_and_another_one_opens(home, tab):
    (helmets,) = home(helmets=1)
    page = tab(at(helmets, 99))
    page.get_by_text("image 99: not in the project").wait_for()
    wait_for_picture(page, "helmets-0.jpg")
    assert wait_for(lambda: page.url.endswith(at(helmets, 1)))


def test_two_tabs_with_two_projects_save_each_into_its_own(home, tab):
    helmets, vests = home(helmets=2, vests=2)
    first, second = tab(at(helmets)), tab(at(vests))
    wait_for_picture(first, "helmets-0.jpg")
    wait_for_picture(second, "vests-0.jpg")
    first.keyboard.press("Enter")
    second.keyboard.press("PageDown")
    wait_for_picture(second, "vests-1.jpg")
    second.keyboard.press("Enter")
    saved(first)
    saved(second)
    assert [image.reviewed for image in helmets.images()] == [True, False]
    assert [image.reviewed for image in vests.images()] == [False, True]
    first.reload()
    opened(first, "helmets")
    second.reload()
    opened(second, "vests")


def test_what_was_not_sent_for_one_project_reaches_that_one_alone(home, tab):
    helmets, vests = home(helmets=2, vests=2)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    page.on("dialog", lambda dialog: dialog.accept())  # it asks before it is left
    page.route("**/gestures", lambda route: route.abort())
    page.keyboard.press("Enter")
    wait_for_picture(page, "helmets-1.jpg")
    page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'offline'")
    page.unroute("**/gestures")
    page.route(f"**/{helmets.key}/images/*/gestures", lambda route: route.abort())
    open_list(page)
    card(page, "vests").click(position={"x": 30, "y": 30})
    wait_for_picture(page, "vests-0.jpg")
    page.keyboard.press("PageDown")
    wait_for_picture(page, "vests-1.jpg")
    page.keyboard.press("Enter")
    saved(page)
    assert [image.reviewed for image in vests.images()] == [False, True]
    assert [decision.image_id for decision in vests.decisions()] == [2, 2]
    assert helmets.decisions() == ()
    page.unroute(f"**/{helmets.key}/images/*/gestures")
    page.goto(page.url.partition("?")[0] + at(helmets))
    assert wait_for(lambda: [image.reviewed for image in helmets.images()] == [True, False], seconds=15)
    assert len(vests.decisions()) == 2


def test_a_project_that_is_thrown_away_in_one_tab_is_saved_and_told_of_in_another(home, tab):
    helmets, vests = home(helmets=2, vests=1)
    first, second = tab(at(helmets)), tab(at(vests))
    wait_for_picture(first, "helmets-0.jpg")
    open_list(second)
    act(second, "helmets", "Move to the bin")
    told = first.locator(".an-project-state")
    told.get_by_text("This project is in the bin.").wait_for()
    first.keyboard.press("Enter")
    saved(first)
    assert helmets.image(1).reviewed
    told.get_by_role("button", name="Take back").click()
    told.wait_for(state="hidden")
    assert helmets.setting(BINNED) is None


def test_a_name_that_is_changed_in_one_tab_is_the_others_too(home, tab):
    (helmets,) = home(helmets=1)
    first, second = tab(at(helmets)), tab(at(helmets))
    wait_for_picture(first, "helmets-0.jpg")
    open_list(second)
    act(second, "helmets", "Rename…")
    answer(second, "Hats", "Rename")
    opened(first, "Hats")
    assert wait_for(lambda: first.title() == "helmets-0.jpg · Hats · Annotator")


def test_a_batch_goes_on_while_its_project_is_renamed_and_another_one_is_open(home, tab):
    helmets, vests = home(helmets=12, vests=1)
    page = tab(at(helmets))
    wait_for_picture(page, "helmets-0.jpg")
    page.locator("#prelabel-all").click()
    page.locator("#cancel").wait_for()
    open_list(page)
    act(page, "helmets", "Rename…")
    answer(page, "Hats", "Rename")
    card(page, "Hats").wait_for()
    card(page, "vests").click(position={"x": 30, "y": 30})
    wait_for_picture(page, "vests-0.jpg")

    def is_done():
        sources = {one.source for image in helmets.images() for one in helmets.instances(image.id)}
        return "test@1" not in sources

    assert wait_for(is_done, seconds=60)
    assert helmets.setting(NAME) == "Hats"
    assert [one.source for one in vests.instances(1)] == ["test@1"] * 3


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
    assert page.locator(".an-card").count() == 2


def test_the_project_that_was_opened_last_is_the_one_that_opens_next_time(home, tab, served):
    helmets, vests = home(helmets=1, vests=1)
    tab(at(helmets)).close()
    wait_for_picture(tab(at(vests)), "vests-0.jpg")
    wait_for_picture(tab(), "vests-0.jpg")
    served.kill()
    served.start()
    wait_for_picture(tab(), "vests-0.jpg")


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_the_list_fits_every_window(home, served, chromium, width):
    (helmets, *_) = home(helmets=1, vests=4, **{"a" * 90: 2})
    with watched(chromium, served.address + at(helmets), viewport={"width": width, "height": 800}) as screen:
        page = screen.page
        page.goto(screen.address)
        page.locator(".an-project").click()
        page.locator(".an-card").nth(2).wait_for()
        sheet = page.locator(".an-projects").bounding_box()
        assert sheet["x"] >= 0
        assert sheet["x"] + sheet["width"] <= width
        body = page.locator(".an-projects-body")
        assert body.evaluate("element => element.scrollWidth <= element.clientWidth")
        page.locator(".an-card-more").first.click()
        menu = page.locator(".an-project-menu").bounding_box()
        assert menu["x"] >= 0
        assert menu["x"] + menu["width"] <= width


# --- visitors ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    """A server as on a Space: each visitor has projects of their own."""
    running = Server(None, tmp_path_factory.mktemp("space") / "home", SPACE_ID="a/b", GRADIO_SERVER_NAME="127.0.0.1")
    running.start()
    yield running
    running.kill()


@pytest.fixture
def visitor(space, chromium):
    """A browser of somebody's own on the Space, with one page open; more of them for more people."""
    contexts = []

    def arrive(address=""):
        context = chromium.new_context(locale="en-US", **LARGE)
        contexts.append(context)
        page = context.new_page()
        page.foreign = []
        page.on("request", lambda request: page.foreign.append(request.url) if is_foreign(request.url) else None)
        page.goto(space.address + address)
        page.locator(".an-project-name").wait_for()
        page.wait_for_function("localStorage.getItem('annotator.project')")
        return page

    yield arrive
    for context in contexts:
        context.close()


def keys_of(page):
    return page.evaluate("window.annotatorKey.keys()")


def test_a_visitor_has_several_projects_and_finds_them_again(visitor):
    page = visitor()
    opened(page, "Untitled project")
    open_list(page)
    page.get_by_role("button", name="New project…").click()
    answer(page, "Vests", "Create")
    opened(page, "Vests")
    assert len(keys_of(page)) == 2
    page.goto(page.url.partition("?")[0])
    opened(page, "Vests")
    open_list(page)
    card(page, "Untitled project").click(position={"x": 30, "y": 30})
    opened(page, "Untitled project")
    assert not [url for url in page.foreign if "huggingface" not in url]


def test_no_key_stands_in_an_address_and_an_address_opens_nothing_to_another_visitor(visitor):
    mine = visitor()
    mine.get_by_role("button", name="Try an example").click()
    mine.wait_for_selector(".an-picture.is-ready")
    mine.wait_for_function("location.search.includes('image=')")
    address = mine.url
    assert not any(key in address for key in keys_of(mine))
    theirs = visitor(re.sub(r"^[^?]*", "", address))
    theirs.get_by_text("The project in this address is not there, or not yours.").wait_for()
    theirs.get_by_text("Drop photographs here").first.wait_for()
    assert theirs.url != address
    assert set(keys_of(theirs)).isdisjoint(keys_of(mine))


def test_a_link_for_a_colleague_opens_the_project_and_leaves_them_their_own(visitor):
    mine = visitor()
    open_list(mine)
    act(mine, "Untitled project", "Rename…")
    answer(mine, "Shared", "Rename")
    opened(mine, "Shared")
    act(mine, "Shared", "Link for a colleague…")
    mine.get_by_text("Whoever has this link can open the project and change it.").wait_for()
    link = mine.get_by_role("textbox", name="Link to the project").input_value()
    theirs = visitor()
    own = keys_of(theirs)
    theirs.goto(link)
    theirs.reload()  # a change behind the # alone loads nothing
    opened(theirs, "Shared")
    theirs.wait_for_function("!location.hash.includes('share')")
    theirs.goto(link.partition("?")[0])
    opened(theirs, "Untitled project")
    assert keys_of(theirs)[0] == own[0]
    open_list(theirs)
    card(theirs, "Shared").click(position={"x": 30, "y": 30})
    opened(theirs, "Shared")


def test_guessed_keys_and_pages_of_other_origins_change_nothing(visitor, space):
    page = visitor()
    (key,) = keys_of(page)

    def ask(method, path, body=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(space.address + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answered:
                return answered.status, json.loads(answered.read())
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())

    swapped = key.swapcase()
    for guess in ("A" * 32, swapped, project_id(key), key[:-1]):
        assert ask("POST", f"annotator/{guess}/project", {"binned": True})[0] == 404
        assert ask("POST", f"annotator/{guess}/duplicate", {"name": "x"})[0] == 404
        assert ask("DELETE", f"annotator/{guess}/project")[0] == 404
    assert ask("POST", "annotator/projects", {"keys": ["A" * 32, swapped, project_id(key)]})[1]["projects"] == []
    evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for path, body in (
        ("annotator/projects", {"keys": [key]}),
        ("annotator/projects/new", {"name": "x"}),
        (f"annotator/{key}/project", {"binned": True}),
        (f"annotator/{key}/duplicate", {"name": "x"}),
    ):
        assert ask("POST", path, body, **evil)[0] == 403
    assert ask("DELETE", f"annotator/{key}/project", **evil)[0] == 403
    listed = ask("POST", "annotator/projects", {"keys": [key]})[1]["projects"]
    assert [(one["key"], one["binned"]) for one in listed] == [(key, False)]
