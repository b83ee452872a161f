/**
 * COCO's run-length encoding: runs count pixels in column order, starting with the background.
 * A mask here is a window of the picture, so that a small object in a large picture stays small.
 */

export interface MaskWindow {
  /** Image pixels of the window's first pixel. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Row after row, 1 where the mask is. */
  readonly pixels: Uint8Array;
}

export const EMPTY_WINDOW: MaskWindow = { left: 0, top: 0, width: 0, height: 0, pixels: new Uint8Array(0) };

/** Compressed counts -> runs. Throws where they are not COCO's form. Source: rleFrString of pycocotools. */
export function decodeCounts(counts: string): number[] {
  const runs: number[] = [];
  let at = 0;
  while (at < counts.length) {
    let value = 0;
    let scale = 1;
    let code: number;
    do {
      if (at >= counts.length) throw new Error("RLE: counts end in the middle of a run");
      code = counts.charCodeAt(at++) - 48;
      if (code < 0 || code > 63) throw new Error("RLE: counts are not COCO's compressed form");
      value += (code & 31) * scale;
      scale *= 32;
    } while (code & 32);
    // Multiplication, not shifts: a run of a large picture can pass 31 bits.
    if (code & 16) value -= scale;
    if (runs.length > 2) value += runs[runs.length - 2];
    if (value < 0) throw new Error("RLE: a negative run");
    runs.push(value);
  }
  return runs;
}

/** Runs -> compressed counts. Source: rleToString of pycocotools. */
export function encodeCounts(runs: readonly number[]): string {
  let text = "";
  runs.forEach((run, index) => {
    let value = index > 2 ? run - runs[index - 2] : run;
    for (;;) {
      const low = ((value % 32) + 32) % 32;
      value = (value - low) / 32;
      const more = low & 16 ? value !== -1 : value !== 0;
      text += String.fromCharCode((more ? low | 32 : low) + 48);
      if (!more) break;
    }
  });
  return text;
}

/** Pixels of the mask. */
export function areaOfRuns(runs: readonly number[]): number {
  let area = 0;
  for (let i = 1; i < runs.length; i += 2) area += runs[i];
  return area;
}

/** Intersection over union of two masks of one picture; 1 where both are empty. */
export function iouOfRuns(a: readonly number[], b: readonly number[]): number {
  let shared = 0;
  let [i, j] = [0, 0];
  let [endA, endB] = [a[0], b[0]];
  for (let from = 0; i < a.length && j < b.length; ) {
    const to = Math.min(endA, endB);
    if (i % 2 === 1 && j % 2 === 1) shared += to - from;
    from = to;
    if (endA === to) endA += a[++i] ?? 0;
    if (endB === to) endB += b[++j] ?? 0;
  }
  const union = areaOfRuns(a) + areaOfRuns(b) - shared;
  return union === 0 ? 1 : shared / union;
}

/** Compressed counts of a picture -> the window that holds every pixel of the mask. */
export function rleToWindow(counts: string, height: number): MaskWindow {
  const runs = decodeCounts(counts);
  let left = Infinity;
  let right = -1;
  let top = Infinity;
  let bottom = -1;
  eachColumnRun(runs, height, (x, from, to) => {
    if (x < left) left = x;
    if (x > right) right = x;
    if (from < top) top = from;
    if (to > bottom) bottom = to;
  });
  if (right < 0) return EMPTY_WINDOW;
  const width = right - left + 1;
  const rows = bottom - top;
  const pixels = new Uint8Array(width * rows);
  eachColumnRun(runs, height, (x, from, to) => {
    for (let y = from; y < to; y++) pixels[(y - top) * width + (x - left)] = 1;
  });
  return { left, top, width, height: rows, pixels };
}

/** Calls back for each stretch of mask within one column: rows `from` up to but not including `to`. */
export function eachColumnRun(
  runs: readonly number[],
  height: number,
  visit: (x: number, from: number, to: number) => void,
): void {
  let position = 0;
  runs.forEach((run, index) => {
    if (index % 2 === 1) {
      for (let at = position; at < position + run; ) {
        const x = Math.floor(at / height);
        const from = at - x * height;
        const to = Math.min(height, from + position + run - at);
        visit(x, from, to);
        at += to - from;
      }
    }
    position += run;
  });
}

/** The window's mask as compressed counts of a picture of `width` x `height`; what lies outside the picture is cut off. */
export function windowToRle(window: MaskWindow, width: number, height: number): string {
  const runs: number[] = [];
  const { left, top, pixels } = window;
  const [firstColumn, lastColumn] = [Math.max(0, left), Math.min(width, left + window.width)];
  const [firstRow, lastRow] = [Math.max(0, top), Math.min(height, top + window.height)];
  let value = 0;
  let begin = 0;
  const turn = (at: number): void => {
    runs.push(at - begin);
    begin = at;
    value = 1 - value;
  };
  for (let x = firstColumn; x < lastColumn && firstRow < lastRow; x++) {
    let pixel = (firstRow - top) * window.width + x - left;
    for (let y = firstRow; y < lastRow; y++, pixel += window.width) if (pixels[pixel] !== value) turn(x * height + y);
    if (value === 1 && lastRow < height) turn(x * height + lastRow);
    // Where the mask reaches the last row, the next column may go on with it.
    if (value === 1 && (firstRow > 0 || x + 1 === lastColumn)) turn((x + 1) * height);
  }
  if (width * height > begin || runs.length === 0) runs.push(width * height - begin);
  return encodeCounts(runs);
}
