/** What drawing and hit-testing need of a mask, worked out once for each mask and kept as long as the mask lives. */
import type { Box, Part } from "./geometry";
import { areaOfParts, boxOfParts } from "./geometry";
import { decodeCounts } from "./rle";
import type { Mask } from "./scene";
import { simplifyParts } from "./simplify";
import { extentOfRuns, traceRuns } from "./trace";

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
    outline = mask.parts === null ? new TracedOutline(mask) : drawnOutline(mask.parts);
    outlines.set(mask, outline);
  }
  return outline;
}

/** Traces a mask's line at once: the frame that paints it first then has only the painting to do. */
export function traceAhead(mask: Mask): void {
  void outlineOf(mask).simple;
}

function drawnOutline(parts: readonly Part[]): Outline {
  return { parts, simple: parts, box: boxOfParts(parts), area: areaOfParts(parts) };
}

/** Traced once somebody asks for its line: lists and colours only need box and area. */
class TracedOutline implements Outline {
  readonly box: Box;
  readonly area: number;
  private traced: readonly Part[] | null = null;
  private simplified: readonly Part[] | null = null;

  constructor(private readonly mask: Mask) {
    const { box, area } = extentOfRuns(this.runs(), mask.height);
    this.box = box;
    this.area = area;
  }

  get parts(): readonly Part[] {
    return (this.traced ??= traceRuns(this.runs(), this.mask.height).parts);
  }

  get simple(): readonly Part[] {
    return (this.simplified ??= simplifyParts(this.parts, EDIT_TOLERANCE).filter((part) => areaOfParts([part]) > 0));
  }

  private runs(): number[] {
    return decodeCounts(this.mask.rle ?? "");
  }
}
