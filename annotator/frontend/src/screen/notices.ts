/** Short messages over the picture: news goes by itself, an error stays until it is dismissed. */
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import { icon } from "../widgets/icons";

const NEWS_MS = 3500;
const MOST = 4;

export class Notices {
  readonly element = h("div", { class: "an-notices", role: "status", "aria-live": "polite" });

  show(kind: "info" | "error", text: string, detail = ""): void {
    const body = h("span", { class: "an-notice-text" }, text, detail === "" ? null : h("small", {}, detail));
    const close = button({ icon: "cross", title: t("dismiss"), class: "an-row-button", onClick: () => notice.remove() });
    const notice = h("div", { class: `an-notice is-${kind}` }, icon(kind === "error" ? "warning" : "check"), body, close);
    this.element.append(notice);
    while (this.element.childElementCount > MOST) this.element.firstElementChild!.remove();
    if (kind === "info") setTimeout(() => notice.remove(), NEWS_MS);
  }
}
