/** Random values from a seed, so that a failure can be seen again. */
import type { Part } from "../src/document/geometry";
import type { MaskWindow } from "../src/document/rle";
import { decodeCounts, windowToRle } from "../src/document/rle";
import { traceRuns } from "../src/document/trace";

export type Random = () => number;

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

export function whole(random: Random, below: number): number {
  return Math.floor(random() * below);
}

export function oneOf<T>(random: Random, values: readonly T[]): T {
  return values[whole(random, values.length)];
}

/** Noise, blobs and everything between, with at least one pixel. */
export function randomWindow(random: Random): MaskWindow {
  const [width, height] = [1 + whole(random, 14), 1 + whole(random, 14)];
  const density = 0.2 + random() * 0.7;
  const pixels = Uint8Array.from({ length: width * height }, () => Number(random() < density));
  pixels[whole(random, pixels.length)] = 1;
  return { left: whole(random, 5), top: whole(random, 5), width, height, pixels };
}

/** The parts of a mask that lies within the first 40 x 40 pixels. */
export function traceWindow(window: MaskWindow): Part[] {
  return traceRuns(decodeCounts(windowToRle(window, 40, 40)), 40).parts;
}
