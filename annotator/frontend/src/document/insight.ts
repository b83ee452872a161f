/** What the decisions of a project say, as the server tells it (annotator/web/routes/insight.py). */

import type { WireCutout } from "./protocol";

/** At each threshold from 0.00 to 1.00 a share, of how many it is, and its 95 % interval; null where nothing is known. */
export interface WireShare {
  readonly share: readonly (number | null)[];
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
  readonly total: readonly number[];
}

/** A network's suggestions of a category. `work`: expected seconds at each threshold. */
export interface WireAdvice {
  readonly network: string;
  readonly category: number;
  readonly answers: number;
  readonly suggestions: number;
  readonly advised: number | null;
  readonly known_from: number | null;
  /** A lower threshold, which nothing is known about, might be better. */
  readonly at_edge: boolean;
  readonly precision: WireShare;
  readonly missed: WireShare;
  readonly work: readonly (number | null)[];
}

export interface WireSpent {
  readonly count: number;
  readonly seconds: number;
  readonly gestures: number;
}

export const KINDS = ["accepted", "adjusted", "rejected", "drawn"] as const;
type Kinds = { readonly [kind in (typeof KINDS)[number]]: WireSpent };

/** What a tool took on what was adjusted, or on what was drawn. `clicks`: on the picture. */
export interface WireTool extends WireSpent {
  readonly tool: string;
  readonly drawn: boolean;
  readonly clicks: number;
}

export interface WireEntry extends Kinds {
  readonly network: string;
  readonly category: number;
  /** Seconds of a drawing; null with too few. */
  readonly by_hand: number | null;
  /** Seconds so far, negative where it cost some. */
  readonly saved: number | null;
  readonly worth: "saves" | "costs" | "even" | "unknown";
}

export interface WirePace {
  readonly left: number;
  readonly pictures: number;
  readonly seconds: number;
  readonly low: number;
  readonly high: number;
}

/** What of a network's suggestions of a category may be accepted unseen; without a border, nothing. */
export interface WireOffer {
  readonly network: string;
  readonly category: number;
  /** Suggestions from the border on, on pictures that are not reviewed. */
  readonly waiting: number;
  readonly border: number | null;
  readonly precision: { readonly share: number | null; readonly low: number; readonly high: number; readonly total: number } | null;
}

export interface WireInsight {
  /** How many of each there must be before something is said. */
  readonly needs: { readonly answers: number; readonly drawings: number; readonly unseen: number; readonly batch: number };
  readonly advice: readonly WireAdvice[];
  readonly ledger: Kinds & { readonly entries: readonly WireEntry[]; readonly tools: readonly WireTool[]; readonly pace: WirePace | null };
  /** `allowed`: wrong ones of a sample. */
  readonly unseen: { readonly target: number; readonly sample: number; readonly allowed: number; readonly offers: readonly WireOffer[] };
}

/** How many suggestions may be accepted unseen, their sample among them. */
export function waitingIn({ unseen }: Pick<WireInsight, "unseen">): number {
  return unseen.offers.reduce((sum, one) => sum + (one.border === null ? 0 : one.waiting), 0);
}

/** An accepted instance that may be an error. `other`: the category that a network sees there. */
export interface WireDoubt extends WireCutout {
  readonly category: number;
  readonly reason: "category" | "place" | "several" | "alone" | "size" | "ragged";
  readonly other: number | null;
}

/** Those that come first, of `total` among so many accepted instances. */
export interface WireDoubts {
  readonly instances: readonly WireDoubt[];
  readonly total: number;
  readonly looked_at: number;
}

/** The index of a threshold in a curve. */
export function stepOf(threshold: number): number {
  return Math.max(0, Math.min(100, Math.round(threshold * 100)));
}

/** What is known of a category: of the network with most answers; without a category, of all that has most. */
export function adviceFor(insight: WireInsight, category: number | null): WireAdvice | null {
  const ordered = insight.advice.toSorted((one, other) => other.answers - one.answers);
  return ordered.find((one) => category === null || one.category === category) ?? null;
}

/** By how much of the expected work the advised threshold is better than this one, 0..1; null where nobody knows. */
export function savedBy({ advised, work }: Pick<WireAdvice, "advised" | "work">, threshold: number): number | null {
  const [now, then] = [work[stepOf(threshold)], advised === null ? null : work[stepOf(advised)]];
  if (now === null || now === undefined || then === null || then === undefined || now === 0) return null;
  return Math.max(0, 1 - then / now);
}

/** Less than this is no reason to change a threshold. */
const WORTHWHILE = 0.005;

/** The advised threshold where it is better than this one, or where nobody knows what this one costs. */
export function betterThan(advice: Pick<WireAdvice, "advised" | "work">, threshold: number): number | null {
  const saved = savedBy(advice, threshold);
  return saved === null || saved >= WORTHWHILE ? advice.advised : null;
}

/** A time as people say it: whole minutes under two hours, then halves of hours. */
export function spoken(seconds: number): { readonly unit: "minutes" | "hours"; readonly n: number } {
  const minutes = Math.max(seconds > 0 ? 1 : 0, Math.round(seconds / 60));
  return minutes < 120 ? { unit: "minutes", n: minutes } : { unit: "hours", n: Math.round(minutes / 30) / 2 };
}
