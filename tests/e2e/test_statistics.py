"""The tab Insight: what the decisions add up to."""

import csv
import re

from annotator.core.dataset import State
from annotator.core.review import Change, Gesture
from tests.e2e.screen import require_soon


def test_the_numbers_follow_the_decisions_and_come_as_csv(screen, project, tmp_path):
    image = project.add("a.png")
    project.add("b.png")
    page = screen.open().page
    page.get_by_role("tab", name="Insight").click()
    page.get_by_text("0 of 2 reviewed").last.wait_for()
    first = project.instances(image)[0]
    change = Change(first.key, first.category_id, State.ACCEPTED)
    project.store.record(Gesture(image, "statistics", 1, 0, "accept", "somebody", (change,), reviewed=True))
    page.get_by_role("tab", name="Annotate").click()
    page.get_by_role("tab", name="Insight").click()
    page.get_by_text("1 of 2 reviewed").last.wait_for()
    person = page.locator("#statistics tr", has=page.get_by_role("rowheader", name="person", exact=True))
    # Of three suggestions on each picture, 0.3 is below the threshold; the first is accepted.
    require_soon(person.locator("td.is-number").all_inner_texts, ["1", "0", "0", "0", "0", "3", "2"])
    require_soon(page.locator("#statistics :is(h2, th)", has_text=re.compile("^Categories$")).count, 1)
    page.locator("#statistics").get_by_text("from the threshold of 0.50 on").wait_for()
    with page.expect_download() as download:
        page.locator("#statistics").get_by_role("link", name="As CSV").first.click()
    download.value.save_as(tmp_path / "categories.csv")
    with open(tmp_path / "categories.csv", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert (rows["person"]["accepted"], rows["person"]["open"], rows["car"]["open"]) == ("1", "3", "0")
