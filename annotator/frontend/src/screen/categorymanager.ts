/** All categories on one sheet: names, colours, keys, thresholds and their order; merged, removed, pasted and undone. */
import type { Appearance } from "../canvas/render";
import { chordOf, commandFor } from "../commands/keys";
import { digitsById } from "../document/digits";
import { isAlike, newAlike } from "../document/alike";
import type { WireCategories, WireCategoryUse } from "../document/protocol";
import type { Api } from "../saving/api";
import { CategoriesApi } from "../saving/categories";
import { lineOf } from "../saving/errors";
import type { Direction } from "../session/categories";
import type { Session } from "../session/session";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { whileBusy } from "../widgets/busy";
import { dialog, openDialog } from "../widgets/dialogs";
import { button, h, isComposing, setText } from "../widgets/dom";
import { icon } from "../widgets/icons";
import { askForList, categoriesOfFile } from "./categorylist";
import { askWhatBecomes } from "./categoryquestion";
import { textOfChange } from "./categorynews";
import { CategoryRow, isTypedIn, keepingFocus } from "./categoryrow";

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
  private readonly undo = button({ icon: "undo", text: "", class: "an-button an-category-undo", onClick: () => void this.retrace("undo") });
  private readonly redo = button({ icon: "redo", title: t("cmdRedo"), class: "an-button an-category-redo", onClick: () => void this.retrace("redo") });
  private known: WireCategories | null = null;
  /** Whether the server has other categories than these. */
  private stale = false;

  constructor(private readonly options: CategoryManagerOptions) {
    this.api = new CategoriesApi(options.api);
    this.search.addEventListener("input", () => this.render());
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !isComposing(event)) void this.addTyped();
    });
    this.sheet.addEventListener("keydown", (event) => {
      const typing = event.target instanceof HTMLInputElement && event.target.type !== "color";
      const command = typing ? undefined : commandFor(chordOf(event))?.id;
      if (command !== "undo" && command !== "redo") return;
      event.preventDefault();
      void this.retrace(command);
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
      h("header", {}, h("h2", {}, t("categories")), this.undo, this.redo, close),
      h("div", { class: "an-category-tools" }, h("div", { class: "an-picker-search" }, icon("search"), this.search), paste, fromFile, file),
      heading(),
      h("div", { class: "an-category-body" }, this.list, this.more),
      h("div", { class: "an-category-foot" }, this.problem, this.said),
    );
    this.renderUndo(); // until the server's answer there is nothing to undo, and no name for its button
  }

  open(): void {
    openDialog(this.options.root, this.sheet);
    this.search.focus();
    const stop = this.options.session.view.subscribe((now, before) => {
      if (now.categoryVersion !== before.categoryVersion && !this.options.session.categories.isOwn()) void this.catchUp();
    });
    this.sheet.addEventListener("close", stop);
    this.list.addEventListener("focusout", () => {
      if (this.stale) void this.catchUp();
    });
    void this.show(this.api.list());
  }

  /** Somebody else has changed categories; what is being typed here is not disturbed. */
  private async catchUp(): Promise<void> {
    this.stale = isTypedIn(this.list);
    if (!this.stale) await this.show(this.api.list());
  }

  /** Makes a change; its refusal is one line, and everything is as the server has it. */
  private change(work: Promise<WireCategories>): Promise<void> {
    return this.show(this.options.session.categories.make(work));
  }

  private async show(work: Promise<WireCategories>): Promise<void> {
    setText(this.problem, "");
    try {
      const before = this.known;
      this.known = await work;
      const { added, notes = [] } = this.known;
      const alike = before === null ? [] : newAlike(namesOf(before), namesOf(this.known)).map(([name, other]) => t("categoriesAlike", { name, other }));
      setText(this.said, [...(added === undefined ? [] : [t("categoriesAdded", { n: added })]), ...notes, ...alike].join(" · "));
    } catch (error) {
      setText(this.problem, lineOf(error));
    }
    this.stale = false;
    this.render();
    // What had the focus may be gone, and with it the keys of this sheet.
    if (this.sheet.open && document.activeElement === document.body) this.search.focus();
  }

  /** anyway: although another differs only in its capitals. */
  private async addTyped(anyway = false): Promise<void> {
    const name = this.search.value.trim();
    if (name === "") return;
    const there = this.categories().find((one) => isAlike(one.name, name));
    if (there !== undefined && !(anyway && there.name !== name)) return setText(this.problem, t("categoryThere", { name: there.name }));
    this.search.value = "";
    // As JSON, so that a comma in it parts nothing.
    await this.change(this.api.addList(JSON.stringify([name])));
  }

  private async paste(): Promise<void> {
    const text = await askForList(this.options.root);
    if (text !== null) await this.change(this.api.addList(text));
  }

  private async retrace(direction: Direction): Promise<void> {
    const change = this.known?.[direction];
    if (change) await whileBusy(this.sheet, () => this.show(this.options.session.categories.retrace(direction, change.id)));
  }

  private async ask(kind: "merge" | "remove", category: WireCategoryUse, into: number | null): Promise<void> {
    const holds = category.accepted + category.suggested + category.rejected > 0;
    const others = this.categories().filter((one) => one.id !== category.id);
    const answer = kind === "remove" && !holds ? "remove" : await askWhatBecomes({ root: this.options.root, kind, category, others, into });
    if (answer === "remove") await whileBusy(this.sheet, () => this.change(this.api.remove(category.id)));
    else if (answer !== null) await whileBusy(this.sheet, () => this.change(this.api.merge(category.id, answer)));
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
    void this.change(this.api.reorder(ids));
  }

  private categories(): readonly WireCategoryUse[] {
    return this.known?.categories ?? [];
  }

  private render(): void {
    const typed = this.search.value.trim().toLowerCase();
    const all = this.categories();
    const found = all.filter((one) => one.name.toLowerCase().includes(typed) || one.supercategory.toLowerCase().includes(typed));
    const digits = digitsById(all);
    const general = this.options.session.view.get().threshold;
    const rows = found.slice(0, MOST_ROWS).map((category) => this.rowFor(category, digits.get(category.id), general));
    keepingFocus(this.list, () => this.list.replaceChildren(...rows.map(({ element }) => element)));
    const isNew = typed !== "" && !all.some((one) => one.name === this.search.value.trim());
    const create = button({ icon: "plus", text: t("newCategoryNamed", { name: this.search.value.trim() }), class: "an-button", onClick: () => void this.addTyped(true) });
    const rest = found.length - MOST_ROWS;
    this.more.replaceChildren(...(isNew ? [create] : []), ...(rest > 0 ? [t("moreCategories", { n: rest })] : []));
    if (all.length === 0 && typed === "" && this.known !== null) this.more.replaceChildren(t("noCategories"));
    this.renderUndo();
  }

  /** Who it was is told where it was somebody else. */
  private renderUndo(): void {
    const { undo = null, redo = null } = this.known ?? {};
    const told = (what: string, who: string): string => (who === "" ? what : `${what} · ${t("changedBy", { who })}`);
    this.undo.hidden = undo === null;
    this.redo.hidden = redo === null;
    if (undo !== null) {
      const what = t("undoSaid", { what: textOfChange(undo) });
      setText(this.undo.lastElementChild!, what);
      // The button may be too narrow for long names.
      this.undo.title = told(what, undo.who);
    }
    if (redo === null) return;
    const title = told(t("redoSaid", { what: textOfChange(redo) }), redo.who);
    this.redo.title = title;
    this.redo.setAttribute("aria-label", title);
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
      refuse: (line) => setText(this.problem, line),
      merge: () => void this.ask("merge", category, null),
      remove: () => void this.ask("remove", category, null),
      step: (by) => this.move(id, places.get(id)! + by),
      drop: (at) => this.move(id, places.get(at) ?? -1),
    });
  }
}

function namesOf({ categories }: WireCategories): string[] {
  return categories.map(({ name }) => name);
}

function heading(): HTMLElement {
  const labels: readonly (StringKey | null)[] = [null, "categoryColor", "categoryName", "supercategory", "categoryKey", "columnThreshold", "instances", null];
  return h("div", { class: "an-category-row is-heading", "aria-hidden": "true" }, ...labels.map((label) => h("span", {}, label === null ? "" : t(label))));
}
