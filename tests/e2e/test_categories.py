"""The sheet of all categories in a real browser: each change, its undo, and what it makes of the picture."""

import json

import pytest

from annotator.core.categories import in_order
from annotator.core.dataset import Suggestion
from annotator.core.masks import mask_to_rle
from annotator.storage.store import Store
from tests.e2e.conftest import Server, watched
from tests.e2e.screen import BOXES, HEIGHT, SCORES, WIDTH, Project, picture, require_soon, square, wait_for


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A server on a project of its own: categories are shared by all pictures."""
    server = Server(tmp_path_factory.mktemp("categories") / "project", tmp_path_factory.mktemp("home"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def store(running):
    """The served project with one picture: two cars, one person."""
    with Store.open(running.folder) as store:
        for row in store.queue():
            store.remove_image(row.image.id)
        store.empty_bin()
        while (change := store.category_manager.last()) is not None:
            store.category_manager.undo(change.id, who="test")
        ids = [store.add_category(name).id for name in ("car", "person", "truck")]
        image = store.add_image(picture(), file_name="one.png", width=WIDTH, height=HEIGHT)
        offered = [
            Suggestion(ids[int(index == 2)], score, mask_to_rle(square(box)), "test@1")
            for index, (box, score) in enumerate(zip(BOXES, SCORES, strict=True))
        ]
        store.set_suggestions(image.id, offered)
        yield store


@pytest.fixture
def screen(running, store, chromium):
    with watched(chromium, running.address, viewport={"width": 1280, "height": 800}) as screen:
        screen.open()
        screen.page.get_by_label("Confidence threshold").first.fill("0.1")
        screen.page.locator(".an-stage").focus()
        yield screen


def names(store):
    return [one.name for one in in_order(store.categories())]


def kinds(store):
    """The categories of the picture's instances, from left to right."""
    found = {one.id: one.name for one in store.categories()}
    (row,) = store.queue()
    return [found.get(one.category_id) for one in Project(store).instances(row.image.id)]


def sheet(screen):
    screen.press("Shift+L")
    screen.page.wait_for_selector(".an-categories [data-id]")
    return screen.page.locator(".an-categories")


def row(screen, id):
    return screen.page.locator(f".an-category-row[data-id='{id}']")


def asks(screen, text):
    """The question under a category, once it says this."""
    question = screen.page.locator(".an-category-question")
    question.filter(has_text=text).wait_for()
    return question


def fill(field, text):
    field.fill(text)
    field.press("Enter")


def test_a_rename_keeps_the_id_and_is_undone_after_a_reload(screen, store):
    sheet(screen)
    fill(row(screen, 3).get_by_label("Name"), "Auto")
    require_soon(lambda: names(store), ["person", "Auto", "truck"])
    screen.press("Escape")
    require_soon(screen.rows, ["Auto 0.90", "Auto 0.60", "person 0.30"])
    screen.open()
    sheet(screen)
    undo = screen.page.locator(".an-category-undo")
    require_soon(undo.inner_text, "Undo: “car” is now “Auto”")
    undo.click()
    require_soon(lambda: names(store), ["person", "car", "truck"])
    assert wait_for(undo.is_hidden)


def test_a_merge_keeps_the_targets_id_and_its_undo_gives_each_its_own(screen, store):
    sheet(screen)
    row(screen, 3).get_by_title("Merge into another category").click()
    question = asks(screen, "It has 0 instances and 2 suggestions of any score.")
    require_soon(question.get_by_role("button", name="Merge").is_disabled, True)
    question.get_by_label("The other category").select_option("truck")
    question.get_by_text("Merge", exact=True).click()
    require_soon(lambda: kinds(store), ["truck", "truck", "person"])
    require_soon(screen.rows, ["truck 0.90", "truck 0.60", "person 0.30"])
    require_soon(row(screen, 8).locator(".an-category-held").inner_text, "0 · 2")
    # Ctrl+Z in the sheet, after a reload.
    screen.open()
    sheet(screen)
    row(screen, 8).locator(".an-category-mover").focus()
    screen.press("Control+z")
    require_soon(lambda: kinds(store), ["car", "car", "person"])
    require_soon(lambda: screen.rows()[0], "car 0.90")


def test_a_change_is_a_step_of_undo_and_redo_outside_the_sheet_too(screen, store):
    screen.click(30, 100)
    screen.press("a")
    screen.saved()
    sheet(screen)
    fill(row(screen, 3).get_by_label("Name"), "Auto")
    assert wait_for(lambda: names(store) == ["person", "Auto", "truck"])
    # The focus stays in the sheet, and so do its keys.
    row(screen, 3).get_by_label("Name").and_(screen.page.locator(":focus")).wait_for()
    screen.press("Escape")
    screen.press("Control+z")
    assert wait_for(lambda: names(store) == ["person", "car", "truck"])
    screen.page.get_by_text("Undone: “car” is now “Auto”").wait_for()
    require_soon(lambda: screen.rows()[0], "car 0.90")
    screen.press("Control+y")
    assert wait_for(lambda: names(store) == ["person", "Auto", "truck"])
    screen.page.get_by_text("Done again: “car” is now “Auto”").wait_for()
    screen.open()
    screen.press("Control+z", "Control+z")
    assert wait_for(lambda: names(store) == ["person", "car", "truck"])
    (image,) = store.images()
    assert wait_for(lambda: [one.state.value for one in store.instances(image.id)] == ["suggested"] * 3)


def test_the_sheet_redoes_what_it_undid_and_names_nobody_who_works_alone(screen, store):
    sheet(screen)
    row(screen, 3).get_by_label("Key").focus()
    row(screen, 3).get_by_label("Key").select_option("7")
    assert wait_for(lambda: store.categories()[1].digit == 7)
    row(screen, 3).get_by_label("Key").and_(screen.page.locator(":focus")).wait_for()
    undo, redo = screen.page.locator(".an-category-undo"), screen.page.locator(".an-category-redo")
    require_soon(lambda: undo.get_attribute("title"), "Undo: key of “car”")
    undo.click()
    assert wait_for(lambda: store.categories()[1].digit is None)
    screen.page.get_by_role("button", name="Redo: key of “car”").click()
    assert wait_for(lambda: store.categories()[1].digit == 7)
    redo.wait_for(state="hidden")
    store.category_manager.set_color(3, "#ff0000", who="Grace")
    screen.page.locator(".an-category-undo[title$=' · Changed by Grace']").wait_for()


def test_another_page_shows_a_change_and_what_is_typed_there_stays(screen, store, running, chromium):
    with watched(chromium, running.address, viewport={"width": 1280, "height": 800}) as other:
        other.open()
        sheet(screen)
        sheet(other)
        typed = row(other, 8).get_by_label("Name")
        typed.press("End")
        typed.press_sequentially("s")
        fill(row(screen, 3).get_by_label("Name"), "Auto")
        assert wait_for(lambda: names(store) == ["person", "Auto", "truck"])
        other.page.wait_for_function(
            "[...document.querySelectorAll('.an-row')].some((row) => row.textContent.includes('Auto'))"
        )
        assert typed.input_value() == "trucks"
        assert row(other, 3).get_by_label("Name").input_value() == "car"
        typed.press("Enter")
        assert wait_for(lambda: names(store) == ["person", "Auto", "trucks"])
        assert wait_for(lambda: row(other, 3).get_by_label("Name").input_value() == "Auto")


def test_a_name_that_exists_asks_for_a_merge_and_changes_nothing_else(screen, store):
    sheet(screen)
    fill(row(screen, 3).get_by_label("Name"), "truck")
    question = screen.page.locator(".an-category-question")
    other = question.get_by_label("The other category")
    require_soon(lambda: other.evaluate("one => one.selectedOptions[0].text"), "truck")
    # The press that named it has not opened the list of the field below.
    other.press("ArrowUp")
    require_soon(lambda: other.evaluate("one => one.selectedOptions[0].text"), "person")
    question.get_by_text("Cancel").click()
    require_soon(row(screen, 3).get_by_label("Name").input_value, "car")
    assert names(store) == ["person", "car", "truck"]


@pytest.mark.parametrize("name", ["n" * 200, "<img src=x onerror=alert(1)><b>bold</b>"])
def test_a_long_name_and_one_of_markup_are_names_like_any_other(screen, store, name):
    sheet(screen)
    fill(row(screen, 3).get_by_label("Name"), name)
    assert wait_for(lambda: name in names(store))
    screen.press("Escape")
    assert wait_for(lambda: name in screen.rows()[0])
    assert screen.page.locator(".annotator img[src=x], .annotator b").count() == 0
    assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sheet(screen)
    box = screen.page.locator(".an-categories").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1280


def test_an_empty_name_gives_back_the_old_one(screen, store):
    sheet(screen)
    fill(row(screen, 3).get_by_label("Name"), "   ")
    require_soon(row(screen, 3).get_by_label("Name").input_value, "car")
    assert names(store) == ["person", "car", "truck"]


def test_a_removal_says_what_it_touches_and_asks_what_becomes_of_it(screen, store):
    sheet(screen)
    row(screen, 3).get_by_title("Remove the category").click()
    question = asks(screen, "It has 0 instances and 2 suggestions of any score.")
    question.get_by_text("They are removed too").click()
    question.get_by_text("Remove", exact=True).click()
    require_soon(lambda: kinds(store), ["person"])
    require_soon(screen.rows, ["person 0.30"])
    screen.page.locator(".an-category-undo").click()
    require_soon(lambda: kinds(store), ["car", "car", "person"])
    row(screen, 3).get_by_title("Remove the category").click()
    question.get_by_label("The other category").select_option("truck")
    question.get_by_text("Remove", exact=True).click()
    require_soon(lambda: kinds(store), ["truck", "truck", "person"])


def test_a_key_an_order_and_a_colour_are_chosen(screen, store):
    sheet(screen)
    row(screen, 8).get_by_label("Key").select_option("1")
    row(screen, 8).locator("input[type=color]").evaluate(
        "one => { one.value = '#ff0000'; one.dispatchEvent(new Event('change')); }"
    )
    require_soon(lambda: (store.categories()[2].digit, store.categories()[2].color), (1, "#ff0000"))
    row(screen, 8).locator(".an-category-mover").focus()
    screen.press("ArrowUp")
    require_soon(lambda: names(store), ["person", "truck", "car"])
    places = screen.page.locator(".an-category-row[data-id]")

    def order():
        return places.evaluate_all("rows => rows.map((one) => one.dataset.id)")

    require_soon(order, ["1", "8", "3"])
    row(screen, 3).locator(".an-category-mover").drag_to(row(screen, 1))
    require_soon(lambda: names(store), ["car", "person", "truck"])
    require_soon(order, ["3", "1", "8"])
    screen.press("Escape")
    screen.click(30, 100)
    screen.press("1")
    require_soon(lambda: kinds(store)[0], "truck")
    swatch = screen.page.locator(".an-category .an-swatch")
    require_soon(lambda: swatch.evaluate("one => getComputedStyle(one).backgroundColor"), "rgb(255, 0, 0)")
    # What is drawn next stays what it was.
    screen.press("Escape")
    assert wait_for(lambda: "truck" not in screen.page.locator(".an-category-name").inner_text())


def test_a_threshold_of_its_own_counts_in_list_queue_gallery_and_when_all_are_accepted(screen, store):
    sheet(screen)
    fill(row(screen, 3).get_by_label("Confidence threshold"), "0.7")
    require_soon(lambda: store.categories()[1].threshold, 0.7)
    screen.press("Escape")
    require_soon(screen.rows, ["car 0.90", "person 0.30"])
    assert wait_for(lambda: "2" in screen.page.locator(".an-queue-counts").first.inner_text())
    screen.page.locator(".an-threshold-count", has_text="shows 2 of 3").wait_for()
    screen.press("Shift+G")
    screen.page.get_by_label("Category", exact=True).select_option(label="car (1)")
    assert wait_for(lambda: "1 below the threshold 0.70" in screen.page.locator(".an-gallery-summary").inner_text())
    screen.press("Escape", "Enter")
    require_soon(lambda: [one.score for one in store.dataset().instances], [0.9, 0.3])


@pytest.mark.parametrize("value", ["7", "-1"])
def test_a_threshold_that_cannot_be_is_refused_in_a_line(screen, store, value):
    sheet(screen)
    fill(row(screen, 3).get_by_label("Confidence threshold"), value)
    screen.page.get_by_text("A threshold lies between 0 and 1.").wait_for()
    require_soon(row(screen, 3).get_by_label("Confidence threshold").input_value, "")
    assert [one.threshold for one in store.categories()] == [None] * 3


def test_a_list_is_pasted_and_a_coco_file_is_read(screen, store, tmp_path):
    sheet(screen)
    screen.page.get_by_text("Paste a list").first.click()
    screen.page.locator(".an-category-paste textarea").fill("helmet, gear\n3, car\nvest")
    screen.page.get_by_text("Add", exact=True).click()
    require_soon(lambda: names(store), ["person", "car", "truck", "helmet", "vest"])
    require_soon(screen.page.locator(".an-category-said").inner_text, "2 new categories")
    coco = tmp_path / "instances.json"
    coco.write_text(json.dumps({"images": [{"pad": "x" * 500_000}], "categories": [{"id": 500, "name": "sign"}]}))
    screen.page.locator(".an-categories input[type=file]").set_input_files(coco)
    require_soon(lambda: store.categories()[-1].id, 500)
    (tmp_path / "odd.txt").write_text("good\n1, a, b, c")
    screen.page.locator(".an-categories input[type=file]").set_input_files(tmp_path / "odd.txt")
    problem = screen.page.locator(".an-category-problem")
    require_soon(problem.inner_text, "line 2: 3 texts, expected a name and a supercategory")
    assert "good" not in names(store)


def test_a_merge_during_an_edit_loses_nothing(screen, store, running):
    (image,) = store.images()
    screen.page.route("**/gestures", lambda route: route.abort())
    screen.click(30, 100)
    screen.press("a")
    screen.page.wait_for_selector(".an-status[data-kind=offline]")
    store.category_manager.merge(3, into=8, who="somebody else")
    screen.page.unroute("**/gestures")
    screen.saved()
    assert kinds(store) == ["truck", "truck", "person"]
    assert [one.state.value for one in store.instances(image.id)] == ["accepted", "suggested", "suggested"]
    # The step can still be taken back, although its category is another one by now.
    screen.open()
    screen.press("Control+z")
    require_soon(lambda: [one.state.value for one in store.instances(image.id)], ["suggested"] * 3)


def test_a_name_that_differs_in_capitals_alone_is_said_before_it_is_added_and_after_that(screen, store):
    manager = sheet(screen)
    search = manager.get_by_placeholder("Find or create a category")
    search.fill("Car")
    search.press("Enter")
    manager.locator(".an-category-problem", has_text="“car” is there already").wait_for()
    assert names(store) == ["person", "car", "truck"]
    manager.get_by_role("button", name="New category “Car”").click()
    manager.locator(".an-category-said", has_text="“Car” and “car” differ only in capitals").wait_for()
    assert names(store) == ["person", "car", "truck", "Car"]
