"""Which project the page opens: by its address, else the browser's last one. The server keeps no session that could be
lost: the browser keeps the keys of its projects.

Tests: tests/web/page/test_project_key.py, tests/e2e/test_no_storage.py
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from annotator.web.keys import is_key

# A key is a permission: it stands in no address that is sent to a server, or that a person copies without thinking.
# `?project=` holds the project's id, which opens nothing. Behind the #, which is sent nowhere, a link for a colleague
# brings the key (`share`), and a browser that keeps nothing has the keys that it made (`project`, the last one first):
# these count only there, so that somebody else's link does not take the place of the user's own project.
PROJECT_KEY_HEAD = """<script>
window.annotatorKey = (() => {
  const LAST = "annotator.project", ALL = "annotator.projects", MOST = 200;
  const stored = (name) => {
    try { return localStorage.getItem(name) || ""; } catch { return ""; }
  };
  const store = (name, value) => {
    try { localStorage.setItem(name, value); } catch { }
    return stored(name) === value;
  };
  const hash = () => new URLSearchParams(location.hash.slice(1));
  const replace = (parts) => {
    const tail = String(parts);
    history.replaceState(history.state, "", location.pathname + location.search + (tail ? "#" + tail : ""));
    // A Space is shown in a frame: its hub then has the same in the address that the user sees and keeps.
    if (window.parent !== window) window.parent.postMessage({ hash: tail }, "https://huggingface.co");
  };
  const kept = () => {
    try { return JSON.parse(stored(ALL) || "[]").filter((key) => typeof key === "string"); } catch { return []; }
  };
  const shared = hash().get("share") || "";
  // Of this page alone, where nothing is kept.
  let mine = hash().getAll("project");
  const last = () => stored(LAST) || mine[0] || "";
  const keys = () => [...new Set([last(), ...kept(), ...mine, shared])].filter(Boolean).slice(0, MOST);
  const keep = (key) => {
    if (!key) return;
    const theirs = key === shared && last() !== "" && key !== last() && !kept().includes(key);
    if (!theirs) store(LAST, key);
    const all = theirs ? [...kept(), key] : [key, ...kept()];
    const parts = hash();
    if (store(ALL, JSON.stringify([...new Set(all)].slice(0, MOST)))) {
      if (!parts.has("share")) return;
      parts.delete("share");
      return replace(parts);
    }
    mine = [...new Set([key, ...mine])].slice(0, 20);
    parts.delete("project");
    for (const one of mine) parts.append("project", one);
    replace(parts);
  };
  const forget = (key) => {
    mine = mine.filter((one) => one !== key);
    store(ALL, JSON.stringify(kept().filter((one) => one !== key)));
    if (stored(LAST) === key) store(LAST, kept()[0] || "");
  };
  const read = () => JSON.stringify({
    wanted: new URLSearchParams(location.search).get("project") || "", last: last(), keys: keys(),
  });
  return { read, keep, forget, keys };
})();
</script>"""
"""For the page's `<head>`, before anything of Gradio's runs."""

READ_KEY = "() => [window.annotatorKey.read()]"
KEEP_KEY = "(key) => { window.annotatorKey.keep(key); }"

MAX_KEYS = 200


@dataclass(frozen=True)
class Asked:
    """What a page asks to open. wanted: the id in its address, "" for none. last, keys: what its browser keeps."""

    wanted: str = ""
    last: str = ""
    keys: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str | None) -> Asked:
        """What READ_KEY says; nothing where somebody else says something else."""
        try:
            said = json.loads(text or "")
            wanted, last, keys = said["wanted"], said["last"], said["keys"][:MAX_KEYS]
        except (ValueError, TypeError, KeyError, RecursionError):
            return cls()
        wanted = wanted[:100] if isinstance(wanted, str) else ""
        return cls(wanted, last if is_key(last) else "", tuple(filter(is_key, keys)))
