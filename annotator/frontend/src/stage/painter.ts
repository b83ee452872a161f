/** Paints the two layers over the picture: one with all instances, and one with what is touched, as often as it changes. */
import type { Camera, Size } from "../canvas/camera";
import { HANDLE_GAP, paintHandles, paintVertices } from "../canvas/grips";
import { Layer } from "../canvas/layer";
import type { Appearance } from "../canvas/render";
import { paintBase, paintHover, paintLabel, paintPeeked, paintSelected } from "../canvas/render";
import type { Part, Point } from "../document/geometry";
import { boxOfParts } from "../document/geometry";
import { outlineOf } from "../document/outline";
import type { Instance } from "../document/scene";
import { find, isLocked, isVisible } from "../document/scene";
import type { Session } from "../session/session";
import type { View } from "../session/view";
import { peekedInstances } from "../session/view";
import type { Tool } from "../tools/tool";
import { h } from "../widgets/dom";
import type { KeyPointer } from "./keypointer";

/** From this many instances on, painting them all takes longer than a frame should. */
const CROWDED = 250;
const SETTLED_MS = 90;

/** What is painted. */
export interface Scenery {
  readonly session: Session;
  readonly appearance: Appearance;
  readonly keyPointer: KeyPointer;
  /** Where the pointer is, in CSS pixels of the view; null outside. */
  readonly pointerAt: Point | null;
  camera(): Camera;
  tool(): Tool;
}

export class Painter {
  private readonly base = new Layer(h("canvas", { class: "an-layer" }));
  private readonly active = new Layer(h("canvas", { class: "an-layer" }));
  readonly canvases: readonly HTMLCanvasElement[] = [this.base.canvas, this.active.canvas];
  /** What the base layer shows at present. */
  private painted: { readonly camera: Camera; readonly crowded: boolean } = { camera: { scale: 1, x: 0, y: 0 }, crowded: false };
  private settling = 0;
  /** While the camera moves, each frame paints everything again: without what only a still picture shows. */
  private moving = false;
  private dirty = { base: false, active: false, frame: 0 };

  constructor(private readonly scenery: Scenery) {}

  resize(size: Size): void {
    this.base.resize(size, window.devicePixelRatio);
    this.active.resize(size, window.devicePixelRatio);
  }

  /** Paints what a change of the view has touched. */
  follow(now: View, before: View): void {
    const differs = (...names: readonly (keyof View)[]): boolean => names.some((name) => now[name] !== before[name]);
    const all = ["scene", "threshold", "showRejected", "hideAll", "hidden", "peek", "selection", "showLabels", "display", "isolate", "categories"] as const;
    if (differs(...all) || (now.draft === null) !== (before.draft === null)) this.invalidate(true);
    else if (differs("hover", "draft", "tool", "brushSize")) this.invalidate(false);
  }

  /** Paints the active layer at the next frame, or both. */
  invalidate(base: boolean): void {
    this.dirty.base ||= base;
    this.dirty.active = true;
    if (this.dirty.frame === 0) this.dirty.frame = requestAnimationFrame(() => this.paint(false));
  }

  /** Paints at once: what is due, or everything. */
  paint(all: boolean): void {
    cancelAnimationFrame(this.dirty.frame);
    const { base, active } = all ? { base: true, active: true } : this.dirty;
    this.dirty = { base: false, active: false, frame: 0 };
    if (base) this.paintResting();
    if (active) this.paintActive();
  }

  /** A crowd takes longer to paint than a frame lasts: while the camera moves, what was painted moves along as it is. */
  followCamera(): void {
    clearTimeout(this.settling);
    this.moving = true;
    this.settling = window.setTimeout(() => this.settle(), SETTLED_MS);
    const { camera, crowded } = this.painted;
    if (!crowded) return this.invalidate(true);
    const now = this.scenery.camera();
    const zoom = now.scale / camera.scale;
    const [x, y] = [now.x - camera.x * zoom, now.y - camera.y * zoom];
    this.base.canvas.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
    this.invalidate(false);
  }

  private settle(): void {
    this.moving = false;
    this.invalidate(true);
  }

  private paintResting(): void {
    const camera = this.scenery.camera();
    this.base.clear();
    this.base.canvas.style.transform = "";
    this.painted = { camera, crowded: false };
    const { hideAll, hidden, isolate, selection, draft, showLabels } = this.scenery.session.view.get();
    if (hideAll || (isolate && selection.length > 0)) return;
    const visible = this.scenery.session.visible().filter((one) => !hidden.has(one.key));
    const { appearance } = this.scenery;
    const resting = visible.filter((one) => !selection.includes(one.key) && one.key !== draft?.key);
    this.painted = { camera, crowded: resting.length > CROWDED };
    paintBase(this.base, camera, resting, appearance, this.moving);
    paintPeeked(this.base, camera, peekedInstances(this.scenery.session.view.get()), appearance);
    if (!showLabels) return;
    for (const one of visible) {
      paintLabel(this.base, camera, outlineOf(one.mask).box, numbered(appearance, one), appearance.color(one));
    }
  }

  private paintActive(): void {
    const camera = this.scenery.camera();
    this.active.clear();
    const view = this.scenery.session.view.get();
    const { scene, selection, hover, draft, hideAll, hidden } = view;
    if (scene === null) return;
    const peeked = peekedInstances(view);
    const { appearance } = this.scenery;
    const shown = (key: string): Instance | null => {
      const instance = find(scene, key);
      const drawn = instance !== null && !hideAll && !hidden.has(key) && (isVisible(instance, view) || peeked.includes(instance));
      return drawn ? instance : null;
    };
    const hovered = hover === null || selection.includes(hover) ? null : shown(hover);
    if (hovered !== null) paintHover(this.active, camera, hovered, appearance);
    const chosen = selection.map(shown).filter((one) => one !== null);
    for (const one of chosen) {
      const parts = draft?.key === one.key ? draft.parts : null;
      paintSelected(this.active, camera, one, parts, appearance.color(one), appearance.fill());
    }
    if (draft !== null && draft.key === null) paintSelected(this.active, camera, null, draft.parts, "#ffffff", 1);
    const only = chosen.length === 1 ? chosen[0] : null;
    const gripped = only !== null && !isLocked(only) && this.scenery.tool().edits === true;
    if (gripped) this.paintGrips(only, draft?.key === only.key ? draft.parts : null);
    this.scenery.tool().paint?.(this.active, camera);
    this.scenery.keyPointer.paint(this.active, camera);
    if (only !== null && draft?.key === only.key && draft.note !== undefined) {
      paintLabel(this.active, camera, boxOfParts(draft.parts), draft.note, appearance.color(only));
    }
    for (const one of new Set([hovered, only])) {
      if (one === null || draft !== null) continue;
      const clear = gripped && one === only ? HANDLE_GAP : 0;
      paintLabel(this.active, camera, outlineOf(one.mask).box, numbered(appearance, one), appearance.color(one), clear);
    }
  }

  private paintGrips(instance: Instance, draft: readonly Part[] | null): void {
    const camera = this.scenery.camera();
    const outline = outlineOf(instance.mask);
    const color = this.scenery.appearance.color(instance);
    paintVertices(this.active, camera, draft ?? outline.simple, this.scenery.pointerAt, color);
    paintHandles(this.active, camera, draft === null ? outline.box : boxOfParts(draft));
  }
}

function numbered(appearance: Appearance, instance: Instance): string {
  return `${appearance.number(instance)} · ${appearance.label(instance)}`;
}
