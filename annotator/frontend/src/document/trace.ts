/**
 * A mask's outline along the pixels' edges, straight from its runs: the work grows with the outline, not with the
 * area. The rings decode to that very mask.
 */
import type { Box, Part, Point, Ring } from "./geometry";
import { EMPTY_BOX, partContains, signedArea } from "./geometry";

export interface Traced extends Extent {
  /** In image pixels, each an outer ring with its holes. Every corner where the outline turns is a vertex. */
  readonly parts: Part[];
}

/** Pixels that touch at a corner only belong to different parts, so that no outer ring crosses itself. */
export function traceRuns(runs: readonly number[], height: number): Traced {
  const { box, area } = extentOfRuns(runs, height);
  const columns = columnsOf(runs, height, box);
  const outers: Ring[] = [];
  const holes: Ring[] = [];
  for (const ring of ringsOf(uprightEdges(columns), height)) (signedArea(ring) > 0 ? outers : holes).push(ring);
  const parts: Ring[][] = outers.map((ring) => [ring]);
  for (const hole of holes) parts[ownerOf(hole, outers)].push(hole);
  return { parts, box, area };
}

export interface Extent {
  readonly box: Box;
  /** In pixels. */
  readonly area: number;
}

/** Box and area of a mask, without its outline. */
export function extentOfRuns(runs: readonly number[], height: number): Extent {
  let [x0, y0, x1, y1, area, at] = [Infinity, Infinity, 0, 0, 0, 0];
  for (let i = 0; i < runs.length; i++) {
    const run = runs[i];
    if (i % 2 === 1 && run > 0) {
      const first = Math.floor(at / height);
      const last = Math.floor((at + run - 1) / height);
      x0 = Math.min(x0, first);
      x1 = last + 1;
      y0 = Math.min(y0, first === last ? at - first * height : 0);
      y1 = Math.max(y1, first === last ? at + run - first * height : height);
      area += run;
    }
    at += run;
  }
  return { box: area === 0 ? EMPTY_BOX : { x0, y0, x1, y1 }, area };
}

/** The stretches of a mask, column after column. */
interface Columns {
  readonly box: Box;
  /** Rows from, to, from, to, ... */
  readonly rows: Int32Array;
  /** By column from the box's first one on: where its rows begin; one more, where the last one's end. */
  readonly starts: Int32Array;
}

function columnsOf(runs: readonly number[], height: number, box: Box): Columns {
  const { count, columns, rows } = piecesOf(runs, height);
  const starts = new Int32Array(box.x1 - box.x0 + 1);
  for (let n = 0; n < count; n++) starts[columns[n] - box.x0 + 1] = 2 * n + 2;
  // A column without mask begins and ends where the one before ends.
  for (let x = 1; x < starts.length; x++) starts[x] = Math.max(starts[x], starts[x - 1]);
  return { box, rows, starts };
}

/** The runs of mask, parted where a column ends: of each its column, and its rows from, to. */
function piecesOf(runs: readonly number[], height: number): { count: number; columns: Int32Array; rows: Int32Array } {
  let most = 0;
  for (let i = 1; i < runs.length; i += 2) most += 2 + Math.floor(runs[i] / height);
  const columns = new Int32Array(most);
  const rows = new Int32Array(2 * most);
  let [count, at] = [0, 0];
  for (let i = 0; i < runs.length; i++) {
    const end = at + runs[i];
    while (i % 2 === 1 && at < end) {
      const x = Math.floor(at / height);
      const next = Math.min(end, (x + 1) * height);
      columns[count] = x;
      rows[2 * count] = at - x * height;
      rows[2 * count + 1] = next - x * height;
      count++;
      at = next;
    }
    at = end;
  }
  return { count, columns, rows };
}

/** The upright edges between mask and background, from the left, in each line from the top. Their ends are the corners. */
interface Edges {
  readonly count: number;
  readonly x: Int32Array;
  readonly top: Int32Array;
  readonly bottom: Int32Array;
  /** 1 where the mask lies at the left: the edge runs down, and so has the mask at its right hand. */
  readonly down: Uint8Array;
}

function uprightEdges({ box, rows, starts }: Columns): Edges {
  // Between two columns there are no more edges than the two have stretches.
  const most = rows.length;
  const edges = { count: 0, x: new Int32Array(most), top: new Int32Array(most), bottom: new Int32Array(most), down: new Uint8Array(most) };
  const width = starts.length - 1;
  for (let column = 0; column <= width && width > 0; column++) {
    let left = starts[column === 0 ? 0 : column - 1];
    let right = starts[column];
    const leftEnd = right;
    const rightEnd = starts[column === width ? width : column + 1];
    // Every border of a stretch changes one of the sides; an edge is where only one of them is mask.
    let from = -1;
    while (left < leftEnd || right < rightEnd) {
      const y = Math.min(left < leftEnd ? rows[left] : Infinity, right < rightEnd ? rows[right] : Infinity);
      const wasLeft = left % 2 === 1;
      if (wasLeft !== (right % 2 === 1)) {
        edges.x[edges.count] = box.x0 + column;
        edges.top[edges.count] = from;
        edges.bottom[edges.count] = y;
        edges.down[edges.count++] = wasLeft ? 1 : 0;
      }
      if (left < leftEnd && rows[left] === y) left++;
      if (right < rightEnd && rows[right] === y) right++;
      from = y;
    }
  }
  return edges;
}

/** Outer rings have positive area, holes negative. */
function ringsOf(edges: Edges, height: number): Ring[] {
  const across = levelEdges(edges, height);
  const seen = new Uint8Array(edges.count);
  const rings: Ring[] = [];
  for (let first = 0; first < edges.count; first++) {
    if (seen[first] === 1) continue;
    const ring: Point[] = [];
    let edge = first;
    do {
      seen[edge] = 1;
      const down = edges.down[edge];
      const x = edges.x[edge];
      ring.push([x, down === 1 ? edges.top[edge] : edges.bottom[edge]], [x, down === 1 ? edges.bottom[edge] : edges.top[edge]]);
      edge = across[2 * edge + down] >> 1;
    } while (seen[edge] === 0);
    rings.push(ring);
  }
  return rings;
}

/**
 * By corner, the other end of its level edge. Corner 2n is the top of edge n, and 2n + 1 its bottom. Along a row, corners
 * are the two ends of an edge by turns.
 */
function levelEdges({ count, x, top, bottom, down }: Edges, height: number): Int32Array {
  const order = cornersByRow({ count, top, bottom }, height);
  for (let i = 1; i < order.length; i++) {
    const a = order[i - 1];
    const b = order[i];
    // Two corners at one place, where two pixels touch: each keeps to the edges of its own pixel.
    const touch = x[a >> 1] === x[b >> 1] && a % 2 === 1 && b % 2 === 0 && bottom[a >> 1] === top[b >> 1];
    if (!touch || down[a >> 1] === 1) continue;
    order[i - 1] = b;
    order[i] = a;
  }
  const across = new Int32Array(order.length);
  for (let i = 0; i < order.length; i += 2) {
    across[order[i]] = order[i + 1];
    across[order[i + 1]] = order[i];
  }
  return across;
}

/** Corners row by row, in each row from the left. */
function cornersByRow({ count, top, bottom }: Pick<Edges, "count" | "top" | "bottom">, height: number): Int32Array {
  const places = new Int32Array(height + 2);
  for (let n = 0; n < count; n++) {
    places[top[n] + 1]++;
    places[bottom[n] + 1]++;
  }
  for (let row = 1; row < places.length; row++) places[row] += places[row - 1];
  const order = new Int32Array(2 * count);
  for (let n = 0; n < count; n++) {
    order[places[top[n]]++] = 2 * n;
    order[places[bottom[n]]++] = 2 * n + 1;
  }
  return order;
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
