/** Says aloud, for those who do not see the picture, what was selected and what was decided about it. */
import type { Appearance } from "../canvas/render";
import { find } from "../document/scene";
import { ordered } from "../editing/review";
import type { Session } from "../session/session";
import { t } from "../strings";
import { h, setText } from "../widgets/dom";

export function createAnnouncer(session: Session, appearance: Appearance): HTMLElement {
  const element = h("div", { class: "an-unseen", role: "status", "aria-live": "polite" });
  session.view.subscribe((now, before) => {
    if (now.scene === null || (now.selection === before.selection && now.scene === before.scene)) return;
    const instance = find(now.scene, now.selection.at(-1) ?? null);
    if (instance === null) return setText(element, "");
    const all = ordered(session);
    const position = all.findIndex((one) => one.key === instance.key) + 1;
    const state = t(instance.state);
    setText(element, t("announce", { label: appearance.label(instance), state, position, total: all.length }));
  });
  return element;
}
