/** Points, rings and boxes in image pixels: continuous x, y; the box [0, 0, 1, 1] holds the first pixel. */

export type Point = readonly [x: number, y: number];
/** A closed line through its points; the last one joins the first. */
export type Ring = readonly Point[];
/** One polygon of a mask: its outer ring, then its holes. */
export type Part = readonly Ring[];

export interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export const EMPTY_BOX: Box = { x0: 0, y0: 0, x1: 0, y1: 0 };

/** The tight box around the outer rings; EMPTY_BOX where there are none. */
export function boxOfParts(parts: readonly Part[]): Box {
  let x0 = Infinity;
  let y0 = Infinity;
  let x1 = -Infinity;
  let y1 = -Infinity;
  for (const part of parts) {
    for (const [x, y] of part[0] ?? []) {
      if (x < x0) x0 = x;
      if (x > x1) x1 = x;
      if (y < y0) y0 = y;
      if (y > y1) y1 = y;
    }
  }
  return x0 <= x1 ? { x0, y0, x1, y1 } : EMPTY_BOX;
}

export function boxOfPoints(a: Point, b: Point): Box {
  return { x0: Math.min(a[0], b[0]), y0: Math.min(a[1], b[1]), x1: Math.max(a[0], b[0]), y1: Math.max(a[1], b[1]) };
}

export function partsOfBox({ x0, y0, x1, y1 }: Box): Part[] {
  return [[[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]]];
}

export function unionOfBoxes(boxes: readonly Box[]): Box {
  if (boxes.length === 0) return EMPTY_BOX;
  return {
    x0: Math.min(...boxes.map((box) => box.x0)),
    y0: Math.min(...boxes.map((box) => box.y0)),
    x1: Math.max(...boxes.map((box) => box.x1)),
    y1: Math.max(...boxes.map((box) => box.y1)),
  };
}

/** Positive where the ring runs clockwise on the screen (y points down). */
export function signedArea(ring: Ring): number {
  let sum = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    sum += ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1];
  }
  return sum / 2;
}

export function areaOfParts(parts: readonly Part[]): number {
  let area = 0;
  for (const part of parts) {
    part.forEach((ring, index) => {
      area += (index === 0 ? 1 : -1) * Math.abs(signedArea(ring));
    });
  }
  return area;
}

/** Even-odd rule over all rings of one part. */
export function partContains(part: Part, x: number, y: number): boolean {
  let inside = false;
  for (const ring of part) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [xi, yi] = ring[i];
      const [xj, yj] = ring[j];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
  }
  return inside;
}

export function partsContain(parts: readonly Part[], x: number, y: number): boolean {
  return parts.some((part) => partContains(part, x, y));
}

export interface NearEdge {
  readonly distance: number;
  readonly part: number;
  readonly ring: number;
  /** The edge runs from this vertex to the next. */
  readonly vertex: number;
  readonly point: Point;
}

/** The nearest place on any edge, or null where everything is farther than `reach`. */
export function nearestEdge(parts: readonly Part[], x: number, y: number, reach: number): NearEdge | null {
  let best: NearEdge | null = null;
  let limit = reach;
  for (let p = 0; p < parts.length; p++) {
    for (let r = 0; r < parts[p].length; r++) {
      const ring = parts[p][r];
      for (let v = 0; v < ring.length; v++) {
        const point = projectOnSegment(ring[v], ring[(v + 1) % ring.length], x, y);
        const distance = Math.hypot(point[0] - x, point[1] - y);
        if (distance <= limit) {
          limit = distance;
          best = { distance, part: p, ring: r, vertex: v, point };
        }
      }
    }
  }
  return best;
}

function projectOnSegment(a: Point, b: Point, x: number, y: number): Point {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - a[0]) * dx + (y - a[1]) * dy) / length));
  return [a[0] + t * dx, a[1] + t * dy];
}

export interface VertexIndex {
  readonly part: number;
  readonly ring: number;
  readonly vertex: number;
}

export function mapPoints(parts: readonly Part[], move: (point: Point) => Point): Part[] {
  return parts.map((part) => part.map((ring) => ring.map(move)));
}

/** Parts with one ring replaced; a ring of fewer than three points goes, and an outer ring takes its holes along. */
export function withRing(parts: readonly Part[], part: number, ring: number, points: Ring): Part[] {
  const result: Part[] = [];
  parts.forEach((rings, p) => {
    if (p !== part) return void result.push(rings);
    if (points.length < 3 && ring === 0) return;
    result.push(rings.map((old, r) => (r === ring ? points : old)).filter((kept) => kept.length >= 3));
  });
  return result;
}

/** Moves all points of one box to another, sides kept in proportion; a flat source box keeps its flat side. */
export function fitParts(parts: readonly Part[], from: Box, to: Box): Part[] {
  const scaleX = from.x1 > from.x0 ? (to.x1 - to.x0) / (from.x1 - from.x0) : 1;
  const scaleY = from.y1 > from.y0 ? (to.y1 - to.y0) / (from.y1 - from.y0) : 1;
  return mapPoints(parts, ([x, y]) => [to.x0 + (x - from.x0) * scaleX, to.y0 + (y - from.y0) * scaleY]);
}

export function clampPoint(point: Point, width: number, height: number): Point {
  return [Math.max(0, Math.min(width, point[0])), Math.max(0, Math.min(height, point[1]))];
}

/** Coordinates are sent with two decimals: a hundredth of a pixel is below what any mask can show. */
export function rounded(parts: readonly Part[]): Part[] {
  return mapPoints(parts, ([x, y]) => [Math.round(x * 100) / 100, Math.round(y * 100) / 100]);
}
