/**
 * Colours for categories and instances. Each is, of what is neither dark nor pale, the farthest from all before it, to whichever kind
 * of eyes tells the two apart least (CIEDE2000 as protan, deutan, tritan and usual eyes see them: 8.6 at least).
 */
import type { WireCategory } from "../document/protocol";

export const COLORS = [
  "#56b4e9",
  "#e69f00",
  "#c04848",
  "#7048ff",
  "#98ff98",
  "#c07098",
  "#209870",
  "#ffc0e0",
  "#ffe020",
  "#ff2020",
  "#98c070",
  "#ff70c0",
  "#9870ff",
  "#48ffff",
] as const;

/** Category id -> colour: the only place that chooses it. The one that somebody gave it, else by place among the ids. */
export function categoryColors(categories: readonly WireCategory[]): Map<number, string> {
  const sorted = categories.toSorted((a, b) => a.id - b.id);
  return new Map(sorted.map(({ id, color }, index) => [id, color ?? COLORS[index % COLORS.length]]));
}

export const UNKNOWN_COLOR = "#9aa4b2";

/** From doubtful to sure: dark to light, blue to yellow, for every kind of eye (after the map "cividis"). */
const SCORES = ["#2b5bb5", "#5f8dd3", "#a3b8c9", "#d9c46c", "#ffe94e"] as const;

export function scoreColor(score: number | null): string {
  if (score === null) return UNKNOWN_COLOR;
  return SCORES[Math.max(0, Math.min(SCORES.length - 1, Math.floor(score * SCORES.length)))];
}

/** A number that a key always gives. */
export function hashOf(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (hash * 31 + key.charCodeAt(i)) | 0;
  return Math.abs(hash);
}
