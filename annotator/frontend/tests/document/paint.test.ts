import { describe, expect, it } from "vitest";
import { areaOfWindow, piecesOf, unite, windowOfParts, withoutHoles, withoutSpecks } from "../../src/document/paint";
import type { MaskWindow } from "../../src/document/rle";
import { randomOf, randomWindow, traceWindow } from "../random";

function at(window: MaskWindow, x: number, y: number): number {
  const [column, row] = [x - window.left, y - window.top];
  const inside = column >= 0 && row >= 0 && column < window.width && row < window.height;
  return inside ? window.pixels[row * window.width + column] : 0;
}

function window(...rows: readonly string[]): MaskWindow {
  const pixels = Uint8Array.from(rows.join(""), (letter) => Number(letter === "#"));
  return { left: 3, top: 2, width: rows[0].length, height: rows.length, pixels };
}

const rowsOf = (mask: MaskWindow, width = 12, height = 10): string[] =>
  Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => (at(mask, x, y) ? "#" : ".")).join(""));

describe("painting", () => {
  it("fills traced parts to the very pixels they were traced from", () => {
    const random = randomOf(21);
    for (let round = 0; round < 100; round++) {
      const mask = randomWindow(random);
      expect(rowsOf(windowOfParts(traceWindow(mask)), 20, 20)).toEqual(rowsOf(mask, 20, 20));
    }
  });

  it("joins parts that lie over each other", () => {
    const square = (x: number) => [[[x, 1], [x + 4, 1], [x + 4, 5], [x, 5]] as const];
    expect(areaOfWindow(windowOfParts([square(1), square(3)]))).toBe(24);
  });

  it("fills holes but not bays", () => {
    const filled = withoutHoles(window("####.", "#..#.", "#.##.", "###..", ".#.#."));
    expect(rowsOf(filled).slice(2, 7).map((row) => row.slice(3, 8))).toEqual(["####.", "####.", "####.", "###..", ".#.#."]);
  });

  it("drops specks and keeps the largest piece even if it is one itself", () => {
    expect(areaOfWindow(withoutSpecks(window("##.#", "##..", "...#"), 3))).toBe(4);
    expect(areaOfWindow(withoutSpecks(window("##.#", "##.#", "...."), 2))).toBe(6);
    expect(areaOfWindow(withoutSpecks(window("##.#", "##.#", "...."), 3))).toBe(4);
    expect(areaOfWindow(withoutSpecks(window("#.", ".#"), 5))).toBeGreaterThan(0);
  });

  it("splits into pieces that join to the whole again", () => {
    const random = randomOf(8);
    for (let round = 0; round < 40; round++) {
      const mask = randomWindow(random);
      const pieces = piecesOf(mask);
      expect(pieces.length).toBe(traceWindow(mask).length);
      expect(rowsOf(unite(pieces), 20, 20)).toEqual(rowsOf(mask, 20, 20));
    }
  });
});
