"""Projects of a Space's visitors: their own, found again by their keys, and out of everybody else's reach."""

import json
import re
import urllib.error
import urllib.request

import pytest

from annotator.core.project import project_id
from tests.e2e.conftest import LARGE, PATIENCE_MS, Server, is_foreign
from tests.e2e.project_pages import act, answer, card, open_list, opened
from tests.e2e.screen import require_soon, wait_for


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    """A server as on a Space: each visitor has projects of their own."""
    running = Server(None, tmp_path_factory.mktemp("space") / "home", SPACE_ID="a/b", GRADIO_SERVER_NAME="127.0.0.1")
    running.start()
    yield running
    running.kill()


def arrived(chromium, address, cookies=()):
    """A page in a browser of somebody's own, once it has a project."""
    context = chromium.new_context(locale="en-US", **LARGE)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies(list(cookies))
    page = context.new_page()
    page.foreign = []
    page.on("request", lambda request: page.foreign.append(request.url) if is_foreign(request.url) else None)
    page.goto(address)
    page.locator(".an-project-name").wait_for()
    page.wait_for_function("localStorage.getItem('annotator.project')")
    return page


@pytest.fixture
def visitor(space, chromium):
    """A browser of somebody's own on the Space, with one page open; more of them for more people."""
    pages = []

    def arrive(address=""):
        pages.append(arrived(chromium, space.address + address))
        return pages[-1]

    yield arrive
    for page in pages:
        page.context.close()


@pytest.fixture
def signed_in_space(tmp_path, chromium):
    """Opens a new browser of somebody who is signed in on a Space that asks for it."""
    signing = pytest.importorskip("tests.web.sharing.test_login", reason="signing in needs gradio[oauth]")
    running = Server(None, tmp_path / "home", GRADIO_SERVER_NAME="127.0.0.1", ANNOTATOR_LOGIN="1", **signing.SPACE)
    running.start()
    pages = []

    def arrive(name, address=""):
        session = {"name": "session", "value": signing.cookie(name), "url": running.address}
        pages.append(arrived(chromium, running.address + address, [session]))
        return pages[-1]

    yield arrive
    for page in pages:
        page.context.close()
    running.kill()


def keys_of(page):
    return page.evaluate("window.annotatorKey.keys()")


def test_a_visitor_has_several_projects_and_finds_them_again(visitor):
    page = visitor()
    opened(page, "Untitled project")
    open_list(page)
    page.get_by_role("button", name="New project…").click()
    answer(page, "Vests", "Create")
    opened(page, "Vests")
    require_soon(lambda: len(keys_of(page)), 2)
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
    assert wait_for(lambda: theirs.url != address, page=theirs)
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
    require_soon(lambda: keys_of(theirs)[0], own[0])
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


def test_whoever_signs_in_finds_their_projects_from_another_browser_and_nobody_elses(signed_in_space):
    pages = {}
    for name, project in (("anna", "Helmets"), ("bert", "Vests")):
        page = signed_in_space(name)
        open_list(page)
        page.get_by_role("button", name="New project…").click()
        answer(page, project, "Create")
        opened(page, project)
        pages[name] = page
    again = signed_in_space("anna")
    opened(again, "Helmets")
    open_list(again)
    titles = again.locator(".an-card-link")
    require_soon(lambda: sorted(titles.all_inner_texts()), ["Helmets", "Untitled project"])
    foreign = re.sub(r"^[^?]*", "", pages["bert"].url)
    lost = signed_in_space("anna", foreign)
    lost.get_by_text("The project in this address is not there, or not yours.").wait_for()
    opened(lost, "Helmets")
