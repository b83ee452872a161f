/** One line over the picture that says how the current tool works, or why nothing is to be seen. */
import { keyOf, keyValues } from "../commands/keys";
import { countSuggestions } from "../document/scene";
import type { Session } from "../session/session";
import type { View } from "../session/view";
import { t } from "../strings";
import { toolInHand } from "../tools/registry";
import { h, setText } from "../widgets/dom";

export function createHint(session: Session): HTMLElement {
  const element = h("div", { class: "an-hint", role: "status", hidden: true });
  session.view.subscribe((now, before) => {
    const names = ["tool", "hideAll", "scene", "triage", "threshold", "selection", "hasHeatmap"] as const;
    if (names.every((name) => now[name] === before[name])) return;
    const text = now.scene === null ? "" : hintFor(now);
    element.hidden = text === "";
    setText(element, text);
  });
  return element;
}

function hintFor(view: View): string {
  if (view.hideAll) return t("hintHidden", { key: keyOf("hideAll") });
  if (view.triage) {
    const { shown } = countSuggestions(view.scene!, view.threshold);
    return shown > 0 ? t("hintTriage", { n: shown, ...keyValues() }) : t("hintTriageDone");
  }
  const { hint } = toolInHand(view);
  const text = typeof hint === "function" ? hint(view) : hint;
  return text === null ? "" : t(text, keyValues());
}
