/**
 * A mask's outline along the pixels' edges, straight from its runs: the work grows with the outline, not with the
 * area. The rings decode to that very mask.
 */
import type { Box, Part, Point, Ring } from "./geometry";
import { EMPTY_BOX, partContains, signedArea } from "./geometry";
import { eachColumnRun } from "./rle";

export interface Traced {
  /** In image pixels, each an outer ring with its holes. Every corner where the outline turns is a vertex. */
  readonly parts: Part[];
  readonly box: Box;
  /** In pixels. */
  readonly area: number;
}

/** Rows [from, to, from, to, ...] of one column, in order. */
type Intervals = readonly number[];

const NONE: Intervals = [];
const RIGHT = 0;
const DOWN = 1;
const LEFT = 2;
const UP = 3;

/** Pixels that touch at a corner only belong to different parts, so that no outer ring crosses itself. */
export function traceRuns(runs: readonly number[], height: number): Traced {
  const columns = new Map<number, number[]>();
  let box = EMPTY_BOX;
  let area = 0;
  eachColumnRun(runs, height, (x, from, to) => {
    const column = columns.get(x);
    if (column === undefined) columns.set(x, [from, to]);
    else column.push(from, to);
    area += to - from;
    box =
      box === EMPTY_BOX
        ? { x0: x, y0: from, x1: x + 1, y1: to }
        : { x0: box.x0, y0: Math.min(box.y0, from), x1: x + 1, y1: Math.max(box.y1, to) };
  });
  const outers: Ring[] = [];
  const holes: Ring[] = [];
  for (const ring of new Edges(columns, height).rings()) (signedArea(ring) > 0 ? outers : holes).push(ring);
  const parts: Ring[][] = outers.map((ring) => [ring]);
  for (const hole of holes) parts[ownerOf(hole, outers)].push(hole);
  return { parts, box, area };
}

/**
 * The edges between mask and background, directed so that the mask lies at their right hand. Horizontal ones are a
 * pixel long; vertical ones run from turn to turn.
 */
class Edges {
  /** Where an edge begins and its direction, in one number -> the row where it ends. */
  private readonly ends = new Map<number, number>();
  private readonly vertical: number[] = [];
  private readonly stride: number;

  constructor(columns: ReadonlyMap<number, Intervals>, height: number) {
    this.stride = height + 1;
    for (const [x, column] of columns) {
      for (let i = 0; i < column.length; i += 2) {
        this.ends.set(this.name(x, column[i], RIGHT), column[i]);
        this.ends.set(this.name(x + 1, column[i + 1], LEFT), column[i + 1]);
      }
      eachDifference(column, columns.get(x + 1) ?? NONE, (from, to) => this.addVertical(x + 1, from, DOWN, to));
      eachDifference(column, columns.get(x - 1) ?? NONE, (from, to) => this.addVertical(x, to, UP, from));
    }
  }

  /** Outer rings have positive area, holes negative. */
  rings(): Ring[] {
    const rings: Ring[] = [];
    // Each ring has vertical edges, and each of them begins at a turn.
    for (const first of this.vertical) if (this.ends.has(first)) rings.push(this.follow(first));
    return rings;
  }

  private follow(first: number): Ring {
    const ring: Point[] = [];
    let edge = first;
    let heading = -1;
    do {
      const direction = edge % 4;
      const corner = (edge - direction) / 4;
      const y = corner % this.stride;
      const x = (corner - y) / this.stride;
      if (direction !== heading) ring.push([x, y]);
      const end = this.ends.get(edge)!;
      this.ends.delete(edge);
      heading = direction;
      edge = this.after(x + (direction === RIGHT ? 1 : direction === LEFT ? -1 : 0), end, heading, first);
    } while (edge !== first);
    return ring;
  }

  /** Where two pixels touch at a corner, turning right stays on the mask's own pixel and keeps the two rings apart. */
  private after(x: number, y: number, heading: number, first: number): number {
    for (const turn of [1, 0, 3]) {
      const edge = this.name(x, y, (heading + turn) % 4);
      if (edge === first || this.ends.has(edge)) return edge;
    }
    throw new Error("RLE: an outline that does not close");
  }

  private addVertical(x: number, from: number, direction: number, to: number): void {
    const edge = this.name(x, from, direction);
    this.ends.set(edge, to);
    this.vertical.push(edge);
  }

  private name(x: number, y: number, direction: number): number {
    return (x * this.stride + y) * 4 + direction;
  }
}

/** The stretches of `a` that are not in `b`. */
function eachDifference(a: Intervals, b: Intervals, visit: (from: number, to: number) => void): void {
  let j = 0;
  for (let i = 0; i < a.length; i += 2) {
    let from = a[i];
    const to = a[i + 1];
    while (j < b.length && b[j + 1] <= from) j += 2;
    for (let k = j; k < b.length && b[k] < to; k += 2) {
      if (b[k] > from) visit(from, b[k]);
      from = Math.max(from, b[k + 1]);
    }
    if (from < to) visit(from, to);
  }
}

/** The smallest outer ring around a hole: with an island inside a hole, two or more rings contain it. */
function ownerOf(hole: Ring, outers: readonly Ring[]): number {
  if (outers.length === 1) return 0;
  // Half a pixel to the right of the first edge is a pixel of the owner.
  const [a, b] = hole;
  const x = a[0] - Math.sign(b[1] - a[1]) * 0.5 + Math.sign(b[0] - a[0]) * 0.5;
  const y = a[1] + Math.sign(b[0] - a[0]) * 0.5 + Math.sign(b[1] - a[1]) * 0.5;
  let best = 0;
  let size = Infinity;
  outers.forEach((outer, index) => {
    if (!partContains([outer], x, y)) return;
    const area = signedArea(outer);
    if (area < size) {
      size = area;
      best = index;
    }
  });
  return best;
}
