/**
 * A mask's outline along the pixels' edges, straight from its runs: the work grows with the outline, not with the
 * area. The rings decode to that very mask.
 */
import type { Box, Part, Point, Ring } from "./geometry";
import { EMPTY_BOX, partContains, signedArea } from "./geometry";

export interface Traced {
  /** In image pixels, each an outer ring with its holes. Every corner where the outline turns is a vertex. */
  readonly parts: Part[];
  readonly box: Box;
  /** In pixels. */
  readonly area: number;
}

/** Pixels that touch at a corner only belong to different parts, so that no outer ring crosses itself. */
export function traceRuns(runs: readonly number[], height: number): Traced {
  const columns = columnsOf(runs, height);
  const outers: Ring[] = [];
  const holes: Ring[] = [];
  for (const ring of ringsOf(uprightEdges(columns), height)) (signedArea(ring) > 0 ? outers : holes).push(ring);
  const parts: Ring[][] = outers.map((ring) => [ring]);
  for (const hole of holes) parts[ownerOf(hole, outers)].push(hole);
  return { parts, box: columns.box, area: columns.area };
}

/** The stretches of a mask, column after column. */
interface Columns {
  readonly box: Box;
  readonly area: number;
  /** Rows from, to, from, to, ... */
  readonly rows: Int32Array;
  /** By column from the box's first one on: where its rows begin; one more, where the last one's end. */
  readonly starts: Int32Array;
}

function columnsOf(runs: readonly number[], height: number): Columns {
  const pieces = piecesOf(runs, height);
  if (pieces.count === 0) return { box: EMPTY_BOX, area: 0, rows: pieces.rows, starts: new Int32Array(1) };
  const { count, columns, rows } = pieces;
  const [x0, x1] = [columns[0], columns[count - 1] + 1];
  const starts = new Int32Array(x1 - x0 + 1);
  let [y0, y1, area] = [height, 0, 0];
  for (let n = 0; n < count; n++) {
    starts[columns[n] - x0 + 1] = 2 * n + 2;
    y0 = Math.min(y0, rows[2 * n]);
    y1 = Math.max(y1, rows[2 * n + 1]);
    area += rows[2 * n + 1] - rows[2 * n];
  }
  // A column without mask begins and ends where the one before ends.
  for (let x = 1; x < starts.length; x++) starts[x] = Math.max(starts[x], starts[x - 1]);
  return { box: { x0, y0, x1, y1 }, area, rows, starts };
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
    let [left, leftEnd] = column === 0 ? [0, 0] : [starts[column - 1], starts[column]];
    let [right, rightEnd] = column === width ? [0, 0] : [starts[column], starts[column + 1]];
    // Every border of a stretch changes one of the sides; an edge is where only one of them is mask.
    let from = -1;
    while (left < leftEnd || right < rightEnd) {
      const y = Math.min(left < leftEnd ? rows[left] : Infinity, right < rightEnd ? rows[right] : Infinity);
      const [wasLeft, wasRight] = [left % 2 === 1, right % 2 === 1];
      if (wasLeft !== wasRight && from < y) {
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
      const [x, down] = [edges.x[edge], edges.down[edge]];
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
    const [a, b] = [order[i - 1], order[i]];
    // Two corners at one place, where two pixels touch: each keeps to the edges of its own pixel.
    const touch = x[a >> 1] === x[b >> 1] && a % 2 === 1 && b % 2 === 0 && bottom[a >> 1] === top[b >> 1];
    if (touch && down[a >> 1] === 0) [order[i - 1], order[i]] = [b, a];
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
