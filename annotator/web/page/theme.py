"""How the page looks: calm and legible, in light and dark, of one piece with the editor.

Tests: tests/e2e/test_page.py
"""

from __future__ import annotations

import gradio as gr

CSS = """
.gradio-container, .gradio-container > .main { padding: 0 !important; max-width: none !important; }
footer { display: none !important; }
#tabs, #tabs > * , #tabs .tabitem, #tabs .tabitem > .column { gap: 0 !important; padding: 0 !important; border: 0; }
#tabs > .tab-wrapper { height: 48px; margin: 0 !important; padding: 0 12px 0 202px !important;
  background: var(--background-fill-primary);  border-bottom: 1px solid var(--border-color-primary); }
/* The open project's name, which the editor's script puts there. */
#project-name { position: fixed; top: 0; left: 8px; width: 190px; height: 48px; z-index: 6; display: flex;
  align-items: center; padding: 0 !important; overflow: visible; }
#project-name > *, #project-name .html-container { min-width: 0; max-width: 100%; padding: 0 !important; }
#tabs .tab-container { height: 48px; }
#tabs .tab-container::after { display: none; }
.html-container:has(> * > .annotator) { padding: 0 !important; }
#bar { position: fixed; top: 0; right: 12px; left: 480px; width: auto; height: 48px; align-items: center;
  justify-content: flex-end; gap: 8px; flex-wrap: nowrap; z-index: 5; }
#bar > * { flex: 0 0 auto; width: auto; min-width: 0 !important; }
#bar > #progress { flex: 1 1 0; overflow: hidden; }
#bar > #model { flex: 0 1 290px; border: 1px solid var(--border-color-primary) !important; }
#bar button { white-space: nowrap; height: 32px; padding: 0 12px; font-weight: 500; }
#bar #model input { height: 30px; font-size: 13px; padding: 0 28px 0 10px; margin: 0; text-overflow: ellipsis; }
#bar .html-container { padding: 0 !important; }
.annotator-progress { display: flex; align-items: center; justify-content: flex-end; gap: 10px; font-size: 13px;
  min-height: 32px; overflow: hidden; color: var(--body-text-color-subdued); font-variant-numeric: tabular-nums; }
.annotator-progress progress { flex: 0 1 160px; height: 8px; accent-color: var(--color-accent); }
.annotator-progress span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.annotator-progress .bad { color: #b42318; }
.dark .annotator-progress .bad { color: #fda29b; }
.annotator-sheet { max-width: 760px; margin: 0 auto; padding: 28px 20px 60px !important; gap: 18px !important; }
.annotator-sheet .annotator-progress { justify-content: flex-start; }
.annotator-sheet .annotator-progress span { white-space: normal; }
.annotator-sheet .form { background: transparent; border: 0; gap: 14px; }
.annotator-sheet .form > .block { padding: 0 !important; }
.annotator-sheet .html-container { padding: 0 !important; }
#tabs .tab-container button.selected { color: var(--link-text-color); font-weight: 600; }
.annotator-table, .annotator-table * { border-color: var(--border-color-primary) !important; }
.annotator-table { border: 0 !important; }
.annotator-sheet > button { align-self: flex-start; width: auto; min-width: 140px; flex-grow: 0; }
.annotator-table { width: 100%; border-collapse: collapse; font-size: 14px; }
.annotator-table th { text-align: left; font-weight: 600; color: var(--body-text-color-subdued); }
.annotator-table th, .annotator-table td { padding: 10px !important; border: 0 !important;
  border-bottom: 1px solid var(--border-color-primary) !important; }
.annotator-table td.number { font-variant-numeric: tabular-nums; }
.annotator-table small { color: var(--body-text-color-subdued); font-size: 13px; }
.annotator-ahead { margin: 0; padding-left: 18px; line-height: 1.6; font-size: 14px; }
.annotator-report { line-height: 1.6; font-size: 14px; }
.annotator-report pre { background: var(--background-fill-secondary); padding: 12px 14px; border-radius: 6px;
  white-space: pre-wrap; font-size: 13px; }
.annotator-report a { color: var(--link-text-color); text-decoration: underline; }
/* Nothing is there to be pre-labelled yet. */
body:has(.annotator.is-empty) #bar > :is(#prelabel-one, #prelabel-all) { display: none; }
@media (max-width: 1100px) { #project-name { width: 130px; }
  #tabs > .tab-wrapper { padding-left: 142px !important; } #bar { left: 420px; } #bar > #model { flex-basis: 190px; } }
/* Beside the tabs there is no room: a line of its own below them. */
@media (max-width: 900px) {
  #bar { position: static; width: 100%; padding: 0 8px !important;
    border-bottom: 1px solid var(--border-color-primary); }
  #bar > #model { flex: 1 1 120px; }
  #bar > #progress:not(:has(progress, span)) { display: none; }
}
@media (max-width: 480px) {
  #project-name { width: 52px; }
  #tabs > .tab-wrapper { padding-left: 60px !important; }
  #bar button { padding: 0 8px; font-size: 13px; }
  #tabs > .tab-wrapper { padding: 0 4px !important; }
  #tabs .tab-container button { padding: 0 8px !important; font-size: 13px; }
}
"""


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
    # The editor's own colours (frontend/src/screen/editor.css), so that the page is of one piece.
    return base.set(
        body_background_fill="#ffffff",
        body_background_fill_dark="#1a1d22",
        body_text_color="#1b1f26",
        body_text_color_dark="#e7eaee",
        body_text_color_subdued="#5d6675",
        body_text_color_subdued_dark="#a0a9b6",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1a1d22",
        background_fill_secondary="#f4f5f7",
        background_fill_secondary_dark="#14171b",
        border_color_primary="#e1e4e9",
        border_color_primary_dark="#2a2f37",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_label_background_fill="transparent",
        block_title_background_fill="transparent",
        block_title_text_weight="600",
        block_title_text_color="#1b1f26",
        block_title_text_color_dark="#e7eaee",
        input_background_fill="#ffffff",
        input_background_fill_dark="#23272e",
        input_border_color="#cdd2da",
        input_border_color_dark="#3c434e",
        button_primary_background_fill="#0f766e",
        button_primary_background_fill_hover="#0b5f58",
        button_primary_background_fill_dark="#3fcdbb",
        button_primary_background_fill_hover_dark="#6bdccd",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#05201d",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_hover="#f0f2f5",
        button_secondary_background_fill_dark="#1a1d22",
        button_secondary_background_fill_hover_dark="#23272e",
        button_secondary_border_color="#cdd2da",
        button_secondary_border_color_dark="#3c434e",
        button_border_width="1px",
        button_primary_border_color="transparent",
        link_text_color="#0f766e",
        link_text_color_dark="#3fcdbb",
        color_accent="#0f766e",
        checkbox_background_color_selected="#0f766e",
        checkbox_background_color_selected_dark="#0f766e",
        checkbox_border_color="#8a93a2",
        checkbox_border_color_dark="#788291",
    )
