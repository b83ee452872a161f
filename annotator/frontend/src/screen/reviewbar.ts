/** On a phone: reject, accept and go on, under the thumb. One suggestion after the other is selected. */
import type { CommandId } from "../commands/keys";
import { countSuggestions } from "../document/scene";
import { beginTriage, targets } from "../editing/review";
import type { Session } from "../session/session";
import type { View } from "../session/view";
import { t } from "../strings";
import { button, h, setText } from "../widgets/dom";
import type { Layout } from "./folds";

export class ReviewBar {
  readonly element: HTMLElement;
  private readonly reject: HTMLButtonElement;
  private readonly accept: HTMLButtonElement;
  private readonly next: HTMLButtonElement;
  private used = false;

  constructor(
    private readonly session: Session,
    run: (command: CommandId) => void,
  ) {
    this.reject = button({ icon: "cross", text: t("reject"), class: "an-button is-reject", onClick: () => run("reject") });
    this.accept = button({ icon: "check", text: t("accept"), class: "an-button is-accept", onClick: () => run("accept") });
    this.next = button({ icon: "checkAll", text: "", class: "an-button is-primary", onClick: () => run("acceptAll") });
    const skip = button({ icon: "M7 5l5 5-5 5", title: t("cmdNext"), class: "an-button is-square", onClick: () => run("next") });
    this.element = h("div", { class: "an-reviewbar", role: "group", "aria-label": t("groupReview") }, this.reject, this.accept, skip, this.next);
    session.view.subscribe((now, before) => this.follow(now, before));
    this.render(session.view.get());
  }

  /** Only where this bar is seen is a suggestion selected for the person. */
  setLayout(layout: Layout): void {
    this.used = layout === "phone";
    if (this.used) this.begin(this.session.view.get());
  }

  private follow(now: View, before: View): void {
    if (this.used && now.scene !== null && now.scene.imageId !== before.scene?.imageId) this.begin(now);
    const names = ["scene", "selection", "threshold", "categories"] as const;
    if (names.some((name) => now[name] !== before[name])) this.render(now);
  }

  private begin({ scene, selection, triage }: View): void {
    if (scene !== null && selection.length === 0 && !triage) beginTriage(this.session);
  }

  private render(view: View): void {
    const { scene } = view;
    const chosen = targets(this.session);
    this.accept.disabled = !chosen.some((one) => one.state !== "accepted");
    this.reject.disabled = !chosen.some((one) => one.state !== "rejected");
    const waiting = scene === null ? 0 : countSuggestions(scene, view).shown;
    setText(this.next.lastElementChild!, waiting > 0 ? t("acceptAllNext", { n: waiting }) : t("nextOnly"));
    this.next.disabled = scene === null;
  }
}
