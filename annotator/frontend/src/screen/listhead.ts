/** Above the list of instances: how many there are, which of them are listed, in which order. */
import type { Appearance } from "../canvas/render";
import { categoryCounts } from "../document/scene";
import type { Session } from "../session/session";
import type { ListFilter, Size, SortOrder } from "../session/view";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { h, setText } from "../widgets/dom";
import { icon } from "../widgets/icons";

const SORTS: readonly (readonly [SortOrder, StringKey])[] = [
  ["score", "sortScore"],
  ["doubt", "sortDoubt"],
  ["category", "sortCategory"],
  ["area", "sortArea"],
  ["state", "sortState"],
];

const STATES = ["suggested", "accepted", "rejected"] as const;
const SIZES: readonly (readonly [Size, StringKey])[] = [
  ["small", "sizeSmall"],
  ["medium", "sizeMedium"],
  ["large", "sizeLarge"],
];

export class ListHead {
  readonly element: HTMLElement;
  private readonly count = h("span", { class: "an-count" });
  private readonly filter = h("select", { class: "an-select", "aria-label": t("filter"), title: t("filter") });
  private readonly sort = h("select", { class: "an-select", "aria-label": t("sort"), title: t("sort") });
  private readonly categories = h("optgroup", { label: t("categoryFor") });

  constructor(
    private readonly session: Session,
    private readonly appearance: Appearance,
  ) {
    this.sort.append(...SORTS.map(([value, label]) => h("option", { value }, t(label))));
    this.sort.addEventListener("change", () => session.view.set({ sort: this.sort.value as SortOrder, triage: false }));
    this.filter.append(
      h("option", { value: "" }, t("filterAll")),
      ...STATES.map((state) => h("option", { value: state }, t(state))),
      h("optgroup", { label: t("sortArea") }, ...SIZES.map(([value, label]) => h("option", { value }, t(label)))),
      this.categories,
    );
    this.filter.addEventListener("change", () => session.view.set({ filter: filterOf(this.filter.value) }));
    const field = (select: HTMLElement): HTMLElement => h("label", { class: "an-sort" }, select, icon("chevron"));
    this.element = h(
      "div",
      { class: "an-panel-head" },
      h("h2", {}, t("instances")),
      this.count,
      h("span", { class: "an-selects" }, field(this.filter), field(this.sort)),
    );
  }

  render(listed: number): void {
    const { scene, filter, sort, triage } = this.session.view.get();
    setText(this.count, scene === null ? "" : String(listed));
    this.sort.value = triage ? "doubt" : sort;
    const ids = new Set(scene === null ? [] : categoryCounts(scene).keys());
    // A chosen category stays in the list on pictures that have none of it: its filter still holds there.
    if (filter.category !== null) ids.add(filter.category);
    const names = [...ids].map((id) => [id, this.appearance.categoryName(id)] as const).sort((a, b) => a[1].localeCompare(b[1]));
    this.categories.replaceChildren(...names.map(([id, name]) => h("option", { value: id }, name)));
    this.filter.value = filter.category === null ? (filter.state ?? filter.size ?? "") : String(filter.category);
    this.filter.classList.toggle("is-on", this.filter.value !== "");
  }
}

function filterOf(value: string): ListFilter {
  const state = STATES.find((one) => one === value) ?? null;
  const size = SIZES.find(([one]) => one === value)?.[0] ?? null;
  return { state, size, category: value === "" || state !== null || size !== null ? null : Number(value) };
}
