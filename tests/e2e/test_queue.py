"""The queue as a list to work from: searched, filtered, put in order, honest about reviews."""

import re

import pytest

from annotator.core.dataset import Suggestion
from annotator.core.masks import mask_to_rle
from tests.e2e.conftest import watched
from tests.e2e.queue import FILTER, ORDER, SEARCH, accept, offered, reviewed, row, search, shows
from tests.e2e.screen import BOXES, HEIGHT, WIDTH, picture, require_soon, square

# --- search, filter, order -------------------------------------------------------------------------------------------


def test_a_search_goes_by_name_number_and_expression(screen, project):
    first = project.add("IMG_10.png")
    project.add("IMG_9.png", suggestions=1)
    project.add("beach.png", suggestions=0)
    screen.open()
    shows(screen, "IMG_10.png", "IMG_9.png", "beach.png")
    search(screen, "img")
    shows(screen, "IMG_10.png", "IMG_9.png")
    require_soon(screen.page.locator(".an-queue-found").inner_text, "2 of 3 pictures")
    search(screen, f"#{first}")
    shows(screen, "IMG_10.png")
    search(screen, "score:..0.7")
    shows(screen, "IMG_10.png")
    search(screen, "suggestions:0,1 -beach")
    shows(screen, "IMG_9.png")
    search(screen, "nothing-like-it")
    screen.page.get_by_text("No pictures here").wait_for()
    screen.press("Escape")
    shows(screen, "IMG_10.png", "IMG_9.png", "beach.png")


def test_enter_opens_what_a_search_found_and_the_keys_are_the_pictures_again(screen, project):
    image_id, *_ = [project.add(name) for name in ("street-1.png", "street-2.png", "beach.png")]
    screen.open()
    for text, opened in (("beach", "beach.png"), ("-street-2", "beach.png"), ("street-1", "street-1.png")):
        search(screen, text)
        screen.press("Enter")
        screen.page.locator(".an-stage:focus").wait_for()
        screen.wait_for_picture(opened)
    screen.press("]", "a")
    screen.saved()
    assert "accepted" in project.states(image_id)


def test_what_cannot_be_read_is_marked_and_the_list_stays(screen, project):
    project.add("street.png")
    project.add("beach.png")
    screen.open()
    search(screen, "street")
    shows(screen, "street.png")
    search(screen, "street state:done")
    trouble = screen.page.locator(".an-queue-trouble")
    trouble.wait_for()
    require_soon(trouble.locator("mark").inner_text, "done")
    trouble.filter(has_text="“done” is not one of: new, started, ").wait_for()
    on_top = """message => {
        const { x, y, width, height } = message.getBoundingClientRect();
        return [0.02, 0.3, 0.6, 0.9].every((share) =>
            message.contains(document.elementFromPoint(x + share * width, y + 0.2 * height)));
    }"""
    assert trouble.evaluate(on_top), "nothing below it shines through"
    shows(screen, "street.png")
    require_soon(lambda: screen.page.get_by_label(SEARCH).get_attribute("aria-invalid"), "true")
    search(screen, "street state:suggested")
    trouble.wait_for(state="hidden")
    shows(screen, "street.png")


def test_filters_are_short_for_expressions_and_go_with_a_search(screen, project):
    done = project.add("a done.png")
    project.add("a to do.png")
    project.add("b empty.png", suggestions=0)
    accept(project, done, reviewed=True)
    screen.open()

    def choose(label):
        screen.page.get_by_label(FILTER).select_option(label=label)

    choose("New suggestions (state:new)")
    shows(screen, "a done.png")
    require_soon(screen.page.get_by_label(SEARCH).input_value, "state:new")
    search(screen, "a state:new")
    choose("To do (state:unreviewed)")
    shows(screen, "a to do.png")
    require_soon(screen.page.get_by_label(SEARCH).input_value, "a state:unreviewed")
    for label, names in {
        "Reviewed (state:reviewed)": ["a done.png"],
        "Doubtful (state:doubtful)": ["a done.png", "a to do.png"],
        "Disagreement (disagree:)": [],
        "Failed (state:failed)": [],
        "Flagged (flag:)": [],
        "Changed since export (changed:export)": ["a done.png"],
        "All": ["a done.png", "a to do.png"],
    }.items():
        choose(label)
        shows(screen, *names)
    search(screen, "")
    choose("Nothing found (state:nothing)")
    shows(screen, "b empty.png")


def test_a_name_is_told_by_its_end_whatever_folder_it_comes_from(screen, project):
    name = "summer 2025/north entrance/COCO_val2014_000000039769.png"
    project.add(name)
    page = screen.open().page
    shown = page.locator(".an-queue-name").first
    require_soon(shown.text_content, name)
    whole = """(name) => [...name.querySelectorAll(".an-name-slash, .an-name-tail")].map((part) => {
        const [of, all] = [part.getBoundingClientRect(), name.getBoundingClientRect()];
        return part.scrollWidth <= Math.ceil(of.width) && of.right <= all.right + 0.5;
    })"""
    require_soon(lambda: shown.evaluate(whole), [True, True])
    assert page.locator(".an-queue-row").first.get_attribute("title").startswith(f"{name} (#")
    require_soon(page.locator(".an-title").text_content, name)


def test_a_long_expression_can_be_read_as_a_whole(screen, project):
    project.add("street.png")
    page = screen.open().page
    field = page.get_by_label(SEARCH)
    low = field.bounding_box()["height"]
    expression = "street -state:reviewed category:person score:0.2..0.95 suggestions:1.. network:test"
    search(screen, expression)
    hidden = "field => [field.scrollHeight - field.clientHeight, field.scrollWidth - field.clientWidth]"
    require_soon(lambda: field.evaluate(hidden), [0, 0])
    shows(screen, "street.png")
    require_soon(lambda: field.bounding_box()["height"] > 2 * low, True)
    page.keyboard.insert_text(" -x\n-y")
    require_soon(field.input_value, f"{expression} -x -y")
    search(screen, "state:x " + expression)
    trouble = page.locator(".an-queue-trouble")
    trouble.wait_for()

    def lies_below():
        box = field.bounding_box()
        return trouble.bounding_box()["y"] >= box["y"] + box["height"] - 1

    require_soon(lies_below, True)
    screen.press("Escape")
    require_soon(lambda: field.bounding_box()["height"], low)


def test_a_picture_that_failed_says_so_and_why(screen, project):
    bad, _ = project.add("bad.png", suggestions=0), project.add("good.png")
    project.store.worklist.note_failures({bad: "cannot be decoded"})
    screen.open()
    failed = "Not pre-labelled: cannot be decoded"
    require_soon(lambda: failed in (row(screen, "bad.png").get_attribute("title") or ""), True)
    row(screen, "bad.png").get_by_text("Could not be pre-labelled").wait_for()
    screen.page.get_by_label(FILTER).select_option(label="Failed (state:failed)")
    shows(screen, "bad.png")
    project.store.set_suggestions(bad, [])
    search(screen, "-x state:failed")
    screen.page.get_by_text("No pictures here").wait_for()


def test_the_list_is_put_in_order_both_ways(screen, project):
    project.add("IMG_10.png", suggestions=1)
    project.add("img_9.png", suggestions=2)
    third = project.add("a.png")
    accept(project, third, *[one.key for one in project.instances(third)][:2])
    screen.open()
    order = screen.page.get_by_label(ORDER)
    for label, names in {
        "Name": ["a.png", "img_9.png", "IMG_10.png"],
        "Doubt": ["img_9.png", "a.png", "IMG_10.png"],
        "Instances": ["IMG_10.png", "img_9.png", "a.png"],
        "Last change": ["a.png", "IMG_10.png", "img_9.png"],
        "Added": ["IMG_10.png", "img_9.png", "a.png"],
    }.items():
        order.select_option(label=label)
        shows(screen, *names)
    screen.page.get_by_role("button", name="Upwards").click()
    shows(screen, "a.png", "img_9.png", "IMG_10.png")
    screen.page.get_by_role("button", name="Downwards").wait_for()


def test_work_goes_along_the_list_and_what_is_done_leaves_it(screen, project):
    for name in ("a.png", "b.png", "c.png"):
        project.add(name)
    screen.open()
    search(screen, "state:unreviewed")
    shows(screen, "a.png", "b.png", "c.png")
    screen.press("Enter")
    screen.page.locator(".an-stage:focus").wait_for()
    screen.press("Enter")
    screen.wait_for_picture("b.png")
    shows(screen, "b.png", "c.png")
    screen.press("Enter")
    screen.wait_for_picture("c.png")
    screen.press("Enter")
    screen.saved()
    assert reviewed(project) == ["a.png", "b.png", "c.png"]
    require_soon(lambda: screen.page.locator(".an-progress").inner_text().strip(), "3 of 3 reviewed")


# --- reviewed is honest ----------------------------------------------------------------------------------------------


def test_a_reviewed_picture_with_new_suggestions_says_so_until_they_are_decided(screen, project):
    image_id = project.add("street.png", suggestions=1)
    accept(project, image_id, project.instances(image_id)[0].key, reviewed=True)
    person = project.store.add_category("person").id
    again = [Suggestion(person, 0.8, mask_to_rle(square(BOXES[2])), "second@1")]
    project.store.set_suggestions(image_id, again)
    screen.open()
    row(screen, "1 accepted, 1 new").wait_for()
    screen.page.get_by_text("Reviewed, but 1 suggestion is undecided").wait_for()
    screen.press("]", "d")
    row(screen, "1 accepted, 1 new").wait_for(state="detached")
    screen.page.locator(".an-reviewed-text", has_text=re.compile("^Reviewed$")).wait_for()


def test_reviewed_is_taken_back_by_key_and_by_button_and_that_is_undone(screen, project):
    image_id = project.add("street.png")
    screen.open()
    screen.press("Shift+Enter")
    screen.saved()
    assert reviewed(project) == ["street.png"]
    screen.press("Shift+R")
    screen.saved()
    assert reviewed(project) == []
    screen.press("Shift+R")
    offered(screen, "This picture is not marked as reviewed.").wait_for()
    screen.press("Control+z")
    screen.saved()
    assert reviewed(project) == ["street.png"]
    screen.page.locator(".an-reviewed").get_by_role("button", name="Take back").click()
    screen.saved()
    assert reviewed(project) == []
    assert project.states(image_id) == ["suggested"] * 3


def test_enter_says_what_it_does_to_a_picture_that_no_network_has_seen(screen, project):
    project.store.add_image(picture(), file_name="plain.png", width=WIDTH, height=HEIGHT)
    screen.open()
    screen.page.get_by_role("button", name="Nothing in it, next").wait_for()
    screen.press("Enter")
    offered(screen, "“plain.png” is reviewed: nothing in it.").wait_for()
    screen.saved()
    assert reviewed(project) == ["plain.png"]


def test_the_pointer_counts_only_over_an_open_suggestion(screen, project):
    image_id = project.add("street.png")
    accept(project, image_id, project.instances(image_id)[0].key)
    screen.open()
    screen.page.mouse.move(*screen.at(25, 100))
    screen.page.locator(".an-row.is-hovered").wait_for()
    screen.press("d")
    offered(screen, "Select an instance first.").wait_for()
    screen.page.mouse.move(*screen.at(125, 100))
    screen.page.locator(".an-row.is-hovered.is-suggested").wait_for()
    screen.press("d")
    screen.saved()
    assert project.states(image_id)[:2] == ["accepted", "rejected"]
    screen.press("?")
    screen.page.get_by_text("Keys act on the selection; with nothing selected, on the open suggestion").wait_for()


# --- many ------------------------------------------------------------------------------------------------------------


def test_a_long_list_is_read_where_one_looks(screen, project):
    for number in range(1, 331):
        project.store.add_image(b"%d" % number, file_name=f"{number:03}.png", width=4, height=3)
    screen.page.goto(screen.address)
    row(screen, "001.png").wait_for()
    screen.wait_for_picture("001.png")
    seen = screen.requests()
    screen.page.locator(".an-queue .an-list").evaluate("list => { list.scrollTop = 300 * 64; }")
    row(screen, "301.png").wait_for()
    # The beginning may be read again by what the page still does as it opens.
    asked = {offset for url in seen for offset in re.findall(r"/queue\?.*offset=(\d+)", url)}
    assert asked - {"0"} == {"200", "300"}
    assert screen.page.locator(".an-queue-row").count() < 40


@pytest.mark.parametrize("language", ["de-DE", "es-ES", "zh-CN"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_text_of_the_queue_is_cut_off_in_any_language(chromium, server, project, language, scheme):
    project.add("street.png")
    with watched(chromium, server.address, viewport={"width": 1180, "height": 800}, color_scheme=scheme) as opened:
        page = opened.page
        page.context.set_extra_http_headers({"Accept-Language": language})
        opened.open()
        page.locator(".an-queue-row").first.click(modifiers=["Control"])
        page.keyboard.press("/")
        page.keyboard.type("state:x")
        page.locator(".an-queue-trouble").wait_for()
        parts = page.locator(".an-queue, .an-picked, .an-queue-top")
        wide = "all => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.className)"
        require_soon(lambda: parts.evaluate_all(wide), [])
