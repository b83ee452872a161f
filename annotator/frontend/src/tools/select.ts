/** Select, and change what is selected: vertices, edges, box handles, the whole. */
import type { Camera } from "../canvas/camera";
import { toView } from "../canvas/camera";
import { vertexAt } from "../canvas/grips";
import type { Layer } from "../canvas/layer";
import { paintDot } from "../canvas/marks";
import type { Box, NearEdge, Part, Point, VertexIndex } from "../document/geometry";
import { areaOfParts, clampPoint, fitParts, mapPoints, nearestEdge, withRing } from "../document/geometry";
import { nextUnder } from "../document/hit";
import { outlineOf } from "../document/outline";
import type { Instance } from "../document/scene";
import { find, maskOfParts, reshaped, unchanged } from "../document/scene";
import { accept } from "../editing/review";
import { nudge } from "../editing/shapes";
import { selectedInstance } from "../session/view";
import type { Grip } from "./handles";
import { HANDLE_REACH, draggedBox, gripAt, handleCursor } from "./handles";
import type { Pointer, Tool, ToolCommand, ToolHost } from "./tool";
import { CLICK_SLACK, farFrom, pointInPicture, reach } from "./tool";
import { Walk } from "./walk";

const VERTEX_REACH = 8;
const EDGE_REACH = 5;
const OUTLINE_REACH = 5;

type Target =
  | { readonly kind: "vertex"; readonly index: VertexIndex }
  | { readonly kind: "handle"; readonly grip: Grip }
  | { readonly kind: "edge"; readonly edge: NearEdge }
  | { readonly kind: "peeked"; readonly instance: Instance }
  | { readonly kind: "instance"; readonly under: readonly Instance[] }
  | { readonly kind: "nothing" };

/** Snapshot at the press; every move is computed from it, so that nothing drifts. */
interface Press {
  readonly start: Pointer;
  readonly target: Target;
  readonly selected: Instance | null;
  readonly parts: readonly Part[];
  readonly box: Box;
  last: Point;
  dragging: boolean;
}

export class SelectTool implements Tool {
  readonly edits = true;
  private target: Target = { kind: "nothing" };
  private press: Press | null = null;

  private readonly walk: Walk;

  constructor(private readonly host: ToolHost) {
    this.walk = new Walk({ host, commit: (before, parts) => this.commit(before, parts) });
  }

  hover(pointer: Pointer): void {
    this.target = this.targetAt(pointer);
    const selected = selectedInstance(this.host.session.view.get());
    const own = ["vertex", "handle", "edge"].includes(this.target.kind);
    this.host.session.view.set({ hover: own ? selected!.key : keyUnder(this.target) });
    this.host.setCursor(this.cursor(selected));
    if (own || selected !== null) this.host.redraw();
  }

  leave(): void {
    if (this.press !== null) return;
    this.target = { kind: "nothing" };
    this.host.session.view.set({ hover: null });
    this.host.redraw();
  }

  down(pointer: Pointer): void {
    this.walk.leave();
    const selected = selectedInstance(this.host.session.view.get());
    const outline = selected === null ? null : outlineOf(selected.mask);
    const target = this.targetAt(pointer);
    if (target.kind === "vertex" && pointer.alt) return this.deleteVertex(selected!, target.index);
    this.press = {
      start: pointer,
      target,
      selected,
      parts: outline?.simple ?? [],
      box: outline?.box ?? { x0: 0, y0: 0, x1: 0, y1: 0 },
      last: pointer.view,
      dragging: false,
    };
  }

  drag(pointer: Pointer): void {
    const press = this.currentPress();
    if (press === null) return;
    if (!press.dragging && !farFrom(pointer.view, press.start.view, CLICK_SLACK)) return;
    press.dragging = true;
    const parts = this.shapeAfter(press, pointer);
    if (parts !== null) {
      this.host.session.showDraft({ key: press.selected!.key, parts });
    } else {
      this.host.setCursor("grabbing");
      this.host.pan(pointer.view[0] - press.last[0], pointer.view[1] - press.last[1]);
    }
    press.last = pointer.view;
  }

  up(pointer: Pointer): void {
    const press = this.currentPress();
    this.press = null;
    if (press === null) return;
    if (!press.dragging) return this.click(press, pointer);
    const by = this.shiftOf(press, pointer);
    const parts = this.shapeAfter(press, pointer);
    // A mask of runs moves as it is, by whole pixels: polygons would only come near to it.
    if (by !== null && press.selected!.mask.parts === null) this.move(press.selected!, by);
    else if (parts !== null) this.commit(press.selected!, parts);
    this.hover(pointer);
  }

  cancel(): boolean {
    const busy = this.press?.dragging === true;
    this.press = null;
    if (busy) this.host.session.showDraft(null);
    return this.walk.leave() || busy;
  }

  key(chord: string): boolean {
    return this.walk.press(chord);
  }

  settle(): void {
    this.walk.release();
  }

  command(id: ToolCommand): boolean {
    if (id === "undo" && this.press?.dragging === true) return this.cancel();
    if (id === "nextVertex") return this.walk.step("vertex", 1);
    if (id === "previousVertex") return this.walk.step("vertex", -1);
    if (id === "nextHandle") return this.walk.step("handle", 1);
    if (id === "addVertex") return this.walk.insert();
    if (id === "deleteVertex" && this.walk.active()) return this.walk.remove();
    if (id !== "deleteVertex" || this.target.kind !== "vertex") return false;
    const selected = selectedInstance(this.host.session.view.get());
    if (selected !== null) this.deleteVertex(selected, this.target.index);
    return true;
  }

  paint(layer: Layer, camera: Camera): void {
    if (this.press?.dragging === true) return;
    this.walk.paint(layer, camera);
    const { target } = this;
    const selected = selectedInstance(this.host.session.view.get());
    if (selected === null) return;
    if (target.kind === "edge") paintDot(layer.inView(), toView(camera, target.edge.point), 4, "#ffffffb0", "#111");
    if (target.kind === "vertex") {
      const { part, ring, vertex } = target.index;
      const point = outlineOf(selected.mask).simple[part]?.[ring]?.[vertex];
      if (point !== undefined) paintDot(layer.inView(), toView(camera, point), 6, "#fff", "#111");
    }
  }

  /** What was pressed, while it is what it was: undone, decided about or gone, it is let go of. */
  private currentPress(): Press | null {
    const { press } = this;
    const { view } = this.host.session;
    if (press === null || press.selected === null || unchanged(view.get().scene, press.selected) !== null) return press;
    if (press.dragging) this.host.session.showDraft(null);
    return (this.press = null);
  }

  private targetAt(pointer: Pointer): Target {
    const camera = this.host.camera();
    const [x, y] = pointer.image;
    const selected = selectedInstance(this.host.session.view.get());
    const [peeked] = this.host.peeked().at(x, y, reach(pointer, OUTLINE_REACH, camera));
    if (peeked !== undefined) return { kind: "peeked", instance: peeked };
    if (selected !== null && !pointer.shift) {
      const { simple, box } = outlineOf(selected.mask);
      const grip = gripAt(box, pointer.image, reach(pointer, HANDLE_REACH, camera), camera.scale);
      // A finger may reach both: nothing but what is nearer to it comes before a handle.
      const vertexReach = Math.min(reach(pointer, VERTEX_REACH, camera), grip?.distance ?? Infinity);
      const index = vertexAt(simple, pointer.image, vertexReach, camera.scale);
      if (index !== null) return { kind: "vertex", index };
      if (grip !== null) return { kind: "handle", grip };
      const edge = nearestEdge(simple, x, y, reach(pointer, EDGE_REACH, camera));
      if (edge !== null) return { kind: "edge", edge };
    }
    const under = this.host.hits().at(x, y, reach(pointer, OUTLINE_REACH, camera));
    return under.length > 0 ? { kind: "instance", under } : { kind: "nothing" };
  }

  private cursor(selected: Instance | null): string {
    const { target } = this;
    if (target.kind === "vertex") return "move";
    if (target.kind === "handle") return handleCursor(target.grip.handle);
    if (target.kind === "edge") return "copy";
    if (target.kind === "nothing") return "default";
    if (target.kind === "peeked") return "pointer";
    return target.under.some((one) => one.key === selected?.key) ? "move" : "pointer";
  }

  private click(press: Press, pointer: Pointer): void {
    const { target, selected } = press;
    if (target.kind === "edge" && selected !== null) {
      const { part, ring, vertex, point } = target.edge;
      this.commit(selected, withRing(press.parts, part, ring, press.parts[part][ring].toSpliced(vertex + 1, 0, point)));
    } else if (target.kind === "peeked") {
      this.acceptPeeked(target.instance);
    } else if (target.kind === "instance" || target.kind === "nothing") {
      const { scene } = this.host.session.view.get();
      const under = target.kind === "instance" ? target.under : [];
      this.pick(under.filter((one) => find(scene!, one.key) !== null), pointer);
    }
    this.hover(pointer);
  }

  /** Who points at what the threshold hides wants it. */
  private acceptPeeked(instance: Instance): void {
    const { session } = this.host;
    const now = unchanged(session.view.get().scene, instance);
    if (now === null) return;
    accept(session, [now]);
    session.select([now.key]);
  }

  private pick(under: readonly Instance[], pointer: Pointer): void {
    const { session } = this.host;
    const { selection } = session.view.get();
    if (pointer.shift) {
      const key = under[0]?.key;
      if (key === undefined) return;
      session.select(selection.includes(key) ? selection.filter((one) => one !== key) : [...selection, key]);
    } else {
      const next = nextUnder(under, selection.length === 1 ? selection[0] : null);
      session.select(next === null ? [] : [next.key]);
    }
  }

  /** The shape that a drag has led to, or null where the drag moves the picture. */
  private shapeAfter(press: Press, pointer: Pointer): readonly Part[] | null {
    const { target, parts, selected } = press;
    const { width, height } = this.host.session.view.get().scene!;
    const to = pointInPicture(this.host.session, pointer);
    if (selected === null) return null;
    if (target.kind === "vertex") {
      const { part, ring, vertex } = target.index;
      return withRing(parts, part, ring, parts[part][ring].with(vertex, to));
    }
    if (target.kind === "edge") {
      const { part, ring, vertex } = target.edge;
      const points = parts[part][ring];
      if (!press.start.ctrl) return withRing(parts, part, ring, points.toSpliced(vertex + 1, 0, to));
      const [dx, dy] = [to[0] - target.edge.point[0], to[1] - target.edge.point[1]];
      const ends = [vertex, (vertex + 1) % points.length];
      const move = ([x, y]: Point): Point => clampPoint([x + dx, y + dy], width, height);
      return withRing(parts, part, ring, points.map((point, index) => (ends.includes(index) ? move(point) : point)));
    }
    if (target.kind === "handle") return fitParts(parts, press.box, draggedBox(press.box, target.grip, pointer.image, { width, height }));
    const by = this.shiftOf(press, pointer);
    return by === null ? null : mapPoints(parts, ([x, y]) => [x + by[0], y + by[1]]);
  }

  /** How far a drag inside the selected instance moves it, or null where it does something else. */
  private shiftOf({ target, selected, box, start }: Press, pointer: Pointer): Point | null {
    if (selected === null || target.kind !== "instance" || !target.under.some((one) => one.key === selected.key)) return null;
    const { width, height } = this.host.session.view.get().scene!;
    const dx = clampShift(pointer.image[0] - start.image[0], box.x0, box.x1, width);
    const dy = clampShift(pointer.image[1] - start.image[1], box.y0, box.y1, height);
    return selected.mask.parts === null ? [Math.round(dx), Math.round(dy)] : [dx, dy];
  }

  private move(before: Instance, [dx, dy]: Point): void {
    const { session } = this.host;
    const now = unchanged(session.view.get().scene, before);
    if (now === null || (dx === 0 && dy === 0)) return session.showDraft(null);
    nudge(session, [now], dx, dy);
  }

  private deleteVertex(selected: Instance, index: VertexIndex): void {
    const parts = outlineOf(selected.mask).simple;
    const ring = parts[index.part][index.ring].toSpliced(index.vertex, 1);
    this.target = { kind: "nothing" };
    this.commit(selected, withRing(parts, index.part, index.ring, ring));
  }

  private commit(before: Instance, parts: readonly Part[]): void {
    const { session } = this.host;
    const { scene } = session.view.get();
    const now = unchanged(scene, before);
    // A mask needs at least one pixel; what collapses to less stays as it was.
    if (scene === null || now === null || areaOfParts(parts) < 1) return session.showDraft(null);
    session.commit("edit", [{ before: now, after: reshaped(now, maskOfParts(parts, scene.height)) }]);
  }
}

function keyUnder(target: Target): string | null {
  if (target.kind === "peeked") return target.instance.key;
  return target.kind === "instance" ? target.under[0].key : null;
}

function clampShift(shift: number, low: number, high: number, limit: number): number {
  return Math.max(Math.min(0, -low), Math.min(Math.max(0, limit - high), shift));
}
