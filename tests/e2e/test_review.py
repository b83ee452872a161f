"""Reviewing in a real browser: each gesture, and what the project holds afterwards."""

import numpy as np
import pytest

from annotator.core.dataset import State
from annotator.core.masks import rle_box_xyxy, rle_to_mask
from annotator.core.polygons import Part, parts_to_rle
from annotator.core.review import Change, Gesture
from tests.e2e.screen import BOXES, HEIGHT, WIDTH, require_soon, square, wait_for


def test_a_key_a_decision(screen, project):
    image_id = project.add("street.png")
    screen.open()
    screen.page.get_by_label("Confidence threshold").first.fill("0.1")
    screen.press("]", "a", "d", "a")
    screen.saved()
    assert project.states(image_id) == ["accepted", "rejected", "accepted"]
    assert all(one.edited is False for one in project.instances(image_id))


def test_what_was_decided_is_there_after_a_reload(screen, project):
    image_id = project.add("street.png")
    screen.open()
    screen.click(25, 100)
    screen.press("a")
    screen.saved()
    screen.page.reload()
    screen.page.wait_for_selector(".an-row.is-accepted")
    assert project.states(image_id)[0] == "accepted"


def test_a_number_relabels_and_undo_takes_it_back(screen, project):
    image_id = project.add("street.png")
    categories = {one.id: one.name for one in project.store.categories()}
    number = [*categories.values()].index("car") + 1
    screen.open()
    screen.click(25, 100)
    screen.press(str(number))
    screen.saved()
    assert categories[project.instances(image_id)[0].category_id] == "car"
    screen.press("Control+z")
    screen.saved()
    assert categories[project.instances(image_id)[0].category_id] == "person"
    assert project.states(image_id)[0] == "suggested"
    screen.press("Control+Shift+z")
    screen.saved()
    assert categories[project.instances(image_id)[0].category_id] == "car"


def test_a_new_category_is_text_and_nothing_else(screen, project):
    name = "<img src=x onerror=alert(1)> {{1+1}}"
    image_id = project.add("<b onclick=alert(2)>.png")
    screen.open()
    screen.click(25, 100)
    screen.press("c")
    screen.page.get_by_label("Find or create a category").fill(name)
    screen.press("Enter")
    screen.page.locator(".an-row-name", has_text=name).wait_for()
    screen.saved()
    assert name in [one.name for one in project.store.categories()]
    assert project.states(image_id)[0] == "accepted"


def test_a_dragged_vertex_is_the_mask_that_is_stored(screen, project):
    image_id = project.add("street.png", suggestions=1)
    left, top, right, bottom = BOXES[0]
    screen.open()
    screen.click(25, 100)
    screen.drag((right, bottom), (right + 30, bottom + 20))
    screen.saved()
    (one,) = project.instances(image_id)
    assert one.edited
    assert one.state == "accepted"
    assert one.score == pytest.approx(0.9)
    corner = max(one.parts[0].outer.tolist(), key=sum)
    assert corner == pytest.approx([right + 30, bottom + 20], abs=1)
    assert one.rle == parts_to_rle(one.parts, height=HEIGHT, width=WIDTH)
    assert len(one.parts[0].holes) == 1
    mask = rle_to_mask(one.rle)
    assert mask[bottom + 5, right + 5]
    assert not mask[(top + bottom) // 2, (left + right) // 2]
    screen.press("Control+z")
    screen.saved()
    (one,) = project.instances(image_id)
    assert not one.edited
    assert np.array_equal(rle_to_mask(one.rle), square(BOXES[0]))


def test_a_box_handle_scales_the_mask(screen, project):
    image_id = project.add("street.png", suggestions=1)
    left, top, right, bottom = BOXES[0]
    screen.open()
    screen.click(25, 100)
    handle = right + screen.gap()
    screen.drag((handle, (top + bottom) / 2), (handle + 60, (top + bottom) / 2))
    screen.saved()
    mask = rle_to_mask(project.instances(image_id)[0].rle)
    columns = np.flatnonzero(mask.any(axis=0))
    assert [columns[0], columns[-1]] == pytest.approx([left, right + 60], abs=2)
    assert not mask[(top + bottom) // 2, left + 60]


def test_a_drawn_polygon_is_stored_to_the_pixel(screen, project):
    image_id = project.add("empty.png", suggestions=0)
    screen.open()
    screen.press("p")
    corners = [(40, 40), (140, 50), (120, 150)]
    for corner in corners:
        screen.click(*corner)
    screen.press("Enter")
    picker = screen.page.get_by_label("Find or create a category")
    picker.fill("person")
    screen.press("Enter")
    screen.page.locator(".an-row", has_text="drawn by hand").wait_for()
    screen.saved()
    (one,) = project.instances(image_id)
    assert (one.source, one.score, one.state) == ("manual", None, "accepted")
    drawn = one.parts[0].outer
    assert np.abs(drawn - np.array(corners)).max() < 1
    assert one.rle == parts_to_rle([Part(drawn)], height=HEIGHT, width=WIDTH)


def test_the_threshold_hides_at_once_without_a_request(screen, project):
    project.add("street.png")
    screen.open()
    slider = screen.page.get_by_label("Confidence threshold").first
    requests = screen.requests()
    for value, shown in (("0.1", 3), ("0.5", 2), ("0.7", 1), ("0.95", 0)):
        slider.fill(value)
        require_soon(screen.page.locator(".an-threshold-count").inner_text, f"shows {shown} of 3 here")
        require_soon(lambda: len(screen.rows()), shown)
    # Who else is here is asked now and then, and what a box needs is prepared, whatever a person does; what the
    # thresholds are worth is asked once, when the slider is first taken up.
    assert [url for url in requests if not url.endswith(("/presence", "/mask", "/insight"))] == []
    assert sum(url.endswith("/insight") for url in requests) <= 1


def test_enter_accepts_what_is_shown_and_opens_the_next(screen, project):
    first, second = project.add("first.png"), project.add("second.png")
    screen.open()
    screen.page.get_by_label("Confidence threshold").last.fill("0.5")
    screen.press("Tab")
    screen.page.locator(".an-stage").focus()
    screen.press("Enter")
    screen.wait_for_picture("second.png")
    screen.saved()
    assert project.states(first) == ["accepted", "accepted", "suggested"]
    assert project.store.image(first).reviewed
    assert not project.store.image(second).reviewed
    screen.page.locator(".an-progress", has_text="1 of 2 reviewed").wait_for()
    screen.press("Shift+Enter")
    screen.saved()
    assert project.states(second) == ["suggested"] * 3
    assert project.store.image(second).reviewed


def test_undo_goes_back_to_the_picture_it_is_about(screen, project):
    first = project.add("first.png")
    project.add("second.png")
    screen.open()
    screen.press("Enter")
    screen.wait_for_picture("second.png")
    screen.press("Control+z")
    screen.wait_for_picture("first.png")
    screen.saved()
    assert project.states(first) == ["suggested"] * 3
    assert not project.store.image(first).reviewed


def test_keys_stay_with_fields_and_with_other_tabs(screen, project):
    image_id = project.add("street.png")
    screen.open()
    screen.click(25, 100)
    screen.page.get_by_label("Confidence threshold").last.focus()
    screen.press("a", "d", "Delete", "Enter")
    screen.page.get_by_role("tab", name="Export").click()
    screen.press("a", "d", "Enter")
    screen.page.get_by_role("tab", name="Annotate").click()
    screen.page.locator(".an-stage").wait_for()
    assert project.states(image_id) == ["suggested"] * 3
    assert project.store.decisions(image_id) == ()


def test_a_lost_connection_loses_nothing(screen, project):
    image_id = project.add("street.png")
    screen.open()
    screen.page.route("**/gestures", lambda route: route.abort())
    screen.click(25, 100)
    screen.press("a", "d")
    screen.page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'offline'")
    require_soon(screen.page.locator(".an-status").inner_text, "Offline, 2 unsaved")
    screen.page.on("dialog", lambda dialog: dialog.accept())
    screen.page.reload()
    screen.page.unroute("**/gestures")
    require_soon(lambda: project.states(image_id)[:2], ["accepted", "rejected"])
    assert [one.number for one in project.store.decisions(image_id)] == [1, 2]


def test_two_people_on_one_instance_are_asked(screen, project):
    image_id = project.add("street.png", suggestions=1)
    screen.open()
    (one,) = project.instances(image_id)
    revision = project.store.image(image_id).revision
    change = Change(one.key, one.category_id, State.REJECTED)
    project.store.record(Gesture(image_id, "other", 1, revision, "reject", "somebody", (change,)))
    screen.click(25, 100)
    screen.press("a")
    screen.page.get_by_role("button", name="Keep mine").click()
    screen.saved()
    assert project.states(image_id) == ["accepted"]


def test_every_key_is_on_the_sheet(screen, project):
    project.add("street.png")
    screen.open()
    screen.press("?")
    sheet = screen.page.get_by_role("dialog")
    assert wait_for(lambda: sheet.locator("dt").count() > 25)
    screen.press("Escape")
    require_soon(sheet.count, 0)


def test_a_box_becomes_the_mask_inside_it(screen, project):
    image_id = project.add("street.png", suggestions=1)
    screen.open()
    screen.press("r")
    screen.drag((150, 60), (260, 200))
    screen.page.locator(".an-row", has_text="drawn by hand").wait_for()
    screen.saved()
    drawn = next(one for one in project.instances(image_id) if one.source == "manual")
    x0, y0, x1, y1 = rle_box_xyxy(drawn.rle)
    assert drawn.parts is None
    assert 146 <= x0 < x1 <= 264
    assert 56 <= y0 < y1 <= 204


def test_both_lists_are_gone_through_by_keyboard(screen, project):
    first, second = project.add("first.png"), project.add("second.png")
    screen.open()
    screen.page.get_by_label("Confidence threshold").first.fill("0.1")
    lists = screen.page.locator(".an-list")
    lists.nth(1).focus()
    details = lambda: screen.page.locator(".an-row.is-selected .an-row-detail").all_inner_texts()  # noqa: E731
    screen.press("ArrowDown", "a", "ArrowUp")
    # What is decided is in reach too, and letters decide as over the picture.
    require_soon(details, ["0.90"])
    screen.press("End")
    require_soon(details, ["0.30"])
    active = lists.nth(1).get_attribute("aria-activedescendant")
    require_soon(lambda: screen.page.locator(f"#{active}").get_attribute("aria-selected"), "true")
    screen.saved()
    assert project.states(first) == ["accepted", "suggested", "suggested"]
    lists.nth(0).focus()
    screen.press("ArrowDown")
    screen.wait_for_picture("second.png")
    screen.press("Delete")
    screen.wait_for_picture("first.png")
    require_soon(lambda: [row.image.id for row in project.store.queue()], [first])
    assert second not in [row.image.id for row in project.store.queue()]


def test_a_panel_gives_the_focus_back(screen, project):
    project.add("street.png")
    screen.open()
    button = screen.page.get_by_title("Display", exact=True)
    button.focus()
    screen.press("Enter")
    screen.page.get_by_role("dialog", name="Display").wait_for()
    screen.press("Escape")
    assert wait_for(lambda: button.evaluate("one => one === document.activeElement"))
