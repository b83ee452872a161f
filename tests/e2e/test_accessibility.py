"""axe-core finds no violation of WCAG 2.2 AA on any screen, light and dark, wide and narrow."""

from pathlib import Path

import pytest

import annotator
from tests.e2e.conftest import LARGE, watched

AXE = Path(annotator.__file__).parent / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]

WINDOWS = {"wide": LARGE, "phone": {"viewport": {"width": 390, "height": 844}}}
OF_COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules that a dark page may break where the same page in light does not."""


@pytest.fixture(params=WINDOWS)
def page(request, server, project, chromium):
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run npm ci in annotator/frontend")
    with watched(chromium, server.address, **WINDOWS[request.param]) as screen:
        yield screen.page


def require_accessible(page):
    """Fail with a line for each rule that is broken, and the first places that break it: in light, and wide in dark."""
    lines = broken(page, {"type": "tag", "values": TAGS})
    if page.viewport_size == LARGE["viewport"]:
        wear(page, "dark")
        lines += [f"dark: {line}" for line in broken(page, {"type": "rule", "values": OF_COLOURS})]
        wear(page, "light")
    assert not lines, "\n".join(lines)


def wear(page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function("is => document.body.classList.contains('dark') === is", arg=scheme == "dark")


def broken(page, rules):
    # What fades in has too little contrast in the middle of it.
    page.wait_for_function(
        "document.getAnimations().every((one) => one.playState !== 'running' || one.effect.getTiming().iterations > 9)"
    )
    if page.evaluate("!window.axe"):
        page.evaluate(AXE.read_text())
    found = page.evaluate(
        "runOnly => axe.run(document, {runOnly, resultTypes: ['violations']}).then((found) => found.violations)", rules
    )
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for rule in found
        for node in rule["nodes"][:3]
    ]


def opened(page, server_address):
    page.goto(server_address)
    page.wait_for_selector(".an-picture.is-ready")
    page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")


def test_an_empty_project(page, server):
    page.goto(server.address)
    page.get_by_text("Try an example").wait_for()
    require_accessible(page)


def test_a_picture_with_suggestions_and_one_selected(page, server, project):
    project.add("a.png")
    project.add("b.png", suggestions=0)
    opened(page, server.address)
    require_accessible(page)
    page.keyboard.press("]")
    require_accessible(page)


def test_what_keys_open(page, server, project):
    """Sheets that Escape closes again; triage and the gallery, which stay, come last."""
    project.add("a.png")
    opened(page, server.address)
    page.keyboard.press("]")
    for key in ("?", "c", "s", "Shift+A", "Shift+F", "Shift+L"):
        page.keyboard.press(key)
        page.locator(".an-dialog, .an-popover").first.wait_for()
        require_accessible(page)
        page.keyboard.press("Escape")
        page.locator(".an-dialog, .an-popover").first.wait_for(state="hidden")
    page.keyboard.press("t")
    require_accessible(page)
    page.keyboard.press("Shift+G")
    page.locator(".an-cell").first.wait_for()
    require_accessible(page)


def test_the_tabs(page, server, project):
    project.add("a.png")
    opened(page, server.address)
    for tab, shown in (
        ("Export", "#export-ahead [role=status]"),
        ("Insight", "#statistics section"),
        ("Models", "#model-cards button"),
    ):
        page.get_by_role("tab", name=tab).click()
        page.locator(shown).first.wait_for()
        require_accessible(page)


def test_the_list_of_projects_and_the_question_for_a_name(page, server, project):
    project.add("a.png")
    opened(page, server.address)
    page.locator(".an-project").click()
    page.locator(".an-card").first.wait_for()
    require_accessible(page)
    page.locator(".an-card-more").first.click()
    page.get_by_role("menuitem").first.wait_for()
    require_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New project").click()
    page.get_by_role("textbox", name="Name of the project").fill("x" * 200)
    page.locator(".an-name-question [role=alert]").wait_for()
    require_accessible(page)


def test_what_the_sheet_of_categories_asks(page, server, project):
    project.add("a.png")
    opened(page, server.address)
    page.keyboard.press("Shift+L")
    row = page.locator(".an-category-row[data-id='1']")
    row.wait_for()
    for title in ("Merge into another category", "Remove the category"):
        row.get_by_title(title).click()
        page.locator(".an-category-question").wait_for()
        require_accessible(page)
        page.keyboard.press("Escape")
        page.locator(".an-category-question").wait_for(state="hidden")
    page.get_by_text("Paste a list").click()
    page.locator(".an-category-paste").wait_for()
    require_accessible(page)
    page.locator(".an-category-paste textarea").fill("helmet\nvest")
    page.get_by_text("Add", exact=True).click()
    page.get_by_text("2 new categories").wait_for()
    page.locator(".an-category-undo").click()
    page.locator(".an-category-redo").wait_for()
    require_accessible(page)
    page.get_by_label("Find or create a category").fill("nothing of that name")
    require_accessible(page)


def test_what_the_menu_of_a_project_asks(page, server, project):
    project.add("a.png")
    opened(page, server.address)
    page.locator(".an-project").click()
    for action in ("Rename…", "Duplicate without decisions…", "Link for a colleague…"):
        page.locator(".an-card-more").first.click()
        page.get_by_role("menuitem", name=action).click()
        page.locator(".an-question").wait_for()
        require_accessible(page)
        page.keyboard.press("Escape")
        page.locator(".an-question").wait_for(state="hidden")
    page.locator(".an-card-more").first.click()
    page.get_by_role("menuitem", name="Move to the bin").click()
    page.locator(".an-projects summary").last.click()
    page.locator(".an-project-state", has_text="This project is in the bin.").wait_for()
    require_accessible(page)
    page.locator(".an-projects").get_by_role("button", name="Take back").click()
    page.locator(".an-project-state").wait_for(state="hidden")


def test_a_search_that_cannot_be_read_and_several_pictures_selected(page, server, project):
    project.add("a.png")
    project.add("b.png", suggestions=0)
    opened(page, server.address)
    page.keyboard.press("/")  # unfolds the list, on a phone
    page.locator(".an-queue-row:visible").first.click(modifiers=["Control"])
    page.locator(".an-picked").wait_for()
    require_accessible(page)
    page.get_by_label("Search pictures").fill("state:done")
    page.locator(".an-queue-trouble").wait_for()
    require_accessible(page)


def test_an_export_with_something_left_out_and_its_report(page, server, project):
    project.add("a.png")
    opened(page, server.address)
    page.keyboard.press("Shift+Enter")
    page.wait_for_function("document.querySelector('.an-status').dataset.kind === 'saved'")
    page.get_by_role("tab", name="Export").click()
    page.locator("#export-ahead li").wait_for()
    page.locator("#export-button").click()
    page.locator("#export-report pre").wait_for()
    require_accessible(page)
    page.locator("#export-only textarea").fill("state:done")
    page.locator("#export-ahead [role=alert]").wait_for()
    page.locator("#export-button").click()
    page.locator("#export-report [role=alert]").wait_for()
    require_accessible(page)
