"""What changes a shape, in a real browser: each gesture leaves exactly the mask that Python says, and one undo step."""

import math

import cv2
import numpy as np
import pytest

from annotator.core.dataset import Suggestion
from annotator.core.masks import mask_to_rle, rle_to_mask
from annotator.core.polygons import parts_to_rle
from tests.e2e.screen import BOXES, HEIGHT, WIDTH, picture, require_soon, square, wait_for

LEFT, TOP, RIGHT, BOTTOM = BOXES[0]
WHOLE = square(BOXES[0])
HOLE = np.zeros_like(WHOLE)
HOLE[TOP:BOTTOM, LEFT:RIGHT] = ~WHOLE[TOP:BOTTOM, LEFT:RIGHT]


def masks(project, image_id):
    return [rle_to_mask(one.rle) for one in project.instances(image_id)]


def shifted(mask, dx, dy):
    return np.roll(mask, (dy, dx), axis=(0, 1))


def add(project, name, mask):
    image = project.store.add_image(picture(), file_name=name, width=WIDTH, height=HEIGHT)
    person = project.store.add_category("person").id
    project.store.set_suggestions(image.id, [Suggestion(person, 0.9, mask_to_rle(mask), "test@1")])
    return image.id


@pytest.fixture
def one(screen, project):
    """A picture with one suggestion, selected; what undoing a gesture must give back."""
    image_id = add(project, "street.png", WHOLE)
    (before,) = project.instances(image_id)
    screen.open()
    screen.click(25, 100)
    yield image_id
    screen.press("Control+z")
    screen.saved()
    assert project.instances(image_id) == [before]


def same(found, expected):
    assert len(found) == len(expected)
    for mask in expected:
        assert any(np.array_equal(mask, other) for other in found)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("i", [WHOLE | HOLE]),
        ("Shift+I", [WHOLE | HOLE]),
        ("Alt+i", [WHOLE, HOLE]),
        ("Shift+ArrowRight", [shifted(WHOLE, 1, 0)]),
        ("Shift+ArrowUp", [shifted(WHOLE, 0, -1)]),
        ("Control+d", [WHOLE, shifted(WHOLE, 12, 12)]),
    ],
    ids=["fill holes", "holes to parts", "holes to instances", "right", "up", "duplicate"],
)
def test_a_key_makes_the_mask_that_it_names(screen, project, one, key, expected):
    screen.press(key)
    screen.saved()
    same(masks(project, one), expected)


def test_a_drag_inside_moves_it_as_it_is(screen, project, one):
    screen.drag((30, 60), (65, 75))
    screen.saved()
    (mask,) = masks(project, one)
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    dx, dy = columns[0] - LEFT, rows[0] - TOP
    assert (dx, dy) == pytest.approx((35, 15), abs=1)
    assert np.array_equal(mask, shifted(WHOLE, dx, dy))


def test_an_edge_is_dragged_with_both_its_ends(screen, project, one):
    screen.page.keyboard.down("Control")
    screen.drag((RIGHT, 60), (RIGHT + 30, 60))
    screen.page.keyboard.up("Control")
    screen.saved()
    (mask,) = masks(project, one)
    right = np.flatnonzero(mask.any(axis=0))[-1] + 1
    assert right == pytest.approx(RIGHT + 30, abs=1)
    wider = WHOLE.copy()
    wider[TOP:BOTTOM, RIGHT:right] = True
    assert np.count_nonzero(mask ^ wider) <= BOTTOM - TOP


def test_simplifying_keeps_the_iou_that_it_shows(screen, project):
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    before = (np.hypot(x - 150, y - 120) < 70 + 8 * np.cos(9 * np.arctan2(y - 120, x - 150))).astype(bool)
    image_id = add(project, "flower.png", before)
    screen.open()
    screen.click(150, 120)
    screen.press("s")
    screen.page.locator(".an-simplify .an-slider:focus").wait_for()
    screen.press(*["ArrowRight"] * 14)
    require_soon(screen.page.locator(".an-simplify .an-slider").input_value, "5")
    facts = screen.page.locator(".an-simplify .an-facts").inner_text()
    screen.press("Enter")
    screen.page.locator(".an-row", has_text="edited").wait_for()
    screen.saved()
    (one,) = project.instances(image_id)
    after = rle_to_mask(one.rle)
    iou = np.count_nonzero(before & after) / np.count_nonzero(before | after)
    assert 0.8 < iou < 0.99
    # Pixels whose centre an edge runs through may fall to either side.
    assert float(facts.rsplit(" ", 1)[1]) == pytest.approx(iou, abs=0.004)
    assert facts.startswith(f"{sum(map(len, (part.outer for part in one.parts)))} vertices")


def test_specks_go_and_the_rest_stays(screen, project):
    speckled = WHOLE.copy()
    speckled[10:14, 150:155] = speckled[220:222, 300:303] = True
    image_id = add(project, "street.png", speckled)
    screen.open()
    screen.click(25, 100)
    screen.press("o")
    screen.page.locator(".an-row", has_text="edited").wait_for()
    screen.saved()
    same(masks(project, image_id), [WHOLE])


def test_two_become_one_and_fall_apart_again(screen, project):
    image_id = project.add("street.png", suggestions=2)
    left, right = (square(box) for box in BOXES[:2])
    screen.open()
    screen.click(25, 100)
    screen.page.keyboard.down("Shift")
    screen.click(130, 60)
    screen.page.keyboard.up("Shift")
    screen.press("u")
    screen.saved()
    same(masks(project, image_id), [left | right])
    screen.press("Shift+U")
    screen.saved()
    same(masks(project, image_id), [left, right])
    screen.press("Control+z", "Control+z")
    screen.saved()
    assert project.states(image_id) == ["suggested", "suggested"]


def test_the_smaller_of_two_is_cut_out_of_the_larger(screen, project):
    image_id = add(project, "street.png", WHOLE)
    screen.open()
    screen.press("r")
    screen.page.keyboard.down("Alt")
    screen.drag((25, 40), (45, 60))
    screen.page.keyboard.up("Alt")
    screen.page.locator(".an-row", has_text="drawn by hand").wait_for()
    screen.page.keyboard.down("Shift")
    screen.click(70, 180)
    screen.page.keyboard.up("Shift")
    screen.saved()
    (box,) = [rle_to_mask(one.rle) for one in project.instances(image_id) if one.source == "manual"]
    screen.press("Shift+O")
    screen.saved()
    same(masks(project, image_id), [WHOLE & ~box])


def test_a_copy_lies_at_the_same_place_of_another_picture(screen, project):
    first = add(project, "first.png", WHOLE)
    second = project.add("second.png", suggestions=0)
    screen.open()
    screen.click(25, 100)
    screen.press("Control+c", "k")
    screen.wait_for_picture("second.png")
    screen.press("Control+v")
    screen.page.locator(".an-row", has_text="drawn by hand").wait_for()
    screen.saved()
    same(masks(project, second), [WHOLE])
    screen.press("Control+z")
    screen.saved()
    assert (masks(project, second), project.states(first)) == ([], ["suggested"])


def test_vertices_are_added_and_deleted(screen, project, one):
    screen.click(RIGHT, 60)
    screen.saved()
    (changed,) = project.instances(one)
    assert len(changed.parts[0].outer) == 5
    # The vertex lies on the edge: nothing of the mask has changed.
    assert np.count_nonzero(rle_to_mask(changed.rle) ^ WHOLE) <= 2
    screen.page.keyboard.down("Alt")
    screen.click(RIGHT, BOTTOM)
    screen.page.keyboard.up("Alt")
    screen.saved()
    (cut,) = project.instances(one)
    assert len(cut.parts[0].outer) == 4
    assert cut.rle == parts_to_rle(cut.parts, height=HEIGHT, width=WIDTH)
    assert not rle_to_mask(cut.rle)[BOTTOM - 5, RIGHT - 5]
    screen.press("Control+z")


def test_a_freehand_stroke_is_a_polygon(screen, project):
    image_id = project.add("empty.png", suggestions=0)
    screen.open()
    screen.press("p")
    turns = [2 * math.pi * step / 48 for step in range(49)]
    circle = [(160 + 70 * math.cos(turn), 120 + 70 * math.sin(turn)) for turn in turns]
    screen.page.mouse.move(*screen.at(*circle[0]))
    screen.page.mouse.down()
    for place in circle[1:]:
        screen.page.mouse.move(*screen.at(*place))
    screen.page.mouse.up()
    screen.page.get_by_label("Find or create a category").fill("person")
    screen.press("Enter")
    screen.page.locator(".an-row", has_text="drawn by hand").wait_for()
    screen.saved()
    (one,) = project.instances(image_id)
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(drawn, (160, 120), 70, 1, -1)
    mask = rle_to_mask(one.rle)
    assert np.count_nonzero(mask & (drawn > 0)) / np.count_nonzero(mask | (drawn > 0)) > 0.96
    assert 8 < len(one.parts[0].outer) < 49


def test_an_ellipse_is_drawn_in_one_drag_and_with_shift_a_circle(screen, project):
    image_id = project.add("wheels.png", suggestions=0)
    screen.open()
    screen.press("z")
    screen.page.locator(".an-hint", has_text="ellipse").wait_for()
    screen.drag((20, 40), (140, 200))
    screen.page.get_by_label("Find or create a category").fill("person")
    screen.press("Enter")
    screen.page.locator(".an-row", has_text="drawn by hand").wait_for()
    screen.press("z")
    screen.page.keyboard.down("Shift")
    screen.drag((180, 60), (280, 90))
    screen.page.keyboard.up("Shift")
    screen.saved()
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    for one, (left, top, right, bottom) in zip(
        project.instances(image_id), ((20, 40, 140, 200), (180, 60, 280, 160)), strict=True
    ):
        radii = (right - left) / 2, (bottom - top) / 2
        drawn = ((x - left) / radii[0] - 1) ** 2 + ((y - top) / radii[1] - 1) ** 2 <= 1
        mask = rle_to_mask(one.rle)
        # The pointer sits on whole pixels of the screen, so that the box may be off by a fraction of an image pixel.
        assert np.count_nonzero(mask & drawn) / np.count_nonzero(mask | drawn) > 0.985
        assert one.source == "manual"


@pytest.mark.parametrize("key", ["Escape", "Control+z", "p", "d", "j"])
def test_what_happens_in_the_middle_of_a_drag_leaves_no_trace_of_it(screen, project, key):
    project.add("other.png", suggestions=1)
    image_id = add(project, "street.png", WHOLE)
    screen.open()
    if screen.name() != "street.png":
        screen.press("k")
        screen.wait_for_picture("street.png")
    screen.click(25, 100)
    (before,) = project.instances(image_id)
    mouse = screen.page.mouse
    mouse.move(*screen.at(RIGHT, BOTTOM))
    mouse.down()
    mouse.move(*screen.at(RIGHT + 40, BOTTOM + 10), steps=3)
    screen.press(key)
    screen.page.wait_for_timeout(150)
    mouse.move(*screen.at(RIGHT + 60, BOTTOM + 20), steps=3)
    mouse.up()
    screen.page.wait_for_timeout(150)
    screen.saved()
    (after,) = project.instances(image_id)
    assert (after.rle, after.edited) == (before.rle, False)
    assert after.state.value == ("rejected" if key == "d" else "suggested")
    assert len(project.store.decisions(image_id)) == (key == "d")


def test_a_crowd_is_shown_marked_and_asked_about_when_it_changes(screen, project):
    image = project.add("a.png")
    screen.open()
    screen.click(45, 60)
    screen.press("Shift+C")
    screen.saved()
    assert [one.crowd for one in project.instances(image)] == [True, False, False]
    assert wait_for(lambda: any("crowd" in note for note in screen.notes()))
    screen.press("Shift+ArrowRight")
    question = screen.page.locator(".an-notice.is-question")
    question.filter(has_text="Is this still a crowd?").wait_for()
    question.get_by_text("Single object").click()
    screen.saved()
    assert [one.crowd for one in project.instances(image)] == [False, False, False]
    require_soon(question.count, 0)
