"""Triage, brush, and what the browser remembers."""

import numpy as np

from annotator.core.dataset import Suggestion
from annotator.core.heatmap import Heatmap
from annotator.core.masks import rle_area, rle_box_xyxy, rle_to_mask
from annotator.core.paste import heatmaps_to_rles
from tests.e2e.screen import BOXES, HEIGHT, WIDTH, picture, require_soon, square, wait_for


def capsule(start, end, radius):
    """Pixels (H, W) whose centre lies within `radius` of the line from start to end."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    (x0, y0), (x1, y1) = start, end
    length = (x1 - x0) ** 2 + (y1 - y0) ** 2
    t = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length, 0, 1)
    return (x - x0 - t * (x1 - x0)) ** 2 + (y - y0 - t * (y1 - y0)) ** 2 <= radius**2


def test_a_brush_stroke_joins_the_mask(screen, project):
    image_id = project.add("street.png", suggestions=1)
    screen.open()
    screen.click(25, 100)
    screen.press("b")
    screen.drag((70, 100), (110, 100))
    screen.saved()
    (one,) = project.instances(image_id)
    expected = square(BOXES[0]) | capsule((70, 100), (110, 100), 12 / screen.scale())
    # The pointer sits on whole pixels of the screen: the stroke may be off by a fraction of an image pixel.
    assert np.count_nonzero(rle_to_mask(one.rle) ^ expected) < 40
    assert one.edited
    screen.press("x")
    screen.drag((40, 60), (60, 60))
    screen.saved()
    (one,) = project.instances(image_id)
    assert not rle_to_mask(one.rle)[60, 50]
    screen.press("Control+z", "Control+z")
    screen.saved()
    (one,) = project.instances(image_id)
    assert not one.edited
    assert rle_area(one.rle) == np.count_nonzero(square(BOXES[0]))


def add_hill(project):
    """A picture with one suggestion whose heatmap falls off from its middle; the picture's id."""
    y, x = np.mgrid[:28, :28] - 13.5
    soft = np.exp(-(x**2 + 1.7 * y**2 + x * y) / 60).astype(np.float32)
    heatmap = Heatmap.of(soft, (30.3, 20.8, 250.1, 230.6))
    image = project.store.add_image(picture(), file_name="hill.png", width=WIDTH, height=HEIGHT)
    person = project.store.add_category("person").id
    own = heatmaps_to_rles(soft[None], [(30.3, 20.8, 250.1, 230.6)], height=HEIGHT, width=WIDTH)[0]
    project.store.set_suggestions(image.id, [Suggestion(person, 0.9, own, "test@1", heatmap)])
    return image.id


def cut_of(project, image_id, level):
    """What the server makes of the instance's heatmap."""
    (one,) = project.instances(image_id)
    return project.store.heatmap(image_id, one.key).at(level, height=HEIGHT, width=WIDTH)


def test_a_cut_is_the_servers_own_to_the_pixel(screen, project):
    image_id = add_hill(project)
    (before,) = project.instances(image_id)
    screen.open()
    screen.click(140, 125)
    screen.press("w")
    screen.page.wait_for_function("document.querySelector('.an-hint').textContent.startsWith('Drag up')")
    screen.drag((140, 125), (140, 100))
    screen.saved()
    (grown,) = project.instances(image_id)
    (decision,) = project.store.decisions(image_id)
    assert (decision.verb, decision.state) == ("edit", "accepted")
    assert decision.level < 50
    assert grown.rle == decision.rle == cut_of(project, image_id, decision.level)
    assert rle_area(grown.rle) > rle_area(before.rle)
    screen.drag((140, 125), (120, 125))
    screen.saved()
    (shrunk,) = project.instances(image_id)
    assert rle_area(shrunk.rle) < rle_area(grown.rle)
    screen.press("Control+z", "Control+z")
    screen.saved()
    assert project.instances(image_id) == [before]
    screen.page.reload()
    screen.page.wait_for_selector(".an-row")
    screen.press("Control+Shift+z")
    screen.saved()
    assert project.instances(image_id) == [grown]


def test_held_keys_cut_in_one_gesture_and_escape_gives_up(screen, project):
    image_id = add_hill(project)
    screen.open()
    screen.click(140, 125)
    for _ in range(7):
        screen.page.keyboard.down("<")
    screen.page.keyboard.up("<")
    # The keys may be up before the heatmap is there.
    assert wait_for(lambda: project.store.decisions(image_id))
    (one,) = project.instances(image_id)
    assert [decision.level for decision in project.store.decisions(image_id)] == [57]
    assert one.rle == cut_of(project, image_id, 57)
    screen.page.keyboard.down(">")
    screen.press("Escape")
    screen.page.keyboard.up(">")
    screen.saved()
    assert project.instances(image_id) == [one]


def test_undo_goes_on_after_a_reload(screen, project):
    image_id = project.add("street.png")
    screen.open()
    screen.click(25, 100)
    screen.press("a")
    screen.saved()
    screen.page.reload()
    screen.page.wait_for_selector(".an-row.is-accepted")
    screen.press("Control+z")
    screen.page.wait_for_selector(".an-row.is-accepted", state="detached")
    screen.saved()
    assert project.states(image_id) == ["suggested"] * 3


def test_triage_asks_for_the_most_doubtful_first(screen, project):
    first, second = project.add("first.png"), project.add("second.png")
    screen.open()
    screen.page.get_by_label("Confidence threshold").first.fill("0.2")
    screen.page.locator(".an-stage").focus()
    screen.press("t", "d", "a", "a")
    screen.saved()
    # The scores are 0.9, 0.6, 0.3: the nearest to 0.2 comes up first.
    assert project.states(first) == ["accepted", "accepted", "rejected"]
    screen.press("Enter")
    screen.wait_for_picture("second.png")
    require_soon(screen.page.locator(".an-row.is-selected .an-row-detail").inner_text, "0.30")
    assert project.states(second) == ["suggested"] * 3


def test_a_remapped_key_is_remembered(screen, project):
    image_id = project.add("street.png")
    screen.open()
    screen.press("?")
    accept = screen.page.get_by_role("dialog").locator("dl > div", has=screen.page.locator("dt", has_text="Accept"))
    accept.first.get_by_title("Change this key").click()
    screen.press("y")
    screen.press("Escape")
    screen.page.reload()
    screen.page.wait_for_selector(".an-picture.is-ready")
    screen.page.wait_for_selector(".an-row")
    screen.click(25, 100)
    screen.press("a", "y")
    screen.saved()
    assert project.states(image_id) == ["accepted", "suggested", "suggested"]


def test_a_line_right_through_makes_two_of_one(screen, project):
    image_id = project.add("street.png", suggestions=1)
    left, top, right, _ = BOXES[0]
    screen.open()
    screen.press("y")
    screen.drag((left - 10, 60), (right + 10, 60))
    screen.page.wait_for_function("document.querySelectorAll('.an-row:not([hidden])').length === 2")
    screen.saved()
    lower, upper = sorted(project.instances(image_id), key=lambda one: rle_area(one.rle), reverse=True)
    assert np.array_equal(rle_to_mask(lower.rle) | rle_to_mask(upper.rle), square(BOXES[0]))
    assert not (rle_to_mask(lower.rle) & rle_to_mask(upper.rle)).any()
    rows = np.flatnonzero(rle_to_mask(upper.rle).any(axis=1))
    assert [rows[0], rows[-1]] == [top, rows[-1]]
    assert abs(rows[-1] - 60) <= 1
    assert (upper.source, lower.source) == ("manual", "test@1")
    screen.press("Control+z")
    screen.saved()
    (one,) = project.instances(image_id)
    assert (one.edited, rle_area(one.rle)) == (False, np.count_nonzero(square(BOXES[0])))


def test_the_box_of_the_selected_is_dragged_and_its_mask_found_again(screen, project):
    image_id = project.add("street.png", suggestions=1)
    (before,) = project.instances(image_id)
    left, top, right, bottom = BOXES[0]
    screen.open()
    screen.click(25, 100)
    screen.press("r")
    handle = right + screen.gap()
    screen.drag((handle, (top + bottom) / 2), (handle + 80, (top + bottom) / 2))
    screen.page.locator(".an-row", has_text="edited").wait_for()
    screen.saved()
    (one,) = project.instances(image_id)
    x0, _, x1, _ = rle_box_xyxy(one.rle)
    assert one.key == before.key
    assert left - 4 <= x0 < x1 <= right + 84
    assert one.parts is None
    assert len(project.store.decisions(image_id)) == 1
    screen.press("Control+z")
    screen.saved()
    assert project.instances(image_id) == [before]


def test_a_mask_by_grabcut_is_said_to_be_one(screen, project, unanswered):
    project.add("street.png", suggestions=0)
    screen.open()
    # The bundled detector knows no cars.
    screen.press("c")
    screen.page.get_by_label("Find or create a category").fill("car")
    screen.press("Enter", "r")
    screen.drag((150, 60), (260, 200))
    screen.page.locator(".an-notice", has_text="GrabCut").wait_for()
    screen.page.locator(".an-row", has_text="car").wait_for()


def test_triage_puts_aside_and_follows_threshold_and_undo(screen, project):
    project.add("street.png")
    screen.open()
    slider = screen.page.get_by_label("Confidence threshold").first
    slider.fill("0.2")
    screen.page.locator(".an-stage").focus()
    selected = screen.page.locator(".an-row.is-selected :is(.an-row-detail, .an-row-source)")
    width = lambda: screen.page.locator(".an-picture").bounding_box()["width"]  # noqa: E731
    fitted = width()

    def asks_for(score, said="test"):
        require_soon(lambda: (selected.all_inner_texts(), width() > fitted), ([score, said], True))

    screen.press("t")
    asks_for("0.30")
    screen.press("e")
    asks_for("0.60")
    screen.press("a", "a")
    asks_for("0.30", "later · test")
    screen.press("a")
    require_soon(width, fitted)
    screen.press("Control+z")
    asks_for("0.30", "later · test")
    slider.fill("0.95")
    require_soon(width, fitted)
    slider.fill("0.1")
    asks_for("0.30", "later · test")
