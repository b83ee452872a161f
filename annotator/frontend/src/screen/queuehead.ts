/** Above the queue: what is searched for, filters and orders, and how more pictures come in. */
import type { QueueSort, QueueTrouble } from "../document/protocol";
import type { PictureQueue } from "../session/queue";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { button, h, isComposing, setClass, setText } from "../widgets/dom";
import { expressionField, setExpression } from "../widgets/expression";
import { icon } from "../widgets/icons";

/** Each filter is short for an expression, which is what the field shows. */
export const FILTERS: readonly (readonly [string, StringKey])[] = [
  ["", "filterAll"],
  ["state:unreviewed", "filterToDo"],
  ["state:reviewed", "filterReviewed"],
  ["verdict:toreview", "filterToReview"],
  ["verdict:sentback", "filterSentBack"],
  ["verdict:accepted", "filterAccepted"],
  ["state:new", "filterNew"],
  ["state:doubtful", "filterDoubtful"],
  ["disagree:", "filterDisagree"],
  ["agreement:both", "agreementBoth"],
  ["agreement:one", "agreementOne"],
  ["agreement:conflict", "agreementConflict"],
  ["state:nothing", "filterNothing"],
  ["state:failed", "filterFailed"],
  ["flag:", "filterFlagged"],
  ["changed:export", "filterChanged"],
];

const SORTS: readonly (readonly [QueueSort, StringKey])[] = [
  ["added", "orderAdded"],
  ["gain", "orderGain"],
  ["name", "orderName"],
  ["doubt", "orderDoubt"],
  ["count", "orderCount"],
  ["changed", "orderChanged"],
];

const TROUBLES: Readonly<Record<string, StringKey>> = {
  unknown_field: "queryUnknownField",
  unknown_word: "queryUnknownWord",
  no_value: "queryNoValue",
  not_a_number: "queryNotANumber",
  backwards: "queryBackwards",
  open_quote: "queryOpenQuote",
  too_long: "queryTooLong",
};

/** How long nobody types before what is typed is searched for. */
const PAUSE_MS = 200;

export interface QueueHeadOptions {
  readonly list: PictureQueue;
  readonly chooseFiles: () => void;
  readonly chooseFolder: () => void;
  /** The keys are the picture's again. */
  readonly leave: () => void;
  /** The search is done: what it found is worked on. */
  readonly enter: () => void;
}

export class QueueHead {
  readonly element: HTMLElement;
  private readonly field = expressionField({ placeholder: t("searchPictures"), "aria-label": t("searchPictures"), title: t("searchHint") });
  private readonly filter = h("select", { class: "an-select", "aria-label": t("filterPictures"), title: t("filterPictures") });
  private readonly sort = h("select", { class: "an-select", "aria-label": t("orderPictures"), title: t("orderPictures") });
  private readonly direction: HTMLButtonElement;
  private readonly trouble = h("p", { class: "an-queue-trouble", role: "alert", hidden: true });
  private readonly found = h("p", { class: "an-queue-found", role: "status", hidden: true });
  private timer = 0;

  constructor(private readonly options: QueueHeadOptions) {
    const { list } = options;
    const own = h("option", { value: "own", hidden: true }, t("filterOwn"));
    this.filter.append(...FILTERS.map(([value, label]) => h("option", { value }, value === "" ? t(label) : `${t(label)} (${value})`)), own);
    this.sort.append(...SORTS.map(([value, label]) => h("option", { value }, t(label))));
    this.direction = button({ icon: "chevron", title: t("orderUpwards"), class: "an-row-button an-direction", onClick: () => void list.ask({ descending: !list.view.get().wanted.descending }) });
    this.listen();
    const select = (one: HTMLElement): HTMLElement => h("label", { class: "an-sort" }, one, icon("chevron"));
    const adding = [
      button({ icon: "images", title: t("addFiles"), class: "an-button is-quiet is-managers", onClick: options.chooseFiles }),
      button({ icon: "folder", title: t("addFolder"), class: "an-button is-quiet is-managers", onClick: options.chooseFolder }),
    ];
    this.element = h(
      "div",
      { class: "an-queue-top" },
      h("div", { class: "an-queue-head" }, h("label", { class: "an-search" }, icon("search"), this.field), ...adding, this.trouble),
      h("div", { class: "an-queue-orders" }, select(this.filter), h("span", { class: "an-pair-of-order" }, select(this.sort), this.direction)),
      this.found,
    );
    list.view.subscribe(() => this.render());
    this.render();
  }

  focus(): void {
    this.field.focus();
    this.field.select();
  }

  private listen(): void {
    const { list } = this.options;
    this.field.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.search(), PAUSE_MS);
    });
    this.field.addEventListener("keydown", (event) => {
      if (isComposing(event) || (event.key !== "Enter" && event.key !== "Escape")) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape" && this.field.value !== "") setExpression(this.field, "");
      else this.options.leave();
      const searched = this.search();
      if (event.key === "Enter") void searched.then(() => this.options.enter());
    });
    this.choose(this.filter, () => {
      setExpression(this.field, withFilter(this.field.value, this.filter.value));
      void this.search();
    });
    this.choose(this.sort, () => void list.ask({ sort: this.sort.value as QueueSort }));
  }

  /** Whoever chose with a pointer goes on with the picture; whoever came by the keyboard goes on choosing. */
  private choose(select: HTMLSelectElement, chosen: () => void): void {
    let pressed = false;
    select.addEventListener("pointerdown", () => (pressed = true));
    select.addEventListener("keydown", () => (pressed = false));
    select.addEventListener("change", () => {
      chosen();
      if (pressed) this.options.leave();
    });
  }

  private async search(): Promise<void> {
    clearTimeout(this.timer);
    const query = this.field.value.trim();
    const { list } = this.options;
    const { wanted, trouble } = list.view.get();
    if (query !== wanted.query || trouble !== null) void list.ask({ query });
    await list.answered();
  }

  private render(): void {
    const { asked, wanted, trouble, total, all, verdicts } = this.options.list.view.get();
    for (const option of this.filter.options) if (option.value.startsWith("verdict:")) option.hidden = !verdicts;
    this.sort.value = wanted.sort;
    setClass(this.direction, "is-down", wanted.descending);
    const title = t(wanted.descending ? "orderDownwards" : "orderUpwards");
    this.direction.title = title;
    this.direction.setAttribute("aria-label", title);
    this.filter.value = filterIn(wanted.query);
    setClass(this.filter, "is-on", wanted.query !== "");
    setClass(this.field, "is-wrong", trouble !== null);
    this.field.setAttribute("aria-invalid", String(trouble !== null));
    if (document.activeElement !== this.field && trouble === null) setExpression(this.field, wanted.query);
    this.trouble.hidden = trouble === null;
    if (trouble !== null) this.trouble.replaceChildren(...sayTrouble(trouble));
    this.found.hidden = asked.query === "";
    setText(this.found, t("picturesFound", { n: total, all }));
  }
}

/** The expression with the filter in place of the one that it has. */
export function withFilter(query: string, filter: string): string {
  const known = new Set(FILTERS.map(([expression]) => expression));
  const others = query.split(/\s+/).filter((term) => term !== "" && !known.has(term));
  return [...others, filter].filter((term) => term !== "").join(" ");
}

function filterIn(query: string): string {
  const terms = query.split(/\s+/);
  const found = FILTERS.find(([expression]) => expression !== "" && terms.includes(expression));
  return found?.[0] ?? (query === "" ? "" : "own");
}

/** Where an expression cannot be read, and why. */
export function sayTrouble(trouble: QueueTrouble): Node[] {
  return [...placeOf(trouble), h("span", {}, whyOf(trouble))];
}

/** A few characters of the expression, with what cannot be read marked. */
function placeOf({ query, at, found }: QueueTrouble): Node[] {
  const length = Math.max(1, found.length);
  const marked = query.slice(at, at + length);
  const before = query.slice(Math.max(0, at - 24), at);
  const after = query.slice(at + length, at + length + 12);
  return [h("code", {}, before, h("mark", {}, marked === "" ? "▲" : marked), after)];
}

function whyOf({ kind, found, words }: QueueTrouble): string {
  return t(TROUBLES[kind] ?? "queryUnknownWord", { found, words: words.join(", ") });
}
