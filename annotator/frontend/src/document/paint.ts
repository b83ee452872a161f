/** Masks as pixels: polygons filled, holes filled, specks dropped, masks joined. */
import type { Box, Part } from "./geometry";
import { boxOfParts } from "./geometry";
import type { MaskWindow } from "./rle";
import { EMPTY_WINDOW, decodeCounts, rleToWindow, windowToRle } from "./rle";
import type { Mask } from "./scene";
import { maskOfRle } from "./scene";

/** The runs are the truth where they are known: the server's own rasterisation of what was drawn. */
export function windowOfMask(mask: Mask): MaskWindow {
  return mask.rle === null ? windowOfParts(mask.parts ?? []) : rleToWindow(mask.rle, mask.height);
}

/** The mask's runs in a picture of `width` columns. */
export function runsOfMask(mask: Mask, width: number): number[] {
  return decodeCounts(mask.rle ?? windowToRle(windowOfMask(mask), width, mask.height));
}

export function maskOfWindow(window: MaskWindow, width: number, height: number): Mask {
  return maskOfRle(windowToRle(window, width, height), height);
}

export function areaOfWindow(window: MaskWindow): number {
  let area = 0;
  for (const pixel of window.pixels) area += pixel;
  return area;
}

/** Union of the parts; a pixel belongs to a part where its centre does, by the even-odd rule over the part's rings. */
export function windowOfParts(parts: readonly Part[]): MaskWindow {
  const window = emptyWindow(boxOfParts(parts));
  for (const part of parts) fillPart(window, part);
  return window;
}

function fillPart(window: MaskWindow, part: Part): void {
  const { left, top, width, height, pixels } = window;
  for (let row = 0; row < height; row++) {
    const y = top + row + 0.5;
    const crossings: number[] = [];
    for (const ring of part) {
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
        const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
        if (yi > y !== yj > y) crossings.push(((xj - xi) * (y - yi)) / (yj - yi) + xi);
      }
    }
    crossings.sort((a, b) => a - b);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const from = Math.max(0, Math.ceil(crossings[pair] - left - 0.5));
      const to = Math.min(width, Math.ceil(crossings[pair + 1] - left - 0.5));
      if (to > from) pixels.fill(1, row * width + from, row * width + to);
    }
  }
}

export function unite(windows: readonly MaskWindow[]): MaskWindow {
  return windows.filter((one) => one.width > 0).reduce((sum, one) => {
    const result = grown(sum, boxOfWindow(one));
    eachPixel(one, (x, y) => (result.pixels[(y - result.top) * result.width + (x - result.left)] = 1));
    return result;
  }, EMPTY_WINDOW);
}

/** Intersection over union; 1 where both are empty. */
export function iouOfWindows(a: MaskWindow, b: MaskWindow): number {
  const union = areaOfWindow(unite([a, b]));
  return union === 0 ? 1 : (areaOfWindow(a) + areaOfWindow(b) - union) / union;
}

/** Every hole becomes mask: what cannot be reached from outside. */
export function withoutHoles(window: MaskWindow): MaskWindow {
  const { left, top, width, height } = window;
  const wide = grown(window, { x0: left - 1, y0: top - 1, x1: left + width + 1, y1: top + height + 1 });
  const outside = new Uint8Array(wide.pixels.length);
  flood(wide, outside, 0, 0);
  const pixels = outside.map((reached) => 1 - reached);
  return { ...wide, pixels };
}

/** Only the connected pieces of at least `smallest` pixels stay; the largest one always does. */
export function withoutSpecks(window: MaskWindow, smallest: number): MaskWindow {
  const seen = new Uint8Array(window.pixels.length);
  const pieces: { offset: number; area: number }[] = [];
  window.pixels.forEach((pixel, offset) => {
    if (pixel === 1 && seen[offset] === 0) pieces.push({ offset, area: flood(window, seen, offset, 1) });
  });
  const largest = Math.max(0, ...pieces.map((piece) => piece.area));
  const kept = new Uint8Array(window.pixels.length);
  for (const { offset, area } of pieces) if (area >= smallest || area === largest) flood(window, kept, offset, 1);
  return { ...window, pixels: kept };
}

/** The connected pieces, each a window of its own. */
export function piecesOf(window: MaskWindow): MaskWindow[] {
  const seen = new Uint8Array(window.pixels.length);
  const pieces: MaskWindow[] = [];
  window.pixels.forEach((pixel, offset) => {
    if (pixel === 0 || seen[offset] === 1) return;
    const piece = new Uint8Array(window.pixels.length);
    flood(window, piece, offset, 1);
    piece.forEach((own, index) => (seen[index] |= own));
    pieces.push({ ...window, pixels: piece });
  });
  return pieces;
}

/** Marks all pixels of one value that hang together with the first one (4 neighbours); returns how many. */
function flood(window: MaskWindow, marks: Uint8Array, first: number, value: 0 | 1): number {
  const { width, pixels } = window;
  const stack = [first];
  marks[first] = 1;
  let count = 0;
  while (stack.length > 0) {
    const offset = stack.pop()!;
    const column = offset % width;
    count++;
    const around = [offset - width, offset + width, column > 0 ? offset - 1 : -1, column < width - 1 ? offset + 1 : -1];
    for (const next of around) {
      if (next < 0 || next >= pixels.length || marks[next] === 1 || pixels[next] !== value) continue;
      marks[next] = 1;
      stack.push(next);
    }
  }
  return count;
}

function emptyWindow(box: Box): MaskWindow {
  const [left, top] = [Math.floor(box.x0), Math.floor(box.y0)];
  const [width, height] = [Math.max(0, Math.ceil(box.x1) - left), Math.max(0, Math.ceil(box.y1) - top)];
  return { left, top, width, height, pixels: new Uint8Array(width * height) };
}

/** A copy that also holds the box. */
function grown(window: MaskWindow, box: Box): MaskWindow {
  if (window.width === 0) return emptyWindow(box);
  const own = boxOfWindow(window);
  const result = emptyWindow({
    x0: Math.min(own.x0, box.x0),
    y0: Math.min(own.y0, box.y0),
    x1: Math.max(own.x1, box.x1),
    y1: Math.max(own.y1, box.y1),
  });
  for (let row = 0; row < window.height; row++) {
    const from = (window.top + row - result.top) * result.width + (window.left - result.left);
    result.pixels.set(window.pixels.subarray(row * window.width, (row + 1) * window.width), from);
  }
  return result;
}

function boxOfWindow({ left, top, width, height }: MaskWindow): Box {
  return { x0: left, y0: top, x1: left + width, y1: top + height };
}

function eachPixel(window: MaskWindow, visit: (x: number, y: number) => void): void {
  window.pixels.forEach((pixel, offset) => {
    if (pixel === 1) visit(window.left + (offset % window.width), window.top + Math.floor(offset / window.width));
  });
}
