import { describe, expect, it } from "vitest";
import { divide } from "../../src/document/divide";
import type { Point } from "../../src/document/geometry";
import { areaOfWindow, windowOfParts } from "../../src/document/paint";
import { randomOf, randomWindow, whole } from "../random";

const bar = windowOfParts([[[[10, 10], [30, 10], [30, 16], [10, 16]]]]);

describe("a line through a mask", () => {
  it("makes two of it, and loses no pixel", () => {
    const sides = divide(bar, [[16.5, 5], [16.5, 20]])!;
    expect([areaOfWindow(sides.kept), areaOfWindow(sides.away)].reduce((a, b) => a + b)).toBe(120);
    const columns = new Set<number>();
    sides.away.pixels.forEach((pixel, place) => pixel === 1 && columns.add(sides.away.left + (place % sides.away.width)));
    expect([...columns].sort((a, b) => a - b).slice(0, 6)).toEqual([10, 11, 12, 13, 14, 15]);
    expect(columns.has(18)).toBe(false);
  });

  it("has to run right through", () => {
    expect(divide(bar, [[16.5, 5], [16.5, 13]])).toBeNull();
    expect(divide(bar, [[5, 5], [5, 30]])).toBeNull();
    expect(divide(bar, [[16.5, 12]])).toBeNull();
    // A single pixel that it leaves behind is a crumb, two are a side.
    const thin = (length: number) => windowOfParts([[[[10, 10], [10 + length, 10], [10 + length, 11], [10, 11]]]]);
    expect(divide(thin(9), [[11.5, 5], [11.5, 20]])).toBeNull();
    expect(divide(thin(9), [[12.5, 5], [12.5, 20]])).not.toBeNull();
  });

  it("leaves other pieces where they are, and no crumbs beside it", () => {
    const two = windowOfParts([[[[10, 10], [30, 10], [30, 16], [10, 16]]], [[[2, 2], [6, 2], [6, 6], [2, 6]]]]);
    const jagged: Point[] = [[16, 9], [17, 10], [15, 11], [17, 12], [15, 13], [17, 14], [15, 15], [17, 16]];
    const sides = divide(two, jagged)!;
    expect(areaOfWindow(sides.kept) + areaOfWindow(sides.away)).toBe(136);
    expect(sides.kept.pixels[0]).toBe(1);
    sides.away.pixels.forEach((pixel, place) => pixel === 1 && expect(sides.away.left + (place % sides.away.width)).toBeLessThan(19));
  });

  it("gives each pixel of any mask to one side", () => {
    const random = randomOf(7);
    for (let n = 0; n < 500; n++) {
      const window = randomWindow(random);
      const line = Array.from({ length: 2 + whole(random, 5) }, (): Point => [random() * 22, random() * 22]);
      const sides = divide(window, line);
      if (sides === null) continue;
      expect(window.pixels.every((pixel, place) => sides.kept.pixels[place] + sides.away.pixels[place] === pixel)).toBe(true);
      expect(Math.min(areaOfWindow(sides.kept), areaOfWindow(sides.away))).toBeGreaterThan(0);
    }
  });
});
