/** Short messages over the picture: news and answers go by themselves, an error stays until it is dismissed. */
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import { icon } from "../widgets/icons";

const NEWS_MS = 3500;
/** A key that is held down asks again sooner than this: the answer stays as it is, and is not read out once more. */
const HELD_MS = 700;
const MOST = 4;

/** What a notice tells: news, an error, or why a key has done nothing. */
type Kind = "info" | "error" | "answer";

const ICONS = { info: "check", error: "warning", answer: "keyboard" } as const;

interface Shown {
  readonly element: HTMLElement;
  readonly text: string;
  readonly at: number;
  readonly timer: number;
}

export class Notices {
  readonly element = h("div", { class: "an-notices", role: "status", "aria-live": "polite" });

  private readonly asked = new Map<string, HTMLElement>();
  /** What is shown, by what it is about. */
  private readonly shown = new Map<string, Shown>();

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

  /** The same news once more takes the place of the first; of answers to keys there is one at most. */
  show(kind: Kind, text: string, detail = ""): void {
    const subject = kind === "answer" ? kind : [kind, text, detail].join("\n");
    const before = this.shown.get(subject);
    const now = Date.now();
    clearTimeout(before?.timer);
    const stays = before !== undefined && before.element.isConnected && before.text === text && now - before.at < HELD_MS;
    if (!stays) before?.element.remove();
    const element = stays ? before.element : this.add(kind, text, detail, () => this.remove(subject));
    const timer = kind === "error" ? 0 : window.setTimeout(() => this.remove(subject), NEWS_MS);
    this.shown.set(subject, { element, text, at: now, timer });
  }

  private remove(subject: string): void {
    this.shown.get(subject)?.element.remove();
    this.shown.delete(subject);
  }

  private add(kind: Kind, text: string, detail: string, onClose: () => void): HTMLElement {
    const body = h("span", { class: "an-notice-text" }, text, detail === "" ? null : h("small", {}, detail));
    const close = button({ icon: "cross", title: t("dismiss"), class: "an-row-button", onClick: onClose });
    const notice = h("div", { class: `an-notice is-${kind}` }, icon(ICONS[kind]), body, close);
    this.element.append(notice);
    while (this.element.childElementCount > MOST) this.element.firstElementChild!.remove();
    return notice;
  }
}
