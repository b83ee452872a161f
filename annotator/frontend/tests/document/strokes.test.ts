import { describe, expect, it } from "vitest";
import type { Point } from "../../src/document/geometry";
import { maskOfWindow, runsOfMask, windowOfMask } from "../../src/document/paint";
import { decodeCounts, encodeCounts } from "../../src/document/rle";
import { maskOfParts, maskOfRle } from "../../src/document/scene";
import { Stroke } from "../../src/document/strokes";
import { randomOf, randomWindow, whole } from "../random";

const [WIDTH, HEIGHT] = [20, 23];

function stroke(runs: readonly number[], points: readonly Point[], radius: number, erases: boolean, width = WIDTH, height = HEIGHT): number[] {
  const one = new Stroke(radius, width, height);
  for (const point of points) one.add(point);
  return one.laidOn(runs, erases ? "erases" : "paints");
}

function distance(a: Point, b: Point, x: number, y: number): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - a[0]) * dx + (y - a[1]) * dy) / length));
  return Math.hypot(x - a[0] - t * dx, y - a[1] - t * dy);
}

/** Pixel x, y of runs. */
function pixelsOf(runs: readonly number[]): number[] {
  return runs.flatMap((run, index) => new Array<number>(run).fill(index % 2));
}

describe("strokes", () => {
  it.each([
    ["lies anywhere", (random: () => number): Point => [random() * 26 - 3, random() * 26 - 3]],
    ["runs along rows, columns and pixel centres", (random: () => number): Point => [Math.round(random() * 40) / 2, Math.round(random() * 40) / 2]],
  ])("lay on and take off exactly what lies within the brush's radius, where it %s", (_, place) => {
    const random = randomOf(4);
    for (let round = 0; round < 300; round++) {
      const start = maskOfWindow(randomWindow(random), WIDTH, HEIGHT);
      const points = Array.from({ length: 1 + whole(random, 4) }, () => place(random));
      const radius = 0.5 + random() * 5;
      const erases = random() < 0.5;
      const before = pixelsOf(decodeCounts(start.rle!));
      const runs = stroke(runsOfMask(start, WIDTH), points, radius, erases);
      const expected = before.map((pixel, index) => {
        const [x, y] = [Math.floor(index / HEIGHT) + 0.5, (index % HEIGHT) + 0.5];
        const under = points.some((b, i) => distance(points[Math.max(0, i - 1)], b, x, y) <= radius + 1e-9);
        return under ? Number(!erases) : pixel;
      });
      expect(pixelsOf(runs)).toEqual(expected);
      // The same runs as everybody writes them: none is empty but the first.
      expect(runs.slice(1).every((run) => run > 0)).toBe(true);
      const counts = encodeCounts(runs);
      expect(maskOfWindow(windowOfMask(maskOfRle(counts, HEIGHT)), WIDTH, HEIGHT).rle).toBe(counts);
    }
  });

  it("begin a mask from nothing, and stay within the picture", () => {
    const runs = stroke([WIDTH * HEIGHT], [[0, 0]], 3, false);
    expect(pixelsOf(runs)).toHaveLength(WIDTH * HEIGHT);
    expect(runs[0]).toBe(0);
    expect(stroke([WIDTH * HEIGHT], [[-9, -9]], 3, false)).toEqual([WIDTH * HEIGHT]);
  });

  it("take as long on 24 megapixels as on a tenth of them with as many columns", () => {
    const timed = (height: number): (() => number) => {
      const whole = maskOfParts([[[[200, 0.05 * height], [5800, 0.05 * height], [5800, 0.95 * height], [200, 0.95 * height]]]], height);
      const points = Array.from({ length: 300 }, (_, n): Point => [500 + n * 15, height * (0.5 + 0.22 * Math.sin(n / 20))]);
      const runs = runsOfMask(whole, 6000);
      return () => {
        const begin = performance.now();
        stroke(runs, points, 75, true, 6000, height);
        return performance.now() - begin;
      };
    };
    const [large, small] = [timed(4000), timed(400)];
    // The least of several: what else the machine does meanwhile only adds.
    const rounds = Array.from({ length: 7 }, () => [large(), small()]);
    const [least, leastOfSmall] = [0, 1].map((one) => Math.min(...rounds.map((round) => round[one])));
    expect(least / leastOfSmall).toBeLessThan(4);
  });
});
