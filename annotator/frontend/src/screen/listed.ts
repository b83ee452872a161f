/** Instances that Insight lists: each with its cut-out, what is said of it, and the way there. */
import type { WireCutout } from "../document/protocol";
import type { Session } from "../session/session";
import { t } from "../strings";
import { button, h } from "../widgets/dom";

/** An ordered list of them. `told`: a name for each, and a line about it. */
export function listed<One extends WireCutout>(found: readonly One[], session: Session, told: (one: One) => readonly [name: string, line: string]): HTMLElement {
  return h("ol", { class: "an-errors" }, ...found.map((one) => entry(one, session, ...told(one))));
}

function entry(one: WireCutout, session: Session, name: string, line: string): HTMLElement {
  const open = button({
    text: t("errorsOpen"),
    title: t("errorsOpenTitle", { name: one.name }),
    onClick: () => {
      void session.open(one.image).then(() => session.select([one.key]));
      open.replaceWith(h("span", {}, t("errorsOpened")));
    },
  });
  return h("li", {}, h("img", { src: one.cutout, alt: "", loading: "lazy" }), h("span", {}, h("b", {}, name), ` · ${one.name}`, h("br"), line), open);
}
