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
import type { Cutout } from "../session/cutouts";
import { CutoutList } from "../session/cutouts";
import type { Session } from "../session/session";
import type { View } from "../session/view";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { button, h, setText } from "../widgets/dom";
import { VirtualGrid } from "../widgets/grid";
import { icon } from "../widgets/icons";
import { Cell, describe } from "./cell";

export interface GalleryOptions {
  readonly session: Session;
  readonly api: Pick<Api, "gallery">;
  readonly appearance: Appearance;
  readonly shelf: Shelf | null;
  /** Says why a key has done nothing. */
  readonly answer: (text: string) => void;
  /** Shows an instance on its picture. */
  readonly open: (imageId: number, key: string) => void;
}

type Decided = "suggested" | "accepted" | "rejected";

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

const SIDES = { least: 96, most: 280, usual: 152 };
/** A click waits this long for a second one, which opens the picture instead. */
const DOUBLE_MS = 240;
const THRESHOLD_MS = 250;

/** What still works from the keyboard while the gallery lies over the picture. */
const ABOVE = new Set<CommandId>(["undo", "redo", "help", "lowerThreshold", "raiseThreshold"]);

export class Gallery {
  readonly element: HTMLElement;
  private readonly grid: VirtualGrid<HTMLElement>;
  private readonly cells = new WeakMap<HTMLElement, Cell>();
  private readonly list: CutoutList;
  private readonly category = h("select", { class: "an-select", "aria-label": t("categoryFor"), title: t("categoryFor") });
  private readonly order = h("select", { class: "an-select", "aria-label": t("sort"), title: t("sort") });
  private readonly states: readonly HTMLButtonElement[];
  private readonly summary = h("span", { class: "an-gallery-summary" });
  private readonly empty = h("p", { class: "an-gallery-empty" });
  private readonly live = h("div", { class: "an-unseen", role: "status", "aria-live": "polite" });
  private readonly hint = h("span", { class: "an-gallery-hint" });
  /** Decisions that wait for a second click, which would open the picture instead. */
  private readonly pending = new Map<Cutout, { readonly timer: number; readonly state: Decided }>();
  /** Decisions on their way: their picture may have to be read first. The last one of a cell is what it will show. */
  private readonly making = new Map<Cutout, { readonly state: Decided }>();
  private filter: CutoutFilter | null = null;
  private state: CutoutState = "suggested";
  private focused = 0;
  private thresholdTimer = 0;
  private cellCount = 0;
  private readonly leaving = (): void => this.flush();

  constructor(private readonly options: GalleryOptions) {
    const { session, shelf } = options;
    this.list = new CutoutList(session, options.api, () => this.render());
    this.grid = new VirtualGrid({ create: () => this.createCell(), update: (cell, index, settled) => this.update(cell, index, settled) }, t("gallery"));
    this.order.append(...ORDERS.map(([value, label]) => h("option", { value }, t(label))));
    this.order.value = preference(shelf, "gallery-order", "doubt");
    this.order.addEventListener("change", () => {
      setPreference(shelf, "gallery-order", this.order.value);
      this.load();
    });
    this.category.addEventListener("change", () => this.load());
    this.states = STATES.map(([state, label]) => button({ text: t(label), class: "an-segment", onClick: () => this.setState(state) }));
    const side = preference(shelf, "gallery-side", SIDES.usual);
    const size = h("input", { type: "range", class: "an-slider", min: SIDES.least, max: SIDES.most, step: 4, value: side, "aria-label": t("gallerySize"), title: t("gallerySize") });
    const resize = (): void => {
      size.style.setProperty("--share", `${(100 * (size.valueAsNumber - SIDES.least)) / (SIDES.most - SIDES.least)}%`);
      this.grid.setSide(size.valueAsNumber);
    };
    size.addEventListener("input", () => {
      resize();
      setPreference(shelf, "gallery-side", size.valueAsNumber);
    });
    const close = button({ icon: "cross", title: `${t("close")} (Esc)`, class: "an-button is-quiet is-square", onClick: () => this.close() });
    const field = (select: HTMLElement): HTMLElement => h("label", { class: "an-sort" }, select, icon("chevron"));
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
        h("span", { class: "an-gallery-size" }, icon("grid"), size),
        close,
      ),
      h("div", { class: "an-gallery-body" }, this.grid.element, this.empty),
      h("div", { class: "an-gallery-foot" }, this.summary, this.hint),
      this.live,
    );
    resize();
    this.listen();
    session.view.subscribe((now, before) => this.follow(now, before));
    window.addEventListener("pagehide", this.leaving);
  }

  destroy(): void {
    window.removeEventListener("pagehide", this.leaving);
    this.flush();
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
    const by = moves[chord];
    if (by !== undefined) return this.focus(this.focused + by), true;
    const item = this.list.items[this.focused];
    if (chord === "Enter") return item !== undefined && this.open(item), true;
    if (chord === "Space") return item !== undefined && this.toggle(item, false), true;
    const command = commandFor(chord)?.id;
    if (command === "cancel" || command === "gallery") return this.close(), true;
    if (command !== "accept" && command !== "reject") return false;
    if (item === undefined || event.repeat) return true;
    this.decide(item, command === "accept" ? "accepted" : "rejected", false);
    this.focus(this.focused + 1);
    return true;
  }

  private follow(now: View, before: View): void {
    if (now.gallery !== before.gallery) {
      this.element.hidden = !now.gallery;
      if (now.gallery) this.show();
      else this.flush();
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

  private load(): void {
    this.flush();
    const { threshold, categories } = this.options.session.view.get();
    const category = this.category.value === "" ? (categories[0]?.id ?? 0) : Number(this.category.value);
    const first = this.filter === null;
    this.filter = { category, state: this.state, order: this.order.value as CutoutOrder, threshold };
    this.focused = 0;
    this.list.reset();
    this.grid.element.scrollTop = 0;
    void this.list.require(1, this.filter).then(() => {
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
    const gone = this.shownState(item) === "rejected" || this.shownState(item) === "deleted";
    this.decide(item, gone ? item.before : "rejected", mayBeDouble);
  }

  /** Shown at once; made when no second click has followed. */
  private decide(item: Cutout, state: Decided, mayBeDouble: boolean): void {
    this.drop(item);
    const shown = this.shownState(item);
    if (shown === state || (state === "rejected" && shown === "deleted")) return this.render();
    const timer = window.setTimeout(() => this.make(item), mayBeDouble ? DOUBLE_MS : 0);
    this.pending.set(item, { timer, state });
    if (!mayBeDouble) this.make(item);
    this.render();
    setText(this.live, describe(item, this.shownState(item)));
  }

  private make(item: Cutout): void {
    const decision = this.pending.get(item);
    if (decision === undefined) return;
    this.drop(item);
    this.making.set(item, decision);
    void this.list.decide(item, decision.state).then(() => {
      if (this.making.get(item) === decision) this.making.delete(item);
      this.render();
    });
  }

  private drop(item: Cutout): void {
    clearTimeout(this.pending.get(item)?.timer);
    this.pending.delete(item);
  }

  private flush(): void {
    for (const item of [...this.pending.keys()]) this.make(item);
  }

  private shownState(item: Cutout): Cutout["state"] {
    return (this.pending.get(item) ?? this.making.get(item))?.state ?? item.state;
  }

  private open(item: Cutout): void {
    this.flush();
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
    setText(this.live, item === undefined ? "" : `${describe(item, this.shownState(item))}, ${this.focused + 1} / ${total}`);
  }

  private requireSeen(): void {
    if (this.filter !== null) void this.list.require(Math.min(this.list.total, this.grid.end() + this.grid.columnCount() * 8), this.filter);
  }

  private render(): void {
    if (this.element.hidden) return;
    const { total, below, items } = this.list;
    this.grid.setCount(total);
    this.renderCategories(this.category.value === "" ? null : Number(this.category.value));
    this.states.forEach((one, index) => one.setAttribute("aria-pressed", String(STATES[index][0] === this.state)));
    const counted = items.reduce((sum, item) => sum + Number(["rejected", "deleted"].includes(this.shownState(item)) && item.wire.state !== "rejected"), 0);
    const parts = [t("galleryCount", { n: total })];
    if (counted > 0) parts.push(t("galleryRejected", { n: counted }));
    if (below > 0 && this.state === "suggested") parts.push(this.belowText());
    setText(this.summary, this.list.isWaiting() ? "" : parts.join(" · "));
    const takesBack = this.state === "rejected";
    setText(this.hint, t(takesBack ? "galleryHintRejected" : "galleryHint", { accept: keyOf("accept"), reject: keyOf("reject") }));
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
    const threshold = thresholdOf(this.filter?.category ?? 0, this.options.session.view.get());
    return t("galleryBelow", { n: this.list.below, threshold: threshold.toFixed(2) });
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
    const state = item === undefined ? null : this.shownState(item);
    const focused = index === this.focused;
    if (focused) this.grid.element.setAttribute("aria-activedescendant", element.id);
    this.cells.get(element)!.show({ item, state, index, focused, settled });
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
      const item = itemAt(event);
      if (item === undefined) return;
      if (event.detail > 1) return this.drop(item);
      if (event.shiftKey) this.decide(item, "accepted", false);
      else this.toggle(item, true);
    });
    element.addEventListener("dblclick", (event) => {
      const item = itemAt(event);
      if (item !== undefined && !event.shiftKey) this.open(item);
    });
    element.addEventListener("scroll", () => this.requireSeen(), { passive: true });
  }
}
