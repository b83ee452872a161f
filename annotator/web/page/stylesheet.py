"""The page's style around the editor: the header, and the sheets of Export and Models.

It repeats the editor's own design (frontend/src/screen/css): controls of 32 px, one focus ring, corners of 6 px. The
colours come from the theme, which has the editor's (theme.py). Gradio puts its own selector before each rule and after
each comma of a selector: inside `:has()` a comma therefore finds nothing.

Tests: tests/e2e/test_one_look.py
"""

from __future__ import annotations

from typing import Final

_HEADER: Final = """
.gradio-container, .gradio-container > .main { padding: 0 !important; max-width: none !important; }
footer { display: none !important; }
#tabs, #tabs > * , #tabs .tabitem, #tabs .tabitem > .column { gap: 0 !important; padding: 0 !important; border: 0; }
#tabs > .tab-wrapper { height: 48px; margin: 0 !important; padding: 0 12px 0 202px !important;
  background: var(--background-fill-primary);  border-bottom: 1px solid var(--border-color-primary); }
/* The open project's name, which the editor's script puts there. */
#project-name { position: absolute; top: 0; left: 8px; width: 190px; height: 48px; z-index: 6; display: flex;
  align-items: center; padding: 0 !important; overflow: visible; }
#project-name > *, #project-name .html-container { min-width: 0; max-width: 100%; padding: 0 !important; }
#tabs .tab-container { height: 48px; }
#tabs .tab-container::after { display: none; }
#tabs .tab-container button { font-size: 13px; font-weight: 500; }
#tabs .tab-container button.selected { color: var(--link-text-color); }
#tabs .tab-container button.selected::after { background-color: var(--link-text-color); }
#tabs .tab-container button:focus-visible { outline-offset: -4px !important; }
.html-container:has(> * > .annotator) { padding: 0 !important; }
#bar { position: fixed; top: 0; right: 12px; left: 600px; width: auto; height: 48px; align-items: center;
  justify-content: flex-end; gap: 8px; flex-wrap: nowrap; z-index: 5; }
#bar > * { flex: 0 0 auto; width: auto; min-width: 0 !important; }
#bar > #progress { flex: 1 1 0; overflow: hidden; }
/* What is said is read even where there are many buttons: in two lines, the bar below them. */
#bar > #progress:has(span) { flex: 1 0 170px; }
#bar .annotator-progress { flex-direction: column; align-items: stretch; justify-content: center; gap: 3px;
  min-height: 40px; font-size: 12px; line-height: 16px; text-align: right; }
#bar .annotator-progress span { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2;
  white-space: normal; }
#bar .annotator-progress span + span { -webkit-line-clamp: 1; }
#bar .annotator-progress span:has(+ span) { -webkit-line-clamp: 1; }
#bar .annotator-progress progress { flex: none; order: 1; width: 100%; }
#bar > #model { flex: 0 1 290px; height: 32px; border: 1px solid var(--input-border-color) !important;
  border-radius: 6px; padding: 0 !important; }
#bar > #model:has(:focus-visible) { outline: 2px solid var(--link-text-color); outline-offset: 1px; }
#bar > #model .wrap { border: 0; box-shadow: none !important; background: transparent; }
#bar > #model .wrap-inner { padding: 0 !important; }
#bar > #model input { height: 30px; font-size: 13px; padding: 0 36px 0 10px; margin: 0; outline: 0 !important;
  text-overflow: ellipsis; }
#bar .html-container { padding: 0 !important; }
.gradio-container ul.options { border: 1px solid var(--border-color-primary); border-radius: 8px; font-size: 13px; }
.gradio-container ul.options li { min-height: 32px; align-items: center; padding: 4px 10px; }
/* Nothing is there to be pre-labelled yet. */
body:has(.annotator.is-empty) #bar > :is(#prelabel-one, #prelabel-all) { display: none; }
"""

_CONTROLS: Final = """
.gradio-container :is(button, input, textarea, a, summary):not(.annotator *):focus-visible {
  outline: 2px solid var(--link-text-color) !important; outline-offset: 1px; box-shadow: none !important; }
:is(#bar, .annotator-sheet) button:is(.primary, .secondary, .annotator-button) { flex: none; width: auto;
  min-width: 0; height: 32px; padding: 0 12px; border-radius: 6px; font-size: 13px; font-weight: 500; line-height: 1.4;
  white-space: nowrap; box-shadow: none; transform: none; transition: none; }
.annotator-sheet button.annotator-button { border: 1px solid var(--button-secondary-border-color);
  background: var(--button-secondary-background-fill); color: var(--body-text-color); cursor: pointer; }
.annotator-sheet button.annotator-button:hover { background: var(--button-secondary-background-fill-hover); }
.annotator-sheet button.annotator-button.primary { border-color: transparent;
  background: var(--button-primary-background-fill); color: var(--button-primary-text-color); }
.annotator-sheet button.annotator-button.primary:hover { background: var(--button-primary-background-fill-hover); }
.annotator-progress { display: flex; align-items: center; justify-content: flex-end; gap: 10px; font-size: 13px;
  min-height: 32px; overflow: hidden; color: var(--body-text-color-subdued); font-variant-numeric: tabular-nums; }
.annotator-progress progress { flex: 0 1 160px; height: 4px; overflow: hidden; border: 0; border-radius: 2px;
  background: var(--border-color-primary); appearance: none; }
.annotator-progress progress::-webkit-progress-bar { background: var(--border-color-primary); }
.annotator-progress progress::-webkit-progress-value { border-radius: 2px; background: var(--link-text-color);
  transition: width 0.2s ease-out; }
.annotator-progress progress::-moz-progress-bar { border-radius: 2px; background: var(--link-text-color); }
.annotator-progress span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.annotator-progress .bad { color: #b3382c; }
.dark .annotator-progress .bad { color: #f2887d; }
"""

_SHEETS: Final = """
.annotator-sheet { box-sizing: border-box; max-width: 1040px; margin: 0 auto; padding: 24px 20px 60px !important;
  gap: 16px !important; font-size: 13px; line-height: 1.5; }
.annotator-sheet :is(.prose, .prose p, .prose li, .block) { font-size: 13px; line-height: 1.5; }
.annotator-sheet .prose :is(h2, h3, p) { margin: 0; }
.annotator-sheet .prose h2 { font-size: 18px; font-weight: 600; }
.annotator-sheet .prose h3 { font-size: 14px; font-weight: 600; }
.annotator-sheet .prose :is(h2, h3) + p { margin-top: 4px; color: var(--body-text-color-subdued); }
.annotator-sheet .annotator-progress { justify-content: flex-start; min-height: 0; }
.annotator-sheet .annotator-progress span { white-space: normal; }
.annotator-sheet .block { border: 0; background: transparent; box-shadow: none; }
/* What has nothing to say yet takes no room. */
.annotator-sheet .annotator-says:not(:has([role="status"])):not(:has([role="alert"])) { display: none; }
.annotator-sheet :is(.html-container, .block.padded) { padding: 0 !important; }
/* What may be chosen at the left; at the right what comes of it, in sight while the left one scrolls. */
#export-sheet { display: grid; grid-template-columns: minmax(0, 1fr) 340px; align-items: start; gap: 16px 32px; }
#export-sheet > .column { min-width: 0 !important; gap: 16px; }
#export-sheet > .column:last-child { position: sticky; top: 16px; }
.annotator-card { gap: 12px !important; padding: 16px !important; border: 1px solid var(--border-color-primary);
  border-radius: 8px; background: var(--background-fill-primary); }
.annotator-card .row { gap: 8px; flex-wrap: wrap; }
.annotator-networks { display: grid; gap: 12px; margin: 0; padding: 0; list-style: none; }
.annotator-networks > li { display: flex; align-items: center; gap: 12px 24px; margin: 0; padding: 14px 16px;
  border: 1px solid var(--border-color-primary); border-radius: 8px; }
.annotator-networks > li > div { flex: 1; min-width: 0; }
.annotator-sheet .annotator-networks h3 { margin: 0; font-size: 14px; font-weight: 600; }
.annotator-networks p { margin: 2px 0 0; }
.annotator-networks small { display: block; margin-top: 4px; color: var(--body-text-color-subdued); font-size: 13px; }
"""

_NARROW: Final = """
/* Whoever is asked something, or waits, has less use for the button of one picture. */
@media (max-width: 1180px) { #bar:has(> #prelabel-again) > #prelabel-one { display: none; }
  #bar:has(> #cancel) > #prelabel-one { display: none; } }
@media (max-width: 1100px) { #project-name { width: 130px; }
  #tabs > .tab-wrapper { padding-left: 142px !important; } #bar { left: 535px; } #bar > #model { flex-basis: 190px; }
  #bar > #progress:has(span) { flex-basis: 136px; } }
/* Beside the tabs there is no room: a line of its own below them. */
@media (max-width: 1000px) {
  #bar { position: static; width: 100%; padding: 0 8px !important;
    border-bottom: 1px solid var(--border-color-primary); }
  #bar > #model { flex: 1 1 120px; }
  #bar > #progress:has(span) { flex-basis: 170px; }
  #bar > #progress:not(:has(span)) { display: none; }
}
@media (max-width: 900px) {
  #export-sheet { grid-template-columns: minmax(0, 1fr); }
  #export-sheet > .column:last-child { position: static; }
}
@media (max-width: 560px) {
  #bar { flex-wrap: wrap; height: auto; min-height: 48px; padding: 8px !important; }
  #bar > #progress:has(span) { flex: 1 0 100%; }
  #bar .annotator-progress { min-height: 0; text-align: left; }
}
@media (max-width: 480px) {
  #project-name { width: 52px; }
  #tabs > .tab-wrapper { padding: 0 4px 0 60px !important; }
  #tabs .tab-container button { padding: 0 8px !important; }
  #bar button:is(.primary, .secondary) { padding: 0 8px; }
  .annotator-networks > li { flex-wrap: wrap; }
  .annotator-networks > li > div { flex-basis: 100%; }
}
"""

CSS: Final = _HEADER + _CONTROLS + _SHEETS + _NARROW
