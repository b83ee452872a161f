/** Commands that make new masks of old ones: copy, merge, separate, clean. Each is one gesture. */
import { divide } from "../document/divide";
import type { Box, Point } from "../document/geometry";
import { boxOfParts, mapPoints } from "../document/geometry";
import { outlineOf } from "../document/outline";
import { areaOfWindow, maskOfWindow, piecesOf, unite, windowOfMask } from "../document/paint";
import type { MaskWindow } from "../document/rle";
import type { Edit, Instance } from "../document/scene";
import { drawnInstance, maskOfParts, reshaped } from "../document/scene";
import type { Session } from "../session/session";

/** How far a duplicate lies from its original, in image pixels. */
const OFFSET = 12;

interface Copied {
  readonly category: number;
  readonly window: MaskWindow;
}

let clipboard: readonly Copied[] = [];

export function hasCopies(): boolean {
  return clipboard.length > 0;
}

export function copy(instances: readonly Instance[]): void {
  if (instances.length > 0) clipboard = instances.map(({ category, mask }) => ({ category, window: windowOfMask(mask) }));
}

/** Pastes at the same place, also into another picture; what does not lie within it is left out. */
export function paste(session: Session): void {
  addCopies(session, clipboard);
}

export function duplicate(session: Session, instances: readonly Instance[]): void {
  const shifted = ({ category, mask }: Instance): Copied => {
    const window = windowOfMask(mask);
    return { category, window: { ...window, left: window.left + OFFSET, top: window.top + OFFSET } };
  };
  addCopies(session, instances.map(shifted));
}

function addCopies(session: Session, copies: readonly Copied[]): void {
  const { scene } = session.view.get();
  if (scene === null) return;
  const edits = copies.flatMap(({ category, window }) => {
    const within = cropped(window, scene.width, scene.height);
    if (areaOfWindow(within) === 0) return [];
    return [{ before: null, after: drawnInstance(category, maskOfWindow(within, scene.width, scene.height)) }];
  });
  session.commit("add", edits);
  if (edits.length > 0) session.select(edits.map((edit) => edit.after.key));
}

/** The first takes in all the others. */
export function merge(session: Session, instances: readonly Instance[]): void {
  const { scene } = session.view.get();
  if (scene === null || instances.length < 2) return;
  const [first, ...others] = instances;
  const union = unite(instances.map((one) => windowOfMask(one.mask)));
  const edits: Edit[] = [
    { before: first, after: reshaped(first, maskOfWindow(union, scene.width, scene.height)) },
    ...others.map((before) => ({ before, after: null })),
  ];
  session.commit("edit", edits);
  session.select([first.key]);
}

/** The largest connected piece keeps the name; the others become instances of their own. */
export function separate(session: Session, instances: readonly Instance[]): void {
  const { scene } = session.view.get();
  if (scene === null || instances.length !== 1) return;
  const [before] = instances;
  const pieces = piecesOf(windowOfMask(before.mask)).sort((a, b) => areaOfWindow(b) - areaOfWindow(a));
  if (pieces.length < 2) return;
  const [largest, ...rest] = pieces.map((piece) => maskOfWindow(piece, scene.width, scene.height));
  const edits: Edit[] = [
    { before, after: reshaped(before, largest) },
    ...rest.map((mask) => ({ before: null, after: drawnInstance(before.category, mask) })),
  ];
  session.commit("edit", edits);
}

/** The first of the instances that a line runs right through falls in two; false where there is none. */
export function cutInTwo(session: Session, instances: readonly Instance[], line: readonly Point[]): boolean {
  const { scene } = session.view.get();
  if (scene === null) return false;
  const crossed = instances.filter((one) => crosses(line, outlineOf(one.mask).box));
  for (const before of crossed.toSorted((a, b) => outlineOf(a.mask).area - outlineOf(b.mask).area)) {
    const sides = divide(windowOfMask(before.mask), line);
    if (sides === null) continue;
    const [kept, away] = [sides.kept, sides.away].map((side) => maskOfWindow(side, scene.width, scene.height));
    const second = drawnInstance(before.category, away);
    session.commit("edit", [
      { before, after: reshaped(before, kept) },
      { before: null, after: second },
    ]);
    session.select([second.key]);
    return true;
  }
  return false;
}

function crosses(line: readonly Point[], box: Box): boolean {
  const reach = boxOfParts([[line]]);
  return reach.x1 >= box.x0 && reach.x0 <= box.x1 && reach.y1 >= box.y0 && reach.y0 <= box.y1;
}

/** Moves by whole image pixels; what would leave the picture stays where it is. */
export function nudge(session: Session, instances: readonly Instance[], dx: number, dy: number): void {
  const { scene } = session.view.get();
  if (scene === null) return;
  const edits = instances.flatMap((before) => {
    const { box } = outlineOf(before.mask);
    const stays = box.x0 + dx >= 0 && box.y0 + dy >= 0 && box.x1 + dx <= scene.width && box.y1 + dy <= scene.height;
    if (!stays) return [];
    const { parts } = before.mask;
    if (parts !== null) {
      const moved = mapPoints(parts, ([x, y]) => [x + dx, y + dy]);
      return [{ before, after: reshaped(before, maskOfParts(moved, scene.height)) }];
    }
    const window = windowOfMask(before.mask);
    const moved = { ...window, left: window.left + dx, top: window.top + dy };
    return [{ before, after: reshaped(before, maskOfWindow(moved, scene.width, scene.height)) }];
  });
  session.commit("edit", edits);
}

export function reshape(session: Session, instances: readonly Instance[], change: (window: MaskWindow) => MaskWindow): void {
  const { scene } = session.view.get();
  if (scene === null) return;
  const edits = instances.flatMap((before) => {
    const window = windowOfMask(before.mask);
    const changed = change(window);
    if (areaOfWindow(changed) === areaOfWindow(window) || areaOfWindow(changed) === 0) return [];
    return [{ before, after: reshaped(before, maskOfWindow(changed, scene.width, scene.height)) }];
  });
  session.commit("edit", edits);
}

function cropped(window: MaskWindow, width: number, height: number): MaskWindow {
  const pixels = window.pixels.map((pixel, offset) => {
    const x = window.left + (offset % window.width);
    const y = window.top + Math.floor(offset / window.width);
    return x >= 0 && y >= 0 && x < width && y < height ? pixel : 0;
  });
  return { ...window, pixels };
}
