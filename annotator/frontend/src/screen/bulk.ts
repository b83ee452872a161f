/** One decision about many instances: said as an expression, counted and shown before, taken back by one click. */
import type { WireCategory } from "../document/protocol";
import type { BulkOrder, BulkPreview, BulkRun, BulkStatus } from "../saving/bulk";
import { lineOf } from "../saving/errors";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { dialog, openDialog } from "../widgets/dialogs";
import { button, h, isComposing, setText } from "../widgets/dom";
import { expressionField, setExpression } from "../widgets/expression";
import { icon } from "../widgets/icons";
import { lastLine, undoLabel } from "./bulkbroken";
import type { BulkNews } from "./bulkrun";
import { RepairChoice, repairFigure } from "./bulkrepair";
import { follow, progressOf } from "./bulkrun";

/** How long nobody types before what is typed is counted. */
const PAUSE_MS = 250;

const VERBS: readonly (readonly [BulkOrder["verb"], StringKey])[] = [
  ["accept", "bulkAccept"],
  ["reject", "bulkReject"],
  ["relabel", "bulkRelabel"],
  ["repair", "bulkRepair"],
  ["masks", "bulkMasks"],
];
const DO: Readonly<Record<BulkOrder["verb"], StringKey>> = { accept: "bulkDoAccept", reject: "bulkDoReject", relabel: "bulkDoRelabel", repair: "bulkDoRepair", masks: "bulkDoMasks" };
const WOULD: Readonly<Record<BulkOrder["verb"], StringKey>> = { accept: "bulkWouldAccept", reject: "bulkWouldReject", relabel: "bulkWouldRelabel", repair: "bulkWouldRepair", masks: "bulkWouldMasks" };

export interface BulkOptions extends BulkNews {
  readonly root: Element;
  readonly categories: readonly WireCategory[];
  readonly threshold: number;
  /** What is proposed to be decided about. */
  readonly query: string;
  /** Of which boxes masks are proposed to be found. */
  readonly boxes: string;
  /** That is asked for masks; null: the one that the server offers. */
  readonly network: string | null;
  /** The pictures that were picked for it, where there are any. */
  readonly images?: readonly number[] | undefined;
}

export function openBulk(options: BulkOptions): void {
  new BulkDialog(options).open();
}

class BulkDialog {
  private readonly sheet = dialog("an-bulk", t("bulkTitle"));
  private readonly field = expressionField({ "aria-label": t("bulkWhich") });
  private readonly category = h("select", { class: "an-select", "aria-label": t("bulkRelabel") });
  private readonly target: HTMLElement;
  private readonly repair = new RepairChoice(() => this.askSoon());
  private readonly facts = h("p", { class: "an-bulk-facts", role: "status" });
  private readonly nearest = h("div", { class: "an-bulk-nearest" });
  private readonly fill = h("span", { class: "an-bar-fill" });
  private readonly bar = h("span", { class: "an-bar", hidden: true }, this.fill);
  private readonly last = h("p", { class: "an-bulk-last", hidden: true });
  private readonly verbs: readonly HTMLButtonElement[];
  private readonly go: HTMLButtonElement;
  /** What Enter does in the field. */
  private readonly enter = h("small", { class: "an-bulk-enter", "aria-live": "polite" });
  private readonly stop: HTMLButtonElement;
  private verb: BulkOrder["verb"] = "accept";
  private images: readonly number[] | undefined;
  private preview: BulkPreview | null = null;
  private asked = 0;
  private timer = 0;

  constructor(private readonly options: BulkOptions) {
    this.images = options.images;
    setExpression(this.field, options.query);
    this.category.append(...options.categories.map(({ id, name }) => h("option", { value: id }, name)));
    this.target = h("label", { class: "an-sort", hidden: true }, this.category, icon("chevron"));
    this.verbs = VERBS.map(([verb, label]) => button({ text: t(label), class: "an-segment", onClick: () => this.choose(verb) }));
    this.verbs[2].hidden = options.categories.length === 0;
    this.go = button({ text: t("bulkAccept"), class: "an-button is-primary", onClick: () => void this.start() });
    this.stop = button({ text: t("cancel"), class: "an-button", onClick: () => this.sheet.close() });
    this.field.addEventListener("input", () => this.askSoon());
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || isComposing(event)) return;
      event.preventDefault();
      if (!this.go.disabled) void this.start();
      else if (this.preview === null) this.ask();
    });
    this.category.addEventListener("change", () => this.ask());
    this.sheet.append(
      h("h2", {}, t("bulkTitle")),
      h("div", { class: "an-bulk-verb" }, h("div", { class: "an-segments", role: "group", "aria-label": t("bulkTitle") }, ...this.verbs), this.target, this.repair.element),
      h("label", { class: "an-search" }, icon("search"), this.field),
      this.pickedLine(),
      h("small", {}, t("bulkHint")),
      this.facts,
      this.nearest,
      this.bar,
      this.last,
      h("div", { class: "an-bulk-foot" }, h("div", { class: "an-pair" }, this.stop, this.go), this.enter),
    );
  }

  open(): void {
    openDialog(this.options.root, this.sheet);
    this.sheet.addEventListener("close", () => clearTimeout(this.timer));
    this.choose(this.verb);
    this.field.focus();
    void this.options.api.status().then((status) => this.meet(status), () => {});
  }

  /** Says on how many pictures alone, with the way to all of them. */
  private pickedLine(): HTMLElement {
    const n = this.images?.length ?? 0;
    const line = h("div", { class: "an-picked-line", hidden: n === 0 }, h("span", {}, t("exportPicked", { n })));
    line.append(button({ text: t("exportAll"), class: "an-button", onClick: () => (line.hidden = true, this.images = undefined, this.ask(), this.field.focus()) }));
    return line;
  }

  /** One that runs already is followed; one that ended can be taken back. */
  private meet({ run, last }: BulkStatus): void {
    if (run?.running === true) return void this.follow();
    this.last.hidden = last === null;
    if (last === null) return;
    this.last.replaceChildren(h("span", {}, lastLine(last)), button({ text: undoLabel(last), class: "an-link", onClick: () => void this.takeBack() }));
  }

  private choose(verb: BulkOrder["verb"]): void {
    if (this.field.value === this.proposed()) setExpression(this.field, this.proposed(verb));
    this.verb = verb;
    this.verbs.forEach((one, index) => one.setAttribute("aria-pressed", String(VERBS[index][0] === verb)));
    this.target.hidden = verb !== "relabel";
    this.repair.element.hidden = verb !== "repair";
    this.ask();
  }

  private proposed(verb = this.verb): string {
    return verb === "masks" ? this.options.boxes : this.options.query;
  }

  private order(): BulkOrder {
    const { verb } = this;
    const all = { verb, query: this.field.value.trim(), threshold: this.options.threshold };
    const order = this.images === undefined ? all : { ...all, images: this.images };
    if (verb === "repair") return { ...order, repair: this.repair.repair() };
    const { network } = this.options;
    if (verb === "masks" && network !== null) return { ...order, network };
    return verb === "relabel" ? { ...order, category: Number(this.category.value) } : order;
  }

  private askSoon(): void {
    clearTimeout(this.timer);
    this.offer(null);
    this.timer = window.setTimeout(() => this.ask(), PAUSE_MS);
  }

  private ask(): void {
    clearTimeout(this.timer);
    this.offer(null);
    const mine = ++this.asked;
    const order = this.order();
    this.options.api.preview(order).then(
      (preview) => mine === this.asked && this.show(order, preview),
      (error: unknown) => mine === this.asked && this.fail(error),
    );
  }

  /** The button names what it does and to how many, where that is counted; so does what is said of Enter. */
  private offer(preview: BulkPreview | null): void {
    this.preview = preview;
    const n = preview?.instances ?? 0;
    const text = n > 0 ? t(DO[this.verb], { n }) : t(VERBS.find(([verb]) => verb === this.verb)![1]);
    setText(this.go.lastElementChild!, text);
    this.go.disabled = n === 0;
    setText(this.enter, n > 0 ? t("bulkEnterDoes", { what: text }) : preview === null ? t("bulkEnterCounts") : t("bulkEnterNothing"));
  }

  private show(order: BulkOrder, preview: BulkPreview): void {
    this.offer(preview);
    this.facts.classList.remove("is-wrong");
    setText(this.facts, preview.instances === 0 ? t("bulkNothing") : t(WOULD[order.verb], { n: preview.instances, pictures: t("pictureCount", { n: preview.images }) }));
    const picture = ({ cutout, score, name }: BulkPreview["nearest"][number]): HTMLElement =>
      h("figure", { title: name }, h("img", { src: cutout, alt: name, loading: "lazy" }), h("figcaption", {}, score === null ? "–" : score.toFixed(2)));
    this.nearest.replaceChildren(...preview.nearest.map(order.verb === "repair" ? repairFigure : picture));
    this.nearest.hidden = preview.nearest.length === 0;
  }

  private fail(error: unknown): void {
    this.offer(null);
    this.facts.classList.add("is-wrong");
    setText(this.facts, lineOf(error));
    this.nearest.replaceChildren();
  }

  private async start(): Promise<void> {
    if (this.preview === null) return;
    const { api } = this.options;
    const preview = this.preview;
    await this.attempt(async () => {
      await api.start(this.order(), preview);
      await this.follow();
    });
  }

  private async takeBack(): Promise<void> {
    await this.attempt(async () => {
      await this.options.api.undo();
      await this.follow();
    });
  }

  /** Until it has ended; the dialog closes then, and the news stays for a while, with the way back. */
  private async follow(): Promise<void> {
    const { api } = this.options;
    this.go.disabled = true;
    setText(this.enter, "");
    this.last.hidden = true;
    this.bar.hidden = false;
    const cancel = (): void => {
      stop.disabled = true;
      setText(this.facts, t("bulkStopping"));
      void api.cancel();
    };
    const stop = button({ text: t("cancel"), class: "an-button", onClick: cancel });
    this.stop.replaceWith(stop);
    const told = (run: BulkRun): void => {
      this.fill.style.width = `${run.total === 0 ? 0 : (100 * run.done) / run.total}%`;
      setText(this.facts, progressOf(stop.disabled ? { ...run, cancelled: true } : run));
    };
    const news = { ...this.options, changed: () => (this.sheet.close(), this.options.changed()) };
    await follow(news, told, () => this.sheet.open);
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.sheet.open) this.fail(error);
      else this.options.notices.show("error", t("bulkFailed"), lineOf(error));
    }
  }
}
