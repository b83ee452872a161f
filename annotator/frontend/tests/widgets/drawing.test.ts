/** Charts as the plotting library draws them. The frame leaves 200 x 100 px for what is drawn: x from 46, y from 8. */
import { describe, expect, it } from "vitest";
import type { Chart } from "../../src/widgets/chart";
import { drawn } from "../../src/widgets/drawing";
import { decimal, setLanguage } from "../../src/strings";
import { Node, page } from "./page";

const AXIS = { from: 0, to: 1, written: (value: number) => decimal(value, 1) };

function look(chart: Partial<Chart>): Node {
  return drawn({ label: "", x: AXIS, y: AXIS, hints: () => [], ...chart }, { width: 266, height: 130, document: page() }) as unknown as Node;
}

function paths(root: Node, name: string): (string | null)[] {
  return root.of(name).filter((node) => node.nodeName === "path").map((node) => node.getAttribute("d"));
}

describe("a drawn chart", () => {
  it("stands its bars from one bound to the next", () => {
    const bars = look({ bars: [{ from: 0, to: 0.5, height: 0.25 }, { from: 0.5, to: 1, height: 1 }] }).of("an-plot-bar").filter((node) => node.nodeName === "rect");
    const places = bars.map((bar) => ["x", "width", "y", "height"].map((name) => Number(bar.getAttribute(name))));
    expect(places).toEqual([[47, 98, 83, 25], [147, 98, 8, 100]]);
  });

  it("draws an interval from its lower to its upper bound, and its point over it", () => {
    const root = look({ dots: [{ x: 0.25, y: 0.5, low: 0.1, high: 0.9 }] });
    const [interval] = root.of("an-plot-interval").filter((node) => node.nodeName === "line");
    expect(["x1", "y1", "y2"].map((name) => Math.round(Number(interval.getAttribute(name))))).toEqual([96, 98, 18]);
    const [dot] = root.of("an-plot-dot").filter((node) => node.nodeName === "circle");
    expect(["cx", "cy"].map((name) => Number(dot.getAttribute(name)))).toEqual([96, 58]);
    expect(paths(root, "an-plot-ideal")).toEqual(["M46,108L246,8"]);
  });

  it("lifts a curve and its interval where nothing is known", () => {
    const root = look({ curves: [{ kind: "right", values: [1, 0.5, null, 0, 0], low: [0, 0.5, null, 0, 0], high: [1, 1, null, 1, 1] }] });
    expect(paths(root, "an-curve")).toEqual(["M46,8L96,58M196,108L246,108"]);
    expect(paths(root, "an-band")).toEqual(["M46,8L96,8L96,58L46,108ZM196,8L246,8L246,108L196,108Z"]);
  });

  it("writes the numbers of its axes as the person's language does", () => {
    setLanguage(["de-AT"]);
    const texts = look({}).all().filter((node) => node.nodeName === "text").map((node) => node.textContent);
    setLanguage(["en"]);
    expect(texts).toContain("0,5");
    expect(texts.filter((text) => text.includes("."))).toEqual([]);
  });
});
