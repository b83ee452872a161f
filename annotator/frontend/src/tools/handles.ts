/** A box changed by one of its handles. */
import type { Size } from "../canvas/camera";
import { handlePoint, shownHandles } from "../canvas/grips";
import type { Box, Point } from "../document/geometry";
import { clampPoint } from "../document/geometry";

/** In CSS pixels. */
export const HANDLE_REACH = 8;
const CURSORS = ["nwse", "ns", "nesw", "ew", "nwse", "ns", "nesw", "ew"];

/** A handle that is held, and how far from the side or corner that it moves, in image pixels. */
export interface Grip {
  readonly handle: number;
  readonly off: Point;
  /** From the pointer to the middle of the handle, in image pixels. */
  readonly distance: number;
}

/** The handle of a box at a place, within `reach` image pixels; null where there is none. */
export function gripAt(box: Box, at: Point, reach: number, scale: number): Grip | null {
  let best: Grip | null = null;
  for (const { index, point } of shownHandles(box, scale)) {
    const distance = Math.max(Math.abs(point[0] - at[0]), Math.abs(point[1] - at[1]));
    if (distance > (best?.distance ?? reach)) continue;
    const [x, y] = handlePoint(box, index, Number.POSITIVE_INFINITY);
    best = { handle: index, off: [at[0] - x, at[1] - y], distance };
  }
  return best;
}

/** The box after a handle was dragged to a place: the handle keeps its distance from the side that it moves. */
export function draggedBox(box: Box, { handle, off }: Grip, to: Point, picture: Size): Box {
  return scaledBox(box, handle, clampPoint([to[0] - off[0], to[1] - off[1]], picture.width, picture.height));
}

export function handleCursor(handle: number): string {
  return `${CURSORS[handle]}-resize`;
}

/** The box with the side or corner of one handle (see canvas/grips.ts) moved; it keeps at least one pixel a side. */
export function scaledBox(box: Box, handle: number, to: Point): Box {
  const left = handle === 0 || handle >= 6;
  const right = handle >= 2 && handle <= 4;
  const top = handle <= 2;
  const bottom = handle >= 4 && handle <= 6;
  return {
    x0: left ? Math.min(to[0], box.x1 - 1) : box.x0,
    y0: top ? Math.min(to[1], box.y1 - 1) : box.y0,
    x1: right ? Math.max(to[0], box.x0 + 1) : box.x1,
    y1: bottom ? Math.max(to[1], box.y0 + 1) : box.y1,
  };
}
