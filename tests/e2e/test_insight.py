"""What the decisions say: in the tab Insight, and over the threshold's slider."""

import csv

import pytest

from annotator.core.dataset import State
from annotator.core.review import Change, Gesture
from annotator.core.settings import THRESHOLD
from tests.e2e.screen import require_soon, wait_for


@pytest.fixture
def decided(project):
    """Eight pictures, reviewed with all scores shown: 0.9 and 0.6 are right, 0.3 is not. A ninth is to do."""
    for number in range(8):
        image = project.add(f"{number}.png")
        changes = [
            Change(one.key, one.category_id, State.ACCEPTED if one.score > 0.5 else State.REJECTED)
            for one in project.instances(image)
        ]
        seen = Gesture(image, "insight", image, 0, "accept", "somebody", tuple(changes), True, 0.2, 30.0)
        project.store.record(seen)
    project.add("last.png")
    project.store.set_setting(THRESHOLD, 0.2)
    yield project
    if person(project).threshold is not None:
        project.store.category_manager.set_threshold(person(project).id, None, who="somebody")


def person(project):
    return next(one for one in project.store.categories() if one.name == "person")


def insight(screen):
    screen.page.get_by_role("tab", name="Insight").click()
    return screen.page.locator("#statistics")


def test_without_a_decision_the_tab_says_what_it_needs(screen, project):
    project.add("a.png")
    shown = insight(screen.open())
    shown.get_by_text("No suggestion was answered yet. Accept or reject some: from 20 answers on").wait_for()
    shown.get_by_text("How long the rest takes is told here once five pictures were reviewed.").wait_for()


def test_the_advised_threshold_is_explained_and_taken_by_one_click(screen, decided, tmp_path):
    shown = insight(screen.open())
    shown.get_by_text("1 picture left, about 1 minute at your pace").wait_for()
    card = shown.locator("article", has=screen.page.get_by_role("heading", name="person · test@1"))
    card.get_by_text("From 0.20 on, 66.7 % are right (46.7 % to 82 %; answers: 24).").wait_for()
    card.get_by_text("Least work at 0.45").wait_for()
    chart = card.get_by_role("img", name="“person”, test@1, answers: 24")
    chart.scroll_into_view_if_needed()
    chart.locator("svg .an-curve-right path").first.wait_for(state="attached")
    card.get_by_text("Numbers").click()
    card.get_by_role("row", name="0.30").get_by_text("66.7 %").wait_for()
    with screen.page.expect_download() as download:
        shown.get_by_role("link", name="As CSV").last.click()
    download.value.save_as(tmp_path / "thresholds.csv")
    with open(tmp_path / "thresholds.csv", newline="") as file:
        assert sum(row["advised"] == "True" for row in csv.DictReader(file)) == 1
    card.get_by_role("button", name="Use 0.45").click()
    require_soon(lambda: person(decided).threshold, 0.45)


def test_the_slider_shows_what_its_thresholds_are_worth(screen, decided):
    page = screen.open().page
    assert page.locator(".an-slider-curve").is_hidden()
    page.locator(".an-threshold .an-slider").hover()
    page.locator(".an-slider-curve .an-curve-right").first.wait_for(state="attached")
    assert "66.7 % are right" in page.locator(".an-threshold .an-slider").get_attribute("title")
    advised = page.get_by_role("button", name="person: use 0.45")
    page.set_viewport_size({"width": 390, "height": 844})
    require_soon(lambda: advised.evaluate("button => button.scrollWidth <= button.clientWidth"), True)
    advised.click()
    require_soon(lambda: person(decided).threshold, 0.45)
    wait_for(lambda: page.locator(".an-advised").is_hidden())
    assert page.locator(".an-advised").is_hidden(), "nothing better is known"


@pytest.fixture
def sure(project):
    """80 pictures on which all was right, reviewed, and 105 that wait: three suggestions on each."""
    with project.store.together():
        for number in range(185):
            image = project.add(f"{number}.png")
            if number < 80:
                changes = [Change(one.key, one.category_id, State.ACCEPTED) for one in project.instances(image)]
                done = Gesture(image, "sure", image, 0, "accept", "somebody", tuple(changes), True, 0.1, 9.0)
                project.store.record(done)
    return project


def in_state(project, state):
    return [one for image in project.store.images() for one in project.store.instances(image.id) if one.state == state]


def test_what_is_accepted_unseen_is_taken_back_when_its_sample_says_so(screen, sure):
    shown = insight(screen.open())
    shown.get_by_role("button", name="Accept 165 suggestions").click()
    shown.get_by_text("165 accepted. Of the sample, 0 of 150 are answered").wait_for()
    sample = in_state(sure, State.SUGGESTED)
    assert len(sample) == 150
    shown.get_by_role("button", name="List the pictures of the sample").click()
    shown.get_by_text("They are listed under Annotate.").wait_for()
    screen.page.get_by_role("tab", name="Annotate").click()
    screen.wait_for_picture(sure.store.image(min(one.image_id for one in sample)).file_name)
    insight(screen)
    for number, one in enumerate(sample[:4]):
        change = Change(one.key, one.category_id, State.REJECTED)
        revision = sure.store.image(one.image_id).revision
        sure.store.record(Gesture(one.image_id, "answers", number, revision, "reject", "somebody", (change,)))
    screen.page.get_by_role("tab", name="Annotate").click()
    insight(screen)
    require_soon(lambda: len(in_state(sure, State.ACCEPTED)), 240)
    assert len(in_state(sure, State.SUGGESTED)) == 315 - 4


def test_a_likely_error_is_found_with_its_reason_and_opened(screen, decided):
    image = decided.store.images()[3].id
    mistaken = decided.instances(image)[0]
    car = next(one for one in decided.store.categories() if one.name == "car")
    change = Change(mistaken.key, car.id, State.ACCEPTED)
    revision = decided.store.image(image).revision
    decided.store.record(Gesture(image, "mistake", 1, revision, "relabel", "somebody", (change,)))
    shown = insight(screen.open())
    shown.get_by_role("button", name="Look for likely errors").click()
    first = shown.locator(".an-errors li").first
    first.get_by_text("A network sees “person” here.").wait_for()
    first.get_by_role("button", name="Open").click()
    first.get_by_text("Opened under Annotate").wait_for()
    screen.page.get_by_role("tab", name="Annotate").click()
    screen.wait_for_picture("3.png")
    screen.page.locator(".an-row.is-selected", has_text="car").wait_for()
