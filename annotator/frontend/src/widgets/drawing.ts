/** Charts drawn by Observable Plot: the script `plots.js`. Colours are the page's, so that a dark page has a dark chart. */
import * as Plot from "@observablehq/plot";
import type { Axis, Chart, Curve } from "./chart";

const FONT_PX = 11;

/** Fills the element, as wide and as high as it is. */
export function draw(element: HTMLElement, chart: Chart): void {
  const picture = drawn(chart, { width: element.clientWidth, height: element.clientHeight });
  // The element says what it shows; Plot's names of its parts ("line", "rule") say nothing.
  picture.setAttribute("aria-hidden", "true");
  element.replaceChildren(picture);
}

/** In CSS pixels. */
export function drawn(chart: Chart, size: { readonly width: number; readonly height: number; readonly document?: Document }): Element {
  const { x, y, curves = [], uprights = [], dots = [], bars = [], hints } = chart;
  return Plot.plot({
    ...size,
    className: "an-plot-drawing",
    marginLeft: 46,
    marginRight: 20,
    marginTop: y.label === undefined ? 8 : 26,
    marginBottom: x.label === undefined ? 22 : 36,
    style: { fontSize: `${FONT_PX}px` },
    x: scale(x),
    y: scale(y),
    marks: [
      Plot.gridY({ stroke: "var(--an-line)", strokeOpacity: 1 }),
      Plot.axisX({ tickFormat: x.written, tickSize: 4, tickSpacing: 60, label: x.label ?? null }),
      Plot.axisY({ tickFormat: y.written, tickSize: 0, tickSpacing: 36, label: y.label ?? null }),
      Plot.rectY(bars, { x1: "from", x2: "to", y: "height", insetLeft: 1, insetRight: 1, className: "an-plot-bar" }),
      Plot.ruleY([y.from], { stroke: "var(--an-line-strong)" }),
      ...curves.flatMap((curve) => layers(curve, x)),
      ...uprights.map(({ at, kind }) => Plot.ruleX([at], { className: `an-mark an-mark-${kind}` })),
      dots.length === 0 ? null : Plot.line([[x.from, y.from], [x.to, y.to]], { className: "an-plot-ideal" }),
      Plot.ruleX(dots, { x: "x", y1: "low", y2: "high", className: "an-plot-interval" }),
      Plot.dot(dots, { x: "x", y: "y", r: 4, className: "an-plot-dot" }),
      Plot.tip(hints(), Plot.pointerX({ x: "x", y: "y", title: "text", lineHeight: 1.4, stroke: "var(--an-line-strong)", className: "an-plot-hint" })),
    ],
  });
}

function scale({ from, to }: Axis): Plot.ScaleOptions {
  return { type: "linear", domain: [from, to] };
}

/** The interval, and the curve over it; both are lifted where nothing is. */
function layers({ kind, values, low, high }: Curve, { from, to }: Axis): Plot.Markish[] {
  const points = values.map((y, index) => ({ x: from + ((to - from) * index) / (values.length - 1), y, low: low?.[index] ?? null, high: high?.[index] ?? null }));
  return [
    low === undefined ? null : Plot.areaY(points, { x: "x", y1: "low", y2: "high", className: `an-band an-curve-${kind}` }),
    Plot.line(points, { x: "x", y: "y", className: `an-curve an-curve-${kind}` }),
  ];
}
