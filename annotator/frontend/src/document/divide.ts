/** One mask made two by a line across it. No pixel is lost: those under the line go with a side. */
import type { Point } from "./geometry";
import { areaOfWindow, piecesOf } from "./paint";
import type { MaskWindow } from "./rle";

/** What a line leaves of a piece counts as a side of its own from this share of it on; less is a crumb beside the line. */
const SIDE = 0.02;

export interface Sides {
  /** The largest side, with all that the line does not part. */
  readonly kept: MaskWindow;
  /** All other sides. */
  readonly away: MaskWindow;
}

/** Null where the line does not run right through any connected piece of the mask. */
export function divide(window: MaskWindow, line: readonly Point[]): Sides | null {
  const blade = pixelsOf(line, window);
  const away = new Uint8Array(window.pixels.length);
  for (const piece of piecesOf(window)) {
    if (!blade.some((offset) => piece.pixels[offset] === 1)) continue;
    const sides = sidesOf(piece, blade);
    if (sides === null) continue;
    sides.forEach((side, offset) => {
      if (side > 1) away[offset] = 1;
    });
  }
  const rest = window.pixels.map((pixel, offset) => pixel & (1 - away[offset]));
  const [parted, kept] = [{ ...window, pixels: away }, { ...window, pixels: rest }];
  return areaOfWindow(parted) === 0 || areaOfWindow(kept) === 0 ? null : { kept, away: parted };
}

/** For each pixel of a piece the number of its side, the largest being 1; null where there is only one. */
function sidesOf(piece: MaskWindow, blade: readonly number[]): Uint16Array | null {
  const pixels = piece.pixels.slice();
  for (const offset of blade) pixels[offset] = 0;
  const smallest = Math.max(2, SIDE * areaOfWindow(piece));
  const pieces = piecesOf({ ...piece, pixels })
    .map((one) => ({ one, area: areaOfWindow(one) }))
    .filter(({ area }) => area >= smallest)
    .sort((a, b) => b.area - a.area);
  if (pieces.length < 2) return null;
  const sides = new Uint16Array(pixels.length);
  pieces.forEach(({ one }, index) => one.pixels.forEach((pixel, offset) => pixel === 1 && (sides[offset] = index + 1)));
  grow(sides, piece);
  return sides;
}

/** What has no side yet, under the line and beside it, takes that of its nearest neighbour, ring by ring. */
function grow(sides: Uint16Array, { width, pixels }: MaskWindow): void {
  let front: number[] = [];
  sides.forEach((side, offset) => side > 0 && front.push(offset));
  while (front.length > 0) {
    const next: number[] = [];
    for (const offset of front) {
      const column = offset % width;
      const around = [offset - width, offset + width, column > 0 ? offset - 1 : -1, column < width - 1 ? offset + 1 : -1];
      for (const beside of around) {
        if (beside < 0 || beside >= pixels.length || pixels[beside] === 0 || sides[beside] > 0) continue;
        sides[beside] = sides[offset];
        next.push(beside);
      }
    }
    front = next;
  }
}

/** Places in the window that the line runs over, so close that nothing slips through between two of them. */
function pixelsOf(line: readonly Point[], { left, top, width, height }: MaskWindow): number[] {
  const offsets = new Set<number>();
  line.slice(1).forEach(([x1, y1], index) => {
    const [x0, y0] = line[index];
    const steps = Math.max(1, Math.ceil(2 * Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0))));
    for (let step = 0; step <= steps; step++) {
      const column = Math.floor(x0 + ((x1 - x0) * step) / steps) - left;
      const row = Math.floor(y0 + ((y1 - y0) * step) / steps) - top;
      if (column >= 0 && row >= 0 && column < width && row < height) offsets.add(row * width + column);
    }
  });
  return [...offsets];
}
