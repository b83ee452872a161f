"""Fingers on the picture, in a real browser that has a touch screen."""

import pytest

from annotator.core.masks import rle_to_mask
from tests.e2e.conftest import watched
from tests.e2e.screen import BOXES, HEIGHT, WIDTH, require_soon, wait_for


class Fingers:
    """Touches as the browser gets them from a screen, at image pixels."""

    def __init__(self, screen):
        self.screen = screen
        self.session = screen.page.context.new_cdp_session(screen.page)

    def send(self, kind, *places):
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def tap(self, x, y):
        self.send("touchStart", self.screen.at(x, y))
        self.send("touchEnd")

    def drag(self, start, end, *, steps=6):
        (x0, y0), (x1, y1) = self.screen.at(*start), self.screen.at(*end)
        self.send("touchStart", (x0, y0))
        for step in range(1, steps + 1):
            self.send("touchMove", (x0 + (x1 - x0) * step / steps, y0 + (y1 - y0) * step / steps))
        self.send("touchEnd")

    def spread(self, middle, *, begin, end, shift=(0, 0), steps=8):
        """Two fingers around a place of the page, which move apart, together, or both to the side."""
        x, y = middle
        self.send("touchStart", (x - begin, y))
        self.send("touchStart", (x - begin, y), (x + begin, y))
        for step in range(1, steps + 1):
            share = step / steps
            reach = begin + (end - begin) * share
            dx, dy = shift[0] * share, shift[1] * share
            self.send("touchMove", (x + dx - reach, y + dy), (x + dx + reach, y + dy))
        self.send("touchEnd")


@pytest.fixture
def screen(server, project, chromium):
    with watched(chromium, server.address, viewport={"width": 1024, "height": 768}, has_touch=True) as screen:
        yield screen


@pytest.fixture
def fingers(screen, project):
    project.add("street.png", suggestions=2)
    screen.open()
    return Fingers(screen)


def selected(screen):
    return screen.page.locator(".an-row.is-selected").count()


def test_a_tap_selects_and_a_tap_beside_it_deselects(screen, fingers):
    fingers.tap(25, 100)
    screen.page.wait_for_selector(".an-row.is-selected")
    fingers.tap(100, 15)
    screen.page.wait_for_selector(".an-row.is-selected", state="detached")


def test_a_finger_beside_a_vertex_drags_it(screen, fingers, project):
    (image_id,) = (row.image.id for row in project.store.queue())
    right, bottom = BOXES[0][2:]
    fingers.tap(25, 100)
    screen.page.wait_for_selector(".an-row.is-selected")
    scale = screen.page.locator(".an-picture").bounding_box()["width"] / WIDTH
    # Fourteen pixels of the screen away from the corner: a mouse would miss it.
    beside = right + 10 / scale, bottom + 10 / scale
    fingers.drag(beside, (right + 25, bottom + 15))
    assert wait_for(lambda: project.instances(image_id)[0].edited)
    one = project.instances(image_id)[0]
    assert rle_to_mask(one.rle)[bottom + 5, right + 5]


def test_two_fingers_zoom_about_the_place_between_them_and_pan(screen, fingers, project):
    (image_id,) = (row.image.id for row in project.store.queue())
    before = screen.page.locator(".an-picture").bounding_box()
    middle = screen.at(120, 90)
    fingers.spread(middle, begin=60, end=150)
    picture = screen.page.locator(".an-picture")
    require_soon(lambda: picture.bounding_box()["width"] / before["width"], pytest.approx(2.5, rel=0.05))
    require_soon(lambda: screen.at(120, 90), pytest.approx(middle, abs=4))
    after = picture.bounding_box()
    fingers.spread(middle, begin=80, end=80, shift=(70, 40))

    def moved_by():
        now = picture.bounding_box()
        return now["x"] - after["x"], now["y"] - after["y"]

    require_soon(moved_by, pytest.approx((70, 40), abs=3))
    assert picture.bounding_box()["width"] == pytest.approx(after["width"], rel=0.02)
    assert selected(screen) == 0
    assert project.store.decisions(image_id) == ()


def test_a_second_finger_gives_up_what_the_first_began(screen, fingers, project):
    (image_id,) = (row.image.id for row in project.store.queue())
    fingers.tap(25, 100)
    screen.page.wait_for_selector(".an-row.is-selected")
    corner = screen.at(BOXES[0][2], BOXES[0][3])
    fingers.send("touchStart", corner)
    fingers.send("touchMove", (corner[0] + 40, corner[1] + 20))
    fingers.send("touchStart", (corner[0] + 40, corner[1] + 20), (corner[0] + 140, corner[1] + 20))
    fingers.send("touchMove", (corner[0] + 20, corner[1] + 20), (corner[0] + 160, corner[1] + 20))
    fingers.send("touchEnd")
    screen.page.wait_for_timeout(200)
    assert project.store.decisions(image_id) == ()


def test_a_long_press_opens_what_can_be_done_to_the_shape(screen, fingers, project):
    (image_id,) = (row.image.id for row in project.store.queue())
    fingers.send("touchStart", screen.at(25, 100))
    screen.page.get_by_role("menuitem", name="Duplicate").wait_for()
    fingers.send("touchEnd")
    require_soon(lambda: selected(screen), 1)
    screen.page.get_by_role("menuitem", name="Duplicate").tap()
    require_soon(lambda: len(project.instances(image_id)), 3)


def test_a_finger_paints(screen, fingers, project):
    (image_id,) = (row.image.id for row in project.store.queue())
    fingers.tap(25, 100)
    screen.page.wait_for_selector(".an-row.is-selected")
    screen.page.get_by_title("Brush", exact=False).first.tap()
    fingers.drag((60, 100), (110, 100))
    assert wait_for(lambda: project.instances(image_id)[0].edited)
    mask = rle_to_mask(project.instances(image_id)[0].rle)
    assert mask.shape == (HEIGHT, WIDTH)
    assert mask[100, 105]


def test_a_finger_draws_an_ellipse(screen, fingers, project):
    (image_id,) = (row.image.id for row in project.store.queue())
    screen.page.get_by_title("Draw an ellipse", exact=False).tap()
    fingers.drag((200, 40), (300, 200))
    screen.page.locator(".an-row", has_text="drawn by hand").wait_for()
    screen.saved()
    mask = rle_to_mask(project.instances(image_id)[-1].rle)
    assert [bool(mask[y, x]) for x, y in ((250, 120), (205, 120), (250, 45), (205, 45))] == [True, True, True, False]
