/** How good each network is on the reviewed pictures: figures, charts, and how far they are to be believed. */
import type { WireBias, WireBounds, WireEstimate, WireEvaluation, WireNetworkFigures, WireSizes } from "../document/evaluation";
import { AP_NAMES, most, ownShare } from "../document/evaluation";
import { lineOf } from "../saving/errors";
import { EvaluationApi } from "../saving/evaluation";
import type { StringKey } from "../strings";
import { decimal, t } from "../strings";
import { h } from "../widgets/dom";
import { figure, hint } from "../widgets/plot";
import type { InsightOptions } from "./advising";
import { percent } from "./advising";
import { blindPictures } from "./blind";
import { handingOut } from "./handout";
import { section, table } from "./statistics";
import { twoPeople } from "./twopeople";

const SOON_MS = 700;
/** While somebody looks, decisions of others come in. */
const LATER_MS = 15_000;
/** Rows of a confusion on the page: the file has all. */
const MOST_CATEGORIES = 10;

/** Fills the element, and follows what is decided for as long as it is on the page. */
export async function showEvaluation(element: HTMLElement, options: InsightOptions): Promise<void> {
  const api = new EvaluationApi(options.api);
  const progress = h("p", { class: "an-stat-rule", role: "status" });
  const content = h("div", { class: "an-networks" });
  const refresh = (): void => void options.session.refreshQueue().catch(() => undefined);
  element.replaceChildren(section(t("evalTitle"), null, [h("p", { class: "an-stat-rule" }, t("evalRule")), progress, content]), blindPictures(options, refresh), twoPeople(options), handingOut(options, refresh));
  await follow({ api, progress, content }, "");
}

interface Place {
  readonly api: EvaluationApi;
  readonly progress: HTMLElement;
  readonly content: HTMLElement;
}

async function follow(place: Place, shown: string): Promise<void> {
  const { api, progress, content } = place;
  try {
    const found = await api.look();
    progress.textContent = told(found);
    // A chart whose numbers somebody reads stays as it is until there are others.
    if (found.version !== shown || content.childElementCount === 0) content.replaceChildren(...cards(found, api));
    setTimeout(() => content.isConnected && content.offsetParent !== null && void follow(place, found.version), found.measuring === null ? LATER_MS : SOON_MS);
  } catch (error) {
    progress.textContent = lineOf(error);
  }
}

function told({ measuring, error }: WireEvaluation): string {
  if (error !== null) return error;
  if (measuring === null) return "";
  return measuring.total === 0 ? t("evalBegins") : t("evalUnderWay", measuring);
}

function cards(found: WireEvaluation, api: EvaluationApi): HTMLElement[] {
  if (found.networks.length > 0) return found.networks.map((one) => card(one, api));
  return found.measuring === null ? [h("p", {}, t("evalNone"))] : [];
}

function card(one: WireNetworkFigures, api: EvaluationApi): HTMLElement {
  const own = ownShare(one);
  return h(
    "article",
    { class: "an-network" },
    h("h3", {}, one.network),
    h("p", {}, t("evalFrom", { pictures: one.pictures, objects: one.objects, detections: one.detections })),
    own > 0 ? h("p", { class: "an-network-warning", role: "note" }, t("evalFlatters", { share: percent(own), network: one.network }), " ", one.bias === null ? t("evalBiasNone") : "") : null,
    one.left_out > 0 ? h("p", { class: "an-stat-rule" }, t("evalLeftOut", { n: one.left_out })) : null,
    precision(one, api),
    bias(one, api),
    h("div", { class: "an-plots" }, curve(one, api), calibration(one, api), histogram(one, api), confusion(one, api)),
  );
}

// --- average precision ---

function precision(one: WireNetworkFigures, api: EvaluationApi): HTMLElement {
  const heads: readonly StringKey[] = ["evalAp", "evalAp50", "evalAp75", "evalSmall", "evalMedium", "evalLarge"];
  const cell = (name: (typeof AP_NAMES)[number], figures: WireNetworkFigures["box"], interval: WireBounds, sizes: WireSizes): string => {
    const value = points(figures[name]);
    if (name === "AP" && interval !== null) return t("evalInterval", { value, low: points(interval[0]), high: points(interval[1]) });
    const count = { "AP small": sizes.small, "AP medium": sizes.medium, "AP large": sizes.large }[name as string];
    return count === undefined ? value : t("evalOfSo", { value, n: count });
  };
  const row = (label: string, figures: WireNetworkFigures["box"], interval: WireBounds, of: Pick<WireNetworkFigures, "objects" | "objects_by_size">): (string | HTMLElement)[] => [
    label,
    String(of.objects),
    ...AP_NAMES.map((name) => cell(name, figures, interval, of.objects_by_size)),
    "",
  ];
  const categories = one.by_category.length < 2 ? [] : one.by_category.map((of) => row(of.category, of.mask ?? of.box, null, of));
  return h(
    "div",
    { class: "an-network-figures" },
    table([t("evalCategory"), t("adviceObjects"), ...heads.map((head) => t(head)), ""], [row(t("evalMasks"), one.mask, one.mask_interval, one), row(t("evalBoxes"), one.box, one.box_interval, one), ...categories]),
    h("p", { class: "an-stat-rule" }, t("evalApRule"), " ", csv(api, "average-precision")),
  );
}

/** In hundredths, as AP is written. */
function points(value: number): string {
  return value < 0 ? "–" : decimal(100 * value, 1);
}

// --- what people saw ---

function bias(one: WireNetworkFigures, api: EvaluationApi): HTMLElement | null {
  if (one.bias === null) return null;
  const { ap, iou } = one.bias;
  const hundredths = (value: number): string => decimal(100 * value, 1);
  const share = (value: number): string => decimal(value, 2);
  const row = (label: string, { aided, unaided, flattery }: WireBias, said: (value: number) => string): string[] => [label, estimate(aided, said), estimate(unaided, said), estimate(flattery, (value) => signed(said(value))), ""];
  const counts = { aided: ap.aided?.pictures ?? 0, unaided: ap.unaided?.pictures ?? 0 };
  return h(
    "div",
    { class: "an-network-figures" },
    h("h4", {}, t("evalBias")),
    h("p", { class: "an-stat-rule" }, t("evalBiasFrom", counts)),
    table([t("evalFigure"), t("evalAided"), t("evalUnaided"), t("evalFlattery"), ""], [row(t("evalBiasAp"), ap, hundredths), row(t("evalBiasIou"), iou, share)]),
    h("p", { class: "an-stat-rule" }, t("evalBiasRule"), " ", csv(api, "bias")),
  );
}

function estimate(found: WireEstimate | null, said: (value: number) => string): string {
  if (found === null) return "–";
  return found.low === null || found.high === null ? said(found.value) : t("evalInterval", { value: said(found.value), low: said(found.low), high: said(found.high) });
}

/** With a minus that is one, and a plus. */
function signed(text: string): string {
  return text.startsWith("-") ? `−${text.slice(1)}` : `+${text}`;
}

// --- charts ---

const SHARE = { from: 0, to: 1, written: percent } as const;
const SCORE = { from: 0, to: 1, written: (value: number) => decimal(value, 1) } as const;

function curve(one: WireNetworkFigures, api: EvaluationApi): HTMLElement | null {
  if (one.curve === null) return null;
  const { recall, iou50, iou75 } = one.curve;
  const heads = [t("evalFound"), t("evalAt50"), t("evalAt75")];
  const rows = recall.map((found, at) => [percent(found), percent(iou50[at]), percent(iou75[at])]);
  const drawn = {
    label: t("evalCurveLabel", { network: one.network, ap50: points(one.mask.AP50), ap75: points(one.mask.AP75) }),
    x: { ...SHARE, label: t("evalFound") },
    y: { ...SHARE, label: t("evalPrecise") },
    curves: [
      { kind: "right", values: iou50 },
      { kind: "missed", values: iou75 },
    ],
    hints: () => recall.map((x, at) => ({ x, y: iou50[at], text: hint(heads, rows[at]) })),
  };
  return figure(drawn, {
    title: t("evalCurve"),
    from: t("evalFrom", { pictures: one.pictures, objects: one.objects, detections: one.detections }),
    legend: [
      ["right", t("evalAt50")],
      ["missed", t("evalAt75")],
    ],
    below: [one.by_category.length < 2 ? null : h("p", { class: "an-stat-rule" }, t("evalCurveMean")), details(heads, rows.filter((_, at) => at % 10 === 0), api, "precision-recall")],
  });
}

function calibration(one: WireNetworkFigures, api: EvaluationApi): HTMLElement {
  const { bins, error } = one.calibration;
  const total = bins.reduce((sum, bin) => sum + bin.total, 0);
  const heads = [t("evalScore"), t("adviceRight"), t("evalSuggestions")];
  const rows = bins.map((bin) => [range(bin.from, bin.to, 1), t("adviceInterval", { share: percent(bin.right), low: percent(bin.low), high: percent(bin.high) }), String(bin.total)]);
  const drawn = {
    label: t("evalScoresLabel", { network: one.network, n: total, error: percent(error ?? 0) }),
    x: { ...SCORE, label: t("evalScore") },
    y: { ...SHARE, label: t("adviceRight") },
    dots: bins.map((bin) => ({ x: bin.score, y: bin.right, low: bin.low, high: bin.high })),
    hints: () => bins.map((bin, at) => ({ x: bin.score, y: bin.right, text: hint(heads, rows[at]) })),
  };
  return figure(drawn, {
    title: t("evalScores"),
    from: error === null ? t("evalNothingFound") : t("evalScoresFrom", { n: total, error: percent(error) }),
    legend: [
      ["dot", t("evalShareRight")],
      ["ideal", t("evalIdeal")],
    ],
    below: [details(heads, rows, api, "calibration")],
  });
}

function histogram(one: WireNetworkFigures, api: EvaluationApi): HTMLElement {
  const { counts, steps, mean, interval } = one.mask_iou;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const said = { n: total, mean: decimal(mean ?? 0, 2), threshold: decimal(one.threshold, 2) };
  const text = mean === null ? t("evalNothingFound") : interval === null ? t("evalFitFrom", said) : t("evalFitWithin", { ...said, low: decimal(interval[0], 2), high: decimal(interval[1], 2) });
  const heads = [t("evalFit"), t("adviceObjects")];
  const rows = counts.map((count, at) => [range(steps[at], steps[at + 1], 2), String(count)]);
  const drawn = {
    label: t("evalFitLabel", { ...said, network: one.network }),
    x: { from: steps[0], to: steps[counts.length], written: (value: number) => decimal(value, 2), label: t("evalFit") },
    y: { from: 0, to: Math.max(1, ...counts), written: (count: number) => (Number.isInteger(count) ? String(count) : ""), label: t("adviceObjects") },
    bars: counts.map((height, at) => ({ from: steps[at], to: steps[at + 1], height })),
    hints: () => counts.map((y, at) => ({ x: (steps[at] + steps[at + 1]) / 2, y, text: hint(heads, rows[at]) })),
  };
  return figure(drawn, { title: t("evalFit"), from: text, below: [details(heads, rows, api, "mask-iou")] });
}

function range(from: number, to: number, digits: number): string {
  return t("evalRange", { from: decimal(from, digits), to: decimal(to, digits) });
}

function confusion(one: WireNetworkFigures, api: EvaluationApi): HTMLElement {
  const { categories, counts, missed, nothing_there } = most(one.confusion, MOST_CATEGORIES);
  const cell = (count: number, of: number, right: boolean): HTMLElement => {
    const element = h("td", { class: `is-number ${right ? "is-right" : "is-wrong"}` }, String(count));
    element.style.setProperty("--an-share", `${Math.round(100 * (of === 0 ? 0 : count / of))}%`);
    return element;
  };
  const rows = categories.map((name, row) => {
    const of = counts[row].reduce((sum, count) => sum + count, missed[row]);
    return h("tr", {}, h("th", { scope: "row" }, name), ...counts[row].map((count, column) => cell(count, of, row === column)), cell(missed[row], of, false));
  });
  const suggested = nothing_there.map((count, column) => counts.reduce((sum, row) => sum + row[column], count));
  rows.push(h("tr", {}, h("th", { scope: "row" }, t("evalNothingThere")), ...nothing_there.map((count, column) => cell(count, suggested[column], false)), h("td")));
  const head = h("tr", {}, h("td"), ...categories.map((name) => h("th", { scope: "col" }, name)), h("th", { scope: "col" }, t("evalMissed")));
  return h(
    "figure",
    { class: "an-plot an-confusion" },
    h("figcaption", {}, h("h4", {}, t("evalTaken")), h("p", { class: "an-stat-rule" }, t("evalTakenFrom", { threshold: decimal(one.threshold, 2), objects: one.objects }))),
    h("div", { class: "an-stat-wide", tabindex: "0", role: "group", "aria-label": t("evalTaken") }, h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows))),
    h("p", { class: "an-stat-rule" }, t("evalTakenRule"), " ", categories.length < one.confusion.categories.length ? t("evalTakenMost", { n: categories.length }) : "", " ", csv(api, "confusion")),
  );
}

function details(heads: readonly string[], rows: readonly (readonly string[])[], api: EvaluationApi, name: string): HTMLElement {
  const numbers = table([...heads, ""], rows.map((row) => [...row, ""]));
  return h("details", {}, h("summary", {}, t("adviceTable")), numbers, csv(api, name));
}

function csv({ root }: EvaluationApi, name: string): HTMLElement {
  return h("a", { class: "an-link", href: `${root}/${name}.csv`, download: `${name}.csv` }, t("asCsv"));
}
