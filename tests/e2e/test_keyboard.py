"""Keys mean what the keyboard in hand prints, and what an input method or marked text needs stays theirs."""

import pytest

from tests.e2e.screen import require_soon, wait_for

MIDDLE = (45, 100)  # of the first suggestion, beside its hole
CHOICES = "[data-testid=dropdown-option]"


def dispatch(page, kind, **key):
    page.context.new_cdp_session(page).send("Input.dispatchKeyEvent", {"type": kind, **key})


def press_place(page, *, key, code):
    """A key of another layout: what it prints, and where it lies."""
    dispatch(page, "keyDown", key=key, code=code, text=key)
    dispatch(page, "keyUp", key=key, code=code)


def test_a_comma_on_the_place_of_m_lowers_the_threshold_and_leaves_the_mask(screen, project):
    image = project.add("a.png")
    screen.open()
    screen.click(*MIDDLE)
    before = project.instances(image)
    threshold = screen.page.locator(".an-threshold input[type=number]")
    shown = float(threshold.input_value())
    press_place(screen.page, key=",", code="KeyM")
    assert wait_for(lambda: float(threshold.input_value()) < shown)
    screen.saved()
    assert project.instances(image) == before


def test_enter_that_ends_a_composition_makes_no_category(screen, project):
    project.add("a.png")
    before = [category.name for category in project.store.categories()]
    screen.open()
    screen.click(*MIDDLE)
    screen.press("c")
    page = screen.page
    page.wait_for_selector(".an-picker input")
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "じん", "selectionStart": 2, "selectionEnd": 2})
    dispatch(page, "rawKeyDown", key="Enter", code="Enter", windowsVirtualKeyCode=13)
    assert page.locator(".an-picker").count() == 1
    assert [category.name for category in project.store.categories()] == before
    session.send("Input.insertText", {"text": "人物"})
    screen.press("Enter")
    page.wait_for_selector(".an-picker", state="detached")
    require_soon(lambda: [category.name for category in project.store.categories()], [*before, "人物"])
    screen.saved()


def test_marked_text_is_what_copying_takes(screen, project):
    project.add("a.png")
    screen.open()
    page = screen.page
    page.evaluate("document.addEventListener('copy', () => { window.copied = getSelection().toString(); })")
    screen.click(*MIDDLE)
    page.locator(".an-threshold-label").click(click_count=3)
    screen.press("Control+c")
    label = page.locator(".an-threshold-label")
    assert wait_for(lambda: (page.evaluate("window.copied") or "").strip() == label.inner_text())


def test_a_screen_of_another_density_has_a_canvas_of_its_own(screen, project):
    project.add("a.png")
    screen.open()
    page = screen.page
    width = "document.querySelector('.an-layer').width"
    before = page.evaluate(width)
    size = page.viewport_size
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setDeviceMetricsOverride", {**size, "deviceScaleFactor": 2, "mobile": False})
    session.send("Page.captureScreenshot")  # without a head, no frame is painted unasked
    page.wait_for_function(f"{width} === {2 * before}")


def answers(page):
    """What keys that found nothing to do have said."""
    return page.locator(".an-notice.is-answer").all_inner_texts()


def test_keys_that_find_nothing_to_do_say_so_in_one_place_and_once_while_held(screen, project):
    project.add("a.png")
    screen.open()
    page = screen.page
    screen.press("Escape", "n", "q", "i")
    require_soon(lambda: answers(page), ["Select an instance first."])
    screen.press("u")
    require_soon(lambda: answers(page), ["Select several instances first (Shift + click)."])
    page.wait_for_timeout(800)  # what is said once more sooner than this counts as a key that is held
    screen.press("n")
    page.evaluate("document.querySelector('.an-notice.is-answer').dataset.first = 'yes'")
    for _ in range(20):
        page.keyboard.down("n")
    page.keyboard.up("n")
    assert page.locator(".an-notice").count() == page.locator(".an-notice[data-first]").count() == 1
    page.wait_for_selector(".an-notice", state="detached")


def test_over_the_gallery_a_key_of_the_picture_says_so_and_tab_goes_on(screen, project):
    image = project.add("a.png")
    screen.open()
    page = screen.page
    screen.click(*MIDDLE)
    before = project.instances(image)
    screen.press("Shift+G")
    page.wait_for_selector(".an-cell")
    for key in ("u", "2", "Control+d", "Shift+i"):
        screen.press(key)
        require_soon(lambda: answers(page), ["That key is for the picture. Esc closes the gallery."])
    in_sight = """() => {
        const { x, y, width, height } = document.querySelector(".an-notice.is-answer").getBoundingClientRect();
        return document.elementFromPoint(x + width / 2, y + height / 2).closest(".an-notice") !== null;
    }"""
    screen.press("u")  # it leaves after a while
    assert page.evaluate(in_sight)
    grid = "document.activeElement.closest('.an-grid') !== null"
    assert page.evaluate(grid)
    screen.press("Tab")
    assert wait_for(lambda: not page.evaluate(grid))
    screen.press("Escape")
    page.wait_for_selector(".an-gallery", state="hidden")
    screen.saved()
    assert project.instances(image) == before


def go_to_export_and_back(page):
    page.get_by_role("tab", name="Export").click()
    page.locator("#export-button").wait_for()
    page.get_by_role("tab", name="Annotate").click()
    page.locator(".an-stage").wait_for()


def choose_a_model(page):
    page.locator("#model input").click()
    page.locator(CHOICES).first.click()
    page.locator(CHOICES).first.wait_for(state="detached")


def leave_the_models_by_escape(page):
    page.locator("#model input").click()
    page.locator(CHOICES).first.wait_for()
    page.keyboard.press("Escape")


def click_a_filter(page):
    page.get_by_label("Which pictures are listed").click()
    page.get_by_label("Which pictures are listed").select_option("state:unreviewed")
    page.locator(".an-queue-found", has_text="2 of 2 pictures").wait_for()


@pytest.mark.parametrize("before", [go_to_export_and_back, choose_a_model, leave_the_models_by_escape, click_a_filter])
def test_keys_are_the_pictures_whatever_was_clicked_before(screen, project, before):
    first = project.add("a.png")
    project.add("b.png")
    screen.open()
    before(screen.page)
    screen.press("a")  # nothing is selected, and nothing is under the pointer
    screen.press("Enter")
    screen.wait_for_picture("b.png")
    screen.saved()
    assert project.states(first) == ["accepted", "accepted", "suggested"]


def test_the_list_of_models_opens_again_after_escape(screen, project):
    project.add("a.png")
    screen.open()
    leave_the_models_by_escape(screen.page)
    screen.page.locator(CHOICES).first.wait_for(state="detached")  # it fades out
    screen.page.locator("#model input").click()
    screen.page.locator(CHOICES).first.wait_for()


def test_enter_on_a_button_that_was_reached_by_tab_presses_it(screen, project):
    project.add("a.png")
    screen.open()
    screen.page.get_by_role("tab", name="Annotate").focus()
    screen.page.keyboard.press("Tab")
    screen.page.keyboard.press("Enter")
    screen.page.locator("#export-button").wait_for(state="visible")
    assert screen.name() == "a.png"
