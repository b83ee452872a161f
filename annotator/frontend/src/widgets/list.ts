/** A list that only has the rows that can be seen, so that 20,000 of them stay quick. */
import { h, setClass } from "./dom";

export interface RowRenderer<T, E extends HTMLElement> {
  readonly height: number;
  create(): E;
  /** Fills a row, which may have shown another item before. */
  update(row: E, item: T, index: number): void;
  /** An item was gone to by the keyboard. */
  choose(item: T): void;
  /** These places are in sight from now on, and items that are not here yet may be fetched. */
  show?(first: number, last: number): void;
}

/** What a list shows: an array, or something of which not all is here; `at` gives undefined for that. */
export interface Items<T> {
  readonly length: number;
  at(index: number): T | undefined;
}

const EXTRA_ROWS = 4;

let lists = 0;

export class VirtualList<T, E extends HTMLElement> {
  readonly element: HTMLElement;
  private readonly canvas = h("div", { class: "an-list-canvas" });
  private items: Items<T> = [];
  private readonly rows: E[] = [];
  private readonly name = `an-list-${++lists}`;
  /** The item that the arrows go on from; -1: none. */
  private active = -1;
  /** Pixels, as they last were: to ask the page in the middle of a change makes it lay everything out at once. */
  private top = 0;
  private clientHeight = 0;

  constructor(
    private readonly renderer: RowRenderer<T, E>,
    label: string,
  ) {
    this.element = h("div", { class: "an-list", role: "grid", "aria-label": label, tabindex: "0" }, this.canvas);
    this.element.addEventListener("scroll", () => this.measure(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.measure()).observe(this.element);
  }

  private measure(): void {
    this.top = this.element.scrollTop;
    this.clientHeight = this.element.clientHeight;
    this.refresh();
  }

  setItems(items: Items<T>): void {
    this.items = items;
    this.canvas.style.height = `${items.length * this.renderer.height}px`;
    this.element.setAttribute("aria-rowcount", String(items.length));
    this.refresh();
  }

  item(index: number): T | undefined {
    return index < 0 ? undefined : this.items.at(index);
  }

  /** Brings the rows in sight up to date; rows are used again, never made anew while one scrolls. */
  refresh(): void {
    const { height } = this.renderer;
    // A list that has become shorter cannot be scrolled as far as before.
    const top = Math.max(0, Math.min(this.top, this.items.length * height - this.clientHeight));
    const first = Math.max(0, Math.floor(top / height) - EXTRA_ROWS);
    const last = Math.min(this.items.length, Math.ceil((top + this.clientHeight) / height) + EXTRA_ROWS);
    const count = Math.max(0, last - first);
    while (this.rows.length < count) {
      const row = this.renderer.create();
      row.style.height = `${height}px`;
      row.id = `${this.name}-${this.rows.length}`;
      row.setAttribute("role", "row");
      // A row with buttons in it is no option of a listbox: a screen reader would never come to them.
      row.append(h("div", { class: "an-list-cell", role: "gridcell" }, ...row.childNodes));
      this.rows.push(row);
      this.canvas.append(row);
    }
    this.rows.forEach((row, place) => {
      // An item keeps its row while it stays in sight: index modulo the number of rows.
      const index = first + ((((place - first) % this.rows.length) + this.rows.length) % this.rows.length);
      row.hidden = index >= last;
      if (index >= last) return;
      row.style.transform = `translateY(${index * height}px)`;
      row.setAttribute("aria-rowindex", String(index + 1));
      if (index === this.active) this.element.setAttribute("aria-activedescendant", row.id);
      const item = this.items.at(index);
      // What is not here yet leaves its place empty.
      setClass(row, "is-pending", item === undefined);
      if (item !== undefined) this.renderer.update(row, item, index);
    });
    if (count > 0) this.renderer.show?.(first, last - 1);
  }

  toTop(): void {
    this.element.scrollTop = this.top = 0;
  }

  /** Scrolls as little as needed to show a row, from which the arrows go on, and brings the rows up to date; -1: none. */
  reveal(index: number): void {
    this.active = index;
    if (index < 0) this.element.removeAttribute("aria-activedescendant");
    else if (this.clientHeight > 0) this.scrollTo(index * this.renderer.height);
    this.refresh();
  }

  private scrollTo(row: number): void {
    const lowest = row + this.renderer.height - this.clientHeight;
    const scrolled = Math.min(row, Math.max(lowest, this.top));
    if (scrolled === this.top) return;
    this.element.scrollTop = scrolled;
    this.top = this.element.scrollTop;
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.renderer.height) - 1);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    // The same keys mean something else over the picture.
    event.preventDefault();
    event.stopPropagation();
    const item = this.item(Math.max(0, Math.min(this.items.length - 1, this.active + step)));
    if (item !== undefined) this.renderer.choose(item);
  }
}
