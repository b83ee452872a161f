"""The page around the editor has the editor's colours."""

import re
from pathlib import Path

import pytest

import annotator
from annotator.web.page.stylesheet import CSS
from annotator.web.page.theme import theme

BASE = Path(annotator.__file__).parent / "frontend" / "src" / "screen" / "css" / "base.css"
SHARED = {
    "surface": "background_fill_primary",
    "text": "body_text_color",
    "muted": "body_text_color_subdued",
    "line": "border_color_primary",
    "line-strong": "button_secondary_border_color",
    "accent": "button_primary_background_fill",
    "accent-strong": "button_primary_background_fill_hover",
    "on-accent": "button_primary_text_color",
    "hover": "button_secondary_background_fill_hover",
}


@pytest.mark.parametrize(("selector", "suffix"), [(".annotator", ""), (".annotator.is-dark", "_dark")])
def test_the_theme_repeats_the_editors_colours(selector, suffix):
    (block,) = re.findall(rf"^{re.escape(selector)} {{(.*?)^}}", BASE.read_text(), re.MULTILINE | re.DOTALL)
    editor = dict(re.findall(r"--an-([a-z-]+): (#\w+);", block))
    page = theme()
    for name, setting in SHARED.items():
        assert getattr(page, setting + suffix) == editor[name], name
    assert editor["bad"] in CSS
