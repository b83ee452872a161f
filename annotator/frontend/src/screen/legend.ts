/** What the colours mean, in a corner of the picture: categories with their numbers, or scores. */
import { scoreColor } from "../canvas/palette";
import type { Appearance } from "../canvas/render";
import type { Instance } from "../document/scene";
import type { Session } from "../session/session";
import { t } from "../strings";
import { h } from "../widgets/dom";

/** More than this would cover the picture. */
const MOST = 12;
const SCORES = [0.9, 0.7, 0.5, 0.3, 0.1];

export function createLegend(session: Session, appearance: Appearance): HTMLElement {
  const element = h("div", { class: "an-legend", "aria-label": t("legend"), role: "group", hidden: true });
  session.view.subscribe((now, before) => {
    const same = now.scene === before.scene && now.threshold === before.threshold && now.showRejected === before.showRejected;
    if (same && now.display === before.display && now.categories === before.categories) return;
    const { legend, colorBy } = now.display;
    element.hidden = !legend || now.scene === null || colorBy === "instance";
    if (element.hidden || now.scene === null) return;
    if (colorBy === "score") return element.replaceChildren(...SCORES.map((score) => line(scoreColor(score), ranges(score))));
    const counts = [...countsOf(session.visible())].sort((a, b) => b[1] - a[1]);
    const rows = counts.slice(0, MOST).map(([id, n]) => line(appearance.categoryColor(id), appearance.categoryName(id), n));
    if (counts.length > MOST) rows.push(h("div", { class: "an-legend-line" }, t("legendMore", { n: counts.length - MOST })));
    element.replaceChildren(...rows);
    element.hidden = rows.length === 0;
  });
  return element;
}

function countsOf(instances: readonly Instance[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { category } of instances) counts.set(category, (counts.get(category) ?? 0) + 1);
  return counts;
}

function ranges(score: number): string {
  return `${(score - 0.1).toFixed(1)} – ${(score + 0.1).toFixed(1)}`;
}

function line(color: string, text: string, count?: number): HTMLElement {
  const swatch = h("span", { class: "an-swatch" });
  swatch.style.background = color;
  return h("div", { class: "an-legend-line" }, swatch, h("span", {}, text), count === undefined ? null : h("small", {}, String(count)));
}
