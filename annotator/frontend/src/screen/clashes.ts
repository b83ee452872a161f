/** Duplicates, contained masks and overlaps: looked for when somebody asks, each with a bound of its own, and mended many at once. */
import type { Bounds, Clash } from "../document/clashes";
import { BOUNDS, CLASHES } from "../document/clashes";
import type { RepairKind } from "../saving/bulk";
import { BulkApi } from "../saving/bulk";
import type { WireKind } from "../saving/clashes";
import { ClashesApi } from "../saving/clashes";
import { lineOf } from "../saving/errors";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import type { InsightOptions } from "./advising";
import { percent } from "./advising";
import { readingAgain, watch } from "./bulkrun";
import { listButton } from "./listbutton";
import { listed } from "./listed";
import { section } from "./statistics";

const KINDS: Readonly<Record<Clash, { readonly label: StringKey; readonly told: StringKey; readonly repairs: readonly (readonly [RepairKind, StringKey])[] }>> = {
  duplicate: { label: "clashDuplicate", told: "clashDuplicateTold", repairs: [["duplicates", "clashRemove"]] },
  contained: { label: "clashContained", told: "clashContainedTold", repairs: [["contained", "clashRemoveInner"], ["merge", "clashMerge"]] },
  overlap: { label: "clashOverlap", told: "clashOverlapTold", repairs: [["subtract", "repairSubtract"]] },
};

/** The part of the page. */
export function clashes(options: InsightOptions): HTMLElement {
  return new Clashes(options).element;
}

class Clashes {
  readonly element: HTMLElement;
  private readonly fields = new Map(CLASHES.map((kind) => [kind, shareField(kind)] as const));
  private readonly place = h("div", { role: "status" });
  private readonly look = button({ text: t("clashLook"), onClick: () => void this.find() });

  constructor(private readonly options: InsightOptions) {
    const fields = CLASHES.map((kind) => h("label", { class: "an-clash-bound" }, h("span", {}, t(KINDS[kind].label)), this.fields.get(kind)!, h("span", { "aria-hidden": "true" }, "%")));
    this.element = section(t("clashTitle"), null, [h("p", { class: "an-stat-rule" }, t("clashRule")), h("div", { class: "an-clash-bounds" }, ...fields, this.look), this.place]);
  }

  private share(kind: Clash): number {
    return Math.max(1, Math.min(100, Math.round(this.fields.get(kind)!.valueAsNumber) || 100 * BOUNDS[kind]));
  }

  private async find(): Promise<void> {
    const { api, session } = this.options;
    const bounds = Object.fromEntries(CLASHES.map((kind) => [kind, this.share(kind) / 100])) as unknown as Bounds;
    this.look.disabled = true;
    try {
      const { kinds, instances } = await new ClashesApi(api).find(bounds, session.view.get().threshold);
      const some = kinds.filter(({ pairs }) => pairs > 0);
      this.place.replaceChildren(...(some.length === 0 ? [h("p", {}, t("clashNone"))] : [...some.map((one) => this.line(one)), listed(instances, this.options.session, (one) => [t(KINDS[one.kind].label), t(KINDS[one.kind].told, { share: percent(one.part) })])]));
    } catch (error) {
      this.place.replaceChildren(h("p", { class: "an-bulk-facts is-wrong", role: "alert" }, lineOf(error)));
    } finally {
      this.look.disabled = false;
    }
  }

  private line({ kind, pairs, images }: WireKind): HTMLElement {
    const pictures = t("pictureCount", { n: images.length });
    const repairs = KINDS[kind].repairs.map(([repair, label]) => button({ text: t(label), onClick: () => void this.mend(kind, repair, images) }));
    const list = listButton(this.options.session, { text: t("clashList"), asked: { query: `#${images.join(",")}` } });
    return h("p", { class: "an-clash-line" }, h("b", {}, t(KINDS[kind].label)), ` ${t("clashCount", { n: pairs, pictures })} `, ...repairs, list);
  }

  /** On these pictures alone; what is locked stays, and one undo takes all of it back. */
  private async mend(kind: Clash, repair: RepairKind, images: readonly number[]): Promise<void> {
    const { api, news, session } = this.options;
    const pixels = repair === "subtract" ? {} : { pixels: this.share(kind) };
    const order = { verb: "repair", query: "is:open,accepted", images, threshold: session.view.get().threshold, repair: { kind: repair, ...pixels } } as const;
    await watch(readingAgain(news, this.element, () => this.find()), async () => {
      const bulk = new BulkApi(api);
      return bulk.start(order, await bulk.preview(order));
    });
  }
}

function shareField(kind: Clash): HTMLInputElement {
  return h("input", { type: "number", class: "an-bulk-pixels", min: 1, max: 100, step: 1, value: String(100 * BOUNDS[kind]), "aria-label": `${t(KINDS[kind].label)}, %` });
}
