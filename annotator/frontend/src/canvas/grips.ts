/** What a selected instance is changed by: handles around its box, and vertices on its outline. */
import type { Box, Part, Point, Ring, VertexIndex } from "../document/geometry";
import { boxOfParts } from "../document/geometry";
import { simplifyRing } from "../document/simplify";
import type { Camera } from "./camera";
import { toView } from "./camera";
import type { Layer } from "./layer";
import { paintDot } from "./marks";

/** In CSS pixels: how far outside the box its handles stand, so that they hide neither the outline nor its vertices. */
export const HANDLE_GAP = 10;
/** In CSS pixels: a side shorter than this has no handle in its middle. */
const SIDE_WITH_HANDLE = 36;
/** In CSS pixels: what lies between two vertices that are shown. */
const VERTEX_GAP = 12;
/** In CSS pixels: vertices of what is smaller would cover it. */
const SMALLEST_WITH_VERTICES = 28;
/** In CSS pixels: how far the outline through the shown vertices may lie from the outline. */
const UNSEEN = 0.75;
const NEAR = 48;

export interface Handle {
  /** 0 at the top left, then clockwise: even ones are corners, odd ones the middles of sides. */
  readonly index: number;
  readonly point: Point;
}

/** Where a handle stands, in image pixels; on the box itself where `scale` is infinite. */
export function handlePoint(box: Box, index: number, scale: number): Point {
  const gap = HANDLE_GAP / scale;
  const [x0, y0, x1, y1] = [box.x0 - gap, box.y0 - gap, box.x1 + gap, box.y1 + gap];
  const x = index === 1 || index === 5 ? (x0 + x1) / 2 : index >= 2 && index <= 4 ? x1 : x0;
  const y = index === 3 || index === 7 ? (y0 + y1) / 2 : index >= 4 && index <= 6 ? y1 : y0;
  return [x, y];
}

/** Corners always have a handle, as they stand outside; sides where there is room. */
export function shownHandles(box: Box, scale: number): Handle[] {
  const [width, height] = [(box.x1 - box.x0) * scale, (box.y1 - box.y0) * scale];
  const roomy = (index: number): boolean => index % 2 === 0 || (index % 4 === 1 ? width : height) >= SIDE_WITH_HANDLE;
  return [0, 1, 2, 3, 4, 5, 6, 7].filter(roomy).map((index) => ({ index, point: handlePoint(box, index, scale) }));
}

export function paintHandles(layer: Layer, camera: Camera, box: Box): void {
  const context = layer.inView();
  const [x0, y0] = toView(camera, handlePoint(box, 0, camera.scale));
  const [x1, y1] = toView(camera, handlePoint(box, 4, camera.scale));
  context.lineWidth = 1;
  context.strokeStyle = "rgba(0, 0, 0, 0.5)";
  context.strokeRect(x0, y0, x1 - x0, y1 - y0);
  context.strokeStyle = "rgba(255, 255, 255, 0.9)";
  context.setLineDash([3, 3]);
  context.strokeRect(x0, y0, x1 - x0, y1 - y0);
  context.setLineDash([]);
  context.strokeStyle = "#1a1d21";
  context.fillStyle = "#fff";
  for (const { point } of shownHandles(box, camera.scale)) {
    const [cx, cy] = toView(camera, point);
    context.fillRect(cx - 4, cy - 4, 8, 8);
    context.strokeRect(cx - 4, cy - 4, 8, 8);
  }
}

interface Shown {
  readonly scale: number;
  readonly vertices: readonly VertexIndex[];
}

const shown = new WeakMap<readonly Part[], Shown>();

/** The vertices that there is room for: what is small, or seen from afar, shows fewer until it is zoomed. */
export function shownVertices(parts: readonly Part[], scale: number): readonly VertexIndex[] {
  let found = shown.get(parts);
  if (found?.scale !== scale) {
    found = { scale, vertices: roomyVertices(parts, scale) };
    shown.set(parts, found);
  }
  return found.vertices;
}

function roomyVertices(parts: readonly Part[], scale: number): VertexIndex[] {
  const box = boxOfParts(parts);
  if (Math.max(box.x1 - box.x0, box.y1 - box.y0) * scale < SMALLEST_WITH_VERTICES) return [];
  return parts.flatMap((rings, part) =>
    rings.flatMap((points, ring) => roomyIndexes(points, scale).map((vertex) => ({ part, ring, vertex }))),
  );
}

/** First those that make the outline's shape, then whatever else has room between them. */
function roomyIndexes(points: Ring, scale: number): number[] {
  const apart = (a: number, b: number): boolean => distance(points[a], points[b]) * scale >= VERTEX_GAP;
  const makes = new Set(simplifyRing(points, UNSEEN / scale));
  const firm: number[] = [];
  points.forEach((point, index) => {
    if (makes.has(point) && (firm.length === 0 || (apart(firm[0], index) && apart(firm.at(-1)!, index)))) firm.push(index);
  });
  if (firm.length === 0) return firm;
  const shown: number[] = [];
  let next = 0;
  points.forEach((_, index) => {
    if (index === firm[next]) next++;
    else if (!apart(shown.at(-1) ?? firm.at(-1)!, index) || !apart(firm[next] ?? firm[0], index)) return;
    shown.push(index);
  });
  return shown;
}

/** The nearest shown vertex within `reach` image pixels, or null. */
export function vertexAt(parts: readonly Part[], at: Point, reach: number, scale: number): VertexIndex | null {
  let best: VertexIndex | null = null;
  let limit = reach;
  for (const index of shownVertices(parts, scale)) {
    const far = distance(pointAt(parts, index), at);
    if (far > limit) continue;
    limit = far;
    best = index;
  }
  return best;
}

function pointAt(parts: readonly Part[], { part, ring, vertex }: VertexIndex): Point {
  return parts[part][ring][vertex];
}

/** Vertices near the pointer in full size, the others small. */
export function paintVertices(layer: Layer, camera: Camera, parts: readonly Part[], near: Point | null, color: string): void {
  const context = layer.inView();
  for (const index of shownVertices(parts, camera.scale)) {
    const [x, y] = toView(camera, pointAt(parts, index));
    const close = near !== null && Math.abs(x - near[0]) < NEAR && Math.abs(y - near[1]) < NEAR;
    paintDot(context, [x, y], close ? 4 : 2.5, "#fff", color);
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
