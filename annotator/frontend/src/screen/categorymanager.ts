/** All categories on one sheet: names, colours, keys, thresholds and their order; merged, removed, pasted and undone. */
import type { Appearance } from "../canvas/render";
import { digitsById } from "../document/digits";
import type { WireCategories, WireCategoryUse } from "../document/protocol";
import { CategoriesApi } from "../saving/categories";
import type { Api } from "../saving/api";
import { takeCategories } from "../session/categories";
import type { Session } from "../session/session";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { dialog, openDialog } from "../widgets/dialogs";
import { button, h, isComposing, setText } from "../widgets/dom";
import { icon } from "../widgets/icons";
import { askForList, categoriesOfFile } from "./categorylist";
import { askWhatBecomes } from "./categoryquestion";
import { CategoryRow } from "./categoryrow";

export interface CategoryManagerOptions {
  readonly root: HTMLElement;
  readonly api: Pick<Api, "root">;
  readonly session: Session;
  readonly appearance: Appearance;
}

/** More rows than this take long to make; the others are found by their names. */
const MOST_ROWS = 200;

export function openCategoryManager(options: CategoryManagerOptions): void {
  new CategoryManager(options).open();
}

class CategoryManager {
  private readonly api: CategoriesApi;
  private readonly sheet = dialog("an-categories", t("categories"));
  private readonly search = h("input", { class: "an-input", type: "search", placeholder: t("findCategory"), "aria-label": t("findCategory"), maxlength: 200, spellcheck: "false" });
  private readonly list = h("ol", { class: "an-category-rows" });
  private readonly more = h("p", { class: "an-category-more" });
  private readonly problem = h("p", { class: "an-category-problem", role: "alert" });
  private readonly said = h("p", { class: "an-category-said", role: "status" });
  private readonly undo = button({ icon: "undo", text: "", class: "an-button an-category-undo", onClick: () => void this.takeBack() });
  private known: WireCategories | null = null;

  constructor(private readonly options: CategoryManagerOptions) {
    this.api = new CategoriesApi(options.api);
    this.search.addEventListener("input", () => this.render());
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !isComposing(event)) void this.addTyped();
    });
    this.sheet.addEventListener("keydown", (event) => {
      const typing = event.target instanceof HTMLInputElement && event.target.type !== "color";
      if (typing || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || event.shiftKey) return;
      event.preventDefault();
      void this.takeBack();
    });
    const file = h("input", { type: "file", accept: ".json,.txt,.csv", hidden: true });
    file.addEventListener("change", () => {
      const [chosen] = file.files ?? [];
      file.value = "";
      if (chosen !== undefined) void this.change(categoriesOfFile(chosen).then((text) => this.api.addList(text)));
    });
    const paste = button({ icon: "plus", text: t("pasteCategories"), class: "an-button", onClick: () => void this.paste() });
    const fromFile = button({ icon: "folder", text: t("categoriesFromFile"), class: "an-button", onClick: () => file.click() });
    const close = button({ icon: "cross", title: t("close"), class: "an-button is-quiet", onClick: () => this.sheet.close() });
    this.sheet.append(
      h("header", {}, h("h2", {}, t("categories")), this.undo, close),
      h("div", { class: "an-category-tools" }, h("div", { class: "an-picker-search" }, icon("search"), this.search), paste, fromFile, file),
      heading(),
      h("div", { class: "an-category-body" }, this.list, this.more),
      h("div", { class: "an-category-foot" }, this.problem, this.said),
    );
  }

  open(): void {
    openDialog(this.options.root, this.sheet);
    this.search.focus();
    void this.change(this.api.list());
  }

  /** Shows what a request has led to; its refusal is one line, and everything is as the server has it. */
  private async change(work: Promise<WireCategories>): Promise<void> {
    setText(this.problem, "");
    setText(this.said, "");
    try {
      this.known = await work;
      const { added, notes = [], categories } = this.known;
      if (added !== undefined) setText(this.said, [t("categoriesAdded", { n: added }), ...notes].join(" · "));
      const taken = takeCategories(this.options.session, categories);
      // The rows need not wait for the picture.
      this.render();
      await taken;
    } catch (error) {
      setText(this.problem, error instanceof Error ? error.message : String(error));
      this.render();
    }
  }

  private async addTyped(): Promise<void> {
    const name = this.search.value.trim();
    if (name === "" || this.categories().some((one) => one.name === name)) return;
    this.search.value = "";
    // As JSON, so that a comma in it parts nothing.
    await this.change(this.api.addList(JSON.stringify([name])));
  }

  private async paste(): Promise<void> {
    const text = await askForList(this.options.root);
    if (text !== null) await this.change(this.api.addList(text));
  }

  private async takeBack(): Promise<void> {
    const change = this.known?.undo;
    if (change) await this.change(this.api.undo(change.id));
  }

  private async ask(kind: "merge" | "remove", category: WireCategoryUse, into: number | null): Promise<void> {
    const holds = category.accepted + category.suggested + category.rejected > 0;
    const others = this.categories().filter((one) => one.id !== category.id);
    const answer = kind === "remove" && !holds ? "remove" : await askWhatBecomes({ root: this.options.root, kind, category, others, into });
    if (answer === "remove") await this.change(this.api.remove(category.id));
    else if (answer !== null) await this.change(this.api.merge(category.id, answer));
    this.search.focus();
  }

  private rename(category: WireCategoryUse, name: string): void {
    const taken = this.categories().find((one) => one.name === name && one.id !== category.id);
    if (taken === undefined) return void this.change(this.api.change(category.id, { name }));
    this.render();
    void this.ask("merge", category, taken.id);
  }

  private move(id: number, to: number): void {
    const ids = this.categories().map((one) => one.id);
    const from = ids.indexOf(id);
    if (from < 0 || to < 0 || to >= ids.length || from === to) return;
    ids.splice(to, 0, ...ids.splice(from, 1));
    void this.change(this.api.reorder(ids)).then(() => this.rowOf(id)?.focusMover());
  }

  private categories(): readonly WireCategoryUse[] {
    return this.known?.categories ?? [];
  }

  private rows: readonly CategoryRow[] = [];

  private rowOf(id: number): CategoryRow | undefined {
    return this.rows.find((row) => row.category.id === id);
  }

  private render(): void {
    const typed = this.search.value.trim().toLowerCase();
    const all = this.categories();
    const found = all.filter((one) => one.name.toLowerCase().includes(typed) || one.supercategory.toLowerCase().includes(typed));
    const digits = digitsById(all);
    const general = this.options.session.view.get().threshold;
    this.rows = found.slice(0, MOST_ROWS).map((category) => this.rowFor(category, digits.get(category.id), general));
    this.list.replaceChildren(...this.rows.map(({ element }) => element));
    const isNew = typed !== "" && !all.some((one) => one.name.toLowerCase() === typed);
    const create = button({ icon: "plus", text: t("newCategoryNamed", { name: this.search.value.trim() }), class: "an-button", onClick: () => void this.addTyped() });
    const rest = found.length - MOST_ROWS;
    this.more.replaceChildren(...(isNew ? [create] : []), ...(rest > 0 ? [t("moreCategories", { n: rest })] : []));
    if (all.length === 0 && typed === "" && this.known !== null) this.more.replaceChildren(t("noCategories"));
    const change = this.known?.undo ?? null;
    this.undo.hidden = change === null;
    if (change === null) return;
    const names = change.names.map((name) => t("quoted", { name }));
    const said = t(`undo_${change.verb}` as StringKey, { n: change.count, a: names[0] ?? "", b: names[1] ?? "" });
    setText(this.undo.lastElementChild!, t("undoSaid", { what: said }));
    this.undo.title = change.who;
  }

  private rowFor(category: WireCategoryUse, digit: number | undefined, general: number): CategoryRow {
    const { appearance } = this.options;
    const places = new Map(this.categories().map((one, place) => [one.id, place]));
    const { id } = category;
    return new CategoryRow({
      category,
      color: appearance.categoryColor(id),
      digit,
      general,
      rename: (name) => this.rename(category, name),
      change: (patch) => void this.change(this.api.change(id, patch)),
      merge: () => void this.ask("merge", category, null),
      remove: () => void this.ask("remove", category, null),
      step: (by) => this.move(id, places.get(id)! + by),
      drop: (at) => this.move(id, places.get(at) ?? -1),
    });
  }
}

function heading(): HTMLElement {
  const labels: readonly (StringKey | null)[] = [null, "categoryColor", "categoryName", "supercategory", "categoryKey", "columnThreshold", "instances", null];
  return h("div", { class: "an-category-row is-heading", "aria-hidden": "true" }, ...labels.map((label) => h("span", {}, label === null ? "" : t(label))));
}
