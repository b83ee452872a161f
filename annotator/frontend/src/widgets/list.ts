/** A list that only has the rows that can be seen, so that 20,000 of them stay quick. */
import { h } from "./dom";

export interface RowRenderer<T, E extends HTMLElement> {
  readonly height: number;
  create(): E;
  /** Fills a row, which may have shown another item before. */
  update(row: E, item: T, index: number): void;
  /** An item was gone to by the keyboard. */
  choose(item: T): void;
}

const EXTRA_ROWS = 4;

let lists = 0;

export class VirtualList<T, E extends HTMLElement> {
  readonly element: HTMLElement;
  private readonly canvas = h("div", { class: "an-list-canvas" });
  private items: readonly T[] = [];
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

  setItems(items: readonly T[]): void {
    this.items = items;
    this.canvas.style.height = `${items.length * this.renderer.height}px`;
    this.element.setAttribute("aria-rowcount", String(items.length));
    this.refresh();
  }

  item(index: number): T | undefined {
    return this.items[index];
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
      this.renderer.update(row, this.items[index], index);
    });
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
    const item = this.items[Math.max(0, Math.min(this.items.length - 1, this.active + step))];
    if (item !== undefined) this.renderer.choose(item);
  }
}
