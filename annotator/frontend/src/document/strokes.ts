/** A brush stroke laid on a mask, or taken off it, run by run: the work grows with the outline, not with the area. */
import type { Point } from "./geometry";

/** Beginnings and ends of stretches, in order and apart; of one column, or of all columns one after the other. */
type Stretches = number[];

/** A pixel whose centre lies on the border is in, whatever the last digits say. */
const SLACK = 1e-9;

/** What a stroke covers of a picture, point by point as the hand goes on: its end has little left to do. */
export class Stroke {
  private readonly columns = new Map<number, Stretches>();
  private last: Point | null = null;

  /** All in image pixels. */
  constructor(
    readonly radius: number,
    private readonly width: number,
    private readonly height: number,
  ) {}

  /** A line from the point before to this one; what lies outside the picture is left out. */
  add(b: Point): void {
    const a = this.last ?? b;
    this.last = b;
    const { radius, width, height } = this;
    const first = Math.max(0, Math.floor(Math.min(a[0], b[0]) - radius));
    const last = Math.min(width - 1, Math.ceil(Math.max(a[0], b[0]) + radius));
    for (let x = first; x <= last; x++) {
      const [low, high] = reachInColumn(a, b, radius, x + 0.5);
      const from = Math.max(0, Math.ceil(low - 0.5 - SLACK));
      const to = Math.min(height, Math.floor(high - 0.5 + SLACK) + 1);
      if (to > from) addTo(this.columns, x, from, to);
    }
  }

  /** Runs of a mask of the picture -> runs with what the stroke covers, or without it. */
  laidOn(runs: readonly number[], does: "paints" | "erases"): number[] {
    const mask = stretchesOf(runs);
    const result = does === "erases" ? subtract(mask, this.stretches()) : joined(mask, this.stretches());
    return runsOf(result, this.width * this.height);
  }

  private stretches(): Stretches {
    const stretches: Stretches = [];
    for (const x of [...this.columns.keys()].sort((a, b) => a - b)) {
      for (const row of merged(this.columns.get(x)!)) stretches.push(x * this.height + row);
    }
    return stretches;
  }
}

/** Most of a stroke's steps overlap the one before: they only make the last stretch of a column longer. */
function addTo(columns: Map<number, Stretches>, x: number, from: number, to: number): void {
  const column = columns.get(x);
  if (column === undefined) return void columns.set(x, [from, to]);
  const last = column.length - 2;
  if (from <= column[last + 1] && to >= column[last]) {
    column[last] = Math.min(column[last], from);
    column[last + 1] = Math.max(column[last + 1], to);
  } else {
    column.push(from, to);
  }
}

/** Where the points within `radius` of the line from a to b lie at one x: it is convex, so from a lowest to a highest y. */
function reachInColumn(a: Point, b: Point, radius: number, x: number): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  const add = (from: number, to: number): void => {
    if (from > to) return;
    low = Math.min(low, from);
    high = Math.max(high, to);
  };
  for (const [cx, cy] of [a, b]) {
    const half = Math.sqrt(radius * radius - (x - cx) * (x - cx));
    if (!Number.isNaN(half)) add(cy - half, cy + half);
  }
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = Math.hypot(dx, dy);
  if (length > 0) add(...besideLine(x - a[0], dx / length, dy / length, length, radius).map((y) => y + a[1]) as [number, number]);
  return [low, high];
}

/** The same for the line without its round ends: at `x` from its beginning, along the direction (ux, uy). */
function besideLine(x: number, ux: number, uy: number, length: number, radius: number): [low: number, high: number] {
  // At the side: |x * uy - y * ux| <= radius. Between the ends: 0 <= x * ux + y * uy <= length.
  const side = between(x * uy - radius, x * uy + radius, ux);
  const along = between(-x * ux, length - x * ux, uy);
  return [Math.max(side[0], along[0]), Math.min(side[1], along[1])];
}

/** The values of y with from <= y * factor <= to. */
function between(from: number, to: number, factor: number): [low: number, high: number] {
  if (factor === 0) return from <= 0 && to >= 0 ? [-Infinity, Infinity] : [Infinity, -Infinity];
  return factor > 0 ? [from / factor, to / factor] : [to / factor, from / factor];
}

function merged(column: Stretches): Stretches {
  if (column.length === 2) return column;
  const pairs = Array.from({ length: column.length / 2 }, (_, n) => [column[2 * n], column[2 * n + 1]] as const);
  const result: Stretches = [];
  for (const [from, to] of pairs.sort((a, b) => a[0] - b[0])) append(result, from, to);
  return result;
}

/** Adds a stretch that begins at or after the last one's beginning. */
function append(stretches: Stretches, from: number, to: number): void {
  const last = stretches.length - 1;
  if (last > 0 && from <= stretches[last]) stretches[last] = Math.max(stretches[last], to);
  else stretches.push(from, to);
}

function joined(a: Stretches, b: Stretches): Stretches {
  const result: Stretches = [];
  for (let [i, j] = [0, 0]; i < a.length || j < b.length; ) {
    const first = j >= b.length || (i < a.length && a[i] <= b[j]);
    if (first) append(result, a[i++], a[i++]);
    else append(result, b[j++], b[j++]);
  }
  return result;
}

function subtract(a: Stretches, b: Stretches): Stretches {
  const result: Stretches = [];
  let j = 0;
  for (let i = 0; i < a.length; i += 2) {
    let from = a[i];
    while (j < b.length && b[j + 1] <= from) j += 2;
    for (let k = j; k < b.length && b[k] < a[i + 1]; k += 2) {
      if (b[k] > from) append(result, from, b[k]);
      from = Math.max(from, b[k + 1]);
    }
    if (from < a[i + 1]) append(result, from, a[i + 1]);
  }
  return result;
}

function stretchesOf(runs: readonly number[]): Stretches {
  const stretches: Stretches = [];
  let at = 0;
  runs.forEach((run, index) => {
    if (index % 2 === 1 && run > 0) append(stretches, at, at + run);
    at += run;
  });
  return stretches;
}

function runsOf(stretches: Stretches, length: number): number[] {
  const runs: number[] = [];
  let at = 0;
  for (const border of stretches) {
    runs.push(border - at);
    at = border;
  }
  if (at < length || runs.length === 0) runs.push(length - at);
  return runs;
}
