"""The editor on screens of every size: panels that fold, tablets, phones, 200 % zoom, light and dark."""

import pytest

from .conftest import watched
from .screen import require_soon, wait_for


@pytest.fixture
def opened(server, project, chromium, request):
    """The page with one picture, on a screen of the size that the test asks for."""
    project.add("street.png")
    width, height, *rest = request.param
    profile = {"viewport": {"width": width, "height": height}} | (rest[0] if rest else {})
    with watched(chromium, server.address, **profile) as screen:
        yield screen.open()


def width_of(page, selector):
    return page.locator(selector).evaluate("element => element.getBoundingClientRect().width")


def buttons_outside(page):
    """Names of the buttons in sight that lie outside the window, or are cut off by what holds them."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.annotator :is(button, input, select)')].filter((one) => {
            if (!one.checkVisibility() || one.closest('.an-list, .an-notices') !== null) return false;
            one.scrollIntoView({ block: 'nearest' });
            const { left, right, x, y, width, height } = one.getBoundingClientRect();
            if (left < -1 || right > window.innerWidth + 1) return true;
            const hit = document.elementFromPoint(x + width / 2, y + height / 2);
            return hit === null || !(one.contains(hit) || hit.contains(one));
        }).map((one) => one.title || one.ariaLabel || one.textContent)"""
    )


@pytest.mark.parametrize("opened", [(1440, 900)], indirect=True)
def test_panels_fold_by_button_and_key_and_stay_so(opened):
    page = opened.page
    before = width_of(page, ".an-stage")
    page.get_by_title("Show or hide the pictures (Shift+Q)").click()
    assert wait_for(page.locator(".an-queue").is_hidden)
    opened.press("Shift+P")
    assert wait_for(page.locator(".an-panel").is_hidden)
    require_soon(lambda: width_of(page, ".an-stage"), pytest.approx(before + 248 + 276))
    page.reload()
    page.wait_for_selector(".an-picture.is-ready")
    assert wait_for(page.locator(".an-queue").is_hidden)
    opened.press("Shift+P")
    page.locator(".an-panel").wait_for()


@pytest.mark.parametrize("opened", [(768, 1024), (820, 1180), (1024, 1366)], indirect=True)
def test_a_tablet_gives_the_picture_seven_tenths(opened):
    page = opened.page
    is_wide = lambda: width_of(page, ".an-stage") >= 0.69 * page.viewport_size["width"]  # noqa: E731
    assert wait_for(is_wide)
    page.locator(".an-fold.is-queue").click()
    page.locator(".an-queue").wait_for()
    # It lies over the picture, which keeps its place, and goes when the picture is pressed.
    assert wait_for(is_wide)
    box = page.locator(".an-stage").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 20, box["y"] + box["height"] - 20)
    assert wait_for(page.locator(".an-queue").is_hidden)


@pytest.mark.parametrize(
    "opened", [(1440, 900), (1280, 800), (1180, 820), (1100, 700), (768, 1024), (640, 400), (512, 384)], indirect=True
)
def test_no_tool_is_cut_off(opened):
    page = opened.page
    assert wait_for(lambda: page.locator(".an-tools button:visible").count() >= 16)
    require_soon(lambda: buttons_outside(page), [])
    for side in ("queue", "panel"):
        if page.locator(f".an-{side}").is_hidden():
            page.locator(f".an-fold.is-{side}").click()
            page.locator(f".an-{side}").wait_for()
            page.locator(f".an-fold.is-{side}").click()


@pytest.mark.parametrize("opened", [(1280, 800), (1180, 820), (1024, 768)], indirect=True)
def test_what_is_said_of_saving_covers_no_tool(opened):
    page = opened.page
    page.route("**/gestures", lambda route: route.abort())
    page.locator(".an-row").first.click()
    opened.press("a")
    page.locator(".an-status[data-kind=offline]", has_text="Offline").wait_for()
    require_soon(lambda: buttons_outside(page), [])


PHONE = {"has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("opened", [(390, 844, PHONE), (600, 800)], indirect=True)
def test_each_panel_lies_over_the_picture_of_a_small_screen_in_its_own_width(opened):
    page = opened.page
    for side in ("queue", "panel"):
        page.locator(f".an-fold.is-{side}").click()
        require_soon(lambda side=side: page.locator(f".an-{side}").bounding_box()["width"], 300)
        page.locator(f".an-fold.is-{side}").click()
        page.locator(f".an-{side}").wait_for(state="hidden")


@pytest.mark.parametrize("opened", [(390, 844, PHONE), (600, 800)], indirect=True)
def test_what_the_gallery_offers_to_choose_is_read_on_a_small_screen(opened):
    page = opened.page
    opened.press("Shift+G")
    page.locator(".an-gallery-head").wait_for()
    choices = page.locator(".an-gallery-head :is(.an-select, .an-segment)")
    cut = """all => all
        .filter((one) => one.checkVisibility() && (one.scrollWidth > one.clientWidth || one.clientWidth < 60))
        .map((one) => one.title)"""
    require_soon(lambda: choices.evaluate_all(cut), [])


@pytest.mark.parametrize("opened", [(390, 844, PHONE)], indirect=True)
def test_a_phone_reviews(opened, project):
    page = opened.page
    (image_id,) = [row.image.id for row in project.store.queue()]
    bar = page.locator(".an-reviewbar")
    assert wait_for(page.locator(".an-tools").is_hidden)
    assert wait_for(lambda: page.evaluate("document.documentElement.scrollWidth") <= 390)
    bar.get_by_text("Accept", exact=True).tap()
    bar.get_by_text("Reject", exact=True).tap()
    require_soon(lambda: project.states(image_id), ["accepted", "rejected", "suggested"])
    page.locator(".an-threshold .an-slider").fill("0.1")
    bar.get_by_text("Accept 1 & next").tap()
    require_soon(lambda: project.states(image_id), ["accepted", "rejected", "accepted"])
    page.get_by_title("Tools").tap()
    page.locator(".an-tools").wait_for()
    require_soon(lambda: buttons_outside(page), [])


@pytest.mark.parametrize("opened", [(640, 400), (390, 844, PHONE)], indirect=True)
def test_the_dialog_about_many_has_whole_words_and_its_button_in_any_window(opened):
    page = opened.page
    opened.press("Shift+A")
    go = page.locator(".an-bulk .an-pair .is-primary")
    go.filter(has_text="Accept 1").wait_for()
    segments = page.locator(".an-bulk .an-segment:visible")
    cut = "all => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
    assert segments.evaluate_all(cut) == []
    box = go.bounding_box()
    assert box["y"] + box["height"] <= page.viewport_size["height"]


@pytest.mark.parametrize("opened", [(390, 844, PHONE), (640, 400)], indirect=True)
def test_what_stands_beside_the_tools_stands_in_their_line_and_the_lines_are_low(opened):
    page = opened.page
    assert page.locator(".an-toolbar").bounding_box()["height"] <= 64
    fold = middle(page, ".an-fold.is-queue")
    others = [part for part in (".an-title", ".an-status", ".an-picture-note") if page.locator(part).is_visible()]
    assert len(others) >= 2
    assert [abs(middle(page, part) - fold) <= 2 for part in others] == [True] * len(others)


def middle(page, part):
    box = page.locator(part).bounding_box()
    return box["y"] + box["height"] / 2


@pytest.mark.parametrize("opened", [(640, 400)], indirect=True)
def test_at_twice_the_size_the_tools_take_one_line_and_nothing_scrolls(opened):
    page = opened.page
    require_soon(lambda: page.locator(".an-toolbar").bounding_box()["height"] < 48, True)
    assert buttons_outside(page) == []
    assert page.evaluate("document.documentElement.scrollHeight") <= 400


@pytest.mark.parametrize(
    "opened", [(1280, 800), (1024, 768), (920, 700), (768, 1024), (390, 844, PHONE)], indirect=True
)
def test_what_is_said_of_pre_labelling_is_read_in_any_window(opened):
    page = opened.page
    # As the server sends it: in a moment a batch of one picture would have ended.
    page.locator("#progress .annotator-progress").evaluate(
        """line => line.innerHTML = '<progress value="3" max="9"></progress><span role="status">'
            + 'starter-person has seen all 45 pictures.</span>'"""
    )
    whole = """one => one.clientWidth > 100 && one.scrollHeight <= one.clientHeight + 1
        && one.getBoundingClientRect().left >= 0 && one.getBoundingClientRect().right <= innerWidth"""
    require_soon(lambda: page.locator("#progress span").evaluate(whole), True)
    assert page.locator("#progress progress").bounding_box()["width"] > 100
    assert page.locator("#bar #model").bounding_box()["width"] >= 80


@pytest.mark.parametrize("opened", [(1280, 800, {"color_scheme": "light"})], indirect=True)
def test_the_theme_is_switched_and_remembered(opened):
    page = opened.page
    dark = "document.querySelector('.annotator.is-dark') !== null && document.body.classList.contains('dark')"
    require_soon(lambda: page.evaluate(dark), False)
    page.get_by_title("Display").click()
    page.locator(".an-display").get_by_label("Theme").select_option("dark")
    require_soon(lambda: page.evaluate(dark), True)
    page.reload()
    page.wait_for_selector(".an-picture.is-ready")
    require_soon(lambda: page.evaluate(dark), True)
    page.get_by_title("Display").click()
    page.locator(".an-display").get_by_label("Theme").select_option("system")
    require_soon(lambda: page.evaluate(dark), False)
