"""Pointing at objects, in a real browser, with a network that answers a click with a disk around it."""

import numpy as np
import pytest

from annotator.core.dataset import Suggestion
from annotator.core.masks import mask_to_rle, rle_box_xyxy, rle_to_mask
from annotator.storage.store import Store
from tests.e2e.conftest import Server, watched
from tests.e2e.screen import BOXES, HEIGHT, WIDTH, Project, require_soon, square, wait_for
from tests.e2e.test_touch import Fingers
from tests.vision.networks.prompts import graphs

RADIUS = graphs.RADIUS * WIDTH / graphs.CANVAS
"""Of a disk, in pixels of a picture that is WIDTH wide."""


@pytest.fixture(scope="module")
def pointed(tmp_path_factory):
    """`annotator serve` with the network `disks`."""
    models = tmp_path_factory.mktemp("models")
    graphs.encoder(models / "disks")
    graphs.decoder(models / "disks")
    (models / "disks" / "model.toml").write_text('kind = "prompt"\nname = "disks"\n')
    running = Server(
        tmp_path_factory.mktemp("pointed") / "project",
        tmp_path_factory.mktemp("home"),
        ANNOTATOR_MODELS=str(models),
    )
    running.start()
    yield running
    running.kill()


@pytest.fixture
def project(pointed):
    with Store.open(pointed.folder) as store:
        store.remove_images()
        store.empty_bin()
        yield Project(store)


@pytest.fixture
def screen(pointed, project, chromium):
    with watched(chromium, pointed.address, viewport={"width": 1280, "height": 800}) as screen:
        yield screen


def disk(x, y):
    across, down = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5)
    return (across - x) ** 2 + (down - y) ** 2 < RADIUS**2


def iou(found, expected):
    mask = rle_to_mask(found.rle)
    return (mask & expected).sum() / (mask | expected).sum()


def take_up(screen):
    screen.press("Shift+V")
    screen.page.locator(".an-hint", has_text="Click on an object").wait_for()


def answered(screen, points):
    """Wait until as many points are answered, which the page's labels cannot tell a test."""
    screen.page.wait_for_function(
        "n => performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/prompt')).length >= n",
        arg=points,
    )


def test_clicks_make_an_instance_and_the_tool_stays_for_the_next(screen, project):
    image_id = project.add("street.png", suggestions=0)
    screen.open()
    take_up(screen)
    screen.click(100, 120)
    screen.click(130, 120)
    screen.press("1", "Enter")
    screen.page.locator(".an-row").first.wait_for()
    screen.click(250, 120)
    screen.press("Enter")
    require_soon(screen.page.locator(".an-row").count, 2)
    screen.saved()
    left, right = project.instances(image_id)
    assert iou(left, disk(100, 120) | disk(130, 120)) > 0.95
    assert iou(right, disk(250, 120)) > 0.95
    person = next(one.id for one in project.store.categories() if one.name == "person")
    assert [(one.source, one.category_id) for one in (left, right)] == [("manual", person)] * 2
    assert project.store.heatmap(image_id, left.key) is not None
    screen.press("Control+z")
    require_soon(lambda: len(project.instances(image_id)), 1)


def test_the_other_button_says_what_does_not_belong(screen, project):
    image_id = project.add("street.png", suggestions=0)
    screen.open()
    take_up(screen)
    asked = []
    screen.page.on("request", lambda one: asked.append(one.post_data_json) if one.url.endswith("/prompt") else None)
    screen.click(100, 120)
    screen.click(110, 120, button="right")
    screen.page.keyboard.down("Alt")
    screen.click(90, 120)
    screen.page.keyboard.up("Alt")
    said = [[100, 120, 1], [110, 120, 0], [90, 120, 0]]
    assert wait_for(lambda: asked and len(asked[-1]["points"]) == 3, page=screen.page)
    assert np.allclose(asked[-1]["points"], said, atol=1)
    assert screen.page.locator(".an-menu").count() == 0
    screen.press("1", "Enter")
    screen.page.locator(".an-row").first.wait_for()
    screen.saved()
    (one,) = project.instances(image_id)
    assert one.source == "manual"


def test_a_box_and_what_is_taken_back_or_dropped(screen, project):
    image_id = project.add("street.png", suggestions=0)
    screen.open()
    take_up(screen)
    screen.click(40, 40)
    screen.press("Escape")
    screen.drag((100, 80), (180, 160))
    screen.click(250, 200)
    screen.press("Backspace", "1", "Enter")
    screen.page.locator(".an-row").first.wait_for()
    screen.saved()
    (one,) = project.instances(image_id)
    assert rle_box_xyxy(one.rle) == pytest.approx((100, 80, 180, 160), abs=2)


def test_a_selected_mask_is_repaired_and_undone_in_one_step(screen, project):
    image_id = project.add("street.png", suggestions=1)
    screen.open()
    (before,) = project.instances(image_id)
    screen.click(25, 100)
    screen.press("Shift+V")
    screen.page.locator(".an-hint", has_text="Click where the selected mask").wait_for()
    screen.click(120, 120)
    screen.press("Enter")
    screen.page.locator(".an-row", has_text="edited").wait_for()
    screen.saved()
    (after,) = project.instances(image_id)
    assert (after.key, after.source, after.state.value) == (before.key, "test@1", "accepted")
    assert iou(after, square(BOXES[0]) | disk(120, 120)) > 0.9
    assert after.prompted.by.startswith("disks@")
    assert project.store.heatmap(image_id, after.key) is not None
    screen.press("Control+z")
    screen.saved()
    require_soon(lambda: project.instances(image_id), [before])
    assert project.store.heatmap(image_id, before.key) is None


def test_a_repair_goes_on_from_the_points_of_an_earlier_day(screen, project):
    image_id = project.add("street.png", suggestions=0)
    screen.open()
    take_up(screen)
    screen.click(100, 120)
    screen.press("1", "Enter")
    screen.page.locator(".an-row", has_text="by clicks").wait_for()
    screen.page.locator(".an-row-source", has_text="disks, 1 point").wait_for()
    screen.saved()
    screen.open()
    screen.click(100, 120)
    screen.press("Shift+V")
    screen.page.locator(".an-hint", has_text="Click where the selected mask").wait_for()
    screen.click(160, 120)
    screen.press("Enter")
    screen.page.locator(".an-row-source", has_text="disks, 2 points").wait_for()
    screen.saved()
    (one,) = project.instances(image_id)
    assert [(round(point.x), round(point.y)) for point in one.prompted.prompt.points] == [(100, 120), (160, 120)]
    assert iou(one, disk(100, 120) | disk(160, 120)) > 0.95
    screen.press("v")
    screen.click(100, 120)
    area = rle_to_mask(one.rle).sum()
    screen.press(*["<"] * 5)
    screen.saved()
    require_soon(lambda: rle_to_mask(project.instances(image_id)[0].rle).sum() < area, True)
    assert project.store.decisions(image_id)[-1].level > 50


def test_the_server_may_be_started_anew_between_two_clicks(screen, project, pointed):
    image_id = project.add("street.png", suggestions=0)
    screen.open()
    take_up(screen)
    screen.click(100, 120)
    answered(screen, 2)
    pointed.kill()
    screen.click(130, 120)
    screen.page.locator(".an-notice", has_text="The server does not answer yet").wait_for()
    pointed.start()
    screen.press("1", "Enter")
    screen.page.locator(".an-row").first.wait_for(timeout=60_000)
    screen.saved()
    (one,) = project.instances(image_id)
    assert iou(one, disk(100, 120) | disk(130, 120)) > 0.95


def test_the_tool_gets_ready_and_the_next_picture_as_well(screen, project, pointed):
    first, second = project.add("first.png", suggestions=0), project.add("second.png", suggestions=0)
    screen.open()
    tool = screen.page.get_by_role("button", name="Point at an object")
    kept = pointed.folder / "features"
    held = []

    def hold_the_first(route):
        if held:
            route.continue_()
        held.append(route)

    screen.page.route("**/prompt", hold_the_first)
    screen.press("Shift+V")
    screen.page.wait_for_selector(".an-tool[aria-busy=true]")
    assert wait_for(lambda: held, page=screen.page)
    held[0].continue_()
    screen.page.wait_for_selector(".an-tool[aria-busy=true]", state="detached")
    assert tool.get_attribute("aria-pressed") == "true"
    hashes = {project.store.image(one).sha256 for one in (first, second)}
    require_soon(lambda: {path.name.split(".")[0] for path in kept.iterdir()} & hashes, hashes, page=screen.page)


def test_where_no_network_answers_clicks_the_tool_says_so_and_leads_to_the_networks(server, chromium, unanswered):
    with (
        Store.open(server.folder) as store,
        watched(chromium, server.address, viewport={"width": 1280, "height": 800}) as screen,
    ):
        Project(store).add("street.png", suggestions=0)
        screen.open()
        screen.press("Shift+V")
        notice = screen.page.locator(".an-notice", has_text="No network that answers clicks is here")
        notice.get_by_role("button", name="Models").click()
        card = screen.page.locator("#model-cards li", has_text="mobile-sam")
        card.get_by_role("button", name="Fetch (45 MB)").wait_for()
        assert "answers clicks and boxes" in card.inner_text()


def asked_of(screen):
    """A list that grows with what the page says of objects from now on, but for what it previews."""
    said = []

    def note(request):
        if request.url.endswith("/prompt") and request.post_data_json.get("number"):
            said.append([[round(x), round(y), belongs] for x, y, belongs in request.post_data_json["points"]])

    screen.page.on("request", note)
    return said


def test_the_keys_alone_point_at_an_object(screen, project):
    image_id = project.add("street.png", suggestions=0)
    screen.open()
    take_up(screen)
    said = asked_of(screen)
    screen.press("Insert", *["Shift+ArrowRight"] * 2, "Alt+Insert")
    x, y = WIDTH // 2, HEIGHT // 2
    require_soon(lambda: [[belongs for *_, belongs in one] for one in said[-1:]], [[1, 0]], page=screen.page)
    assert said[-1][0][:2] == pytest.approx([x, y], abs=2)
    assert said[-1][1][0] > x
    screen.press("1", "Enter")
    screen.page.locator(".an-row", has_text="by clicks").wait_for()
    screen.saved()
    assert len(project.instances(image_id)) == 1


def test_a_finger_points_and_one_that_rests_says_what_does_not_belong(pointed, project, chromium):
    project.add("street.png", suggestions=0)
    with watched(chromium, pointed.address, viewport={"width": 1024, "height": 768}, has_touch=True) as screen:
        screen.open()
        screen.page.get_by_role("button", name="Point at an object").tap()
        screen.page.locator(".an-hint", has_text="Click on an object").wait_for()
        said = asked_of(screen)
        fingers = Fingers(screen)
        fingers.tap(100, 120)
        fingers.send("touchStart", screen.at(110, 120))
        screen.page.wait_for_timeout(700)
        fingers.send("touchEnd")
        require_soon(lambda: said[-1:], [[[100, 120, 1], [110, 120, 0]]], page=screen.page)
        assert screen.page.locator(".an-menu").count() == 0
        screen.page.get_by_role("button", name="Take the last point back").tap()
        screen.page.get_by_role("button", name="does not belong").tap()
        fingers.tap(90, 120)
        require_soon(lambda: said[-1:], [[[100, 120, 1], [90, 120, 0]]], page=screen.page)


def test_on_a_phone_the_hint_is_for_fingers_and_the_category_is_asked_for_beside_the_object(pointed, project, chromium):
    project.add("street.png", suggestions=0)
    project.store.add_category("dog")
    with watched(chromium, pointed.address, viewport={"width": 390, "height": 760}, has_touch=True) as screen:
        page = screen.open().page
        page.locator(".an-more-tools").tap()
        page.get_by_role("button", name="Point at an object").tap()
        page.locator(".an-hint", has_text="Tap an object").wait_for()
        Fingers(screen).tap(160, 120)
        page.locator(".an-hint", has_text="Tap what is missing").wait_for()
        page.get_by_role("button", name="Keep the object").tap()
        picker = page.locator(".an-picker")
        picker.wait_for()
        middle, box = screen.at(160, 120), picker.bounding_box()
        assert not (box["y"] < middle[1] < box["y"] + box["height"])
        picker.get_by_role("option", name="dog").tap()
        require_soon(lambda: len(project.instances(project.store.queue()[0].image.id)), 1, page=page)


def test_the_network_that_answers_is_chosen_over_the_picture_and_remembered(screen, project):
    project.add("street.png", suggestions=0)
    screen.open()
    take_up(screen)
    asked = []
    screen.page.on("request", lambda one: asked.append(one.post_data_json) if one.url.endswith("/prompt") else None)
    choice = screen.page.get_by_role("combobox", name="Which network answers")
    assert choice.input_value() == "disks"
    for again in (False, True):
        if again:
            screen.open()
            take_up(screen)
        else:
            choice.select_option("starter-click")
        screen.page.mouse.move(*screen.at(10, 10))
        asked.clear()
        screen.click(160, 120)
        require_soon(lambda: {one["model"] for one in asked if one.get("number")}, {"starter-click"}, page=screen.page)
        assert choice.input_value() == "starter-click"


def test_boxes_of_many_pictures_get_their_masks_in_the_dialog(screen, project):
    images = [project.add(name, suggestions=0) for name in ("a.png", "b.png")]
    filled = np.zeros((2, HEIGHT, WIDTH), bool)
    filled[0, 40:90, 20:80] = filled[1, 60:180, 120:180] = True
    for image in images:
        person = next(one.id for one in project.store.categories() if one.name == "person")
        project.store.set_suggestions(image, [Suggestion(person, 0.9, mask_to_rle(one), "test@1") for one in filled])
    page = screen.open().page
    screen.press("Shift+A")
    dialog = page.locator(".an-bulk")
    dialog.get_by_role("button", name="Find the masks of boxes").click()
    dialog.get_by_role("button", name="Find 4 masks").click()
    notice = page.locator(".an-notice", has_text="4 boxes have their masks")
    notice.wait_for()
    found = [one for image in images for one in project.instances(image)]
    assert [one.prompted.by.split("@")[0] for one in found] == ["disks"] * 4
    notice.get_by_role("button", name="Undo").click()
    require_soon(lambda: [one.prompted for image in images for one in project.instances(image)], [None] * 4, page=page)


def test_the_mask_under_the_pointer_is_previewed_before_the_click(screen, project):
    project.add("street.png", suggestions=0)
    screen.open()
    take_up(screen)
    previewed = []

    def note(request):
        if request.url.endswith("/prompt") and request.post_data_json.get("number") == 0:
            previewed.extend(request.post_data_json["points"])

    screen.page.on("request", note)
    screen.page.mouse.move(*screen.at(100, 120), steps=5)
    assert wait_for(lambda: previewed, page=screen.page)
    assert previewed[-1] == pytest.approx([100, 120, 1], abs=1)


def test_boxes_get_their_masks_in_one_step(screen, project):
    image_id = project.add("street.png", suggestions=1)
    before = project.instances(image_id)
    screen.open()
    screen.press("r")
    screen.page.keyboard.down("Alt")
    screen.drag((120, 40), (180, 100))
    screen.page.keyboard.up("Alt")
    screen.page.locator(".an-row", has_text="drawn by hand").wait_for()
    screen.saved()
    screen.press("Escape", "Shift+M")
    screen.page.locator(".an-notice", has_text="1 box has its mask now").wait_for()
    screen.page.locator(".an-row", has_text="by a box").wait_for()
    screen.saved()
    suggested, drawn = project.instances(image_id)
    assert [suggested] == before
    assert drawn.prompted.by.startswith("disks@")
    assert drawn.parts is None
    assert project.store.heatmap(image_id, drawn.key) is not None
    screen.press("Control+z")
    require_soon(lambda: project.instances(image_id)[1].prompted, None)
