/** Short messages over the picture. Each goes by itself after a while: an error later, and none under the pointer or the focus. */
import { t } from "../strings";
import { button, h, setText } from "../widgets/dom";
import type { IconName } from "../widgets/icons";
import { icon } from "../widgets/icons";

const LASTS_MS = { info: 3500, answer: 3500, error: 12_000, question: 20_000 } as const;
/** A key that is held down asks again sooner than this: the answer stays as it is, and is not read out once more. */
const HELD_MS = 700;
const MOST = 4;
const OFFER = "offer";

/** What a notice tells: news, an error, or why a key has done nothing. */
type Kind = "info" | "error" | "answer";

const ICONS = { info: "check", error: "warning", answer: "keyboard" } as const;

interface Answer {
  readonly text: string;
  readonly run: () => void;
}

interface Shown {
  readonly element: HTMLElement;
  readonly text: string;
  readonly at: number;
  readonly leaving: Leaving;
}

export class Notices {
  readonly element = h("div", { class: "an-notices", role: "status", "aria-live": "polite" });

  private readonly asked = new Map<string, { readonly element: HTMLElement; readonly leaving: Leaving }>();
  /** What is shown, by what it is about. */
  private readonly shown = new Map<string, Shown>();

  private home: Element | null = null;
  private isVisiting = false;
  private watch: IntersectionObserver | null = null;

  /** Where they are shown as long as the editor is. */
  stand(home: Element): void {
    this.home = home;
    if (!this.isVisiting && this.element.parentElement !== home) home.append(this.element);
  }

  /** Shows them beside another part of the page whenever that is seen: what is done there is told there. */
  visit(place: Element): void {
    this.watch?.disconnect();
    this.isVisiting = false;
    if (this.home !== null) this.stand(this.home);
    this.watch = new IntersectionObserver((entries) => {
      this.isVisiting = entries.at(-1)!.isIntersecting;
      if (this.isVisiting) (place.parentElement ?? place).append(this.element);
      else if (this.home !== null) this.stand(this.home);
    });
    this.watch.observe(place);
  }

  /** A question with its answers, once for each subject; it goes with an answer, unanswered by its cross or by `withdraw`. */
  ask(subject: string, text: string, answers: readonly Answer[], sign: IconName = "help"): void {
    if (this.asked.has(subject)) return;
    const close = button({ icon: "cross", title: t("dismiss"), class: "an-row-button", onClick: () => this.withdraw(subject) });
    const answer = ({ text, run }: (typeof answers)[number]): HTMLElement =>
      button({ text, class: "an-button", onClick: () => (this.withdraw(subject), run()) });
    const question = h("div", { class: "an-notice is-question" }, icon(sign), h("span", { class: "an-notice-text" }, text), ...answers.map(answer), close);
    this.asked.set(subject, { element: question, leaving: new Leaving(question, LASTS_MS.question, () => this.withdraw(subject)) });
    this.element.append(question);
  }

  /** How far something is, said anew as it goes on; it stays until it is withdrawn. */
  work(subject: string, text: string, stop: Answer): void {
    const said = this.asked.get(subject)?.element.querySelector(".an-notice-text");
    if (said) return setText(said, text);
    this.ask(subject, text, [stop], "dashed");
    this.asked.get(subject)!.leaving.stop();
  }

  /** News with a way back, of which there is one at most. */
  offer(text: string, answer: Answer): void {
    this.withdraw(OFFER);
    this.ask(OFFER, text, [answer], "check");
  }

  withdraw(subject: string): void {
    const question = this.asked.get(subject);
    question?.leaving.stop();
    question?.element.remove();
    this.asked.delete(subject);
  }

  /** The same news once more takes the place of the first; of answers to keys there is one at most. */
  show(kind: Kind, text: string, detail = ""): void {
    const subject = kind === "answer" ? kind : [kind, text, detail].join("\n");
    const before = this.shown.get(subject);
    const now = Date.now();
    before?.leaving.stop();
    const stays = before !== undefined && before.element.isConnected && before.text === text && now - before.at < HELD_MS;
    if (!stays) before?.element.remove();
    const element = stays ? before.element : this.add(kind, text, detail, () => this.remove(subject));
    this.shown.set(subject, { element, text, at: now, leaving: new Leaving(element, LASTS_MS[kind], () => this.remove(subject)) });
  }

  private remove(subject: string): void {
    const notice = this.shown.get(subject);
    notice?.leaving.stop();
    notice?.element.remove();
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

/** Lets an element go after a while; while the pointer or the focus is in it, the while begins anew. */
class Leaving {
  private timer = 0;
  private readonly over = new AbortController();

  constructor(element: HTMLElement, after: number, leave: () => void) {
    const wait = (): void => {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(leave, after);
    };
    const { signal } = this.over;
    for (const name of ["pointerenter", "focusin"]) element.addEventListener(name, () => clearTimeout(this.timer), { signal });
    for (const name of ["pointerleave", "focusout"]) element.addEventListener(name, wait, { signal });
    wait();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.over.abort();
  }
}
