"""Where the browser keeps the key of its project: the server keeps no session that could be lost.

Tests: tests/e2e/test_no_storage.py
"""

from __future__ import annotations

# What stands behind the # is sent to no server, also not as the page that a link was followed from. It counts only
# where nothing is kept: somebody else's link must not take the place of the user's own project.
PROJECT_KEY_HEAD = """<script>
window.annotatorKey = (() => {
  const NAME = "annotator.project";
  const address = () => new URLSearchParams(location.hash.slice(1));
  const kept = () => {
    try { return localStorage.getItem(NAME) || ""; } catch { return ""; }
  };
  const keep = (key) => {
    try { localStorage.setItem(NAME, key); } catch { }
    if (kept() === key) return;
    const parts = address();
    parts.set("project", key);
    history.replaceState(history.state, "", location.pathname + location.search + "#" + parts);
    // A Space is shown in a frame: its hub then has the same in the address that the user sees and keeps.
    if (window.parent !== window) window.parent.postMessage({ hash: String(parts) }, "https://huggingface.co");
  };
  return { read: () => kept() || address().get("project") || "", keep };
})();
</script>"""
"""For the page's `<head>`, before anything of Gradio's runs."""

READ_KEY = "() => [window.annotatorKey.read()]"
KEEP_KEY = "(key) => { window.annotatorKey.keep(key); }"
