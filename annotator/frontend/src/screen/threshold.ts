/** The confidence threshold under the picture: acts at once, without a request. */
import { countSuggestions } from "../document/scene";
import type { Session } from "../session/session";
import { t } from "../strings";
import { h, setText } from "../widgets/dom";

export class ThresholdBar {
  readonly element: HTMLElement;
  private readonly slider = h("input", { type: "range", min: 0, max: 1, step: 0.01, class: "an-slider", "aria-label": t("thresholdValue") });
  private readonly number = h("input", { type: "number", min: 0, max: 1, step: 0.01, class: "an-input an-number", "aria-label": t("thresholdValue") });
  private readonly label = h("span", { class: "an-threshold-label" });
  private readonly count = h("span", { class: "an-threshold-count", role: "status" });

  constructor(private readonly session: Session) {
    this.slider.addEventListener("input", () => session.setThreshold(this.slider.valueAsNumber));
    this.number.addEventListener("change", () => this.take());
    this.number.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.number.blur();
    });
    // What was typed is taken when the field is left; the slider gives its focus back so that keys go to the picture.
    this.slider.addEventListener("pointerup", () => this.slider.blur());
    this.element = h("div", { class: "an-threshold" }, this.label, this.slider, this.number, this.count);
    session.view.subscribe((now, before) => {
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
}
