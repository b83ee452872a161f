/** One category in the manager: everything about it that can be changed, in one line. */
import type { WireCategoryUse } from "../document/protocol";
import type { CategoryPatch } from "../saving/categories";
import { t } from "../strings";
import { button, h, isComposing } from "../widgets/dom";
import { icon } from "../widgets/icons";

export interface CategoryRowOptions {
  readonly category: WireCategoryUse;
  readonly color: string;
  /** The key that gives it, whether somebody chose that or not. */
  readonly digit: number | undefined;
  /** The threshold that counts where it has none of its own. */
  readonly general: number;
  readonly rename: (name: string) => void;
  readonly change: (patch: CategoryPatch) => void;
  /** Says in a line why what was typed cannot be. */
  readonly refuse: (line: string) => void;
  readonly merge: () => void;
  readonly remove: () => void;
  /** Moves it up or down in the order. */
  readonly step: (by: 1 | -1) => void;
  /** Moves it to the place of another category. */
  readonly drop: (at: number) => void;
}

export class CategoryRow {
  readonly element: HTMLElement;
  private readonly mover: HTMLButtonElement;

  constructor(private readonly options: CategoryRowOptions) {
    const { category } = options;
    this.mover = h("button", { type: "button", class: "an-category-mover", "data-part": "mover", title: t("moveCategory"), "aria-label": t("moveNamed", { name: category.name }) }, icon("M4 7h12M4 13h12"));
    const held = h("span", { class: "an-category-held", title: `${t("instancesCount", { n: category.accepted })}, ${t("suggestionsCount", { n: category.suggested })}` }, `${category.accepted} · ${category.suggested}`);
    const merge = button({ icon: "M4 4.5c0 4 5 4 5 8M14 4.5c0 4-5 4-5 8M9 12.5v4M7 14.5l2 2 2-2", title: t("mergeCategory"), class: "an-row-button", onClick: options.merge });
    merge.dataset.part = "merge";
    const remove = button({ icon: "trash", title: t("removeCategory"), class: "an-row-button is-reject", onClick: options.remove });
    remove.dataset.part = "remove";
    this.element = h(
      "li",
      { class: "an-category-row", "data-id": category.id },
      this.mover,
      this.color(),
      this.name(),
      this.supercategory(),
      this.key(),
      this.threshold(),
      held,
      h("span", { class: "an-category-buttons" }, merge, remove),
    );
    this.listen();
  }

  private color(): HTMLElement {
    const { category, color, change } = this.options;
    const field = h("input", { type: "color", class: "an-category-color", "data-part": "color", value: color, "aria-label": t("categoryColor"), title: t("categoryColor") });
    field.addEventListener("change", () => change({ color: field.value }));
    const back = button({ icon: "undo", title: t("colorBack"), class: "an-row-button", onClick: () => change({ color: null }) });
    back.hidden = typeof category.color !== "string";
    return h("span", { class: "an-category-colors" }, field, back);
  }

  private name(): HTMLElement {
    const { category, rename } = this.options;
    return textField("name", category.name, t("categoryName"), (text) => {
      if (text === "") return false;
      rename(text);
      return true;
    });
  }

  private supercategory(): HTMLElement {
    const { category, change } = this.options;
    return textField("supercategory", category.supercategory, t("supercategory"), (supercategory) => (change({ supercategory }), true));
  }

  private key(): HTMLElement {
    const { category, digit, change } = this.options;
    const field = h("select", { class: "an-select", "data-part": "key", "aria-label": t("categoryKey"), title: t("categoryKey") });
    const chosen = category.digit ?? null;
    const free = chosen === null && digit !== undefined ? `${digit}` : "–";
    field.append(h("option", { value: "" }, chosen === null ? free : t("automatic")));
    for (let each = 1; each <= 9; each++) field.append(h("option", { value: each }, String(each)));
    field.value = chosen === null ? "" : String(chosen);
    field.classList.toggle("is-on", chosen !== null);
    field.addEventListener("change", () => change({ digit: field.value === "" ? null : Number(field.value) }));
    return h("label", { class: "an-sort" }, field, icon("chevron"));
  }

  private threshold(): HTMLElement {
    const { category, general, change, refuse } = this.options;
    const field = h("input", {
      type: "number",
      min: 0,
      max: 1,
      step: 0.05,
      class: "an-input an-number",
      "data-part": "threshold",
      value: category.threshold?.toFixed(2),
      placeholder: general.toFixed(2),
      "aria-label": t("thresholdValue"),
      title: t("ownThreshold"),
    });
    field.addEventListener("change", () => {
      const value = field.valueAsNumber;
      const threshold = Number.isFinite(value) ? Math.round(value * 100) / 100 : null;
      if (threshold !== null && (threshold < 0 || threshold > 1)) {
        field.value = field.defaultValue;
        refuse(t("thresholdRange"));
      } else if (threshold !== (category.threshold ?? null)) change({ threshold });
    });
    return field;
  }

  private listen(): void {
    const { element, mover, options } = this;
    mover.addEventListener("keydown", (event) => {
      const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : null;
      if (by === null) return;
      event.preventDefault();
      options.step(by);
    });
    let over: Element | null = null;
    const mark = (row: Element | null): void => {
      over?.classList.remove("is-target");
      over = row;
      over?.classList.add("is-target");
    };
    mover.addEventListener("pointerdown", (event) => mover.setPointerCapture(event.pointerId));
    mover.addEventListener("pointermove", (event) => {
      if (!mover.hasPointerCapture(event.pointerId)) return;
      const row = document.elementFromPoint(event.clientX, event.clientY)?.closest(".an-category-row[data-id]") ?? null;
      mark(row === element ? null : row);
    });
    mover.addEventListener("pointerup", () => {
      const id = over?.getAttribute("data-id") ?? null;
      mark(null);
      if (id !== null) options.drop(Number(id));
    });
    mover.addEventListener("pointercancel", () => mark(null));
  }
}

/** A text that is taken when it is left, or with Enter; Escape gives back what it was. `take` says no by false. */
function textField(part: string, value: string, label: string, take: (text: string) => boolean): HTMLInputElement {
  const field = h("input", { type: "text", class: "an-input", "data-part": part, value, title: value, "aria-label": label, maxlength: 200, spellcheck: "false", autocomplete: "off" });
  let last = value;
  const leave = (): void => {
    const text = field.value.trim();
    if (text === last) return void (field.value = text);
    last = text;
    if (text !== value && take(text)) return;
    field.value = last = value;
  };
  field.addEventListener("keydown", (event) => {
    if (isComposing(event)) return;
    if (event.key === "Enter") {
      // Its press would go on to what opens: the list of a question's field, say.
      event.preventDefault();
      return leave();
    }
    if (event.key !== "Escape" || field.value === value) return;
    event.preventDefault();
    event.stopPropagation();
    field.value = value;
  });
  field.addEventListener("change", leave);
  return field;
}

/** Whether somebody has begun to type in a row and has not left it yet. */
export function isTypedIn(list: HTMLElement): boolean {
  const field = document.activeElement;
  return field instanceof HTMLInputElement && list.contains(field) && field.value !== field.defaultValue;
}

/** Makes rows anew, and gives the focus to what had it before: the same part of the same row. */
export function keepingFocus(list: HTMLElement, make: () => void): void {
  const { activeElement } = document;
  const focused = activeElement instanceof HTMLElement && list.contains(activeElement) ? activeElement : null;
  const [id, part] = [focused?.closest("[data-id]")?.getAttribute("data-id"), focused?.dataset.part];
  make();
  if (focused !== null) list.querySelector<HTMLElement>(`[data-id="${id}"] [data-part="${part}"]`)?.focus();
}
