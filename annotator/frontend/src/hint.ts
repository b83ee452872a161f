/** One line over the picture that says how the current tool works, or why nothing is to be seen. */
import { h, setText } from "./dom";
import { keysOf } from "./keys";
import type { Session, View } from "./session";
import { t } from "./strings";

export function createHint(session: Session): HTMLElement {
  const element = h("div", { class: "an-hint", role: "status", hidden: true });
  session.view.subscribe((now, before) => {
    if (now.tool === before.tool && now.hideAll === before.hideAll && now.scene === before.scene) return;
    const text = now.scene === null ? "" : hintFor(now);
    element.hidden = text === "";
    setText(element, text);
  });
  return element;
}

function hintFor(view: View): string {
  if (view.hideAll) return t("hintHidden", { key: keysOf("hideAll")[0] });
  if (view.tool === "polygon") return t("hintPolygon");
  if (view.tool === "box") return t("hintBox");
  return "";
}
