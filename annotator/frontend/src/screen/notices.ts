/** Short messages over the picture: news goes by itself, an error stays until it is dismissed. */
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import { icon } from "../widgets/icons";

const NEWS_MS = 3500;
const MOST = 4;

export class Notices {
  readonly element = h("div", { class: "an-notices", role: "status", "aria-live": "polite" });

  private readonly asked = new Map<string, HTMLElement>();

  /** A question with its answers, once for each subject; it goes with an answer, unanswered by its cross or by `withdraw`. */
  ask(subject: string, text: string, answers: readonly { readonly text: string; readonly run: () => void }[]): void {
    if (this.asked.has(subject)) return;
    const close = button({ icon: "cross", title: t("dismiss"), class: "an-row-button", onClick: () => this.withdraw(subject) });
    const answer = ({ text, run }: (typeof answers)[number]): HTMLElement =>
      button({ text, class: "an-button", onClick: () => (this.withdraw(subject), run()) });
    const question = h("div", { class: "an-notice is-question" }, icon("help"), h("span", { class: "an-notice-text" }, text), ...answers.map(answer), close);
    this.asked.set(subject, question);
    this.element.append(question);
  }

  withdraw(subject: string): void {
    this.asked.get(subject)?.remove();
    this.asked.delete(subject);
  }

  show(kind: "info" | "error", text: string, detail = ""): void {
    const body = h("span", { class: "an-notice-text" }, text, detail === "" ? null : h("small", {}, detail));
    const close = button({ icon: "cross", title: t("dismiss"), class: "an-row-button", onClick: () => notice.remove() });
    const notice = h("div", { class: `an-notice is-${kind}` }, icon(kind === "error" ? "warning" : "check"), body, close);
    this.element.append(notice);
    while (this.element.childElementCount > MOST) this.element.firstElementChild!.remove();
    if (kind === "info") setTimeout(() => notice.remove(), NEWS_MS);
  }
}
