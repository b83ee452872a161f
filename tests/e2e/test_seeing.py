"""What is seen: colours, thumbnails and numbers, what the threshold hides, messages that leave."""

import pytest

from .screen import BOXES, SCORES, require_soon, wait_for

PIXELS = """canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(Array.from({ length: data.length / 4 }, (_, n) => data.slice(4 * n, 4 * n + 3).join())).size;
}"""


def everything(screen):
    screen.open()
    screen.page.get_by_label("Confidence threshold").first.fill("0.1")
    screen.page.locator(".an-row").nth(2).wait_for()
    return screen.page


def test_each_instance_has_its_own_colour_number_picture_and_network(screen, project):
    project.add("street.png")
    page = everything(screen)
    rows = page.locator(".an-row:visible")
    require_soon(page.locator(".an-row-number:visible").all_inner_texts, ["1", "2", "3"])
    require_soon(page.locator(".an-row-source:visible").all_inner_texts, ["test"] * 3)

    def own_colors():
        return rows.evaluate_all("rows => rows.map((row) => row.style.getPropertyValue('--own-color'))")

    colors = own_colors()
    assert len(set(colors)) == 3
    # The cut-out of noise has many colours; without the picture there are the outline's alone.
    for canvas in page.locator(".an-row-picture:visible").all():
        assert wait_for(lambda canvas=canvas: canvas.evaluate(PIXELS) > 100)
    page.reload()
    page.locator(".an-row").nth(2).wait_for()
    require_soon(own_colors, colors)


def test_a_held_key_shows_what_the_threshold_hides_and_a_click_accepts_it(screen, project):
    image_id = project.add("street.png")
    screen.open()
    require_soon(lambda: len(screen.rows()), 2)
    left, _, right, bottom = BOXES[2]
    place = (left + right) / 2, bottom - 10
    screen.click(*place)
    screen.saved()
    assert project.states(image_id) == ["suggested"] * 3
    screen.page.keyboard.down("0")
    hint = screen.page.locator(".an-hint")
    require_soon(hint.inner_text, "1 suggestion below the threshold: a click accepts it.")
    screen.click(*place)
    screen.page.keyboard.up("0")
    screen.saved()
    assert project.states(image_id) == ["suggested", "suggested", "accepted"]
    require_soon(screen.page.locator(".an-row.is-selected .an-row-detail").inner_text, f"{SCORES[2]:.2f}")
    assert wait_for(lambda: "below the threshold" not in hint.inner_text())
    screen.press("0")
    screen.page.get_by_text("The threshold hides nothing here.").wait_for()


def test_the_threshold_says_for_how_many_pictures_it_counts(screen, project):
    project.add("one.png")
    project.add("two.png")
    screen.open()
    label = screen.page.locator(".an-threshold-label")
    label.get_by_text("Confidence, for all 2 pictures").wait_for()


@pytest.mark.parametrize("kind", ["info", "error"])
def test_a_message_leaves_unless_the_pointer_is_on_it(screen, project, kind):
    project.add("street.png")
    screen.page.clock.install()
    screen.open()
    if kind == "info":
        screen.press("Enter")
        screen.page.clock.run_for(300)
    else:
        screen.page.route("**/images/*/gestures", lambda route: route.fulfill(status=400, json={"error": "no"}))
        screen.click(25, 100)
        screen.press("a")
        screen.page.clock.run_for(300)
    notice = screen.page.locator(f".an-notice.is-{kind}").first
    notice.wait_for()
    notice.hover()
    screen.page.clock.run_for(60_000)
    assert notice.is_visible()
    screen.page.mouse.move(3, 3)
    screen.page.clock.run_for(20_000)
    require_soon(notice.count, 0)
