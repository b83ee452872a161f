import { describe, expect, it } from "vitest";
import type { Ring } from "../../src/document/geometry";
import { areaOfParts, boxOfParts, partsContain } from "../../src/document/geometry";
import { outlineOf, traceAhead } from "../../src/document/outline";
import { areaOfWindow, windowOfParts } from "../../src/document/paint";
import { decodeCounts, encodeCounts, rleToWindow, windowToRle } from "../../src/document/rle";
import { maskOfRle } from "../../src/document/scene";
import { simplifyParts } from "../../src/document/simplify";
import { traceRuns } from "../../src/document/trace";
import golden from "../masks.golden.json";
import { randomOf, randomWindow, traceWindow } from "../random";

/** The mask that parts cover, by the centre of each pixel. */
function rasterised(parts: ReturnType<typeof traceWindow>, width: number, height: number): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (partsContain(parts, x + 0.5, y + 0.5) ? "#" : ".")).join(""),
  );
}

/** No vertex lies on a straight line between its neighbours. */
function turnsEverywhere(ring: Ring): boolean {
  return ring.every(([x, y], i) => {
    const [before, after] = [ring.at(i - 1)!, ring[(i + 1) % ring.length]];
    return (before[0] === x) !== (after[0] === x) && (before[1] === y) !== (after[1] === y);
  });
}

describe("masks of pycocotools", () => {
  it.each(golden)("$name: decodes, encodes and traces to the very pixels", ({ counts, height, width, rows }) => {
    const window = rleToWindow(counts, height);
    const shown = rows.map((row, y) =>
      [...row].map((_, x) => {
        const [wx, wy] = [x - window.left, y - window.top];
        const inside = wx >= 0 && wy >= 0 && wx < window.width && wy < window.height;
        return inside && window.pixels[wy * window.width + wx] === 1 ? "#" : ".";
      }).join(""),
    );
    expect(shown).toEqual(rows);
    expect(windowToRle(window, width, height)).toBe(counts);
    expect(encodeCounts(decodeCounts(counts))).toBe(counts);
    const { parts, area, box } = traceRuns(decodeCounts(counts), height);
    expect(rasterised(parts, width, height)).toEqual(rows);
    expect([area, areaOfParts(parts)]).toEqual([rows.join("").split("#").length - 1, area]);
    expect([box.x1 - box.x0, box.y1 - box.y0]).toEqual([window.width, window.height]);
    expect(parts.flat().every(turnsEverywhere)).toBe(true);
  });

  it("keeps an island in a hole and its own hole apart", () => {
    const { counts, height } = golden.find((one) => one.name === "island in a hole")!;
    expect(traceWindow(rleToWindow(counts, height)).map((part) => part.length)).toEqual([2, 2]);
  });

  it("makes pixels that touch at a corner parts of their own, and holes that do so one ring less than pixels", () => {
    const diagonal = golden.find((one) => one.name === "diagonal")!;
    expect(traceWindow(rleToWindow(diagonal.counts, diagonal.height))).toHaveLength(3);
  });

  it.each(["0", "?", "P", "a\u007f", "11"])("refuses or reads malformed counts %j without hanging", (counts) => {
    try {
      rleToWindow(counts, 4);
    } catch (error) {
      expect((error as Error).message).toMatch(/^RLE: /);
    }
  });

  it("round-trips runs beyond 31 bits", () => {
    const runs = [5, 3_000_000_000, 7, 1, 0, 4_000_000_000, 12];
    expect(decodeCounts(encodeCounts(runs))).toEqual(runs);
  });

  it("traces and encodes random masks without loss", () => {
    const random = randomOf(11);
    for (let round = 0; round < 150; round++) {
      const window = randomWindow(random);
      const [width, height] = [window.left + window.width + 2, window.top + window.height + 3];
      const counts = windowToRle(window, width, height);
      const again = rleToWindow(counts, height);
      expect(windowToRle(again, width, height)).toBe(counts);
      const parts = traceWindow(again);
      for (let y = 0; y < window.height; y++) {
        for (let x = 0; x < window.width; x++) {
          const [px, py] = [window.left + x + 0.5, window.top + y + 0.5];
          expect(partsContain(parts, px, py)).toBe(window.pixels[y * window.width + x] === 1);
        }
      }
    }
  });
});

describe("an outline", () => {
  it("of a mask that touches the picture's sides has its area, its box and no vertex too many", () => {
    const random = randomOf(29);
    for (let round = 0; round < 200; round++) {
      const window = { ...randomWindow(random), left: 0, top: 0 };
      // A full column goes on into the next one without a border between them.
      if (round % 3 === 0) window.pixels.forEach((_, offset) => offset % window.width < 2 && (window.pixels[offset] = 1));
      const { width, height } = window;
      const { parts, box, area } = traceRuns(decodeCounts(windowToRle(window, width, height)), height);
      expect([area, box]).toEqual([areaOfWindow(window), boxOfParts(parts)]);
      expect(areaOfParts(parts)).toBe(area);
      expect(parts.flat().every(turnsEverywhere)).toBe(true);
      expect(windowToRle(windowOfParts(parts), width, height)).toBe(windowToRle(window, width, height));
    }
  });

  it("is traced once, when it is asked for", () => {
    const mask = maskOfRle(golden[0].counts, golden[0].height);
    const outline = outlineOf(mask);
    traceAhead(mask);
    expect(outlineOf(mask)).toBe(outline);
    expect(outline.parts).toBe(outline.parts);
    expect(outline.simple).toBe(outline.simple);
  });
});

describe("simplify", () => {
  it("keeps every dropped vertex within the tolerance, and at least a triangle", () => {
    const random = randomOf(3);
    for (let round = 0; round < 60; round++) {
      const parts = traceWindow(randomWindow(random));
      for (const [index, part] of simplifyParts(parts, 1).entries()) {
        part.forEach((ring, r) => {
          expect(ring.length).toBeGreaterThanOrEqual(3);
          for (const [x, y] of parts[index][r]) expect(distanceToRing(ring, x, y)).toBeLessThanOrEqual(1 + 1e-9);
        });
      }
    }
  });
});

function distanceToRing(ring: readonly (readonly [number, number])[], x: number, y: number): number {
  let best = Infinity;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [ax, ay] = ring[j];
    const [dx, dy] = [ring[i][0] - ax, ring[i][1] - ay];
    const length = dx * dx + dy * dy;
    const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length));
    best = Math.min(best, Math.hypot(x - ax - t * dx, y - ay - t * dy));
  }
  return best;
}
