"""The gallery of one category over all pictures, in a real browser."""

import re

from tests.e2e.screen import require_soon, wait_for

SORTED = ["0.30", "0.30", "0.60", "0.60", "0.90", "0.90"]


def opened(screen, project, *names):
    ids = [project.add(name) for name in names]
    screen.open()
    screen.page.get_by_label("Confidence threshold").first.fill("0.1")
    screen.page.locator(".an-stage").focus()
    screen.press("Shift+g")
    screen.page.wait_for_function(
        "n => document.querySelectorAll('.an-cell:not([hidden]):not(.is-empty)').length === n", arg=3 * len(ids)
    )
    return ids


def cells(screen):
    """Cells by place: score and class."""
    return screen.page.evaluate(
        """[...document.querySelectorAll('.an-cell:not([hidden])')]
            .sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)
            .map((one) => [one.querySelector('.an-cell-score').innerText, one.className])"""
    )


def scores(screen):
    return [score for score, _ in cells(screen)]


def is_marked(screen, place, name):
    """Whether the tile at a place has a class; it is asked for again, as the page's answer may be on its way."""
    return name in cells(screen)[place - 1][1]


def selected_score(screen):
    return screen.page.locator(".an-row.is-selected .an-row-detail").inner_text()


def cell(screen, place):
    return screen.page.locator(f".an-cell[aria-posinset='{place}']")


def test_a_click_rejects_and_a_second_one_takes_it_back(screen, project):
    first, second = opened(screen, project, "first.png", "second.png")
    # The threshold is 0.1: the nearest to it come first, from both pictures.
    require_soon(lambda: scores(screen), SORTED)
    cell(screen, 1).click()
    cell(screen, 2).click()
    require_soon(lambda: [project.states(one)[2] for one in (first, second)], ["rejected"] * 2)
    assert wait_for(lambda: is_marked(screen, 1, "is-rejected"))
    cell(screen, 2).click()
    require_soon(lambda: sorted(project.states(one)[2] for one in (first, second)), ["rejected", "suggested"])
    screen.press("End", "ArrowLeft", "a")
    require_soon(lambda: [project.states(one)[0] for one in (first, second)].count("accepted"), 1)
    assert all(not one.edited for image in (first, second) for one in project.instances(image))


def test_undo_and_redo_work_without_leaving_it(screen, project):
    ids = opened(screen, project, "first.png", "second.png")
    cell(screen, 1).click()
    cell(screen, 2).click()
    rejected = lambda: sum(states.count("rejected") for states in map(project.states, ids))  # noqa: E731
    require_soon(rejected, 2)
    screen.press("Control+z", "Control+z")
    require_soon(rejected, 0)
    assert wait_for(lambda: not any("is-rejected" in names for _, names in cells(screen)))
    screen.press("Control+Shift+z")
    require_soon(rejected, 1)
    assert screen.page.locator(".an-gallery").is_visible()


def test_the_keyboard_is_enough(screen, project):
    first, second = opened(screen, project, "first.png", "second.png")
    screen.press("d", "d", "ArrowRight", "a", "Home", " ")
    # One is rejected after the first key already: only all of it together is the end.
    states = lambda: sorted(project.states(first) + project.states(second))  # noqa: E731
    require_soon(states, ["accepted", "rejected", *["suggested"] * 4])
    assert wait_for(lambda: is_marked(screen, 1, "is-focused"))
    screen.press("End", "Enter")
    screen.page.locator(".an-gallery").wait_for(state="hidden")
    require_soon(lambda: selected_score(screen), "0.90")
    # Back again: the list is as it was left.
    screen.press("Shift+g")
    require_soon(lambda: scores(screen), SORTED)
    screen.press("Escape")
    screen.page.locator(".an-gallery").wait_for(state="hidden")


def test_what_is_taken_back_before_it_is_made_stays_taken_back(screen, project):
    first, second = opened(screen, project, "first.png", "second.png")
    held, holds = [], [True]
    screen.page.route(re.compile(r"/images/\d+$"), lambda route: held.append(route) if holds else route.continue_())
    # A picture that is not open has to be read first, which takes a while here.
    place = 1 + next(place for place in range(6) if "second" in (cell(screen, place + 1).get_attribute("title") or ""))
    screen.press("Home", *["ArrowRight"] * (place - 1), "d", "ArrowLeft", " ")
    assert wait_for(lambda: held, page=screen.page)
    assert wait_for(lambda: not is_marked(screen, place, "is-rejected"))
    holds.clear()
    for route in held:
        route.continue_()
    screen.page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")
    require_soon(lambda: len(project.store.decisions(second)), 2)
    assert project.states(first) == project.states(second) == ["suggested"] * 3
    assert wait_for(lambda: not is_marked(screen, place, "is-rejected"))


def test_a_double_click_opens_the_picture_and_decides_nothing(screen, project):
    first, second = opened(screen, project, "first.png", "second.png")
    # As a person's fingers do it, also on a machine on which two clicks of the test's own lie far apart.
    cell(screen, 3).evaluate(
        """one => [["click", 1], ["click", 2], ["dblclick", 2]].forEach(([name, detail]) =>
            one.dispatchEvent(new MouseEvent(name, { bubbles: true, detail })))"""
    )
    screen.page.locator(".an-gallery").wait_for(state="hidden")
    require_soon(lambda: selected_score(screen), "0.60")
    screen.page.wait_for_timeout(400)  # a click alone would have decided by then
    assert project.store.decisions() == () or not {one.image_id for one in project.store.decisions()} & {first, second}


def test_an_accepted_suggestion_is_rejected_and_comes_back_whole(screen, project):
    (first,) = opened(screen, project, "first.png")
    screen.press("a")
    require_soon(lambda: project.states(first)[2], "accepted")
    before = project.instances(first)[2]
    screen.page.locator(".an-gallery .an-segment", has_text="Accepted").click()
    screen.page.wait_for_function("document.querySelectorAll('.an-cell.is-accepted:not([hidden])').length === 1")
    cell(screen, 1).click()
    require_soon(lambda: project.states(first)[2], "rejected")
    cell(screen, 1).click()
    require_soon(lambda: project.states(first)[2], "accepted")
    after = project.instances(first)[2]
    assert (after.key, after.rle, after.score, after.source, after.state) == (
        before.key,
        before.rle,
        before.score,
        before.source,
        before.state,
    )


def test_only_what_is_seen_is_fetched(screen, project):
    for number in range(60):
        project.add(f"{number:02}.png")
    screen.open()
    seen = screen.requests()
    screen.press("Shift+g")
    screen.page.wait_for_selector(".an-cell:not(.is-empty)")
    assert wait_for(lambda: any("/cutouts/" in url for url in seen), page=screen.page)
    screen.page.wait_for_timeout(800)
    total = int(screen.page.locator(".an-cell").first.get_attribute("aria-setsize"))
    assert len({url for url in seen if "/cutouts/" in url}) < total
    assert screen.page.locator(".an-cell").count() < total


def chosen(screen):
    """Places of the tiles that are selected."""
    return screen.page.evaluate(
        "[...document.querySelectorAll('.an-cell.is-chosen:not([hidden])')].map((one) => +one.ariaPosInSet).sort()"
    )


def states(project, ids):
    return [project.states(one) for one in ids]


def test_a_range_is_accepted_with_one_key_and_one_undo_takes_it_back(screen, project):
    ids = opened(screen, project, "first.png", "second.png")
    bar = screen.page.locator(".an-gallery-bar")
    assert wait_for(bar.is_hidden)
    cell(screen, 2).click(modifiers=["Control"])
    cell(screen, 5).click(modifiers=["Shift"])
    require_soon(lambda: chosen(screen), [2, 3, 4, 5])
    # A tap is enough once something is selected, and decides nothing.
    cell(screen, 4).click()
    require_soon(lambda: chosen(screen), [2, 3, 5])
    require_soon(bar.get_by_role("status").inner_text, "3 selected")
    require_soon(lambda: [cell(screen, n).get_attribute("aria-selected") for n in (2, 4)], ["true", "false"])
    assert states(project, ids) == [["suggested"] * 3] * 2
    screen.press("a")
    screen.page.get_by_text("3 instances accepted").wait_for()
    assert sorted(one for image in states(project, ids) for one in image) == ["accepted"] * 3 + ["suggested"] * 3
    screen.page.wait_for_function("document.querySelectorAll('.an-cell:not([hidden])').length === 3")
    assert wait_for(bar.is_hidden)
    screen.page.locator(".an-gallery .an-notice").get_by_role("button", name="Undo").click()
    screen.page.get_by_text("3 instances are as they were before").wait_for()
    assert states(project, ids) == [["suggested"] * 3] * 2


def test_all_of_the_filter_are_rejected_without_those_below_the_threshold(screen, project):
    ids = opened(screen, project, "first.png", "second.png")
    screen.press(*["."] * 8)
    screen.page.wait_for_function("document.querySelectorAll('.an-cell:not([hidden])').length === 4")
    screen.press("Control+a")
    require_soon(lambda: chosen(screen), [1, 2, 3, 4])
    sent = []
    screen.page.on("request", lambda request: sent.append(request.post_data) if "/bulk" in request.url else None)
    screen.page.locator(".an-gallery-bar").get_by_role("button", name="Reject").click()
    screen.page.get_by_text("4 instances rejected").wait_for()
    assert states(project, ids) == [["rejected", "rejected", "suggested"]] * 2
    assert 'category:\\"person\\" is:open' in sent[0], "no list of keys"


def test_the_keyboard_selects_and_relabels_all_but_one(screen, project):
    ids = opened(screen, project, "first.png", "second.png")
    screen.press("Shift+ArrowRight", "Shift+ArrowRight")
    require_soon(lambda: chosen(screen), [1, 2, 3])
    screen.press("Escape")
    require_soon(lambda: chosen(screen), [])
    screen.press("Control+a", "Home", "Control+ ")
    require_soon(lambda: chosen(screen), [2, 3, 4, 5, 6])
    screen.press("c")
    screen.page.locator(".an-picker-row", has_text="car").click()
    screen.page.get_by_text("5 instances given another category").wait_for()
    car = next(one.id for one in project.store.categories() if one.name == "car")
    assert [one.category_id for image in ids for one in project.instances(image)].count(car) == 5
    screen.press("Escape")
    screen.page.locator(".an-gallery").wait_for(state="hidden")


def test_a_tile_says_why_it_stands_where_it_stands(screen, project):
    opened(screen, project, "first.png", "second.png")
    assert wait_for(lambda: "score 0.30, threshold 0.10" in (cell(screen, 1).get_attribute("title") or ""))
    assert wait_for(lambda: (cell(screen, 1).get_attribute("aria-label") or "").startswith("Suggested, "))
    screen.page.locator(".an-gallery-head select").nth(1).select_option("odd")
    screen.page.wait_for_function(
        "document.querySelector('.an-cell[aria-posinset=\"1\"]').title.includes('than usual for person')"
    )
    screen.page.locator(".an-gallery-head select").nth(1).select_option("area")
    screen.page.wait_for_function(
        "document.querySelector('.an-cell[aria-posinset=\"1\"]').ariaLabel.includes('% of its picture')"
    )
