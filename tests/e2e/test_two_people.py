"""Two people on the same picture on purpose: drawn, handed out, compared, and settled by a reviewer."""

from annotator.core.dataset import State
from annotator.core.review import Change, Gesture
from tests.e2e.screen import require_soon


def accept(store, image_id, number, *, who, most=9):
    found = store.instances(image_id, states=[State.SUGGESTED])[:most]
    changes = tuple(Change(one.key, one.category_id, State.ACCEPTED) for one in found)
    store.record(Gesture(image_id, who, number, store.image(image_id).revision, "accept", who, changes, True))


def test_a_second_take_is_done_and_a_reviewer_takes_over_what_the_first_lacks(screen, project):
    store = project.store
    lacking, other = project.add("lacking.png"), project.add("other.png")
    accept(store, lacking, 1, who="ann", most=1)
    accept(store, other, 2, who="ann")
    page = screen.open().page
    page.get_by_role("tab", name="Insight").click()
    part = page.locator("#statistics section", has=page.get_by_role("heading", name="Two people on the same pictures"))
    part.get_by_label("Share of the pictures that two people do").select_option("1")
    part.get_by_text("2 wait for you.").wait_for()
    part.get_by_text("Nobody signs in here").wait_for()
    part.get_by_role("button", name="Do the next one").click()
    page.get_by_role("tab", name="Annotate").click()
    screen.wait_for_picture("lacking.png")
    page.get_by_text("A second take: somebody annotated this picture before").wait_for()
    screen.press("Enter")
    screen.wait_for_picture("other.png")  # behind a second take comes the next one
    require_soon(lambda: len(store.takes.done()), 1, page=page)
    assert len(project.instances(lacking)) == 3  # one accepted, two still suggested
    page.get_by_role("tab", name="Insight").click()
    second = len(store.instances(store.takes.done()[0].take_id, states=[State.ACCEPTED]))
    figures = part.get_by_role("row", name=f"All 1 1 / {second} 1 {2 / (1 + second):.2f}")
    figures.wait_for()
    part.get_by_role("listitem").filter(has_text="lacking.png").get_by_role("button", name="Compare").click()
    both = page.get_by_role("article", name="Compare both takes of lacking.png")
    both.get_by_text("Only the second has: person").first.wait_for()
    both.get_by_role("button", name="Take over").first.click()
    both.get_by_text("Some of the second take was taken over.").wait_for()
    assert len(store.instances(lacking, states=[State.ACCEPTED])) == 2
    figures.wait_for()
    both.get_by_role("button", name="Take the first").click()
    both.get_by_text("The first take was chosen.").wait_for()
    assert len(store.instances(lacking, states=[State.ACCEPTED])) == 1
    store.twice.choose(0)
