/** A grid of squares that only has those that can be seen, so that 20,000 of them stay quick. */
import { h } from "./dom";

export interface CellRenderer<E extends HTMLElement> {
  create(): E;
  /** Fills a cell, which may have shown another place before. `settled`: nobody scrolls past it at the moment. */
  update(cell: E, index: number, settled: boolean): void;
}

const GAP = 8;
const EXTRA_ROWS = 2;
const SETTLED_MS = 70;

export class VirtualGrid<E extends HTMLElement> {
  readonly element: HTMLElement;
  private readonly canvas = h("div", { class: "an-grid-canvas", role: "presentation" });
  private readonly cells: E[] = [];
  private count = 0;
  private wanted = 160;
  private columns = 1;
  private side = 160;
  private timer = 0;

  constructor(
    private readonly renderer: CellRenderer<E>,
    label: string,
  ) {
    this.element = h("div", { class: "an-grid", role: "listbox", "aria-label": label, "aria-multiselectable": "true", tabindex: "0" }, this.canvas);
    this.element.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.arrange()).observe(this.element);
  }

  setCount(count: number): void {
    this.count = count;
    this.arrange();
  }

  /** How wide a square should be at least, in CSS pixels; what is left over is shared by all. */
  setSide(side: number): void {
    const top = this.first();
    this.wanted = side;
    this.arrange();
    this.element.scrollTop = Math.floor(top / this.columns) * (this.side + GAP);
    this.refresh(true);
  }

  columnCount(): number {
    return this.columns;
  }

  rowsInSight(): number {
    return Math.max(1, Math.floor(this.element.clientHeight / (this.side + GAP)));
  }

  /** The place after the last one that can be seen. */
  end(): number {
    const { scrollTop, clientHeight } = this.element;
    return Math.min(this.count, this.columns * Math.ceil((scrollTop + clientHeight) / (this.side + GAP)));
  }

  /** Scrolls as little as needed to show a place. */
  reveal(index: number): void {
    const pitch = this.side + GAP;
    const top = Math.floor(index / this.columns) * pitch;
    const { scrollTop, clientHeight } = this.element;
    if (clientHeight === 0) return;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + pitch + GAP > scrollTop + clientHeight) this.element.scrollTop = top + pitch + GAP - clientHeight;
    this.refresh(true);
  }

  refresh(settled: boolean): void {
    const pitch = this.side + GAP;
    const first = Math.max(0, this.first() - EXTRA_ROWS * this.columns);
    const last = Math.min(this.count, this.end() + EXTRA_ROWS * this.columns);
    const count = Math.max(0, last - first);
    while (this.cells.length < count) {
      const cell = this.renderer.create();
      this.cells.push(cell);
      this.canvas.append(cell);
    }
    const total = this.cells.length;
    this.cells.forEach((cell, place) => {
      // A place keeps its cell while it stays in sight: index modulo the number of cells.
      const index = first + ((((place - first) % total) + total) % total);
      cell.hidden = index >= last;
      if (index >= last) return;
      const [column, row] = [index % this.columns, Math.floor(index / this.columns)];
      cell.style.transform = `translate(${column * pitch}px, ${row * pitch}px)`;
      cell.style.width = cell.style.height = `${this.side}px`;
      cell.setAttribute("aria-setsize", String(this.count));
      cell.setAttribute("aria-posinset", String(index + 1));
      this.renderer.update(cell, index, settled);
    });
  }

  private first(): number {
    return this.columns * Math.max(0, Math.floor(this.element.scrollTop / (this.side + GAP)));
  }

  private scrolled(): void {
    this.refresh(false);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.refresh(true), SETTLED_MS);
  }

  private arrange(): void {
    const width = this.canvas.clientWidth;
    if (width === 0) return;
    this.columns = Math.max(2, Math.floor((width + GAP) / (this.wanted + GAP)));
    this.side = Math.floor((width + GAP) / this.columns) - GAP;
    this.canvas.style.height = `${Math.ceil(this.count / this.columns) * (this.side + GAP)}px`;
    this.refresh(true);
  }
}
