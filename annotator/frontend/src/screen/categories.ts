/** The category picker: type to find, Enter takes the first, and a new name makes a new category. */
import { digitsById } from "../document/digits";
import type { WireCategory } from "../document/protocol";
import { t } from "../strings";
import { button, h, isComposing, setClass } from "../widgets/dom";
import { icon } from "../widgets/icons";
import type { Anchor, Popover } from "../widgets/popover";
import { openPopover } from "../widgets/popover";
import { mayManage } from "./rights";

export interface PickerOptions {
  readonly root: HTMLElement;
  readonly categories: readonly WireCategory[];
  readonly color: (id: number) => string;
  readonly current: number | null;
  readonly title: string;
  /** Where to open: next to this element, or over the middle of the picture. */
  readonly anchor: Element | null;
  /** What is to be named, which stays in sight where there is room. */
  readonly inSight: Anchor | null;
  readonly create: (name: string) => Promise<WireCategory>;
  /** Opens what changes the categories themselves. */
  readonly manage: () => void;
}

interface Choice {
  readonly category: WireCategory | null;
  readonly element: HTMLElement;
}

/** Resolves to the chosen category's id, or null where the person gave up. */
export function pickCategory(options: PickerOptions): Promise<number | null> {
  return new Promise((resolve) => new Picker(options, resolve).open());
}

class Picker {
  private readonly input = h("input", {
    type: "text",
    class: "an-input",
    placeholder: t("findCategory"),
    "aria-label": t("findCategory"),
    maxlength: 200,
    autocomplete: "off",
    spellcheck: "false",
  });
  private readonly list: HTMLElement;
  private readonly problem = h("p", { class: "an-picker-problem", role: "alert" });
  private popover: Popover | null = null;
  private choices: readonly Choice[] = [];
  private active = 0;
  private chosen: number | null = null;

  constructor(
    private readonly options: PickerOptions,
    private readonly resolve: (id: number | null) => void,
  ) {
    const { input } = this;
    this.list = h("div", { class: "an-picker-list", role: "listbox", "aria-label": options.title });
    input.addEventListener("input", () => this.render());
    input.addEventListener("keydown", (event) => this.onKey(event));
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      void this.choose(this.choices.find(({ element }) => element.contains(event.target as Node)));
    });
  }

  open(): void {
    const { root, anchor, inSight, title } = this.options;
    this.render();
    this.popover = openPopover(
      root,
      anchor,
      { class: "an-picker", label: title, inSight, onClose: () => this.resolve(this.chosen) },
      h("strong", { class: "an-picker-title" }, title),
      h("div", { class: "an-picker-search" }, icon("search"), this.input),
      this.list,
      this.problem,
      button({ icon: "labels", text: t("manageCategories"), class: "an-link an-picker-manage", onClick: () => this.manage() }),
    );
    this.input.focus({ preventScroll: true });
  }

  private onKey(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    if (event.key === "ArrowDown") this.mark(this.active + 1);
    else if (event.key === "ArrowUp") this.mark(this.active - 1);
    else if (event.key === "Enter") void this.choose(this.choices[this.active]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private manage(): void {
    this.popover?.close();
    this.options.manage();
  }

  private finish(id: number): void {
    this.chosen = id;
    this.popover?.close();
  }

  private async choose(choice: Choice | undefined): Promise<void> {
    if (choice === undefined) return;
    if (choice.category !== null) return this.finish(choice.category.id);
    const name = this.input.value.trim();
    if (name === "") return this.input.focus();
    try {
      this.finish((await this.options.create(name)).id);
    } catch (error) {
      this.problem.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  private mark(index: number): void {
    this.active = Math.max(0, Math.min(this.choices.length - 1, index));
    this.choices.forEach(({ element }, place) => {
      setClass(element, "is-active", place === this.active);
      element.setAttribute("aria-selected", String(place === this.active));
    });
    this.choices[this.active]?.element.scrollIntoView({ block: "nearest" });
  }

  private render(): void {
    const { categories } = this.options;
    const typed = this.input.value.trim().toLowerCase();
    const digits = digitsById(categories);
    const found = matching(categories, typed).map((category) => this.choiceOf(category, digits.get(category.id)));
    const exists = categories.some((category) => category.name.toLowerCase() === typed);
    this.choices = mayManage() && (typed === "" || !exists) ? [...found, this.choiceOfNew(typed)] : found;
    const hint = categories.length === 0 && typed === "" ? [h("p", { class: "an-picker-hint" }, t("noCategories"))] : [];
    this.list.replaceChildren(...hint, ...this.choices.map(({ element }) => element));
    this.problem.textContent = "";
    this.mark(0);
  }

  private choiceOf(category: WireCategory, digit: number | undefined): Choice {
    const { color, current } = this.options;
    const element = h(
      "div",
      { class: "an-picker-row", role: "option" },
      swatch(color(category.id)),
      h("span", { class: "an-picker-name" }, category.name),
      category.id === current ? icon("check") : null,
      digit === undefined ? null : h("kbd", {}, String(digit)),
    );
    return { category, element };
  }

  private choiceOfNew(typed: string): Choice {
    const text = typed === "" ? t("newCategory") : t("newCategoryNamed", { name: this.input.value.trim() });
    return { category: null, element: h("div", { class: "an-picker-row is-new", role: "option" }, icon("plus"), h("span", {}, text)) };
  }
}

/** Those that begin with what was typed come first, then those that contain it. */
function matching(categories: readonly WireCategory[], typed: string): WireCategory[] {
  const at = ({ name }: WireCategory): number => name.toLowerCase().indexOf(typed);
  return categories.filter((one) => at(one) >= 0).sort((a, b) => Number(at(a) > 0) - Number(at(b) > 0));
}

function swatch(color: string): HTMLElement {
  const element = h("span", { class: "an-swatch" });
  element.style.background = color;
  return element;
}
