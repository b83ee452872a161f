"""The header, Export and Models look and feel like the editor: heights, corners, fonts, the ring of the focus."""

import pytest

from .conftest import watched

WINDOWS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
}
ACCENTS = {"light": "rgb(15, 118, 110)", "dark": "rgb(63, 205, 187)"}

OUTSIDE = """selector => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility()).map((one) => {
  const { height } = one.getBoundingClientRect();
  const { borderTopLeftRadius, fontSize, fontFamily } = getComputedStyle(one);
  return { name: one.id || one.textContent, height, corner: borderTopLeftRadius, size: fontSize, font: fontFamily };
})"""
CONTROLS = "#bar > :is(button, #model), .annotator-sheet :is(button, textarea)"


@pytest.fixture(params=WINDOWS)
def look(request, server, project, chromium):
    """A page in light or dark, and its accent."""
    project.add("a.png")
    with watched(chromium, server.address, **WINDOWS[request.param]) as screen:
        screen.open()
        yield screen.page, ACCENTS[request.param]


def test_a_control_is_as_high_round_and_large_on_every_screen(look):
    page, _ = look
    seen = 0
    for tab in ("Annotate", "Export", "Models"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(400)
        controls = page.evaluate(OUTSIDE, CONTROLS)
        seen += len(controls)
        for one in controls:
            assert one["height"] == pytest.approx(32, abs=0.5), one
            assert one["corner"] == "6px", one
            if one["name"] != "model":
                assert one["size"] == "13px", one
                assert one["font"].startswith("system-ui"), one
    assert seen >= 10


def test_the_focus_has_one_ring(look):
    page, accent = look
    ringed = 0
    for tab in ("Export", "Models"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(400)
        for _ in range(12):
            page.keyboard.press("Tab")
            ring = page.evaluate(
                """() => {
                    const one = document.activeElement;
                    if (one === document.body || one.closest(".annotator, #project-name")) return null;
                    const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(one);
                    return [outlineStyle, outlineWidth, outlineColor, boxShadow];
                }"""
            )
            if ring is not None:
                ringed += 1
                assert ring == ["solid", "2px", accent, "none"]
    assert ringed >= 12


def test_what_leaves_and_the_button_are_in_sight(look):
    page, _ = look
    page.get_by_role("tab", name="Export").click()
    page.locator("#export-ahead").get_by_text("0 pictures").wait_for()
    for selector in ("#export-ahead li", "#export-button", "#download-project"):
        box = page.locator(selector).bounding_box()
        assert box["y"] + box["height"] <= 800


@pytest.mark.parametrize("width", [390, 640, 768, 1280, 1920, 3840])
def test_nothing_is_cut_off_at_any_width(server, project, chromium, width):
    project.add("a.png")
    with watched(chromium, server.address, viewport={"width": width, "height": 400}) as screen:
        page = screen.open().page
        for tab in ("Export", "Insight", "Models"):
            # A click that another element takes fails.
            page.get_by_role("tab", name=tab).click()
            page.wait_for_timeout(300)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            cut = page.evaluate(
                """() => [...document.querySelectorAll(".annotator-sheet :is(button, input, textarea, h2, h3)")]
                    .filter((one) => one.checkVisibility())
                    .filter((one) => {
                        const { left, right } = one.getBoundingClientRect();
                        return left < 0 || right > innerWidth || one.scrollWidth > one.clientWidth + 1;
                    })
                    .map((one) => one.outerHTML)"""
            )
            assert cut == []
