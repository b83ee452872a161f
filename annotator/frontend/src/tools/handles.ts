/** A box changed by one of its handles. */
import type { Handle } from "../canvas/render";
import type { Box, Point } from "../document/geometry";

/** In CSS pixels. */
export const HANDLE_REACH = 8;
const CURSORS = ["nwse", "ns", "nesw", "ew", "nwse", "ns", "nesw", "ew"];

/** The index of the handle at a place, within `reach` image pixels; null where there is none. */
export function handleAt(handles: readonly Handle[], [x, y]: Point, reach: number): number | null {
  const found = handles.find(({ place: [hx, hy] }) => Math.abs(hx - x) <= reach && Math.abs(hy - y) <= reach);
  return found?.index ?? null;
}

export function handleCursor(handle: number): string {
  return `${CURSORS[handle]}-resize`;
}

/** The box with the side or corner of one handle (see shownHandles) moved; it keeps at least one pixel a side. */
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
