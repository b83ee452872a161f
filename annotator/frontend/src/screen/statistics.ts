/** What the project's decisions add up to: how far it is, each category, each day. */
import type { WireStatistics } from "../document/protocol";
import type { Api } from "../saving/api";
import { lineOf } from "../saving/errors";
import type { StringKey } from "../strings";
import { decimal, t } from "../strings";
import { h } from "../widgets/dom";

/** How an instance came about, and the class that gives its colour. */
const KINDS = [
  ["accepted", "statAccepted"],
  ["adjusted", "statAdjusted"],
  ["drawn", "statDrawn"],
  ["imported", "statImported"],
  ["rejected", "statRejected"],
  ["open", "statOpen"],
] as const;
/** What the threshold hides is counted too, and is no part of a chart. */
const COLUMNS = [...KINDS, ["below", "statBelow"]] as const;

/** Fills the element; every chart stands beside its numbers. */
export async function showStatistics(element: HTMLElement, api: Pick<Api, "root" | "statistics">, threshold: number): Promise<void> {
  try {
    const found = await api.statistics(threshold);
    element.replaceChildren(...page(found, `${api.root}/statistics`, threshold));
  } catch (error) {
    element.replaceChildren(h("p", { class: "an-bulk-facts is-wrong", role: "alert" }, lineOf(error)));
  }
}

function page(found: WireStatistics, root: string, threshold: number): HTMLElement[] {
  const share = found.images === 0 ? 0 : found.reviewed / found.images;
  const used = found.categories.filter((one) => COLUMNS.some(([kind]) => one[kind] > 0));
  const most = Math.max(1, ...used.map((one) => KINDS.reduce((sum, [kind]) => sum + one[kind], 0)));
  const busiest = Math.max(1, ...found.days.map((day) => day.accepted + day.rejected));
  const csv = (table: string): HTMLElement => h("a", { class: "an-link", href: `${root}/${table}.csv?threshold=${threshold}`, download: `${table}.csv` }, t("asCsv"));
  return [
    section(t("statProgress"), null, [
      h("p", { class: "an-stat-large" }, t("progress", { reviewed: found.reviewed, total: found.images })),
      h("span", { class: "an-bar" }, bar("an-bar-fill", share)),
    ]),
    section(t("statCategories"), csv("categories"), [
      used.length === 0
        ? h("p", {}, t("statNothing"))
        : table(
            [t("statCategory"), ...COLUMNS.map(([, label]) => t(label)), ""],
            used.map((one) => [one.name, ...COLUMNS.map(([kind]) => String(one[kind])), stack(one, most)]),
          ),
      legend(),
      h("p", { class: "an-stat-rule" }, t("statRule", { threshold: decimal(threshold, 2) })),
    ]),
    section(t("statDays"), csv("days"), [
      found.days.length === 0
        ? h("p", {}, t("statNothing"))
        : table(
            [t("statDay"), t("statReviewed"), t("statAccepted"), t("statRejected"), ""],
            found.days.toReversed().map((day) => [
              day.day,
              String(day.reviewed),
              String(day.accepted),
              String(day.rejected),
              h("span", { class: "an-stat-stack", "aria-hidden": "true" }, bar("is-accepted", day.accepted / busiest), bar("is-rejected", day.rejected / busiest)),
            ]),
          ),
    ]),
  ];
}

/** A part of the page under a title. */
export function section(title: string, beside: HTMLElement | null, content: readonly (HTMLElement | null)[]): HTMLElement {
  return h("section", { class: "an-stat" }, h("div", { class: "an-stat-head" }, h("h2", {}, title), beside), ...content);
}

/** The first cell of a row names it; all between the first and the last are numbers. */
export function table(heads: readonly string[], rows: readonly (readonly (string | HTMLElement)[])[]): HTMLElement {
  const number = (index: number): string | null => (index > 0 && index < heads.length - 1 ? "is-number" : null);
  const head = heads.map((text, index) => (text === "" ? h("td") : h("th", { scope: "col", class: number(index) }, text)));
  const line = (cells: readonly (string | HTMLElement)[]): HTMLElement =>
    h("tr", {}, ...cells.map((cell, index) => (index === 0 ? h("th", { scope: "row" }, cell) : h("td", { class: number(index) }, cell))));
  // A wide table scrolls by itself, by keyboard too.
  return h("div", { class: "an-stat-wide", tabindex: "0", role: "group" }, h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows.map(line))));
}

function stack(one: WireStatistics["categories"][number], most: number): HTMLElement {
  return h("span", { class: "an-stat-stack", "aria-hidden": "true" }, ...KINDS.map(([kind]) => bar(`is-${kind}`, one[kind] / most)));
}

function bar(kind: string, share: number): HTMLElement {
  const element = h("span", { class: kind });
  element.style.width = `${100 * share}%`;
  return element;
}

function legend(): HTMLElement {
  const entry = ([kind, label]: readonly [string, StringKey]): HTMLElement => h("li", {}, h("span", { class: `an-stat-swatch is-${kind}`, "aria-hidden": "true" }), t(label));
  return h("ul", { class: "an-stat-legend" }, ...KINDS.map(entry));
}
