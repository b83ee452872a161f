/** One line over the picture that says how the current tool works, or why nothing is to be seen. */
import { keyOf } from "../commands/keys";
import { countSuggestions } from "../document/scene";
import type { Session } from "../session/session";
import type { View } from "../session/view";
import { t } from "../strings";
import { h, setText } from "../widgets/dom";

export function createHint(session: Session): HTMLElement {
  const element = h("div", { class: "an-hint", role: "status", hidden: true });
  session.view.subscribe((now, before) => {
    const same = now.tool === before.tool && now.hideAll === before.hideAll && now.scene === before.scene;
    const sameLevel = now.hasHeatmap === before.hasHeatmap && (now.tool !== "level" || now.selection === before.selection);
    if (same && sameLevel && now.triage === before.triage && now.threshold === before.threshold) return;
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
    return shown > 0 ? t("hintTriage", { n: shown, aside: keyOf("adjust") }) : t("hintTriageDone");
  }
  if (view.tool === "polygon") return t("hintPolygon");
  if (view.tool === "box") return t("hintBox");
  if (view.tool === "knife") return t("hintKnife");
  if (view.tool === "level") return hintForLevel(view);
  const sizes = { smaller: keyOf("brushSmaller"), larger: keyOf("brushLarger") };
  if (view.tool === "brush") return t("hintBrush", sizes);
  if (view.tool === "eraser") return t("hintEraser", sizes);
  return "";
}

function hintForLevel({ selection, hasHeatmap }: View): string {
  if (selection.length !== 1) return t("hintLevelSelect");
  if (hasHeatmap === false) return t("levelNothing");
  return t("hintLevel", { smaller: keyOf("shrinkMask"), larger: keyOf("growMask") });
}
