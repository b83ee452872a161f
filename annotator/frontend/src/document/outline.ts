/** What drawing and hit-testing need of a mask, worked out once for each mask and kept as long as the mask lives. */
import type { Box, Part } from "./geometry";
import { areaOfParts, boxOfParts } from "./geometry";
import { decodeCounts } from "./rle";
import type { Mask } from "./scene";
import { simplifyParts } from "./simplify";
import { traceRuns } from "./trace";

/** Vertices of an editable polygon lie this close to the traced edge, in image pixels; IoU stays above 0.99. */
const EDIT_TOLERANCE = 1;

export interface Outline {
  /** To the pixel. */
  readonly parts: readonly Part[];
  /** With few vertices: what a person drags, and what is drawn from afar. */
  readonly simple: readonly Part[];
  readonly box: Box;
  readonly area: number;
}

const outlines = new WeakMap<Mask, Outline>();

export function outlineOf(mask: Mask): Outline {
  let outline = outlines.get(mask);
  if (outline === undefined) {
    outline = mask.parts === null ? tracedOutline(mask) : drawnOutline(mask.parts);
    outlines.set(mask, outline);
  }
  return outline;
}

function drawnOutline(parts: readonly Part[]): Outline {
  return { parts, simple: parts, box: boxOfParts(parts), area: areaOfParts(parts) };
}

function tracedOutline(mask: Mask): Outline {
  const { parts, box, area } = traceRuns(decodeCounts(mask.rle ?? ""), mask.height);
  const simple = simplifyParts(parts, EDIT_TOLERANCE).filter((part) => areaOfParts([part]) > 0);
  return { parts, simple, box, area };
}
