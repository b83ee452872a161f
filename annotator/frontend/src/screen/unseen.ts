/** Accepting unseen: what may be, the sample that watches over it, and what became of it. */
import type { WireInsight, WireOffer } from "../document/insight";
import { waitingIn } from "../document/insight";
import type { Api } from "../saving/api";
import type { WireBatch } from "../saving/unseen";
import { UnseenApi } from "../saving/unseen";
import { decimal, t } from "../strings";
import { button, h } from "../widgets/dom";
import type { InsightOptions } from "./advising";
import { nameOf, percent } from "./advising";
import type { BulkNews } from "./bulkrun";
import { follow, watch } from "./bulkrun";
import { listButton } from "./listbutton";
import { section, table } from "./statistics";

/** A check costs the server little; a picture takes longer. */
const AGAIN_MS = 5000;

/** The part of the page. `news` reads it anew. */
export function unseen(insight: WireInsight, batches: readonly WireBatch[], options: InsightOptions, news: BulkNews): HTMLElement {
  const { offers, target, sample, allowed } = insight.unseen;
  const safe = offers.filter((one) => one.border !== null);
  return section(t("unseenTitle"), null, [
    h("p", { class: "an-stat-rule" }, t("unseenRule", { target: percent(target), sample, allowed })),
    safe.length === 0 ? h("p", {}, t("unseenNone", { needed: insight.needs.unseen })) : offered(safe, options),
    safe.length === 0 ? null : acceptButton(insight, options.api, news),
    ...batches.map((one) => h("p", { class: "an-unseen-batch" }, told(one), " ", lookButton(one, options))),
  ]);
}

function offered(safe: readonly WireOffer[], { session }: InsightOptions): HTMLElement {
  return table(
    [t("statCategory"), t("unseenFrom"), t("unseenRight"), t("adviceAnswers"), t("unseenWaiting"), ""],
    safe.map((one) => {
      const { share, low, high, total } = one.precision!;
      const right = t("adviceInterval", { share: percent(share ?? 0), low: percent(low), high: percent(high) });
      return [`${nameOf(session, one.category)} · ${one.network}`, decimal(one.border!, 2), right, String(total), String(one.waiting), ""];
    }),
  );
}

function acceptButton(insight: WireInsight, api: Api, news: BulkNews): HTMLElement {
  const waiting = waitingIn(insight);
  if (waiting < insight.needs.batch) return h("p", {}, t("unseenFew", { waiting, needed: insight.needs.batch }));
  const accept = async (): Promise<void> => {
    go.disabled = true;
    await watch(news, () => new UnseenApi(api).accept());
    go.disabled = false;
  };
  const go = button({ text: t("unseenAccept", { n: waiting - insight.unseen.sample }), class: "an-button is-primary", onClick: () => void accept() });
  return h("div", { class: "is-managers" }, go);
}

function told({ at, accepted, outcome, answered, left, wrong, allowed }: WireBatch): string {
  const values = { day: at.slice(0, 10), accepted, answered, size: answered + left, wrong, allowed };
  return t(outcome === "holds" ? "unseenHolds" : outcome === "fails" ? "unseenFails" : "unseenOpen", values);
}

/** The pictures are listed; which of their suggestions belong to the sample is not said. */
function lookButton({ images, left }: WireBatch, { session }: InsightOptions): HTMLElement | null {
  if (left === 0) return null;
  return listButton(session, { text: t("unseenLook"), asked: { query: `#${images.join(",")}` } });
}

/** What was accepted unseen; a batch whose sample says so is taken back first. */
export async function checkSamples({ api, news, notice }: InsightOptions): Promise<readonly WireBatch[]> {
  const found = await new UnseenApi(api).check();
  if (found.taken_back === 0) return found.batches;
  notice("error", t("unseenTakenBack", { n: found.taken_back }));
  await follow(news, () => undefined);
  return (await new UnseenApi(api).check()).batches;
}

/** Asks now and then, while pictures are reviewed, whether a sample says that its batch must go. What it returns ends it. */
export function watchSamples(options: InsightOptions): () => void {
  let asked = performance.now();
  return options.session.queue.subscribe((now, before) => {
    if (now.reviewed === before.reviewed || performance.now() - asked < AGAIN_MS) return;
    asked = performance.now();
    // What cannot be asked now is asked after the next picture.
    void checkSamples(options).catch(() => undefined);
  });
}
