"""The header, Export and Models look and feel like the editor: heights, corners, fonts, the ring of the focus."""

import pytest

from .conftest import watched
from .screen import require_soon, wait_for

WINDOWS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
}
ACCENTS = {"light": "rgb(15, 118, 110)", "dark": "rgb(63, 205, 187)"}

SHOWN = {
    "Annotate": ".an-picture.is-ready",
    "Export": "#export-ahead li",
    "Insight": "#statistics section",
    "Models": "#model-cards button",
}
"""By tab, what is there once its contents are."""

OUTSIDE = """selector => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility()).map((one) => {
  const { height } = one.getBoundingClientRect();
  const { borderTopLeftRadius, fontSize, fontFamily } = getComputedStyle(one);
  return { name: one.id || one.textContent, height, corner: borderTopLeftRadius, size: fontSize, font: fontFamily };
})"""
RING = """() => {
  const one = document.activeElement;
  if (one === document.body || one.closest(".annotator, #project-name")) return null;
  const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(one);
  return [outlineStyle, outlineWidth, outlineColor, boxShadow];
}"""
CUT = """() => [...document.querySelectorAll(".annotator-sheet :is(button, input, textarea, h2, h3)")]
    .filter((one) => one.checkVisibility())
    .filter((one) => {
        const { left, right } = one.getBoundingClientRect();
        return left < 0 || right > innerWidth || one.scrollWidth > one.clientWidth + 1;
    })
    .map((one) => one.outerHTML)"""
CONTROLS = "#bar > :is(button, #model), .annotator-sheet :is(button, .an-search-field)"


def open_tab(page, name):
    page.get_by_role("tab", name=name).click()
    page.locator(SHOWN[name]).first.wait_for()


def odd_ones(controls):
    """Those that are not as high, round and large as all others."""
    return [
        one
        for one in controls
        if abs(one["height"] - 32) > 0.5
        or one["corner"] != "6px"
        or (one["name"] != "model" and (one["size"] != "13px" or not one["font"].startswith("system-ui")))
    ]


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
        open_tab(page, tab)
        require_soon(lambda: odd_ones(page.evaluate(OUTSIDE, CONTROLS)), [])
        seen += len(page.evaluate(OUTSIDE, CONTROLS))
    assert seen >= 10


def test_the_focus_has_one_ring(look):
    page, accent = look
    ringed = 0
    for tab in ("Export", "Models"):
        open_tab(page, tab)
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate(RING) is not None:
                ringed += 1
                require_soon(lambda: page.evaluate(RING), ["solid", "2px", accent, "none"])
    assert ringed >= 12


def test_what_leaves_and_the_button_are_in_sight(look):
    page, _ = look
    open_tab(page, "Export")
    page.locator("#export-ahead").get_by_text("0 pictures").wait_for()
    for selector in ("#export-ahead li", "#export-button", "#download-project"):
        bottom = f"document.querySelector('{selector}').getBoundingClientRect().bottom"
        assert wait_for(lambda bottom=bottom: page.evaluate(bottom) <= 800), selector


def test_nothing_is_cut_off_at_any_width(server, project, chromium):
    project.add("a.png")
    with watched(chromium, server.address, viewport={"width": 390, "height": 400}) as screen:
        page = screen.open().page
        for width in (390, 640, 768, 1280, 1920, 3840):
            page.set_viewport_size({"width": width, "height": 400})
            for tab in ("Export", "Insight", "Models"):
                # A click that another element takes fails.
                open_tab(page, tab)
                is_within = f"document.documentElement.scrollWidth <= {width}"
                assert wait_for(lambda is_within=is_within: page.evaluate(is_within)), f"{tab}, {width} pixels"
                require_soon(lambda: page.evaluate(CUT), [])
