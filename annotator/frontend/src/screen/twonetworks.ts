/** What two networks that saw the same pictures agree about, and accepting at once what both see. */
import { AGREEMENTS } from "../document/protocol";
import { BulkApi } from "../saving/bulk";
import { ClashesApi } from "../saving/clashes";
import { t } from "../strings";
import { button, h, setText } from "../widgets/dom";
import type { InsightOptions } from "./advising";
import type { BulkNews } from "./bulkrun";
import { watch } from "./bulkrun";
import { listButton } from "./listbutton";
import { section, table } from "./statistics";
import { AGREEMENT_LABELS } from "./votes";

const PAUSE_MS = 250;

/** The part of the page; null where nothing waits that two networks have seen. `news` reads it anew. */
export async function twoNetworks(options: InsightOptions, news: BulkNews): Promise<HTMLElement | null> {
  const counts = await new ClashesApi(options.api).agreement(options.session.view.get().threshold);
  if (AGREEMENTS.every((one) => counts[one] === 0)) return null;
  const list = (query: string): HTMLElement => listButton(options.session, { text: t("clashList"), asked: { query } });
  const rows = AGREEMENTS.map((one) => [t(AGREEMENT_LABELS[one]), String(counts[one]), counts[one] === 0 ? "" : list(`agreement:${one} is:open`)]);
  return section(t("twoNetworks"), null, [
    h("p", { class: "an-stat-rule" }, t("twoNetworksRule")),
    table([t("twoNetworksSay"), t("statOpen"), ""], rows),
    counts.both === 0 ? null : acceptBoth(options, news),
  ]);
}

/** Counts what a bound takes before it is taken. */
function acceptBoth({ api, session }: InsightOptions, news: BulkNews): HTMLElement {
  const bulk = new BulkApi(api);
  const least = h("input", { type: "number", class: "an-bulk-pixels", min: 0.5, max: 1, step: 0.05, value: "0.8", "aria-label": t("twoNetworksLeast") });
  const order = (): { readonly verb: "accept"; readonly query: string; readonly threshold: number } => {
    const bound = Math.max(0, Math.min(1, least.valueAsNumber || 0));
    return { verb: "accept", query: `agreement:both iou:${bound.toFixed(2)}..`, threshold: session.view.get().threshold };
  };
  const go = button({ text: "…", class: "an-button is-primary", onClick: () => void accept() });
  let timer = 0;
  let asked = 0;
  const count = async (): Promise<void> => {
    const mine = ++asked;
    go.disabled = true;
    const { instances } = await bulk.preview(order());
    if (mine !== asked) return;
    setText(go.lastElementChild!, t("unseenAccept", { n: instances }));
    go.disabled = instances === 0;
  };
  const accept = async (): Promise<void> => {
    go.disabled = true;
    const wanted = order();
    await watch(news, async () => bulk.start(wanted, await bulk.preview(wanted)));
    go.disabled = false;
  };
  least.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void count().catch(() => undefined), PAUSE_MS);
  });
  void count().catch(() => undefined);
  return h("div", { class: "an-clash-bounds" }, h("label", { class: "an-clash-bound" }, h("span", {}, t("twoNetworksLeast")), least), go);
}
