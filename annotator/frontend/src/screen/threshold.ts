/** The confidence threshold under the picture: acts at once, without a request. Over it stands what the decisions say. */
import { adviceFor, betterThan } from "../document/insight";
import { countSuggestions, find, thresholdOf } from "../document/scene";
import type { Session } from "../session/session";
import { decimal, t } from "../strings";
import { button, h, setText } from "../widgets/dom";
import { sparkline } from "../widgets/sparkline";
import type { InsightOptions } from "./advising";
import { nameOf, setThreshold } from "./advising";
import { sentences } from "./insight";

export class ThresholdBar {
  readonly element: HTMLElement;
  private readonly slider = h("input", { type: "range", min: 0, max: 1, step: 0.01, class: "an-slider", "aria-label": t("thresholdValue") });
  private readonly number = h("input", { type: "number", min: 0, max: 1, step: 0.01, class: "an-input an-number", "aria-label": t("thresholdValue") });
  private readonly label = h("span", { class: "an-threshold-label" });
  private readonly count = h("span", { class: "an-threshold-count", role: "status" });
  private readonly curve = h("span", { class: "an-slider-curve", hidden: true });
  private readonly advised = button({ text: "", class: "an-button an-advised", onClick: () => this.apply() });
  private offered: { readonly category: number; readonly threshold: number } | null = null;

  constructor(
    private readonly session: Session,
    private readonly options: InsightOptions,
  ) {
    this.slider.addEventListener("input", () => session.setThreshold(this.slider.valueAsNumber));
    this.number.addEventListener("change", () => this.take());
    this.number.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.number.blur();
    });
    // What was typed is taken when the field is left; the slider gives its focus back so that keys go to the picture.
    this.slider.addEventListener("pointerup", () => this.slider.blur());
    const bed = h("span", { class: "an-slider-bed" }, this.curve, this.slider);
    this.element = h("div", { class: "an-threshold" }, this.label, bed, this.number, this.count, this.advised);
    this.advised.hidden = true;
    for (const event of ["pointerenter", "focusin"]) this.element.addEventListener(event, () => void options.advice.look());
    options.advice.view.subscribe(() => this.renderAdvice());
    session.view.subscribe((now, before) => {
      if (now.threshold !== before.threshold || now.selection !== before.selection || now.categories !== before.categories) this.renderAdvice();
      if (now.threshold !== before.threshold || now.scene !== before.scene || now.categories !== before.categories) this.render();
    });
    session.queue.subscribe((now, before) => {
      if (now.all !== before.all) this.render();
    });
    this.render();
  }

  private take(): void {
    const value = this.number.valueAsNumber;
    if (Number.isFinite(value)) this.session.setThreshold(Math.max(0, Math.min(1, value)));
    this.render();
  }

  private render(): void {
    const view = this.session.view.get();
    const { threshold, scene } = view;
    setText(this.label, t("thresholdFor", { n: this.session.queue.get().all }));
    this.element.title = this.label.textContent ?? "";
    this.slider.value = String(threshold);
    this.slider.style.setProperty("--share", `${threshold * 100}%`);
    if (this.number.valueAsNumber !== threshold) this.number.value = threshold.toFixed(2);
    this.element.classList.toggle("is-idle", scene === null);
    const { shown, total } = scene === null ? { shown: 0, total: 0 } : countSuggestions(scene, view);
    setText(this.count, total === 0 ? t("thresholdNone") : t("thresholdShows", { shown, total }));
  }

  /** Of the selected instance's category, else of the one that most is known about. */
  private renderAdvice(): void {
    const { insight } = this.options.advice.view.get();
    const view = this.session.view.get();
    const selected = view.scene === null ? null : find(view.scene, view.selection.at(-1) ?? null);
    const advice = insight === null ? null : adviceFor(insight, selected?.category ?? null);
    this.curve.hidden = advice === null;
    this.offered = null;
    if (insight !== null && advice !== null) {
      const { category, network, answers, precision, missed, advised } = advice;
      const threshold = thresholdOf(category, view);
      const label = t("adviceChart", { category: nameOf(this.session, category), network, n: answers });
      const marks = advised === null ? [] : [{ at: advised, kind: "advised" }];
      this.curve.replaceChildren(sparkline([{ kind: "right", values: precision.share, low: precision.low, high: precision.high }, { kind: "missed", values: missed.share }], { label, marks }));
      this.slider.title = [`${nameOf(this.session, category)} · ${network}`, ...sentences(advice, threshold, insight.needs.answers)].join("\n");
      const better = betterThan(advice, threshold);
      if (better !== null) this.offered = { category, threshold: better };
    }
    this.advised.hidden = this.offered === null;
    if (this.offered === null) return;
    setText(this.advised.firstElementChild!, t("adviceUseFor", { category: nameOf(this.session, this.offered.category), threshold: decimal(this.offered.threshold, 2) }));
    this.advised.title = this.slider.title;
  }

  private apply(): void {
    if (this.offered !== null) void setThreshold(this.options, this.offered.category, this.offered.threshold);
  }
}
