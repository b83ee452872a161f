/** What the decisions say, below what they add up to: how long the rest takes, what a network costs, which thresholds are best. */
import type { WireAdvice, WireEntry, WireInsight, WireShare, WireSpent } from "../document/insight";
import { KINDS, betterThan, savedBy, spoken, stepOf } from "../document/insight";
import { thresholdOf } from "../document/scene";
import { lineOf } from "../saving/errors";
import type { Api } from "../saving/api";
import type { Session } from "../session/session";
import type { StringKey } from "../strings";
import { decimal, t } from "../strings";
import { button, h } from "../widgets/dom";
import { hint, plot } from "../widgets/plot";
import type { InsightOptions } from "./advising";
import { nameOf, percent, setThreshold } from "./advising";
import { readingAgain } from "./bulkrun";
import { clashes } from "./clashes";
import { showEvaluation } from "./evaluation";
import { labelErrors } from "./labelerrors";
import { nextUp } from "./nextup";
import { section, showStatistics, table } from "./statistics";
import { toolEffort } from "./tooleffort";
import { twoNetworks } from "./twonetworks";
import { checkSamples, unseen } from "./unseen";

/** Fills the element: what decisions add up to first, as it takes less time. */
export async function showInsight(element: HTMLElement, options: InsightOptions): Promise<void> {
  const [counts, said, measured] = [h("div", { class: "an-stats" }), h("div", { class: "an-stats" }), h("div", { class: "an-stats" })];
  element.replaceChildren(counts, said, measured);
  const counted = showStatistics(counts, options.api, options.session.view.get().threshold);
  await Promise.all([counted, showDecisions(said, options), showEvaluation(measured, options)]);
}

async function showDecisions(element: HTMLElement, options: InsightOptions): Promise<void> {
  try {
    // What a sample takes back changes all that is said below.
    const batches = await checkSamples(options);
    const insight = await options.advice.read();
    const news = readingAgain(options.news, element, () => showDecisions(element, options));
    const agreement = await twoNetworks(options, news);
    element.replaceChildren(effort(insight, options), toolEffort(insight.ledger.tools, options.api), nextUp(options), thresholds(insight, options), unseen(insight, batches, options, news), ...(agreement === null ? [] : [agreement]), labelErrors(options), clashes(options));
  } catch (error) {
    element.replaceChildren(h("p", { class: "an-bulk-facts is-wrong", role: "alert" }, lineOf(error)));
  }
}

// --- effort ---

function effort(insight: WireInsight, options: InsightOptions): HTMLElement {
  const { ledger, needs } = insight;
  const { pace } = ledger;
  const time = (seconds: number): string => t(spoken(seconds).unit, { n: spoken(seconds).n });
  const told = pace === null ? null : { n: pace.left, time: time(pace.seconds), low: time(pace.low), high: time(pace.high) };
  const labels: readonly StringKey[] = ["statAccepted", "statAdjusted", "statRejected", "statDrawn"];
  return section(t("effort"), csv(options.api, "effort"), [
    told === null ? h("p", {}, t("paceUnknown")) : h("p", { class: "an-stat-large" }, t("paceLeft", told)),
    pace === null || pace.left === 0 ? null : h("p", { class: "an-stat-rule" }, t("paceFrom", { count: pace.pictures })),
    ledger.entries.length === 0
      ? null
      : table(
          [t("statCategory"), ...labels.map((label) => t(label)), t("effortSaved"), t("effortWorth")],
          ledger.entries.map((one) => [
            title(one, options.session),
            ...KINDS.map((kind) => spent(one[kind])),
            one.saved === null ? "–" : `${one.saved < 0 ? "−" : ""}${time(Math.abs(one.saved))}`,
            t(({ saves: "worthSaves", costs: "worthCosts", even: "worthEven", unknown: "worthUnknown" } as const)[one.worth]),
          ]),
        ),
    ...ledger.entries.filter((one) => one.worth === "costs").map((one) => offerToLeaveOut(one, options)),
    ledger.entries.length === 0 ? null : h("p", { class: "an-stat-rule" }, t("effortNeeds", { ...needs })),
  ]);
}

function spent({ count, seconds }: WireSpent): string {
  return count === 0 ? "0" : t("effortOf", { n: count, seconds: decimal(seconds / count, 1) });
}

function offerToLeaveOut(entry: WireEntry, options: InsightOptions): HTMLElement | null {
  // Suggestions have scores below 1: this hides them all.
  if (thresholdOf(entry.category, options.session.view.get()) >= 1) return null;
  const leaveOut = button({ text: t("effortLeaveOut"), class: "is-managers", onClick: () => void setThreshold(options, entry.category, 1).then(() => leaveOut.remove()) });
  return h("p", { class: "an-advice-line" }, t("effortCosts", { network: entry.network, category: nameOf(options.session, entry.category) }), " ", leaveOut);
}

// --- thresholds ---

function thresholds(insight: WireInsight, options: InsightOptions): HTMLElement {
  const { advice, needs } = insight;
  return section(t("adviceTitle"), advice.length === 0 ? null : csv(options.api, "thresholds"), [
    advice.length === 0 ? h("p", {}, t("adviceNone", { n: needs.answers })) : null,
    ...advice.map((one) => card(one, needs.answers, options)),
  ]);
}

function card(advice: WireAdvice, needed: number, options: InsightOptions): HTMLElement {
  const { session } = options;
  const threshold = thresholdOf(advice.category, session.view.get());
  return h(
    "article",
    { class: "an-advice" },
    h("h3", {}, title(advice, session)),
    h("div", {}, curves(advice, threshold, session), legend()),
    h("div", { class: "an-advice-text" }, ...sentences(advice, threshold, needed).map((text) => h("p", {}, text)), useButton(advice, threshold, options)),
    h("details", {}, h("summary", {}, t("adviceTable")), numbers(advice)),
  );
}

function curves(advice: WireAdvice, threshold: number, session: Session): HTMLElement {
  const { advised, network, answers, precision, missed } = advice;
  const heads = numberHeads();
  return plot({
    label: t("adviceChart", { category: nameOf(session, advice.category), network, n: answers }),
    x: { from: 0, to: 1, written: (value) => decimal(value, 1), label: t("adviceThreshold") },
    y: { from: 0, to: 1, written: percent },
    curves: [
      { kind: "right", values: precision.share, low: precision.low, high: precision.high },
      { kind: "missed", values: missed.share },
    ],
    uprights: [{ at: threshold, kind: "now" }, ...(advised === null ? [] : [{ at: advised, kind: "advised" }])],
    hints: () => precision.share.map((share, at) => ({ x: at / 100, y: share ?? missed.share[at] ?? 0, text: hint(heads, numbersAt(advice, at)) })),
  });
}

/** What is known at the threshold that counts now, and what would be better. */
export function sentences(advice: WireAdvice, threshold: number, needed: number): string[] {
  const at = stepOf(threshold);
  const { precision, missed, advised } = advice;
  const said = { threshold: decimal(threshold, 2) };
  const better = savedBy(advice, threshold);
  return [
    precision.share[at] === null ? t("adviceNowUnknown", said) : t("adviceNow", { ...said, ...interval(precision, at) }),
    missed.share[at] === null ? t("adviceMissedUnknown", said) : t("adviceMissed", interval(missed, at)),
    advised === null
      ? t("adviceFew", { n: advice.answers, needed })
      : betterThan(advice, threshold) === null
        ? t("adviceSame")
        : t(better === null ? "adviceBest" : "adviceSaves", { threshold: decimal(advised, 2), share: percent(better ?? 0) }),
    ...(advice.at_edge ? [t("adviceEdge")] : []),
  ];
}

function interval({ share, low, high, total }: WireShare, at: number): { share: string; low: string; high: string; n: number } {
  return { share: percent(share[at]!), low: percent(low[at]!), high: percent(high[at]!), n: total[at] };
}

function useButton(advice: WireAdvice, threshold: number, options: InsightOptions): HTMLElement | null {
  const better = betterThan(advice, threshold);
  if (better === null) return null;
  const use = button({ text: t("adviceUse", { threshold: decimal(better, 2) }), class: "an-button is-primary is-managers", onClick: () => void setThreshold(options, advice.category, better).then(() => use.remove()) });
  return use;
}

function legend(): HTMLElement {
  const entry = (kind: string, label: StringKey): HTMLElement => h("li", {}, h("span", { class: `an-line-swatch is-${kind}`, "aria-hidden": "true" }), t(label));
  return h("ul", { class: "an-stat-legend" }, entry("right", "adviceRight"), entry("missed", "adviceMissing"));
}

function numbers(advice: WireAdvice): HTMLElement {
  const steps = Array.from({ length: 21 }, (_, index) => 5 * index);
  return table([...numberHeads(), ""], steps.map((at) => [...numbersAt(advice, at), ""]));
}

function numberHeads(): string[] {
  return [t("adviceThreshold"), t("adviceRight"), t("adviceAnswers"), t("adviceMissing"), t("adviceObjects")];
}

function numbersAt({ precision, missed }: WireAdvice, at: number): string[] {
  const cell = (share: WireShare): string => (share.share[at] === null ? "–" : t("adviceInterval", interval(share, at)));
  return [decimal(at / 100, 2), cell(precision), String(precision.total[at]), cell(missed), String(missed.total[at])];
}

function title({ network, category }: { readonly network: string; readonly category: number }, session: Session): string {
  return `${nameOf(session, category)} · ${network}`;
}

function csv({ root }: Pick<Api, "root">, name: "effort" | "thresholds"): HTMLElement {
  return h("a", { class: "an-link", href: `${root}/insight/${name}.csv`, download: `${name}.csv` }, t("asCsv"));
}
