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
