"""A browser that keeps nothing of the page: a private window's rules for frames, or a user who forbids site data."""

import json
import re
import urllib.request

import pytest

from tests.e2e.conftest import PATIENCE_MS, Server
from tests.e2e.screen import require_soon, wait_for
from tests.machine import CHROMIUM

HUB = "https://huggingface.co/spaces/someone/annotator"
FRAME = """<!doctype html><iframe src="{address}" style="width: 1280px; height: 800px"></iframe><script>
window.messages = [];
addEventListener("message", ({{ data }}) => window.messages.push(data));
</script>"""


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    """A server as on a Space: each visitor has a project."""
    folder = tmp_path_factory.mktemp("space")
    running = Server(None, folder / "home", SPACE_ID="someone/annotator", GRADIO_SERVER_NAME="127.0.0.1")
    running.start()
    yield running
    running.kill()


@pytest.fixture
def forgetful(chromium, tmp_path):
    """A browser in which no site may keep anything."""
    profile = tmp_path / "profile"
    (profile / "Default").mkdir(parents=True)
    forbidden = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (profile / "Default" / "Preferences").write_text(json.dumps(forbidden))
    # A page of the internet asks before it shows one of this computer's.
    arguments = ["--no-sandbox", "--disable-features=LocalNetworkAccessChecks"]
    context = chromium.browser_type.launch_persistent_context(
        str(profile), executable_path=CHROMIUM, args=arguments, locale="en-US"
    )
    context.set_default_timeout(PATIENCE_MS)
    context.errors = []
    context.on("weberror", lambda error: context.errors.append(str(error.error)))
    yield context
    context.close()


def use(view):
    """Open the page's own example; the number of pictures that there are then."""
    view.get_by_role("button", name="Try an example").click()
    view.locator(".an-thumbnail, .an-queue li").first.wait_for()


def key_of(address):
    return re.search(r"#project=([A-Za-z0-9_-]{32})$", address)[1]


def pictures(space, key):
    with urllib.request.urlopen(f"{space.address}annotator/{key}/queue", timeout=20) as answer:
        return len(json.loads(answer.read())["images"])


def test_unframed_the_page_opens_and_finds_its_project_again_by_its_address(space, forgetful):
    page = forgetful.new_page()
    asked = []
    page.on("request", lambda request: asked.append((request.url, request.headers.get("referer", ""))))
    page.goto(f"{space.address}?__theme=light")
    assert (
        page.evaluate("(() => { try { return localStorage } catch (error) { return error.name } })()")
        == "SecurityError"
    )
    use(page)
    page.get_by_text("This browser stores nothing").wait_for()
    page.wait_for_url(re.compile(rf"{re.escape(space.address)}\?__theme=light&project=[0-9a-f]{{16}}&image=1#project="))
    address = page.url
    key = key_of(address)
    assert pictures(space, key) > 0
    page.reload()
    page.locator(".an-canvas, canvas").first.wait_for()
    require_soon(lambda: page.url, address, page=page)
    again = forgetful.new_page()
    again.goto(address)
    again.locator(".an-canvas, canvas").first.wait_for()
    require_soon(lambda: again.url, address, page=again)
    assert not [url for url, referer in asked if "#" in url or key in referer]
    assert forgetful.errors == []


def test_in_a_frame_of_the_hub_the_page_opens_and_the_hubs_address_keeps_the_project(space, forgetful):
    page = forgetful.new_page()
    hub = {"fragment": ""}

    def show(route):
        route.fulfill(body=FRAME.format(address=space.address + hub["fragment"]), content_type="text/html")

    page.route(f"{HUB}*", show)
    page.goto(HUB)
    frame = page.frame_locator("iframe")
    use(frame)
    frame.get_by_text("This browser stores nothing").wait_for()
    said = "window.messages.filter((message) => message && message.hash).map((message) => message.hash)"
    told = wait_for(lambda: page.evaluate(said))
    key = key_of("#" + told[-1])
    assert pictures(space, key) > 0
    hub["fragment"] = "#" + told[-1]  # the hub passes on what stands in its own address
    page.goto(HUB)
    frame.locator(".an-canvas, canvas").first.wait_for()
    assert wait_for(lambda: page.frames[1].url.endswith(hub["fragment"]), page=page)
    assert forgetful.errors == []


def test_a_link_of_somebody_else_does_not_take_the_place_of_ones_own_project(space, chromium):
    context = chromium.new_context(locale="en-US")
    page = context.new_page()
    page.goto(space.address)
    page.wait_for_function("localStorage.getItem('annotator.project')")
    mine = page.evaluate("localStorage.getItem('annotator.project')")
    assert "#" not in page.url
    other = context.new_page()
    other.goto(f"{space.address}#project={'x' * 32}")
    other.get_by_text("Drop photographs here").first.wait_for()
    other.wait_for_timeout(500)  # a key that is kept is kept once its project is open
    assert other.evaluate("localStorage.getItem('annotator.project')") == mine
    context.close()
