/** Instances of one picture that get in each other's way, as annotator/core/clashes.py finds them in all pictures. */
import { outlineOf } from "./outline";
import { runsOfMask } from "./paint";
import { iouOfRuns } from "./rle";
import type { Instance, Mask } from "./scene";
import { isCrowd } from "./scene";

export const CLASHES = ["duplicate", "contained", "overlap"] as const;
export type Clash = (typeof CLASHES)[number];

/** From which share on, 0 to 1, two instances are held to be each of these. */
export type Bounds = Readonly<Record<Clash, number>>;

/** As Bounds has them in annotator/core/clashes.py. */
export const BOUNDS: Bounds = { duplicate: 0.8, contained: 0.9, overlap: 0.1 };

/** What an instance is to a larger one; `share`: what counts for its kind. */
export interface Clashing {
  readonly kind: Clash;
  readonly share: number;
  readonly larger: Instance;
}

const ious = new WeakMap<Mask, WeakMap<Mask, number>>();

/** Of each that clashes with a larger one the worst, by its key. `width`: of the picture. */
export function clashesOf(instances: readonly Instance[], width: number): Map<string, Clashing> {
  const found = new Map<string, Clashing>();
  const bySize = instances.filter((one) => !isCrowd(one)).toSorted((a, b) => areaOf(b) - areaOf(a));
  bySize.forEach((smaller, index) => {
    for (const larger of bySize.slice(0, index)) {
      const clash = clashOf(larger, smaller, width);
      const before = found.get(smaller.key);
      if (clash !== null && (before === undefined || isWorse(clash, before))) found.set(smaller.key, clash);
    }
  });
  return found;
}

function clashOf(larger: Instance, smaller: Instance, width: number): Clashing | null {
  const iou = iouOf(larger.mask, smaller.mask, width);
  if (iou === 0) return null;
  const [large, small] = [areaOf(larger), areaOf(smaller)];
  const inside = Math.round((iou * (large + small)) / (1 + iou)) / small;
  const same = larger.category === smaller.category;
  if (same && iou >= BOUNDS.duplicate) return { kind: "duplicate", share: iou, larger };
  if (same && inside >= BOUNDS.contained) return { kind: "contained", share: inside, larger };
  return inside >= BOUNDS.overlap ? { kind: "overlap", share: inside, larger } : null;
}

function isWorse(one: Clashing, other: Clashing): boolean {
  const [kind, before] = [CLASHES.indexOf(one.kind), CLASHES.indexOf(other.kind)];
  return kind < before || (kind === before && one.share > other.share);
}

/** Masks stay when other instances change: two of them are compared once. */
function iouOf(one: Mask, other: Mask, width: number): number {
  const [a, b] = [outlineOf(one).box, outlineOf(other).box];
  if (a.x1 <= b.x0 || b.x1 <= a.x0 || a.y1 <= b.y0 || b.y1 <= a.y0) return 0;
  const known = ious.get(one) ?? new WeakMap<Mask, number>();
  ious.set(one, known);
  const iou = known.get(other) ?? iouOfRuns(runsOfMask(one, width), runsOfMask(other, width));
  known.set(other, iou);
  return iou;
}

function areaOf({ mask }: Instance): number {
  return outlineOf(mask).area;
}
