/** A chart in its frame: both axes named, a caption above, a legend and its numbers below. */
import { h } from "./dom";

const NAMESPACE = "http://www.w3.org/2000/svg";

export interface Frame {
  readonly title: string;
  /** From how many it comes. */
  readonly from: string;
  readonly x: string;
  readonly y: string;
  /** What stands at the ends of the axes: left, right, bottom, top. */
  readonly ends: readonly [string, string, string, string];
  readonly legend?: readonly (readonly [kind: string, text: string])[];
  /** Its numbers, and where they are as a file. */
  readonly below: readonly (HTMLElement | null)[];
}

export function figure(chart: Element, { title, from, x, y, ends: [left, right, bottom, top], legend = [], below }: Frame): HTMLElement {
  const swatch = ([kind, text]: readonly [string, string]): HTMLElement => h("li", {}, h("span", { class: `an-plot-swatch is-${kind}`, "aria-hidden": "true" }), text);
  return h(
    "figure",
    { class: "an-plot" },
    h("figcaption", {}, h("h4", {}, title), h("p", { class: "an-stat-rule" }, from)),
    h("p", { class: "an-plot-y", "aria-hidden": "true" }, y),
    h("div", { class: "an-plot-area" }, h("p", { class: "an-plot-ends", "aria-hidden": "true" }, h("span", {}, top), h("span", {}, bottom)), h("div", { class: "an-plot-chart" }, chart)),
    h("p", { class: "an-plot-x", "aria-hidden": "true" }, h("span", {}, left), h("span", {}, x), h("span", {}, right)),
    legend.length === 0 ? null : h("ul", { class: "an-stat-legend" }, ...legend.map(swatch)),
    ...below,
  );
}

/** Bars of these heights, 0..1, side by side. `label` says for those who do not see it what it shows. */
export function bars(heights: readonly number[], label: string): SVGSVGElement {
  const root = canvas(label);
  heights.forEach((height, index) => root.append(path("an-plot-bar", barPath(height, index, heights.length))));
  return root;
}

/** One of `count` bars. */
export function barPath(height: number, index: number, count: number): string {
  const width = 100 / count;
  return `M${number((index + 0.1) * width)} 100V${number(100 - 100 * height)}H${number((index + 0.9) * width)}V100Z`;
}

export interface Dot {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

/** Points with their intervals, in 0..1, over the diagonal on which they would lie at best. */
export function dots(points: readonly Dot[], label: string): SVGSVGElement {
  const root = canvas(label);
  root.append(path("an-plot-ideal", "M0 100L100 0"));
  for (const point of points) {
    root.append(path("an-plot-interval", intervalPath(point)));
    root.append(path("an-plot-dot", `M${number(100 * point.x)} ${number(100 - 100 * point.y)}h0.01`));
  }
  return root;
}

export function intervalPath({ x, low, high }: Dot): string {
  return `M${number(100 * x)} ${number(100 - 100 * low)}V${number(100 - 100 * high)}`;
}

function canvas(label: string): SVGSVGElement {
  const root = document.createElementNS(NAMESPACE, "svg");
  for (const [name, value] of Object.entries({ class: "an-chart", viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img", "aria-label": label })) root.setAttribute(name, value);
  return root;
}

function path(kind: string, d: string): SVGPathElement {
  const element = document.createElementNS(NAMESPACE, "path");
  element.setAttribute("class", kind);
  element.setAttribute("d", d);
  return element;
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}
