/** Parts and holes turned into one another, and into instances of their own. Each is one gesture. */
import type { Part, Point, Ring } from "../document/geometry";
import { partContains, partsContain, signedArea } from "../document/geometry";
import { outlineOf } from "../document/outline";
import { areaOfWindow, maskOfWindow, unite, windowOfMask, windowOfParts } from "../document/paint";
import type { MaskWindow } from "../document/rle";
import type { Edit, Instance, Mask, Scene } from "../document/scene";
import { drawnInstance, maskOfParts, reshaped } from "../document/scene";
import type { Session } from "../session/session";

/** A ring lies in another one where this share of its points does: drawn ones may touch. */
const INSIDE = 0.9;

/**
 * Parts that lie in another part of the same instance become its holes: the one at the pointer, or else all of them.
 * Of several instances the smaller ones are cut out of the largest. False: there was nothing to convert.
 */
export function makeHoles(session: Session, instances: readonly Instance[], at: Point | null): boolean {
  const { scene } = session.view.get();
  if (scene === null || instances.length === 0) return false;
  if (instances.length > 1) return subtractOthers(session, scene, instances);
  const [before] = instances;
  const parts = before.mask.parts === null ? null : partsToHoles(before.mask.parts, at);
  if (parts === null) return false;
  session.commit("edit", [{ before, after: reshaped(before, maskOfParts(parts, scene.height)) }]);
  return true;
}

/** Holes become parts, so that the mask is filled there: the one at the pointer, or else all of them. */
export function makeParts(session: Session, instances: readonly Instance[], at: Point | null): boolean {
  const { scene } = session.view.get();
  const edits = scene === null ? [] : instances.flatMap((before) => {
    const mask = filled(before.mask, scene, at);
    return mask === null ? [] : [{ before, after: reshaped(before, mask) }];
  });
  session.commit("edit", edits);
  return edits.length > 0;
}

/** Holes become instances of the same category, which keep their places: the one at the pointer, or else all of them. */
export function makeInstances(session: Session, instances: readonly Instance[], at: Point | null): boolean {
  const { scene } = session.view.get();
  if (scene === null) return false;
  const edits = instances.flatMap(({ category, mask }) =>
    chosenHoles(outlineOf(mask).parts, at).map((ring): Edit => {
      const own = mask.parts === null ? maskOfWindow(windowOfParts([[ring]]), scene.width, scene.height) : maskOfParts([[ring]], scene.height);
      return { before: null, after: drawnInstance(category, own) };
    }),
  );
  session.commit("add", edits);
  if (edits.length > 0) session.select(edits.map((edit) => edit.after!.key));
  return edits.length > 0;
}

/** Null where no part lies in another one. The holes of a part that becomes a hole are parts from then on. */
export function partsToHoles(parts: readonly Part[], at: Point | null): Part[] | null {
  const order = parts.map((_, index) => index).sort((a, b) => outerArea(parts[a]) - outerArea(parts[b]));
  const nested = order.filter((index) => holderOf(parts, index) !== null);
  const under = at === null ? [] : nested.filter((index) => partContains([parts[index][0]], at[0], at[1]));
  const chosen = new Set(under.length > 0 ? under.slice(0, 1) : nested);
  if (chosen.size === 0) return null;
  const result = parts.map((part) => [...part]);
  const islands: Part[] = [];
  for (const index of order) {
    if (!chosen.has(index)) continue;
    const [outer, ...holes] = result[index];
    result[holderOf(parts, index)!].push(outer);
    islands.push(...holes.map((hole) => [hole]));
    result[index] = [];
  }
  return [...result.filter((part) => part.length > 0), ...islands];
}

/** The smallest part around another one that is not in a hole of it. */
function holderOf(parts: readonly Part[], index: number): number | null {
  const [ring] = parts[index];
  const around = parts
    .map((_, other) => other)
    .filter((other) => other !== index && outerArea(parts[other]) > outerArea(parts[index]) && liesIn(ring, parts[other]));
  return around.sort((a, b) => outerArea(parts[a]) - outerArea(parts[b]))[0] ?? null;
}

function liesIn(ring: Ring, part: Part): boolean {
  const inside = ring.filter(([x, y]) => partContains(part, x, y)).length;
  return inside >= INSIDE * ring.length;
}

function filled(mask: Mask, scene: Scene, at: Point | null): Mask | null {
  const holes = new Set(chosenHoles(outlineOf(mask).parts, at));
  if (holes.size === 0) return null;
  if (mask.parts === null) {
    const window = unite([windowOfMask(mask), ...[...holes].map((ring) => windowOfParts([[ring]]))]);
    return maskOfWindow(window, scene.width, scene.height);
  }
  const kept = mask.parts.map((part) => part.filter((ring) => !holes.has(ring)));
  return maskOfParts([...kept, ...[...holes].map((ring) => [ring])], scene.height);
}

function chosenHoles(parts: readonly Part[], at: Point | null): Ring[] {
  const holes = parts.flatMap((part) => part.slice(1));
  const under = at === null ? [] : holes.filter((ring) => partsContain([[ring]], at[0], at[1]));
  return under.length > 0 ? under.slice(0, 1) : holes;
}

function subtractOthers(session: Session, scene: Scene, instances: readonly Instance[]): boolean {
  const [largest, ...others] = instances.toSorted((a, b) => outlineOf(b.mask).area - outlineOf(a.mask).area);
  const whole = windowOfMask(largest.mask);
  const left = without(whole, others.map((one) => windowOfMask(one.mask)));
  const area = areaOfWindow(left);
  if (area === 0 || area === areaOfWindow(whole)) return false;
  const edits: Edit[] = [
    { before: largest, after: reshaped(largest, maskOfWindow(left, scene.width, scene.height)) },
    ...others.map((before) => ({ before, after: null })),
  ];
  session.commit("edit", edits);
  session.select([largest.key]);
  return true;
}

function without(window: MaskWindow, others: readonly MaskWindow[]): MaskWindow {
  const pixels = window.pixels.slice();
  for (const other of others) {
    for (let offset = 0; offset < other.pixels.length; offset++) {
      if (other.pixels[offset] === 0) continue;
      const column = other.left + (offset % other.width) - window.left;
      const row = other.top + Math.floor(offset / other.width) - window.top;
      if (column >= 0 && row >= 0 && column < window.width && row < window.height) pixels[row * window.width + column] = 0;
    }
  }
  return { ...window, pixels };
}

function outerArea(part: Part): number {
  return Math.abs(signedArea(part[0]));
}
