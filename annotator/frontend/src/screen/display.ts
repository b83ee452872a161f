/** How the picture and its instances are shown: remembered, and changed in a panel under the toolbar. */
import type { Shelf } from "../saving/shelf";
import { preference, setPreference } from "../saving/shelf";
import type { Session } from "../session/session";
import type { Display } from "../session/view";
import { START_DISPLAY } from "../session/view";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import { icon } from "../widgets/icons";
import { openPopover } from "../widgets/popover";
import type { Theme } from "./theme";
import { chooseTheme, chosenTheme } from "./theme";

const SLIDERS: readonly (readonly [name: "fill" | "brightness" | "contrast", label: StringKey, most: number])[] = [
  ["fill", "displayFill", 2.5],
  ["brightness", "displayBrightness", 2.5],
  ["contrast", "displayContrast", 2.5],
];

const COLORS: readonly (readonly [Display["colorBy"], StringKey])[] = [
  ["instance", "colorByInstance"],
  ["category", "colorByCategory"],
  ["score", "colorByScore"],
];

const THEMES: readonly (readonly [Theme, StringKey])[] = [
  ["system", "themeSystem"],
  ["light", "themeLight"],
  ["dark", "themeDark"],
];

export function rememberedDisplay(shelf: Shelf | null): Display {
  return { ...START_DISPLAY, ...preference<Partial<Display>>(shelf, "display", {}) };
}

export function createDisplayMenu(root: HTMLElement, anchor: Element, session: Session, shelf: Shelf | null): void {
  const set = (change: Partial<Display>): void => {
    const display = { ...session.view.get().display, ...change };
    session.view.set({ display });
    setPreference(shelf, "display", display);
  };
  const { display } = session.view.get();
  const sliders = SLIDERS.map(([name, label, most]) => {
    const slider = h("input", { type: "range", min: 0, max: most, step: 0.05, value: display[name], class: "an-slider" });
    const show = (): void => slider.style.setProperty("--share", `${(100 * slider.valueAsNumber) / most}%`);
    slider.addEventListener("input", () => {
      set({ [name]: slider.valueAsNumber });
      show();
    });
    slider.dataset["name"] = name;
    show();
    return h("label", { class: "an-field" }, h("span", {}, t(label)), slider);
  });
  const colors = select(COLORS, display.colorBy, (colorBy) => set({ colorBy }));
  const themes = select(THEMES, chosenTheme(), chooseTheme);
  const legend = h("input", { type: "checkbox", checked: display.legend });
  legend.addEventListener("change", () => set({ legend: legend.checked }));
  const reset = button({
    text: t("displayReset"),
    class: "an-button",
    onClick: () => {
      set(START_DISPLAY);
      popover.close();
    },
  });
  const popover = openPopover(
    root,
    anchor,
    { class: "an-display", label: t("display") },
    h("strong", {}, t("display")),
    ...sliders,
    h("label", { class: "an-field" }, h("span", {}, t("colorBy")), colors),
    h("label", { class: "an-field" }, h("span", {}, t("legend")), legend),
    h("label", { class: "an-field" }, h("span", {}, t("theme")), themes),
    reset,
  );
}

function select<T extends string>(choices: readonly (readonly [T, StringKey])[], value: T, choose: (value: T) => void): HTMLElement {
  const element = h("select", { class: "an-select" }, ...choices.map(([one, label]) => h("option", { value: one }, t(label))));
  element.value = value;
  element.addEventListener("change", () => choose(element.value as T));
  return h("span", { class: "an-sort" }, element, icon("chevron"));
}
