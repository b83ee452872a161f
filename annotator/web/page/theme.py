"""The page's colours, in light and dark: those of the editor. How it is laid out is in stylesheet.py.

Tests: tests/web/page/test_theme.py
"""

from __future__ import annotations

from typing import Final

import gradio as gr

_SETTINGS: Final = {
    "body_background_fill": "#ffffff",
    "body_background_fill_dark": "#1a1d22",
    "body_text_color": "#1b1f26",
    "body_text_color_dark": "#e7eaee",
    "body_text_color_subdued": "#5d6675",
    "body_text_color_subdued_dark": "#a0a9b6",
    "background_fill_primary": "#ffffff",
    "background_fill_primary_dark": "#1a1d22",
    "background_fill_secondary": "#f4f5f7",
    "background_fill_secondary_dark": "#14171b",
    "border_color_primary": "#e1e4e9",
    "border_color_primary_dark": "#2a2f37",
    "block_background_fill": "transparent",
    "block_background_fill_dark": "transparent",
    "block_border_width": "0px",
    "block_label_background_fill": "transparent",
    "block_title_background_fill": "transparent",
    "block_title_text_weight": "600",
    "block_title_text_color": "#1b1f26",
    "block_title_text_color_dark": "#e7eaee",
    "input_background_fill": "#ffffff",
    "input_background_fill_dark": "#23272e",
    "input_border_color": "#cdd2da",
    "input_border_color_dark": "#3c434e",
    "button_primary_background_fill": "#0f766e",
    "button_primary_background_fill_hover": "#0b5f58",
    "button_primary_background_fill_dark": "#3fcdbb",
    "button_primary_background_fill_hover_dark": "#6bdccd",
    "button_primary_text_color": "#ffffff",
    "button_primary_text_color_dark": "#05201d",
    "button_secondary_background_fill": "#ffffff",
    "button_secondary_background_fill_hover": "#f0f2f5",
    "button_secondary_background_fill_dark": "#1a1d22",
    "button_secondary_background_fill_hover_dark": "#23272e",
    "button_secondary_border_color": "#cdd2da",
    "button_secondary_border_color_dark": "#3c434e",
    "button_border_width": "1px",
    "button_primary_border_color": "transparent",
    "link_text_color": "#0f766e",
    "link_text_color_dark": "#3fcdbb",
    "color_accent": "#0f766e",
    "input_radius": "6px",
    "input_placeholder_color": "#697180",
    "input_placeholder_color_dark": "#8f98a6",
    "checkbox_background_color_selected": "#0f766e",
    "checkbox_background_color_selected_dark": "#0f766e",
    "checkbox_border_color": "#8a93a2",
    "checkbox_border_color_dark": "#788291",
}
"""The editor's own (frontend/src/screen/css/base.css), so that the page is of one piece."""


def theme() -> gr.themes.Base:
    """Calm and legible, with the system's own fonts: nothing is fetched from elsewhere."""
    base = gr.themes.Base(
        primary_hue="teal",
        neutral_hue="gray",
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"],
        radius_size="sm",
        spacing_size="sm",
    )
    return base.set(**_SETTINGS)
