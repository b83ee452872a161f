/** Below the list of instances: that the open picture is reviewed, what it holds undecided all the same, and the way back. */
import { keyOf, keycaps } from "../commands/keys";
import type { CommandId } from "../commands/keys";
import { countSuggestions } from "../document/scene";
import type { Session } from "../session/session";
import { t } from "../strings";
import { button, h, setClass, setText } from "../widgets/dom";
import { icon, setIcon } from "../widgets/icons";

export function createReviewed(session: Session, run: (id: CommandId) => void): HTMLElement {
  const sign = icon("check");
  const text = h("span", { class: "an-reviewed-text" });
  const back = button({ text: t("takeBackReviewed"), title: t("cmdNotReviewed"), class: "an-link", onClick: () => run("notReviewed") });
  const element = h("div", { class: "an-reviewed", role: "status", hidden: true }, sign, text, back);
  session.view.subscribe((now, before) => {
    if (now.scene === before.scene && now.threshold === before.threshold && now.categories === before.categories) return;
    const { scene } = now;
    element.hidden = scene === null || !scene.reviewed;
    if (scene === null || !scene.reviewed) return;
    const { shown } = countSuggestions(scene, now);
    setText(text, shown > 0 ? t("reviewedButNew", { n: shown }) : t("stateReviewed"));
    setClass(element, "is-new", shown > 0);
    setIcon(sign, shown > 0 ? "warning" : "check");
    back.title = [t("cmdNotReviewed"), keycaps(keyOf("notReviewed")).join(" ")].join(" · ");
  });
  return element;
}
