/** Pictures that two people annotate apart from each other: which ones, how far they are, and how far both agree. */
import { lineOf } from "../saving/errors";
import { TwiceApi } from "../saving/twice";
import type { WireAgreementOfTwo, WireEstimateOfTwo, WireFigures, WirePictureOfTwo, WireTwice } from "../saving/twice";
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import type { InsightOptions } from "./advising";
import { percent } from "./advising";
import { bothTakes, named } from "./bothtakes";
import { section, table } from "./statistics";

/** More categories than that stand folded, so that the pictures are in sight. */
const MOST_OPEN = 8;
const SHARES = [0, 0.05, 0.1, 0.2, 0.5, 1] as const;

/** The part of the page. */
export function twoPeople(options: InsightOptions): HTMLElement {
  return new TwoPeople(options).element;
}

class TwoPeople {
  readonly element: HTMLElement;
  private readonly plan = h("div", { class: "an-blind", role: "status" });
  private readonly figures = h("div", { class: "an-network-figures" });
  private readonly compared = h("div");
  private readonly api: TwiceApi;

  constructor(private readonly options: InsightOptions) {
    this.api = new TwiceApi(options.api);
    this.element = section(t("twoTitle"), null, [h("p", { class: "an-stat-rule" }, t("twoRule")), this.plan, this.figures, this.compared]);
    void this.fill(this.api.read());
  }

  private async fill(asked: Promise<WireTwice>): Promise<void> {
    await this.attempt(this.plan, async () => {
      const found = await asked;
      this.plan.replaceChildren(...this.told(found));
      await this.tellAgreement(found);
    });
  }

  private async tellAgreement(found: WireTwice): Promise<void> {
    if (found.done === 0) return this.figures.replaceChildren();
    await this.attempt(this.figures, async () => this.figures.replaceChildren(...this.agreement(await this.api.agreement(), found)));
  }

  private async attempt(place: HTMLElement, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      place.replaceChildren(h("p", { class: "an-bulk-facts is-wrong", role: "alert" }, lineOf(error)));
    }
  }

  // --- which pictures, and how far ---

  private told(found: WireTwice): (HTMLElement | string)[] {
    const { chosen, unreviewed, open, others, done } = found;
    const lines = [
      chosen === 0 ? null : h("p", {}, t("twoState", { n: chosen, done, unreviewed })),
      others === 0 ? null : h("p", {}, t("twoOthers", { n: others })),
      open === 0 ? null : h("p", {}, t("twoOpen", { n: open }), " ", button({ text: t("twoNext"), class: "an-button is-primary", onClick: () => void this.next() })),
      found.named || chosen === 0 ? null : h("p", { class: "an-network-warning", role: "note" }, t("twoNobody")),
    ];
    return [...(found.manages ? this.choices(found) : []), ...lines.filter((one) => one !== null)];
  }

  private choices({ share, suggestions }: WireTwice): HTMLElement[] {
    const known: readonly number[] = SHARES;
    const offered = known.includes(share) ? known : [...known, share].toSorted((one, other) => one - other);
    const select = h("select", { class: "an-input" }, ...offered.map((one) => h("option", { value: one, selected: one === share }, one === 0 ? t("blindOff") : percent(one))));
    const same = h("input", { type: "checkbox", checked: suggestions });
    const choose = (): void => void this.fill(this.api.choose(Number(select.value), same.checked));
    select.addEventListener("change", choose);
    same.addEventListener("change", choose);
    const pick = button({ text: t("twoPick"), title: t("twoPickRule"), onClick: () => void this.fill(this.pickFound()) });
    const unpick = button({ text: t("twoUnpick"), onClick: () => void this.fill(this.api.unpick()) });
    return [
      h("label", { class: "an-blind-choice" }, t("twoShare"), " ", select),
      h("label", { class: "an-blind-choice" }, same, " ", t("twoSuggestions")),
      h("div", { class: "an-two-picks" }, pick, unpick),
    ];
  }

  private async pickFound(): Promise<WireTwice> {
    const { api, session } = this.options;
    return this.api.pick(await api.queueIds(session.list.request(), 0, Number.MAX_SAFE_INTEGER));
  }

  private async next(): Promise<void> {
    await this.attempt(this.plan, async () => {
      const id = await this.api.next();
      if (id !== null) await this.options.session.open(id);
      this.options.notice("info", t(id === null ? "twoNoneLeft" : "twoOpened"));
    });
  }

  // --- how far both agree ---

  private agreement(found: WireAgreementOfTwo, state: WireTwice): HTMLElement[] {
    const left = found.of_one === 0 ? [] : [h("p", { class: "an-stat-rule" }, t("twoOfOne", { n: found.of_one }))];
    if (found.all.pictures === 0) return [h("p", {}, t("twoNone")), ...left];
    const heads = [t("twoPeople"), t("twoPictures"), t("adviceObjects"), t("twoBoth"), t("twoF1", { iou: "0.50" }), t("twoF1", { iou: found.strict.toFixed(2) }), t("twoIou"), t("twoAlpha"), ""];
    const row = (name: string, one: WireFigures): string[] => [name, String(one.pictures), `${one.first} / ${one.second}`, String(one.both), ...[one.f1, one.f1_close, one.iou, one.alpha].map(figure), ""];
    const categories = found.all.categories.map((one) => [one.category, `${one.first} / ${one.second}`, String(one.both), one.f1.toFixed(2), one.iou?.toFixed(2) ?? "–", ""]);
    return [
      table(heads, [row(t("twoAll"), found.all), ...found.people.map((one) => row(one.people.map(named).join(", "), one))]),
      h("p", { class: "an-stat-rule" }, t("twoFigures", { iou: found.strict.toFixed(2) }), " ", this.csv("agreement")),
      ...left,
      h("details", { open: categories.length <= MOST_OPEN }, h("summary", {}, t("statCategories")), table([t("evalCategory"), t("adviceObjects"), t("twoBoth"), t("twoF1", { iou: "0.50" }), t("twoIou"), ""], categories)),
      h("h3", {}, t("twoLeast"), " ", this.csv("pictures")),
      h("ol", { class: "an-errors an-two-pictures" }, ...found.pictures.map((one) => this.picture(one, state))),
    ];
  }

  private picture(one: WirePictureOfTwo, { reviews }: WireTwice): HTMLElement {
    const line = t("twoPicture", { share: percent(one.agreement), both: one.both, first: one.only_first, second: one.only_second });
    const settled = one.settled === "" ? "" : ` · ${t(SETTLED[one.settled] ?? "twoSettledSome")}`;
    const compare = button({ text: t("twoCompare"), title: t("twoCompareTitle", { name: one.name }), onClick: () => void this.compare(one.image_id) });
    const thumbnail = h("img", { src: `${this.options.api.root}/thumbnails/${one.image_id}`, alt: "", loading: "lazy" });
    return h("li", {}, thumbnail, h("span", {}, h("b", {}, one.name), ` · ${named(one.first)}, ${named(one.second)}${settled}`, h("br"), line), reviews ? compare : null);
  }

  private async compare(imageId: number): Promise<void> {
    await this.attempt(this.compared, async () => {
      const changed = async (): Promise<void> => {
        const { session } = this.options;
        await this.compare(imageId);
        await Promise.all([this.tellAgreement(await this.api.read()), session.refreshQueue(), session.imageId() === imageId ? session.revalidate(imageId) : null]);
      };
      this.compared.replaceChildren(bothTakes(await this.api.both(imageId), { ...this.options, twice: this.api, changed }));
      this.compared.scrollIntoView({ block: "nearest" });
    });
  }

  private csv(name: string): HTMLElement {
    return h("a", { class: "an-link", href: `${this.api.root}/${name}.csv`, download: `${name}.csv` }, t("asCsv"));
  }
}

const SETTLED = { first: "twoSettledFirst", second: "twoSettledSecond", some: "twoSettledSome" } as Readonly<Record<string, "twoSettledFirst" | "twoSettledSecond" | "twoSettledSome">>;

function figure(found: WireEstimateOfTwo | null): string {
  if (found === null) return "–";
  const value = found.value.toFixed(2);
  return found.low === null || found.high === null ? value : t("evalInterval", { value, low: found.low.toFixed(2), high: found.high.toFixed(2) });
}
