/** A chart in its frame: a caption above, a legend and its numbers below. It is drawn by a script of its own, fetched when the first one is seen. */
import { t } from "../strings";
import type { Chart } from "./chart";
import { h } from "./dom";

/** Where that script is, told by build.mjs. */
declare const PLOTS_SCRIPT: string;

type Library = typeof import("./drawing");

let library: Promise<Library> | null = null;

function fetchLibrary(): Promise<Library> {
  library ??= (import(PLOTS_SCRIPT) as Promise<Library>).catch((error: unknown) => {
    library = null;
    throw error;
  });
  return library;
}

/** As wide as there is room, and drawn again when that changes. */
export function plot(chart: Chart): HTMLElement {
  const element = h("div", { class: "an-plot-chart", role: "img", "aria-label": chart.label });
  const begin = ({ draw }: Library): void => new ResizeObserver(() => element.clientWidth > 0 && draw(element, chart)).observe(element);
  const seen = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      void fetchLibrary().then(begin, () => element.replaceChildren(t("plotFailed")));
    },
    { rootMargin: "300px" },
  );
  seen.observe(element);
  return element;
}

export interface Frame {
  readonly title: string;
  /** From how many it comes. */
  readonly from: string;
  readonly legend?: readonly (readonly [kind: string, text: string])[];
  /** Its numbers, and where they are as a file. */
  readonly below: readonly (HTMLElement | null)[];
}

export function figure(chart: Chart, { title, from, legend = [], below }: Frame): HTMLElement {
  const swatch = ([kind, text]: readonly [string, string]): HTMLElement => h("li", {}, h("span", { class: `an-plot-swatch is-${kind}`, "aria-hidden": "true" }), text);
  return h(
    "figure",
    { class: "an-plot" },
    h("figcaption", {}, h("h4", {}, title), h("p", { class: "an-stat-rule" }, from)),
    plot(chart),
    legend.length === 0 ? null : h("ul", { class: "an-stat-legend" }, ...legend.map(swatch)),
    ...below,
  );
}

/** What stands in a row of its table, for a pointer over the chart. */
export function hint(heads: readonly string[], row: readonly string[]): string {
  return heads.map((head, at) => `${head}: ${row[at]}`).join("\n");
}
