/** How large the gallery's tiles are, kept for the next time. */
import type { Shelf } from "../saving/shelf";
import { preference, setPreference } from "../saving/shelf";
import { t } from "../strings";
import { h } from "../widgets/dom";
import { icon } from "../widgets/icons";

const SIDES = { least: 96, most: 280, usual: 152 };

/** setSide: takes CSS pixels, also those to begin with. */
export function createSizeSlider(shelf: Shelf | null, setSide: (side: number) => void): HTMLElement {
  const value = preference(shelf, "gallery-side", SIDES.usual);
  const slider = h("input", { type: "range", class: "an-slider", min: SIDES.least, max: SIDES.most, step: 4, value, "aria-label": t("gallerySize"), title: t("gallerySize") });
  const resize = (): void => {
    slider.style.setProperty("--share", `${(100 * (slider.valueAsNumber - SIDES.least)) / (SIDES.most - SIDES.least)}%`);
    setSide(slider.valueAsNumber);
  };
  slider.addEventListener("input", () => {
    resize();
    setPreference(shelf, "gallery-side", slider.valueAsNumber);
  });
  resize();
  return h("span", { class: "an-gallery-size" }, icon("grid"), slider);
}
