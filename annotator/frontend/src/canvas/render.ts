/** Paints instances over the picture: a base layer with all of them, an active layer with what the person touches. */
import type { Box, Part } from "../document/geometry";
import { boxOfParts } from "../document/geometry";
import { outlineOf } from "../document/outline";
import type { Instance } from "../document/scene";
import { isCrowd } from "../document/scene";
import { simplifyParts } from "../document/simplify";
import type { Camera, Size } from "./camera";
import { toView } from "./camera";
import type { Layer } from "./layer";
import { paintDot } from "./marks";

/** From this scale on outlines follow the pixels; below, simplified ones appearance the same and draw faster. */
const EXACT_FROM = 1.5;
/** Beyond this many shown instances the dark lines under the coloured ones are left out. */
const CROWDED = 400;
const MANY_VERTICES = 400;
/** Between the lines over a crowd, in CSS pixels. */
const HATCH_GAP = 9;
/** In CSS pixels: how far off an outline may be drawn while it changes. */
const UNSEEN = 0.75;

export interface Appearance {
  readonly categoryColor: (id: number) => string;
  readonly categoryName: (id: number) => string;
  /** How strongly masks are filled; 1 is usual. */
  readonly fill: () => number;
  readonly color: (instance: Instance) => string;
  /** What tells it apart in the open picture, from 1. */
  readonly number: (instance: Instance) => number;
  readonly label: (instance: Instance) => string;
}

const paths = new WeakMap<readonly Part[], readonly Path2D[]>();

/** One path a part, so that parts that a person laid over each other join instead of cancelling out. */
function pathsOf(parts: readonly Part[], disjoint: boolean): readonly Path2D[] {
  let found = paths.get(parts);
  if (found === undefined) {
    const groups = disjoint ? [parts.flat()] : parts;
    found = groups.map((rings) => {
      const path = new Path2D();
      for (const ring of rings) {
        ring.forEach(([x, y], index) => (index === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
        path.closePath();
      }
      return path;
    });
    paths.set(parts, found);
  }
  return found;
}

function shownParts(instance: Instance, scale: number): readonly Part[] {
  const outline = outlineOf(instance.mask);
  return scale >= EXACT_FROM ? outline.parts : outline.simple;
}

/** What changes with each frame costs as much as it has vertices: from afar, those that nobody sees are left out. */
function lighter(parts: readonly Part[], scale: number): readonly Part[] {
  const vertices = parts.flat().reduce((sum, ring) => sum + ring.length, 0);
  return scale >= EXACT_FROM || vertices < MANY_VERTICES ? parts : simplifyParts(parts, UNSEEN / scale);
}

export function paintBase(layer: Layer, camera: Camera, instances: readonly Instance[], appearance: Appearance, moving: boolean): void {
  const context = layer.inImage(camera);
  const shown = instances.filter((instance) => inSight(outlineOf(instance.mask).box, camera, layer.size));
  const underlined = shown.length <= CROWDED && !moving;
  context.lineJoin = "round";
  for (const instance of shown) {
    const shapes = pathsOf(shownParts(instance, camera.scale), instance.mask.parts === null);
    for (const shape of shapes) paintShape(context, shape, instance, appearance, camera.scale, underlined);
    if (isCrowd(instance)) for (const shape of shapes) paintHatching(context, shape, outlineOf(instance.mask).box, appearance.color(instance), camera.scale);
  }
  const view = layer.inView();
  for (const instance of shown) paintMarks(view, instance, camera);
}

/** Lines of full width would bury what is small on the screen. */
function lineShare({ x0, y0, x1, y1 }: Box, scale: number): number {
  return Math.max(0.5, Math.min(1, (Math.max(x1 - x0, y1 - y0) * scale) / 48));
}

function paintShape(
  context: CanvasRenderingContext2D,
  shape: Path2D,
  instance: Instance,
  appearance: Appearance,
  scale: number,
  underlined: boolean,
): void {
  const pixel = 1 / scale;
  const line = pixel * lineShare(outlineOf(instance.mask).box, scale);
  const color = appearance.color(instance);
  const rejected = instance.state === "rejected";
  if (rejected) {
    context.globalAlpha = 0.6;
    context.strokeStyle = "#d5dae1";
    context.lineWidth = pixel;
    context.setLineDash([1.5 * pixel, 3.5 * pixel]);
    context.stroke(shape);
  } else {
    const accepted = instance.state === "accepted";
    const fill = Math.min(0.9, (accepted ? 0.34 : 0.2) * appearance.fill());
    context.globalAlpha = fill;
    context.fillStyle = color;
    if (fill > 0) context.fill(shape, "evenodd");
    if (!accepted) context.setLineDash([6 * pixel, 5 * pixel]);
    if (underlined) {
      context.globalAlpha = 0.6;
      context.strokeStyle = "#000";
      context.lineWidth = 3.5 * line;
      context.stroke(shape);
    }
    context.globalAlpha = 1;
    context.strokeStyle = color;
    context.lineWidth = 2 * line;
    context.stroke(shape);
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** Slanted lines over a crowd, which is many objects under one mask. */
function paintHatching(context: CanvasRenderingContext2D, shape: Path2D, box: Box, color: string, scale: number): void {
  const gap = HATCH_GAP / scale;
  const height = box.y1 - box.y0;
  context.save();
  context.clip(shape, "evenodd");
  context.strokeStyle = color;
  context.globalAlpha = 0.8;
  context.lineWidth = 1.5 / scale;
  context.beginPath();
  for (let x = Math.floor((box.x0 - height) / gap) * gap; x < box.x1; x += gap) {
    context.moveTo(x, box.y1);
    context.lineTo(x + height, box.y0);
  }
  context.stroke();
  context.restore();
}

/** What the threshold hides, while it is peeked at: dotted, and hardly filled. */
export function paintPeeked(layer: Layer, camera: Camera, instances: readonly Instance[], appearance: Appearance): void {
  if (instances.length === 0) return;
  const context = layer.inImage(camera);
  const pixel = 1 / camera.scale;
  for (const instance of instances) {
    if (!inSight(outlineOf(instance.mask).box, camera, layer.size)) continue;
    for (const shape of pathsOf(shownParts(instance, camera.scale), instance.mask.parts === null)) {
      context.globalAlpha = 0.12;
      context.fillStyle = appearance.color(instance);
      context.fill(shape, "evenodd");
      context.globalAlpha = 1;
      for (const [color, width] of [["#000", 3], [appearance.color(instance), 1.75]] as const) {
        context.strokeStyle = color;
        context.lineWidth = width * pixel;
        context.setLineDash([pixel, 4 * pixel]);
        context.lineCap = "round";
        context.stroke(shape);
      }
    }
  }
  context.setLineDash([]);
  context.lineCap = "butt";
}

/** A dot on what was edited, a cross on what was rejected. */
function paintMarks(context: CanvasRenderingContext2D, instance: Instance, camera: Camera): void {
  const { box } = outlineOf(instance.mask);
  if (instance.state === "rejected") {
    const [x, y] = toView(camera, [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]);
    context.strokeStyle = "#d5dae1";
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x - 4, y - 4);
    context.lineTo(x + 4, y + 4);
    context.moveTo(x + 4, y - 4);
    context.lineTo(x - 4, y + 4);
    context.stroke();
  } else if (instance.edited) {
    paintDot(context, toView(camera, [box.x1, box.y0]), 3.5, "#fff", "#111");
  }
}

export function paintHover(layer: Layer, camera: Camera, instance: Instance, appearance: Appearance): void {
  const context = layer.inImage(camera);
  const color = appearance.color(instance);
  for (const shape of pathsOf(shownParts(instance, camera.scale), instance.mask.parts === null)) {
    context.globalAlpha = 0.22;
    context.fillStyle = color;
    context.fill(shape, "evenodd");
    context.globalAlpha = 1;
    context.strokeStyle = "#fff";
    context.lineWidth = 2 / camera.scale;
    context.stroke(shape);
  }
}

/** A selected instance, or its draft: the line in white and colour, dashed while it is a suggestion. */
export function paintSelected(
  layer: Layer,
  camera: Camera,
  instance: Instance | null,
  draft: readonly Part[] | null,
  color: string,
  fill: number,
): void {
  const context = layer.inImage(camera);
  const pixel = 1 / camera.scale;
  const parts = draft === null ? shownParts(instance!, camera.scale) : lighter(draft, camera.scale);
  const disjoint = draft === null && instance?.mask.parts === null;
  const line = pixel * lineShare(draft === null ? outlineOf(instance!.mask).box : boxOfParts(draft), camera.scale);
  context.lineJoin = "round";
  for (const shape of pathsOf(parts, disjoint)) {
    context.globalAlpha = Math.min(0.9, 0.26 * fill);
    context.fillStyle = color;
    context.fill(shape, "evenodd");
    context.globalAlpha = 1;
    context.strokeStyle = "rgba(0, 0, 0, 0.55)";
    context.lineWidth = 5 * line;
    context.stroke(shape);
    context.strokeStyle = "#fff";
    context.lineWidth = 3.5 * line;
    context.stroke(shape);
    context.strokeStyle = color;
    context.lineWidth = 2 * line;
    if (draft === null && instance?.state === "suggested") context.setLineDash([6 * pixel, 4 * pixel]);
    context.stroke(shape);
    context.setLineDash([]);
  }
}

/** Category and score on a dark chip above an instance in sight, `clear` CSS pixels farther, kept inside the view. */
export function paintLabel(layer: Layer, camera: Camera, box: Box, text: string, color: string, clear = 0): void {
  if (!inSight(box, camera, layer.size)) return;
  const context = layer.inView();
  context.font = "600 12px system-ui, sans-serif";
  const width = context.measureText(text).width + 24;
  const [left, top] = toView(camera, [box.x0, box.y0]);
  const [, bottom] = toView(camera, [box.x0, box.y1]);
  const x = Math.max(4, Math.min(layer.size.width - width - 4, left));
  const lowest = layer.size.height - 26;
  // Of what fills the view it stands at the top: the corners below are taken by legend and minimap.
  const [above, below] = [top - 28 - clear, bottom + 6 + clear];
  const y = above >= 4 ? Math.min(lowest, above) : below <= lowest ? Math.max(4, below) : 4;
  context.fillStyle = "rgba(17, 20, 24, 0.88)";
  context.beginPath();
  context.roundRect(x, y, width, 22, 5);
  context.fill();
  context.fillStyle = color;
  context.beginPath();
  context.arc(x + 10, y + 11, 4, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = "#fff";
  context.textBaseline = "middle";
  context.fillText(text, x + 18, y + 11.5);
}

function inSight(box: Box, camera: Camera, size: Size): boolean {
  const [x0, y0] = toView(camera, [box.x0, box.y0]);
  const [x1, y1] = toView(camera, [box.x1, box.y1]);
  return x1 >= 0 && y1 >= 0 && x0 <= size.width && y0 <= size.height;
}
