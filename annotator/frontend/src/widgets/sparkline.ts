/** Curves over 0..1 under a control: without axes, drawn at once, and again while it is dragged. */
import type { Curve } from "./chart";

const NAMESPACE = "http://www.w3.org/2000/svg";

/** Stretches to its element. `label` says for those who do not see it what it shows. `marks`: upright lines. */
export function sparkline(curves: readonly Curve[], options: { readonly label: string; readonly marks?: readonly { readonly at: number; readonly kind: string }[] }): SVGSVGElement {
  const root = svg("svg", { class: "an-chart", viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img", "aria-label": options.label });
  for (const { kind, values, low, high } of curves) {
    if (low !== undefined && high !== undefined) root.append(svg("path", { class: `an-band an-curve-${kind}`, d: band(low, high) }));
    root.append(svg("path", { class: `an-curve an-curve-${kind}`, d: line(values) }));
  }
  for (const { at, kind } of options.marks ?? []) {
    root.append(svg("path", { class: `an-mark an-mark-${kind}`, d: `M${number(100 * at)} 0V100` }));
  }
  return root;
}

/** A path through what is there, lifted where nothing is. */
export function line(values: readonly (number | null)[]): string {
  let drawing = false;
  return values.reduce<string>((path, value, index) => {
    if (value === null) drawing = false;
    else {
      path += `${drawing ? "L" : "M"}${point(index, value, values.length)}`;
      drawing = true;
    }
    return path;
  }, "");
}

/** The area between two curves, in as many pieces as there are gaps. */
export function band(low: readonly (number | null)[], high: readonly (number | null)[]): string {
  let path = "";
  let piece: number[] = [];
  const close = (): void => {
    const there = piece.map((index) => point(index, high[index]!, high.length));
    const back = piece.toReversed().map((index) => point(index, low[index]!, low.length));
    if (piece.length > 0) path += `M${[...there, ...back].join("L")}Z`;
    piece = [];
  };
  low.forEach((value, index) => (value === null || high[index] === null ? close() : piece.push(index)));
  close();
  return path;
}

function point(index: number, value: number, count: number): string {
  return `${number((100 * index) / (count - 1))} ${number(100 - 100 * value)}`;
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Readonly<Record<string, string>>): SVGElementTagNameMap[K] {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
