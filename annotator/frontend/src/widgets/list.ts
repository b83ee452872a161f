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

  constructor(
    private readonly renderer: RowRenderer<T, E>,
    label: string,
  ) {
    this.element = h("div", { class: "an-list", role: "grid", "aria-label": label, tabindex: "0" }, this.canvas);
    this.element.addEventListener("scroll", () => this.refresh(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.refresh()).observe(this.element);
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
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / height) - EXTRA_ROWS);
    const last = Math.min(this.items.length, Math.ceil((scrollTop + clientHeight) / height) + EXTRA_ROWS);
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

  /** Scrolls as little as needed to show a row, from which the arrows go on. */
  reveal(index: number): void {
    this.active = index;
    if (index < 0) return this.element.removeAttribute("aria-activedescendant");
    const { height } = this.renderer;
    const { scrollTop, clientHeight } = this.element;
    if (clientHeight === 0) return;
    const top = index * height;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + height > scrollTop + clientHeight) this.element.scrollTop = top + height - clientHeight;
    this.refresh();
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
