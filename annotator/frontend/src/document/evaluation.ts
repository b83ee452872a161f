/** How good the networks of a project are on its reviewed pictures, as the server tells it (annotator/web/routes/evaluation.py). */

export const AP_NAMES = ["AP", "AP50", "AP75", "AP small", "AP medium", "AP large"] as const;

/** In 0..1; -1 where there is no object. */
export type WireAp = { readonly [name in (typeof AP_NAMES)[number]]: number };

/** Bounds of a 95 % interval, null with too few pictures. */
export type WireBounds = readonly [number, number] | null;

/** At `recall` of the objects found, the precision at two overlaps. */
export interface WireCurve {
  readonly recall: readonly number[];
  readonly iou50: readonly number[];
  readonly iou75: readonly number[];
}

/** Scores from `from` to `to`: their mean, and the share of these suggestions that is right. */
export interface WireBin {
  readonly from: number;
  readonly to: number;
  readonly score: number;
  readonly right: number;
  readonly low: number;
  readonly high: number;
  readonly total: number;
}

/** Rows are objects, columns what they were taken for; `nothing_there`: suggestions where no object is. */
export interface WireConfusion {
  readonly categories: readonly string[];
  readonly counts: readonly (readonly number[])[];
  readonly missed: readonly number[];
  readonly nothing_there: readonly number[];
}

/** How many objects are of each of COCO's sizes. */
export type WireSizes = Readonly<Record<"small" | "medium" | "large", number>>;

export interface WireCategoryFigures {
  readonly category: string;
  readonly objects: number;
  readonly objects_by_size: WireSizes;
  readonly box: WireAp;
  readonly mask: WireAp | null;
}

/** With the bounds of its 95 % interval, null with too few pictures. */
export interface WireEstimate {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly pictures: number;
}

/** A figure of the pictures on which people saw the suggestions, of the others, and how much higher the first one is. */
export interface WireBias {
  readonly aided: WireEstimate | null;
  readonly unaided: WireEstimate | null;
  readonly flattery: WireEstimate | null;
}

export interface WireNetworkFigures {
  readonly network: string;
  readonly pictures: number;
  readonly objects: number;
  readonly objects_by_size: WireSizes;
  readonly detections: number;
  /** Reviewed pictures of which not all that the network found is kept. */
  readonly left_out: number;
  /** The objects, by where their outline comes from: this network's as it was or adjusted, drawn, or other. */
  readonly origins: { readonly own: number; readonly adjusted: number; readonly drawn: number; readonly other: number };
  /** Null where nobody worked without suggestions. */
  readonly bias: { readonly ap: WireBias; readonly iou: WireBias } | null;
  readonly threshold: number;
  readonly box: WireAp;
  readonly mask: WireAp;
  readonly box_interval: WireBounds;
  readonly mask_interval: WireBounds;
  readonly by_category: readonly WireCategoryFigures[];
  readonly curve: WireCurve | null;
  readonly confusion: WireConfusion;
  readonly mask_iou: { readonly steps: readonly number[]; readonly counts: readonly number[]; readonly mean: number | null; readonly interval: WireBounds };
  readonly calibration: { readonly bins: readonly WireBin[]; readonly error: number | null };
}

export interface WireEvaluation {
  readonly version: string;
  readonly measuring: { readonly done: number; readonly total: number } | null;
  readonly error: string | null;
  readonly networks: readonly WireNetworkFigures[];
}

/** The share of the objects whose outline is the network's own, adjusted or not; 0 without any. */
export function ownShare({ origins }: Pick<WireNetworkFigures, "origins">): number {
  const all = origins.own + origins.adjusted + origins.drawn + origins.other;
  return all === 0 ? 0 : (origins.own + origins.adjusted) / all;
}

/** The part of a confusion that fits on a page: of the categories with most objects, in their order. */
export function most(confusion: WireConfusion, count: number): WireConfusion {
  const of = (index: number): number => confusion.counts[index].reduce((sum, one) => sum + one, confusion.missed[index]);
  const chosen = confusion.categories
    .map((_, index) => index)
    .toSorted((one, other) => of(other) - of(one))
    .slice(0, count)
    .toSorted((one, other) => one - other);
  const pick = <T>(all: readonly T[]): T[] => chosen.map((index) => all[index]);
  return { categories: pick(confusion.categories), counts: pick(confusion.counts).map(pick), missed: pick(confusion.missed), nothing_there: pick(confusion.nothing_there) };
}
