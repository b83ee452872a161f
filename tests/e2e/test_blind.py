"""Blind pictures: nothing is suggested on them, and what that measures is told."""

import pytest

from annotator.core.dataset import State
from annotator.core.review import Change, Gesture
from tests.e2e.screen import BOXES, require_soon


@pytest.fixture
def pictures(project):
    """Twenty, with three suggestions each."""
    yield [project.add(f"{number}.png") for number in range(20)]
    project.store.blind.set_share(0)


def test_a_blind_picture_is_drawn_unaided_and_measures_how_much_suggestions_flatter(screen, project, pictures):
    """Some of twenty pictures are made blind by chance; one of them is drawn, one of the others accepted."""
    page = screen.open().page
    page.get_by_role("tab", name="Insight").click()
    shown = page.locator("#statistics")
    shown.get_by_label("Share of the pictures, chosen by chance").select_option("0.5")
    shown.get_by_text("to be reviewed").wait_for()
    hidden = sorted(project.store.blind.hidden_among(pictures))
    shown.get_by_role("button", name="List them").last.click()
    shown.get_by_text("They are listed under Annotate.").wait_for()
    page.get_by_role("tab", name="Annotate").click()
    screen.wait_for_picture(project.store.image(hidden[0]).file_name)
    page.get_by_text("This picture is blind: suggestions stay hidden").wait_for()
    assert screen.rows() == []
    left, top, right, bottom = BOXES[0]
    screen.press("p")
    for corner in ((left, top), (right, top), (right, bottom), (left, bottom)):
        screen.click(*corner)
    screen.press("Enter")
    page.get_by_label("Find or create a category").fill("person")
    screen.press("Enter")
    page.locator(".an-row", has_text="drawn by hand").wait_for()
    screen.press("Enter")
    require_soon(lambda: project.store.image(hidden[0]).reviewed, True)
    seen = next(id for id in pictures if id not in hidden)
    revision = project.store.image(seen).revision
    taken = tuple(Change(one.key, one.category_id, State.ACCEPTED) for one in project.instances(seen))
    project.store.record(Gesture(seen, "aided", 1, revision, "accept", "somebody", taken, True, 0.2, 9.0))
    page.get_by_role("tab", name="Insight").click()
    shown.get_by_text("Pictures with suggestions: 1; without, as they were blind").wait_for()
    # Of the three suggestions the drawn one alone is an object there; where they were seen, all were taken.
    shown.get_by_role("row", name="AP of masks 100.0").wait_for()
    shown.get_by_text("1 blind picture is reviewed, and its suggestions are still hidden.").wait_for()
    shown.get_by_role("button", name="Show the suggestions of the reviewed ones").click()
    shown.get_by_text("No blind picture is reviewed yet.").wait_for()
    assert len(project.instances(hidden[0])) == 3
