/** Why a tile of the gallery stands where it stands, in words. */
import type { CutoutOrder, Usual, WireCutout } from "../document/protocol";
import { t } from "../strings";

export interface Place {
  readonly order: CutoutOrder;
  /** The category's own threshold, or the general one. */
  readonly threshold: number;
  readonly category: string;
  readonly usual: Usual | null;
}

/** From this many times on it counts as unlike the others. */
const UNLIKE = 1.1;

export function whyHere(wire: WireCutout, { order, threshold, category, usual }: Place): string {
  if (order === "area") return t("whyShare", { share: percent(wire.share) });
  if (order === "like") return t("whyLike");
  if (order === "odd") return usual === null ? "" : unlike(wire, usual, category);
  if (wire.score === null) return t("whyNoScore");
  const score = wire.score.toFixed(2);
  return order === "score" ? t("whyScore", { score }) : t("whyDoubt", { score, threshold: threshold.toFixed(2) });
}

/** What makes it stranger comes first; a difference too small to see is left out. */
function unlike({ share, box: [x0, y0, x1, y1] }: WireCutout, usual: Usual, category: string): string {
  const size = Math.log(share / usual.share);
  const shape = Math.log(Math.max(y1 - y0, 0.5) / Math.max(x1 - x0, 0.5) / usual.aspect);
  const said = [
    { ratio: size, odd: Math.abs(size) / usual.share_spread, text: size > 0 ? "whyLarger" : "whySmaller" },
    { ratio: shape, odd: Math.abs(shape) / usual.aspect_spread, text: shape > 0 ? "whyTaller" : "whyWider" },
  ] as const;
  const texts = said
    .filter(({ ratio }) => Number.isFinite(ratio) && Math.abs(ratio) >= Math.log(UNLIKE))
    .toSorted((a, b) => b.odd - a.odd)
    .map(({ ratio, text }) => t(text, { times: Math.exp(Math.abs(ratio)).toFixed(1), category }));
  return texts.length === 0 ? t("whyUsual", { category }) : texts.join(", ");
}

function percent(share: number): string {
  return Number((100 * share).toPrecision(2)).toString();
}
