/** The cut-outs of one category over all pictures: wrong ones stand out, and a click rejects them. */
import type { Appearance } from "../canvas/render";
import type { CommandId } from "../commands/keys";
import { chordOf, commandFor, isDigit, keyOf, keycaps } from "../commands/keys";
import type { CutoutFilter, CutoutOrder, CutoutState } from "../document/protocol";
import { thresholdOf } from "../document/scene";
import { likelyCategory } from "../editing/review";
import type { Api } from "../saving/api";
import type { Shelf } from "../saving/shelf";
import { preference, setPreference } from "../saving/shelf";
import { Chosen } from "../session/chosen";
import type { Cutout } from "../session/cutouts";
import { CutoutList } from "../session/cutouts";
import type { Decided } from "../session/pendingdecisions";
import { PendingDecisions } from "../session/pendingdecisions";
import type { Session } from "../session/session";
import type { View } from "../session/view";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { button, h, setText } from "../widgets/dom";
import { VirtualGrid } from "../widgets/grid";
import { icon } from "../widgets/icons";
import type { BulkNews } from "./bulkrun";
import { Cell, describe } from "./cell";
import { AgreementChoice } from "./galleryagreement";
import { GalleryBar } from "./gallerybar";
import { createSizeSlider } from "./gallerysize";
import { whyHere } from "./why";

export interface GalleryOptions {
  readonly session: Session;
  readonly api: Pick<Api, "gallery" | "root">;
  readonly appearance: Appearance;
  readonly shelf: Shelf | null;
  /** Says why a key has done nothing. */
  readonly answer: (text: string) => void;
  readonly news: BulkNews;
  readonly pickCategory: (anchor: Element) => Promise<number | null>;
  /** Shows an instance on its picture. */
  readonly open: (imageId: number, key: string) => void;
}

const STATES: readonly (readonly [CutoutState, StringKey])[] = [
  ["suggested", "suggested"],
  ["accepted", "accepted"],
  ["rejected", "rejected"],
];

const ORDERS: readonly (readonly [CutoutOrder, StringKey])[] = [
  ["doubt", "galleryDoubt"],
  ["odd", "galleryOdd"],
  ["score", "galleryScore"],
  ["area", "galleryArea"],
];

const THRESHOLD_MS = 250;

/** What still works from the keyboard while the gallery lies over the picture. */
const ABOVE = new Set<CommandId>(["undo", "redo", "help", "lowerThreshold", "raiseThreshold", "bulk"]);

export class Gallery {
  readonly element: HTMLElement;
  private readonly grid: VirtualGrid<HTMLElement>;
  private readonly cells = new WeakMap<HTMLElement, Cell>();
  /** What the cells are in, and what lies over them. */
  readonly body: HTMLElement;
  private readonly list: CutoutList;
  private readonly decisions: PendingDecisions;
  private readonly chosen: Chosen;
  private readonly bar: GalleryBar;
  private readonly category = h("select", { class: "an-select", "aria-label": t("categoryFor"), title: t("categoryFor") });
  private readonly order = h("select", { class: "an-select", "aria-label": t("sort"), title: t("sort") });
  private readonly agreement = new AgreementChoice(() => this.load());
  private readonly states: readonly HTMLButtonElement[];
  private readonly summary = h("span", { class: "an-gallery-summary" });
  private readonly empty = h("p", { class: "an-gallery-empty" });
  private readonly live = h("div", { class: "an-unseen", role: "status", "aria-live": "polite" });
  private readonly hint = h("span", { class: "an-gallery-hint" });
  private filter: CutoutFilter | null = null;
  private state: CutoutState = "suggested";
  private like = "";
  private focused = 0;
  private thresholdTimer = 0;
  private cellCount = 0;
  private readonly leaving = (): void => this.decisions.flush();

  constructor(private readonly options: GalleryOptions) {
    const { session, shelf } = options;
    this.list = new CutoutList(session, options.api, () => this.render());
    this.decisions = new PendingDecisions(this.list, () => this.render());
    this.chosen = new Chosen(this.list, () => this.render());
    this.bar = this.createBar();
    this.grid = new VirtualGrid({ create: () => this.createCell(), update: (cell, index, settled) => this.update(cell, index, settled) }, t("gallery"));
    this.order.append(...ORDERS.map(([value, label]) => h("option", { value }, t(label))), h("option", { value: "like", hidden: true }, t("galleryLike")));
    this.order.value = preference(shelf, "gallery-order", "doubt");
    this.order.addEventListener("change", () => {
      setPreference(shelf, "gallery-order", this.order.value);
      this.load();
    });
    this.category.addEventListener("change", () => this.load());
    this.states = STATES.map(([state, label]) => button({ text: t(label), class: "an-segment", onClick: () => this.setState(state) }));
    const close = button({ icon: "cross", title: `${t("close")} (Esc)`, class: "an-button is-quiet is-square", onClick: () => this.close() });
    const field = (select: HTMLElement): HTMLElement => h("label", { class: "an-sort" }, select, icon("chevron"));
    this.body = h("div", { class: "an-gallery-body" }, this.grid.element, this.empty);
    this.element = h(
      "section",
      { class: "an-gallery", "aria-label": t("gallery"), hidden: true },
      h(
        "header",
        { class: "an-gallery-head" },
        h("h2", {}, t("gallery")),
        field(this.category),
        h("div", { class: "an-segments", role: "group", "aria-label": t("filter") }, ...this.states),
        field(this.order),
        this.agreement.element,
        createSizeSlider(shelf, (side) => this.grid.setSide(side)),
        close,
      ),
      this.body,
      this.bar.element,
      h("div", { class: "an-gallery-foot" }, this.summary, this.hint),
      this.live,
    );
    this.listen();
    session.view.subscribe((now, before) => this.follow(now, before));
    window.addEventListener("pagehide", this.leaving);
  }

  destroy(): void {
    window.removeEventListener("pagehide", this.leaving);
    this.decisions.flush();
  }

  /** Many were decided about: the list is another. */
  readAgain(): void {
    if (this.filter === null) return;
    if (this.element.hidden) this.list.reset();
    else this.load(true);
  }

  owns(target: Element | null): boolean {
    return target !== null && this.grid.element.contains(target);
  }

  capture(event: KeyboardEvent): boolean {
    if (!this.options.session.view.get().gallery) return false;
    const chord = chordOf(event);
    const command = commandFor(chord);
    if (this.key(event)) event.preventDefault();
    else if (command !== null && ABOVE.has(command.id)) return false;
    else if (command !== null || isDigit(chord)) {
      event.preventDefault();
      this.options.answer(t("galleryAbove", { key: keycaps(keyOf("cancel")).join(" ") }));
    }
    // Tab, F5 and whatever else is no command stay with the browser.
    return true;
  }

  private key(event: KeyboardEvent): boolean {
    const columns = this.grid.columnCount();
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
      PageUp: -columns * this.grid.rowsInSight(),
      PageDown: columns * this.grid.rowsInSight(),
      Home: -Infinity,
      End: Infinity,
    };
    const chord = chordOf(event);
    const by = moves[chord.replace(/^Shift\+/, "")];
    if (by !== undefined) return this.move(by, chord.startsWith("Shift+")), true;
    if (chord === "Ctrl+A") return this.chosen.all(), true;
    if (chord === "Ctrl+Space") return this.chosen.toggle(this.focused), true;
    const item = this.list.items[this.focused];
    if (chord === "Enter") return item !== undefined && this.open(item), true;
    if (this.chosen.count() > 0 && this.keyOfChosen(event, chord)) return true;
    if (chord === "Space") return item !== undefined && this.toggle(item, false), true;
    const command = commandFor(chord)?.id;
    if (command === "cancel" || command === "gallery") return this.close(), true;
    if (command === "relabel" && item !== undefined) return this.chosen.toggle(this.focused), void this.bar.relabel(), true;
    if (command !== "accept" && command !== "reject") return false;
    if (item === undefined || event.repeat) return true;
    this.decide(item, command === "accept" ? "accepted" : "rejected", false);
    this.focus(this.focused + 1);
    return true;
  }

  /** Where tiles are chosen, the keys of the review are about them. */
  private keyOfChosen(event: KeyboardEvent, chord: string): boolean {
    const command = commandFor(chord)?.id;
    if (command === "cancel") this.chosen.clear();
    else if (chord === "Space") this.chosen.toggle(this.focused);
    else if (command === "relabel") void this.bar.relabel();
    else if (command === "accept" || command === "reject") void (event.repeat || this.bar.run(command));
    else return false;
    return true;
  }

  private move(by: number, chooses: boolean): void {
    const from = this.focused;
    this.focus(from + by);
    if (chooses) this.chosen.through(this.focused, from);
  }

  private createBar(): GalleryBar {
    const { session, news, pickCategory } = this.options;
    return new GalleryBar({ session, chosen: this.chosen, news, filter: () => this.filter, pickCategory, flush: () => this.decisions.made(), api: this.options.api, alike: (key) => (([this.like, this.order.value] = [key, "like"]), this.load()) });
  }

  private follow(now: View, before: View): void {
    if (now.gallery !== before.gallery) {
      this.element.hidden = !now.gallery;
      if (now.gallery) this.show();
      else this.decisions.flush();
    }
    if (!now.gallery) return;
    if (now.scene?.imageId !== before.scene?.imageId) this.close();
    if (now.categories !== before.categories) this.render();
    const shows = (view: View): number => thresholdOf(this.filter?.category ?? 0, view);
    if (now.threshold !== before.threshold || shows(now) !== shows(before)) {
      clearTimeout(this.thresholdTimer);
      this.thresholdTimer = window.setTimeout(() => this.load(), THRESHOLD_MS);
    }
  }

  private show(): void {
    const { view } = this.options.session;
    view.set({ hover: null });
    this.grid.element.focus({ preventScroll: true });
    // What was listed stays where it was, with what has been decided since; other circumstances make a new list.
    if (this.filter !== null && this.filter.threshold === view.get().threshold && this.list.items.length > 0) {
      this.grid.setCount(this.list.total);
      this.render();
      return this.grid.reveal(this.focused);
    }
    this.renderCategories(likelyCategory(this.options.session));
    this.load();
  }

  private close(): void {
    this.options.session.view.set({ gallery: false });
  }

  private setState(state: CutoutState): void {
    this.state = state;
    this.load();
  }

  /** stays: at the height that it is scrolled to. */
  private load(stays = false): void {
    this.decisions.flush();
    const { threshold, categories } = this.options.session.view.get();
    const category = this.category.value === "" ? (categories[0]?.id ?? 0) : Number(this.category.value);
    const first = this.filter === null;
    this.filter = { category, state: this.state, order: this.order.value as CutoutOrder, threshold, agreement: this.agreement.value(), like: this.like };
    const [focused, top] = [this.focused, stays ? this.grid.element.scrollTop : 0];
    this.focused = 0;
    this.list.reset();
    this.chosen.clear();
    this.grid.element.scrollTop = 0;
    void this.list.require(1, this.filter).then(() => {
      if (stays) (this.grid.element.scrollTop = top), this.focus(focused);
      // At the first time, an empty category makes room for the one that there is most of.
      const [most] = [...this.list.counts].sort((a, b) => b[1] - a[1]);
      if (!first || this.list.items.length > 0 || most === undefined) return;
      this.renderCategories(most[0]);
      this.load();
    });
    this.render();
  }

  // --- decisions ---

  private toggle(item: Cutout, mayBeDouble: boolean): void {
    this.decide(item, this.decisions.isGone(item) ? item.before : "rejected", mayBeDouble);
  }

  private decide(item: Cutout, state: Decided, mayBeDouble: boolean): void {
    this.decisions.decide(item, state, mayBeDouble);
    setText(this.live, this.said(item));
  }

  private open(item: Cutout): void {
    this.decisions.flush();
    this.close();
    this.options.open(item.wire.image, item.wire.key);
  }

  // --- what is seen ---

  private focus(index: number): void {
    const { total } = this.list;
    if (total === 0) return;
    this.focused = Math.max(0, Math.min(total - 1, index));
    this.grid.reveal(this.focused);
    this.requireSeen();
    const item = this.list.items[this.focused];
    setText(this.live, item === undefined ? "" : `${this.said(item)}, ${this.focused + 1} / ${total}`);
  }

  private requireSeen(): void {
    if (this.filter !== null) void this.list.require(Math.min(this.list.total, this.grid.end() + this.grid.columnCount() * 8), this.filter);
  }

  private render(): void {
    if (this.element.hidden) return;
    const { total, below, items } = this.list;
    this.grid.setCount(total);
    this.agreement.render(items);
    this.bar.render(total);
    this.renderCategories(this.category.value === "" ? null : Number(this.category.value));
    this.states.forEach((one, index) => one.setAttribute("aria-pressed", String(STATES[index][0] === this.state)));
    const counted = items.reduce((sum, item) => sum + Number(this.decisions.isGone(item) && item.wire.state !== "rejected"), 0);
    const parts = [t("galleryCount", { n: total })];
    if (counted > 0) parts.push(t("galleryRejected", { n: counted }));
    if (below > 0 && this.state === "suggested") parts.push(this.belowText());
    setText(this.summary, this.list.isWaiting() ? "" : parts.join(" · "));
    setText(this.hint, t(this.state === "rejected" ? "galleryHintRejected" : "galleryHint", { accept: keyOf("accept"), reject: keyOf("reject") }));
    this.empty.hidden = total > 0 || this.list.isWaiting();
    if (!this.empty.hidden) this.empty.replaceChildren(...this.reason());
    this.requireSeen();
  }

  private reason(): HTMLElement[] {
    const { below, failed } = this.list;
    if (failed) return [h("strong", {}, t("galleryFailed")), button({ text: t("tryAgain"), class: "an-button", onClick: () => this.load() })];
    const hint = below > 0 && this.state === "suggested" ? this.belowText() : t("galleryNoneHint");
    return [h("strong", {}, t("galleryNone")), h("span", {}, hint)];
  }

  private belowText(): string {
    return t("galleryBelow", { n: this.list.below, threshold: this.threshold().toFixed(2) });
  }

  private threshold(): number {
    return thresholdOf(this.filter?.category ?? 0, this.options.session.view.get());
  }

  private said(item: Cutout): string {
    return describe(item, this.decisions.shownState(item), this.why(item));
  }

  private why(item: Cutout): string {
    if (this.filter === null) return "";
    const { category, order } = this.filter;
    const name = this.options.session.view.get().categories.find(({ id }) => id === category)?.name ?? "";
    return whyHere(item.wire, { order, threshold: this.threshold(), category: name, usual: this.list.usual });
  }

  private renderCategories(chosen: number | null): void {
    const { categories } = this.options.session.view.get();
    const ranked = categories.toSorted((a, b) => (this.list.counts.get(b.id) ?? 0) - (this.list.counts.get(a.id) ?? 0));
    const texts = ranked.map(({ id, name }) => [id, this.list.counts.has(id) ? `${name} (${this.list.counts.get(id)})` : name] as const);
    const same = this.category.options.length === texts.length && texts.every(([, text], index) => this.category.options[index].text === text);
    if (!same) this.category.replaceChildren(...texts.map(([value, text]) => h("option", { value }, text)));
    if (chosen !== null) this.category.value = String(chosen);
  }

  private createCell(): HTMLElement {
    const cell = new Cell(`an-cell-${this.cellCount++}`);
    this.cells.set(cell.element, cell);
    return cell.element;
  }

  private update(element: HTMLElement, index: number, settled: boolean): void {
    const item = this.list.items[index];
    const state = item === undefined ? null : this.decisions.shownState(item);
    const focused = index === this.focused;
    if (focused) this.grid.element.setAttribute("aria-activedescendant", element.id);
    const [chosen, why] = item === undefined ? [false, ""] : [this.chosen.has(item), this.why(item)];
    this.cells.get(element)!.show({ item, state, index, focused, chosen, why, settled });
  }

  private listen(): void {
    const { element } = this.grid;
    const itemAt = (event: Event): Cutout | undefined => {
      const cell = this.cells.get((event.target as Element).closest<HTMLElement>(".an-cell") as HTMLElement);
      if (cell === undefined) return undefined;
      this.focused = cell.index;
      return this.list.items[cell.index];
    };
    element.addEventListener("click", (event) => {
      const before = this.focused;
      const item = itemAt(event);
      if (item === undefined) return;
      if (event.shiftKey) return this.chosen.through(this.focused, before);
      // A finger has no Ctrl: once some are chosen, each tap chooses.
      if (event.ctrlKey || event.metaKey || (this.chosen.count() > 0 && event.detail < 2)) return this.chosen.toggle(this.focused);
      if (event.detail > 1) return this.decisions.drop(item);
      this.toggle(item, true);
    });
    element.addEventListener("dblclick", (event) => {
      const item = itemAt(event);
      if (item !== undefined && !event.shiftKey && !event.ctrlKey && !event.metaKey) this.open(item);
    });
    element.addEventListener("scroll", () => this.requireSeen(), { passive: true });
  }
}
