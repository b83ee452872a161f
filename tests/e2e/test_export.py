"""The tab Export in a browser: a format shows what it takes, its files come down, and long ones are cancelled."""

import csv
import json
import threading

import pytest

from annotator.core.dataset import State
from annotator.core.review import Change, Gesture
from annotator.exchange.formats import FORMATS
from annotator.storage.store import Store
from tests.e2e.conftest import LARGE, Server, watched
from tests.e2e.screen import Project, open_export, picture, require_soon, wait_for


def review(project, image_id):
    """All suggestions of a picture accepted, and the picture reviewed."""
    changes = tuple(Change(one.key, one.category_id, State.ACCEPTED) for one in project.instances(image_id))
    revision = project.store.image(image_id).revision
    made = Gesture(image_id, f"t-{image_id}", 1, revision, "accept", "test", changes, reviewed=True)
    project.store.record(made)


def download(page, name, folder):
    with page.expect_download() as coming:
        page.locator("#export-report").get_by_role("link", name=name).click()
    coming.value.save_as(folder / name)
    return folder / name


def figures(page):
    return page.locator("#export-ahead b").all_inner_texts()


@pytest.fixture
def tab(screen, project):
    """The tab Export over a reviewed picture of three instances and one that is not reviewed."""
    review(project, project.add("a.png"))
    project.add("b.png")
    screen.open()
    open_export(screen.page)
    return screen.page


def test_a_format_hides_what_it_does_not_take_and_its_file_comes_down(tab, project, tmp_path):
    masks = tab.get_by_label("RLE only", exact=True)
    masks.wait_for()
    tab.get_by_label("YOLO segmentation").wait_for()
    tab.get_by_label("CSV (boxes)").check()
    masks.wait_for(state="hidden")
    tab.get_by_label("With provenance").wait_for()
    tab.locator("#export-button").click()
    with open(download(tab, "instances.csv", tmp_path), encoding="utf-8", newline="") as file:
        assert {row["image"] for row in csv.DictReader(file)} == {"a.png"}
    tab.get_by_label("Pascal VOC").check()
    tab.get_by_label("With provenance").wait_for(state="hidden")


def test_every_format_is_there_and_what_was_chosen_is_kept_after_a_reload(tab):
    formats = tab.locator(".an-export-choice.is-format input")
    require_soon(lambda: formats.evaluate_all("all => all.map((one) => one.value)"), list(FORMATS))
    tab.get_by_label("RLE only", exact=True).check()
    tab.get_by_label("With the pictures").check()
    tab.get_by_label("Training 80 %").check()
    tab.get_by_label("Also pictures that are not marked").check()
    tab.reload()
    open_export(tab)
    for label in ("RLE only", "With the pictures", "Training 80 %", "Also pictures that are not marked"):
        assert tab.get_by_label(label, exact=label == "RLE only").is_checked(), label
    require_soon(lambda: figures(tab), ["2", "3"])


def test_what_leaves_follows_the_search_while_it_is_typed_and_says_where_it_cannot_be_read(tab):
    field = tab.locator("#export-only textarea")
    require_soon(lambda: figures(tab), ["1", "3"])
    field.fill("b.png")
    tab.locator("#export-ahead", has_text="none of these pictures is marked as reviewed").wait_for()
    tab.get_by_label("Also pictures that are not marked").check()
    require_soon(lambda: figures(tab), ["1", "0"])
    field.fill("state:done")
    trouble = tab.locator("#export-ahead [role=alert]")
    require_soon(trouble.locator("mark").inner_text, "done")
    require_soon(lambda: field.get_attribute("aria-invalid"), "true")
    field.fill("")
    require_soon(lambda: figures(tab), ["2", "3"])
    require_soon(lambda: field.get_attribute("aria-invalid"), "false")


def test_the_whole_tab_is_used_by_keys(tab, tmp_path):
    tab.locator("#export-only textarea").focus()
    for name in ("unreviewed", "split", "format", "masks", "with_images"):
        tab.keyboard.press("Tab")
        if name == "masks":
            tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Space")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.id") == "export-button"
    tab.keyboard.press("Enter")
    tab.locator("#export-report a").first.wait_for()
    assert tab.evaluate("document.activeElement.id") == "export-button"
    assert download(tab, "dataset.zip", tmp_path).read_bytes()[:2] == b"PK"
    assert not tab.get_by_label("Lossless").is_checked()


def test_a_selection_is_exported_alone_until_all_are_asked_for(tab, project, tmp_path):
    review(project, project.add("c.png"))
    tab.get_by_role("tab", name="Annotate").click()
    tab.reload()
    tab.locator(".an-queue-row:visible", has_text="c.png").click(modifiers=["Control"])
    tab.locator(".an-picked [data-action=export]").click()
    tab.get_by_text("Only the 1 picture that you selected").wait_for()
    require_soon(lambda: figures(tab), ["1", "3"])
    tab.locator("#export-button").click()
    written = json.loads(download(tab, "instances.json", tmp_path).read_text())
    assert [image["file_name"] for image in written["images"]] == ["c.png"]
    tab.get_by_role("button", name="All pictures instead").click()
    require_soon(lambda: figures(tab), ["2", "6"])


def test_a_report_names_no_place_on_the_server_and_an_error_is_one_line(tab):
    tab.locator("#export-only textarea").fill("b.png")
    tab.locator("#export-button").click()
    failure = tab.locator("#export-report [role=alert]")
    failure.wait_for()
    assert wait_for(lambda: "no reviewed picture fits" in failure.inner_text())


@pytest.fixture(scope="module")
def serving_many(tmp_path_factory):
    """A server of its own, with pictures that take a while to write."""
    folder = tmp_path_factory.mktemp("many")
    server = Server(folder / "project", folder / "home")
    with Store.open(server.folder) as store:
        project = Project(store)
        for number in range(400):
            store.add_image(picture(), file_name=f"{number:03}.png", width=320, height=240)
        review(project, project.add("last.png"))
        store.worklist.mark_reviewed([image.id for image in store.images()], True, who="test")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def many(serving_many, chromium):
    with watched(chromium, serving_many.address, **LARGE) as screen:
        yield serving_many, screen.open().page


def test_a_long_export_tells_how_far_it_is_goes_on_without_the_page_and_is_cancelled(many, tmp_path):
    server, page = many
    folder = server.home / "exports" / "project"
    open_export(page)
    page.get_by_label("With the pictures").check()
    page.get_by_label("Training 80 %").check()
    page.locator("#export-button").click()
    page.locator(".an-export-progress", has_text="Reading and writing the pictures").wait_for()
    page.reload()
    page.get_by_role("tab", name="Export").click()
    page.locator(".an-export-progress", has_text="%").wait_for()
    page.locator(".an-export-go").get_by_role("button", name="Cancel").click()
    page.locator("#export-report", has_text="Cancelled: nothing was written").wait_for()
    assert not (folder / "dataset.zip").exists()
    page.get_by_label("None", exact=True).check()
    page.locator("#export-button").click()
    download(page, "dataset.zip", tmp_path)


def test_an_export_whose_server_went_away_says_so(many):
    server, page = many
    open_export(page)
    page.get_by_label("Training 80 %").check()
    page.locator("#export-button").click()
    page.locator(".an-export-progress", has_text="%").wait_for()
    server.kill()
    starting = threading.Thread(target=server.start)
    starting.start()
    page.locator("#export-report [role=alert]", has_text="Export again").wait_for(timeout=120_000)
    starting.join()


@pytest.mark.parametrize("height", [844, 500])
def test_on_a_phone_the_button_is_in_sight_wherever_one_reads(server, project, chromium, height):
    review(project, project.add("a.png"))
    phone = {"viewport": {"width": 390, "height": height}, "has_touch": True, "is_mobile": True}
    with watched(chromium, server.address, **phone) as screen:
        page = screen.open().page
        open_export(page)
        button = page.locator("#export-button")
        in_sight = """one => {
            const { x, y, width, height, bottom } = one.getBoundingClientRect();
            return bottom <= innerHeight && one.contains(document.elementFromPoint(x + width / 2, y + height / 2));
        }"""
        assert wait_for(lambda: button.evaluate(in_sight))
        page.mouse.wheel(0, 5000)
        assert wait_for(lambda: button.evaluate(in_sight))
        # What is read last is not behind it.
        page.locator("#open-project").scroll_into_view_if_needed()
        bar = page.locator(".an-export-go").bounding_box()
        assert wait_for(lambda: bottom_of(page.locator("#open-project")) <= bar["y"])
        page.locator("#export-only").scroll_into_view_if_needed()
        button.tap()
        file = page.locator("#export-report a").first
        file.wait_for()
        assert wait_for(lambda: file.evaluate(in_sight)), "what comes of it is in sight"
        page.get_by_role("tab", name="Annotate").click()
        button.wait_for(state="hidden")


def bottom_of(locator):
    box = locator.bounding_box()
    return box["y"] + box["height"]
