/** Fewer vertices for a ring, within a tolerance. */
import type { Part, Point, Ring } from "./geometry";

/**
 * Douglas-Peucker for a closed ring: no dropped vertex lies farther than `tolerance` image pixels from the result.
 * The ring is split at two far points, so that the start does not matter much. Never fewer than three points.
 */
export function simplifyRing(ring: Ring, tolerance: number): Ring {
  if (ring.length <= 4) return ring;
  const first = farthestFrom(ring, 0);
  const second = farthestFrom(ring, first);
  const [low, high] = first < second ? [first, second] : [second, first];
  const keep = new Uint8Array(ring.length + 1);
  keep[low] = keep[high] = 1;
  const numbers = numbersOf(ring);
  mark(numbers, low, high, tolerance, keep);
  mark(numbers, high, low + ring.length, tolerance, keep);
  const kept = ring.filter((_, index) => keep[index] === 1);
  return kept.length >= 3 ? kept : withThirdPoint(ring, low, high);
}

export function simplifyParts(parts: readonly Part[], tolerance: number): Part[] {
  return parts.map((part) => part.map((ring) => simplifyRing(ring, tolerance)));
}

function farthestFrom(ring: Ring, from: number): number {
  let best = from === 0 ? 1 : 0;
  let far = -1;
  for (let i = 0; i < ring.length; i++) {
    const distance = (ring[i][0] - ring[from][0]) ** 2 + (ring[i][1] - ring[from][1]) ** 2;
    if (distance > far) {
      far = distance;
      best = i;
    }
  }
  return best;
}

/** x, y of every vertex, twice over: a stretch may run past the ring's end. */
function numbersOf(ring: Ring): Float64Array {
  const count = ring.length;
  const numbers = new Float64Array(4 * count);
  for (let i = 0; i < 2 * count; i++) {
    const point = ring[i % count];
    numbers[2 * i] = point[0];
    numbers[2 * i + 1] = point[1];
  }
  return numbers;
}

/** Marks what to keep strictly between two indices; `end` may run past the ring's end and wraps. */
function mark(numbers: Float64Array, start: number, end: number, tolerance: number, keep: Uint8Array): void {
  const count = numbers.length / 4;
  const stack: [number, number][] = [[start, end]];
  while (stack.length > 0) {
    const [from, to] = stack.pop()!;
    const at = farthestBetween(numbers, from, to, tolerance);
    if (at < 0) continue;
    keep[at % count] = 1;
    stack.push([from, at], [at, to]);
  }
}

/** The vertex farthest from the line between two others; -1 where none lies farther than `tolerance`. */
function farthestBetween(numbers: Float64Array, from: number, to: number, tolerance: number): number {
  const [ax, ay] = [numbers[2 * from], numbers[2 * from + 1]];
  const [dx, dy] = [numbers[2 * to] - ax, numbers[2 * to + 1] - ay];
  const length = dx * dx + dy * dy;
  let far = tolerance * tolerance;
  let at = -1;
  // As squaredDistance has it. A ring of a large picture has 10,000 vertices, each looked at ten times: no call for each.
  for (let i = from + 1; i < to; i++) {
    const px = numbers[2 * i] - ax;
    const py = numbers[2 * i + 1] - ay;
    const along = length === 0 ? 0 : (px * dx + py * dy) / length;
    const t = along < 0 ? 0 : along > 1 ? 1 : along;
    const x = px - t * dx;
    const y = py - t * dy;
    const distance = x * x + y * y;
    if (distance > far) {
      far = distance;
      at = i;
    }
  }
  return at;
}

/** Between a point and the line from a to b; without a root, as only its order counts. */
function squaredDistance(p: Point, a: Point, b: Point): number {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length));
  const x = p[0] - a[0] - t * dx;
  const y = p[1] - a[1] - t * dy;
  return x * x + y * y;
}

/** A ring that collapsed to a line gets back the vertex that stands out most. */
function withThirdPoint(ring: Ring, low: number, high: number): Ring {
  let best = -1;
  let far = -1;
  ring.forEach((point, index) => {
    if (index === low || index === high) return;
    const distance = squaredDistance(point, ring[low], ring[high]);
    if (distance > far) {
      far = distance;
      best = index;
    }
  });
  return [low, high, best].sort((a, b) => a - b).map((index) => ring[index]);
}
