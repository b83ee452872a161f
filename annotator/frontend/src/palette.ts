/** Colours for categories that colour-blind people tell apart: Okabe and Ito's, then Paul Tol's. */
import type { WireCategory } from "./protocol";

const COLORS = [
  "#56b4e9",
  "#e69f00",
  "#00c792",
  "#e0669f",
  "#f0e442",
  "#d55e00",
  "#3d8bff",
  "#cc79a7",
  "#44aa99",
  "#b58900",
  "#aa6dd8",
  "#88ccee",
  "#999933",
  "#ff8a80",
] as const;

/** Category id -> colour. By place among the ids, so that the first ones of a project never share one. */
export function categoryColors(categories: readonly WireCategory[]): Map<number, string> {
  const ids = categories.map((category) => category.id).sort((a, b) => a - b);
  return new Map(ids.map((id, index) => [id, COLORS[index % COLORS.length]]));
}

export const UNKNOWN_COLOR = "#9aa4b2";

/** From doubtful to sure: dark to light, blue to yellow, for every kind of eye (after the map "cividis"). */
const SCORES = ["#2b5bb5", "#5f8dd3", "#a3b8c9", "#d9c46c", "#ffe94e"] as const;

export function scoreColor(score: number | null): string {
  if (score === null) return UNKNOWN_COLOR;
  return SCORES[Math.max(0, Math.min(SCORES.length - 1, Math.floor(score * SCORES.length)))];
}

/** A colour for each instance, the same at every visit. */
export function instanceColor(key: string): string {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (hash * 31 + key.charCodeAt(i)) | 0;
  return COLORS[Math.abs(hash) % COLORS.length];
}
