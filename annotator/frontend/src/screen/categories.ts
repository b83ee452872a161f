/** The category picker: type to find, Enter takes the first, and a new name makes a new category. */
import type { WireCategory } from "../document/protocol";
import { t } from "../strings";
import { h, isComposing, setClass } from "../widgets/dom";
import { icon } from "../widgets/icons";
import { openPopover } from "../widgets/popover";

export interface PickerOptions {
  readonly root: HTMLElement;
  readonly categories: readonly WireCategory[];
  readonly color: (id: number) => string;
  readonly current: number | null;
  readonly title: string;
  /** Where to open: next to this element, or over the middle of the picture. */
  readonly anchor: Element | null;
  readonly create: (name: string) => Promise<WireCategory>;
}

interface Choice {
  readonly category: WireCategory | null;
  readonly element: HTMLElement;
}

/** The key 1 to 9 that stands for a category, by place in the list; null from the tenth on. */
function numberKey(index: number): string | null {
  return index < 9 ? String(index + 1) : null;
}

/** Resolves to the chosen category's id, or null where the person gave up. */
export function pickCategory(options: PickerOptions): Promise<number | null> {
  return new Promise((resolve) => {
    const input = h("input", {
      type: "text",
      class: "an-input",
      placeholder: t("findCategory"),
      "aria-label": t("findCategory"),
      maxlength: 200,
      autocomplete: "off",
      spellcheck: "false",
    });
    const list = h("div", { class: "an-picker-list", role: "listbox", "aria-label": options.title });
    const problem = h("p", { class: "an-picker-problem", role: "alert" });
    let choices: Choice[] = [];
    let active = 0;
    let chosen: number | null = null;

    const finish = (id: number): void => {
      chosen = id;
      picker.close();
    };
    const choose = async (choice: Choice | undefined): Promise<void> => {
      if (choice === undefined) return;
      if (choice.category !== null) return finish(choice.category.id);
      const name = input.value.trim();
      if (name === "") return input.focus();
      try {
        finish((await options.create(name)).id);
      } catch (error) {
        problem.textContent = error instanceof Error ? error.message : String(error);
      }
    };
    const mark = (index: number): void => {
      active = Math.max(0, Math.min(choices.length - 1, index));
      choices.forEach(({ element }, place) => {
        setClass(element, "is-active", place === active);
        element.setAttribute("aria-selected", String(place === active));
      });
      choices[active]?.element.scrollIntoView({ block: "nearest" });
    };
    const render = (): void => {
      const typed = input.value.trim().toLowerCase();
      choices = matching(options.categories, typed).map(({ category, index }) => ({
        category,
        element: h(
          "div",
          { class: "an-picker-row", role: "option" },
          swatch(options.color(category.id)),
          h("span", { class: "an-picker-name" }, category.name),
          category.id === options.current ? icon("check") : null,
          numberKey(index) === null ? null : h("kbd", {}, numberKey(index)),
        ),
      }));
      const exists = options.categories.some((category) => category.name.toLowerCase() === typed);
      if (typed === "" || !exists) {
        const text = typed === "" ? t("newCategory") : t("newCategoryNamed", { name: input.value.trim() });
        choices.push({ category: null, element: h("div", { class: "an-picker-row is-new", role: "option" }, icon("plus"), h("span", {}, text)) });
      }
      list.replaceChildren(
        ...(options.categories.length === 0 && typed === "" ? [h("p", { class: "an-picker-hint" }, t("noCategories"))] : []),
        ...choices.map(({ element }) => element),
      );
      problem.textContent = "";
      mark(0);
    };
    input.addEventListener("input", render);
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      void choose(choices.find(({ element }) => element.contains(event.target as Node)));
    });
    input.addEventListener("keydown", (event) => {
      if (isComposing(event)) return;
      if (event.key === "ArrowDown") mark(active + 1);
      else if (event.key === "ArrowUp") mark(active - 1);
      else if (event.key === "Enter") void choose(choices[active]);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    render();
    const picker = openPopover(
      options.root,
      options.anchor,
      { class: "an-picker", label: options.title, onClose: () => resolve(chosen) },
      h("strong", { class: "an-picker-title" }, options.title),
      h("div", { class: "an-picker-search" }, icon("search"), input),
      list,
      problem,
    );
    input.focus({ preventScroll: true });
  });
}

/** Those that begin with what was typed come first, then those that contain it. */
function matching(
  categories: readonly WireCategory[],
  typed: string,
): { readonly category: WireCategory; readonly index: number }[] {
  const numbered = categories.map((category, index) => ({ category, index }));
  const at = (name: string): number => name.toLowerCase().indexOf(typed);
  return numbered
    .filter(({ category }) => at(category.name) >= 0)
    .sort((a, b) => Number(at(a.category.name) > 0) - Number(at(b.category.name) > 0));
}

function swatch(color: string): HTMLElement {
  const element = h("span", { class: "an-swatch" });
  element.style.background = color;
  return element;
}
