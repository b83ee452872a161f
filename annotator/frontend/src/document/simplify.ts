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
  mark(ring, low, high, tolerance, keep);
  mark(ring, high, low + ring.length, tolerance, keep);
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

/** Marks what to keep strictly between two indices; `end` may run past the ring's end and wraps. */
function mark(ring: Ring, start: number, end: number, tolerance: number, keep: Uint8Array): void {
  const count = ring.length;
  const stack: [number, number][] = [[start, end]];
  while (stack.length > 0) {
    const [from, to] = stack.pop()!;
    const a = ring[from % count];
    const b = ring[to % count];
    let far = tolerance * tolerance;
    let at = -1;
    for (let i = from + 1; i < to; i++) {
      const distance = squaredDistance(ring[i < count ? i : i - count], a, b);
      if (distance > far) {
        far = distance;
        at = i;
      }
    }
    if (at < 0) continue;
    keep[at % count] = 1;
    stack.push([from, at], [at, to]);
  }
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
