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

/** From this far apart in OKLab, two colours over a photograph are not taken for one another. */
const UNLIKE = 0.2;

/** For each two of COLORS: 1 where they are the same, 0 where nobody takes them for one another. */
export const LIKENESS: readonly (readonly number[])[] = COLORS.map((a) =>
  COLORS.map((b) => Math.max(0, 1 - distance(oklab(a), oklab(b)) / UNLIKE)),
);

/** Source: Ottosson, "A perceptual color space for image processing" (2020). */
function oklab(color: string): readonly number[] {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const l = Math.cbrt(0.41222147 * r + 0.53633254 * g + 0.05144599 * b);
  const m = Math.cbrt(0.2119035 * r + 0.6806995 * g + 0.10739696 * b);
  const s = Math.cbrt(0.08830246 * r + 0.28171884 * g + 0.62997871 * b);
  return [
    0.21045426 * l + 0.79361779 * m - 0.00407205 * s,
    1.9779985 * l - 2.42859221 * m + 0.4505937 * s,
    0.02590404 * l + 0.78277177 * m - 0.80867577 * s,
  ];
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, index) => value - b[index]));
}

/** A number that a key always gives. */
export function hashOf(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (hash * 31 + key.charCodeAt(i)) | 0;
  return Math.abs(hash);
}
