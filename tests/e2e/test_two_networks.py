"""Two networks, one review: signs in the list, and accepting at once where both agree, told where it is done."""

from annotator.core.dataset import State, Suggestion
from annotator.core.vote import Agreement, Vote
from tests.e2e.screen import require_soon


def test_where_two_networks_agree_one_click_accepts_and_one_takes_back(screen, project):
    image = project.add("street.png")
    found = project.instances(image)
    votes = [
        Vote(Agreement.BOTH, "second@1", 0.8, 0.93, found[0].category_id),
        Vote(Agreement.BOTH, "second@1", 0.7, 0.55, found[0].category_id),
        Vote(Agreement.ONE, "second@1"),
    ]
    offered = [
        Suggestion(one.category_id, 0.9, one.rle, "test@1", vote=vote) for one, vote in zip(found, votes, strict=True)
    ]
    project.store.set_suggestions(image, offered, by=("test@1", "second@1"))
    page = screen.open().page
    for told in ("second sees the same: score 0.80, IoU 0.93", "second does not see it"):
        page.locator(".an-row:visible").get_by_role("img", name=told, exact=True).wait_for()
    listed = page.get_by_role("complementary", name="Instances").get_by_label("What is listed")
    listed.select_option("network:second@1")
    require_soon(lambda: len(screen.rows()), 2)
    listed.select_option("")
    page.get_by_role("tab", name="Insight").click()
    shown = page.locator("#statistics")
    shown.get_by_role("button", name="Accept 1 suggestion", exact=True).click()
    shown.get_by_text("1 instance accepted").wait_for()
    require_soon(lambda: len(project.store.instances(image, states=[State.ACCEPTED])), 1)
    shown.get_by_role("button", name="Undo", exact=True).click()
    require_soon(lambda: len(project.store.instances(image, states=[State.ACCEPTED])), 0)
    shown.get_by_role("button", name="Accept 1 suggestion", exact=True).wait_for()
    page.get_by_role("tab", name="Annotate").click()
    page.locator(".an-stage-frame .an-notices").wait_for(state="attached")
