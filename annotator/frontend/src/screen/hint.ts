/** One line over the picture that says how the current tool works, or why nothing is to be seen. */
import { keyOf, keyValues } from "../commands/keys";
import { countSuggestions } from "../document/scene";
import type { Shelf } from "../saving/shelf";
import { preference, setPreference } from "../saving/shelf";
import type { Session } from "../session/session";
import type { View } from "../session/view";
import { peekedInstances } from "../session/view";
import { t } from "../strings";
import { toolInHand } from "../tools/registry";
import { h, setClass, setText } from "../widgets/dom";

/** Whether somebody has decided anything in this browser yet. */
const DECIDED = "decided";

export function createHint(session: Session, shelf: Shelf | null): HTMLElement {
  const element = h("div", { class: "an-hint", role: "status", hidden: true });
  let decided = preference(shelf, DECIDED, false);
  session.view.subscribe((now, before) => {
    const names = ["tool", "hideAll", "scene", "triage", "threshold", "categories", "selection", "hasHeatmap", "prompts", "history", "peek", "draft"] as const;
    if (names.every((name) => now[name] === before[name])) return;
    if (!decided && now.history.past.length > 0) {
      decided = true;
      setPreference(shelf, DECIDED, true);
    }
    const isOnPhone = element.closest('[data-layout="phone"]') !== null;
    const asked = now.scene === null ? "" : hintFor(now, isOnPhone);
    const first = now.scene === null || decided || asked !== "" ? "" : firstHint(now);
    // A phone has no keys, and its buttons say what they do.
    setClass(element, "is-of-keys", first !== "");
    // Nor has it the room over what is made.
    setClass(element, "is-over-draft", now.draft !== null);
    setClass(element, "is-for-fingers", isOnPhone && toolInHand(now).touchHint !== undefined);
    const text = asked || first;
    element.hidden = text === "";
    setText(element, text);
  });
  return element;
}

/** The three keys that somebody needs who sees suggestions for the first time. */
function firstHint(view: View): string {
  return countSuggestions(view.scene!, view).shown > 0 ? t("hintFirst", keyValues()) : "";
}

function hintFor(view: View, isOnPhone: boolean): string {
  if (view.hideAll) return t("hintHidden", { key: keyOf("hideAll") });
  if (view.peek) return t("hintPeek", { n: peekedInstances(view).length });
  if (view.triage) {
    const { shown } = countSuggestions(view.scene!, view);
    return shown > 0 ? t("hintTriage", { n: shown, ...keyValues() }) : t("hintTriageDone");
  }
  const { hint: usual, touchHint } = toolInHand(view);
  const hint = isOnPhone && touchHint !== undefined ? touchHint : usual;
  const text = typeof hint === "function" ? hint(view) : hint;
  return text === null ? "" : t(text, keyValues());
}
