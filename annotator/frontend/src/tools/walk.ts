/** Vertices and box handles by keyboard: one of them has the focus, and the arrows move it. */
import type { Camera } from "../canvas/camera";
import { toView } from "../canvas/camera";
import type { Layer } from "../canvas/layer";
import { strokeTwoTone } from "../canvas/marks";
import { handlePoint } from "../canvas/grips";
import type { Box, Part, Point, VertexIndex } from "../document/geometry";
import { areaOfParts, boxOfParts, clampPoint, fitParts, withRing } from "../document/geometry";
import { outlineOf } from "../document/outline";
import type { Instance } from "../document/scene";
import { selectedInstance } from "../session/view";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { scaledBox } from "./handles";
import type { ToolHost } from "./tool";

export interface WalkOptions {
  readonly host: ToolHost;
  readonly commit: (before: Instance, parts: readonly Part[]) => void;
}

type Stop = { readonly kind: "vertex"; readonly index: VertexIndex } | { readonly kind: "handle"; readonly handle: number };

const ARROWS: Readonly<Record<string, Point>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEPS: Readonly<Record<string, number>> = { "": 1, "Shift+": 10, "Alt+": 0.1 };
const ON_THE_BOX = Number.POSITIVE_INFINITY;

/** Where an arrow key leads, in image pixels; null for every other key. */
export function arrowStep(chord: string): Point | null {
  const key = /^(.*\+)?(Arrow\w+)$/.exec(chord);
  const arrow = key === null ? undefined : ARROWS[key[2]];
  const by = key === null ? undefined : STEPS[key[1] ?? ""];
  return arrow === undefined || by === undefined ? null : [arrow[0] * by, arrow[1] * by];
}

export class Walk {
  private stop: Stop | null = null;
  private key: string | null = null;
  /** How far the arrows have led since they were pressed; the shape is worked out from where that began. */
  private moved: Point | null = null;

  constructor(private readonly options: WalkOptions) {}

  /** The instance whose vertices are walked, while it is the selected one. */
  private walked(): Instance | null {
    const selected = selectedInstance(this.options.host.session.view.get());
    if (this.stop === null || selected?.key !== this.key) return null;
    return selected;
  }

  active(): boolean {
    return this.walked() !== null;
  }

  /** The next or previous one, round and round. */
  step(kind: Stop["kind"], direction: 1 | -1): boolean {
    const selected = selectedInstance(this.options.host.session.view.get());
    if (selected === null) return false;
    this.release();
    const stops = stopsOf(selected, kind);
    if (stops.length === 0) return false;
    const at = this.walked() === null ? -1 : stops.findIndex((stop) => same(stop, this.stop!));
    const from = at < 0 && direction < 0 ? 0 : at;
    this.key = selected.key;
    this.stop = stops[(from + direction + stops.length) % stops.length];
    this.show();
    return true;
  }

  /** Arrows move what has the focus; true where the key was used. */
  press(chord: string): boolean {
    const selected = this.walked();
    if (selected === null) return false;
    if (chord === "Delete" || chord === "Backspace") return this.remove();
    const by = arrowStep(chord);
    if (by === null) return false;
    const [x, y] = this.moved ?? [0, 0];
    this.moved = [x + by[0], y + by[1]];
    this.options.host.session.showDraft({ key: selected.key, parts: this.shape(selected) });
    this.options.host.showPoint(this.point(selected)!);
    return true;
  }

  /** The arrow was let go: what it did is one gesture. */
  release(): void {
    const selected = this.walked();
    if (this.moved === null) return;
    if (selected === null) {
      this.moved = null;
      return this.options.host.session.showDraft(null);
    }
    const parts = this.shape(selected);
    this.moved = null;
    this.options.commit(selected, parts);
    this.say();
  }

  /** A vertex between the focused one and the next. */
  insert(): boolean {
    const selected = this.walked();
    if (selected === null || this.stop?.kind !== "vertex") return false;
    this.release();
    const { part, ring, vertex } = this.stop.index;
    const parts = outlineOf(selectedInstance(this.options.host.session.view.get())!.mask).simple;
    const points = parts[part][ring];
    const [a, b] = [points[vertex], points[(vertex + 1) % points.length]];
    const middle: Point = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    this.stop = { kind: "vertex", index: { part, ring, vertex: vertex + 1 } };
    this.options.commit(selectedInstance(this.options.host.session.view.get())!, withRing(parts, part, ring, points.toSpliced(vertex + 1, 0, middle)));
    this.show();
    return true;
  }

  remove(): boolean {
    const selected = this.walked();
    if (selected === null) return false;
    // The key must not delete the instance instead.
    if (this.stop?.kind !== "vertex") return this.refuse("handleStays");
    this.release();
    const { part, ring, vertex } = this.stop.index;
    const parts = outlineOf(selectedInstance(this.options.host.session.view.get())!.mask).simple;
    const points = parts[part][ring].toSpliced(vertex, 1);
    const left = withRing(parts, part, ring, points);
    if (areaOfParts(left) < 1) return this.refuse("vertexNeeded");
    this.stop = points.length < 3 ? null : { kind: "vertex", index: { part, ring, vertex: vertex % points.length } };
    this.options.commit(selectedInstance(this.options.host.session.view.get())!, left);
    if (this.stop !== null) this.show();
    return true;
  }

  /** The key was used, and this is why nothing has changed. */
  private refuse(reason: StringKey): true {
    this.options.host.notice(t(reason));
    return true;
  }

  /** Gives the focus up; true where there was one. */
  leave(): boolean {
    const was = this.active();
    if (this.moved !== null) this.options.host.session.showDraft(null);
    this.stop = this.key = this.moved = null;
    if (was) this.options.host.redraw();
    return was;
  }

  paint(layer: Layer, camera: Camera): void {
    const selected = this.walked();
    const point = selected === null ? null : this.point(selected);
    if (point === null) return;
    const [x, y] = toView(camera, point);
    const ring = new Path2D();
    ring.arc(x, y, 9, 0, Math.PI * 2);
    strokeTwoTone(layer.inView(), ring, 2.5);
  }

  private show(): void {
    const selected = this.walked();
    const point = selected === null ? null : this.point(selected);
    if (point !== null) this.options.host.showPoint(point);
    this.options.host.redraw();
    this.say();
  }

  private say(): void {
    const selected = this.walked();
    const point = selected === null ? null : this.point(selected);
    if (selected === null || point === null) return;
    const stops = stopsOf(selected, this.stop!.kind);
    const n = stops.findIndex((stop) => same(stop, this.stop!)) + 1;
    const values = { n, total: stops.length, x: Math.round(point[0]), y: Math.round(point[1]) };
    this.options.host.say(t(this.stop!.kind === "vertex" ? "sayVertex" : "sayHandle", values));
  }

  /** The shape with what has the focus moved. */
  private shape(selected: Instance): readonly Part[] {
    const { simple, box } = outlineOf(selected.mask);
    const to = this.target(selected, simple, box);
    if (this.stop === null || to === null) return simple;
    if (this.stop.kind === "handle") return fitParts(simple, box, scaledBox(box, this.stop.handle, to));
    const { part, ring, vertex } = this.stop.index;
    return withRing(simple, part, ring, simple[part][ring].with(vertex, to));
  }

  private target(selected: Instance, parts: readonly Part[], box: Box): Point | null {
    const { width, height } = this.options.host.session.view.get().scene!;
    const from = this.stop === null ? null : pointOf(this.stop, parts, box);
    if (from === null) return null;
    const [dx, dy] = this.walked() === selected && this.moved !== null ? this.moved : [0, 0];
    return clampPoint([from[0] + dx, from[1] + dy], width, height);
  }

  private point(selected: Instance): Point | null {
    if (this.stop === null) return null;
    const parts = this.shape(selected);
    return pointOf(this.stop, parts, boxOfParts(parts));
  }
}

function pointOf(stop: Stop, parts: readonly Part[], box: Box): Point | null {
  if (stop.kind === "handle") return handlePoint(box, stop.handle, ON_THE_BOX);
  const { part, ring, vertex } = stop.index;
  return parts[part]?.[ring]?.[vertex] ?? null;
}

function stopsOf(instance: Instance, kind: Stop["kind"]): Stop[] {
  const { simple } = outlineOf(instance.mask);
  if (kind === "handle") return Array.from({ length: 8 }, (_, handle) => ({ kind: "handle", handle }));
  return simple.flatMap((rings, part) =>
    rings.flatMap((points, ring) => points.map((_, vertex): Stop => ({ kind: "vertex", index: { part, ring, vertex } }))),
  );
}

function same(a: Stop, b: Stop): boolean {
  if (a.kind === "handle" || b.kind === "handle") return a.kind === "handle" && b.kind === "handle" && a.handle === b.handle;
  return a.index.part === b.index.part && a.index.ring === b.index.ring && a.index.vertex === b.index.vertex;
}
