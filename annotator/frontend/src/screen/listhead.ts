/** Above the list of instances: how many there are, which of them are listed, in which order. */
import type { Appearance } from "../canvas/render";
import { AGREEMENTS } from "../document/protocol";
import type { Scene } from "../document/scene";
import { categoryCounts } from "../document/scene";
import { FLAGS, SEEN_BY, networksOf } from "../editing/flags";
import type { Session } from "../session/session";
import type { ListFilter, Size, SortOrder } from "../session/view";
import { MARKS } from "../session/view";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { h, setText } from "../widgets/dom";
import { icon } from "../widgets/icons";
import { flagName } from "./flags";
import { AGREEMENT_LABELS } from "./votes";

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
  private readonly votes = h("optgroup", { label: t("twoNetworks") });
  private readonly marks = h("optgroup", { label: t("flags") });
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
      this.votes,
      this.marks,
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
    this.votes.replaceChildren(...votesOf(scene, filter).map(([value, text]) => h("option", { value }, text)));
    this.votes.hidden = this.votes.childElementCount === 0;
    this.marks.replaceChildren(...marksOf(scene, filter).map(([value, text]) => h("option", { value }, text)));
    this.filter.value = filter.category === null ? (filter.state ?? filter.size ?? filter.mark ?? "") : String(filter.category);
    this.filter.classList.toggle("is-on", this.filter.value !== "");
  }
}

function filterOf(value: string): ListFilter {
  const state = STATES.find((one) => one === value) ?? null;
  const size = SIZES.find(([one]) => one === value)?.[0] ?? null;
  const mark = /^(flag|agreement|network):/.test(value) || MARKS.some((one) => one === value) ? value : null;
  const other = value === "" || state !== null || size !== null || mark !== null;
  return { state, size, mark, category: other ? null : Number(value) };
}

const MARK_LABELS = { crowd: "crowdFlag", note: "hasNote", locked: "locked", hidden: "hiddenOne", clash: "clashing" } as const;

/** What a second network says, and what each sees; nothing where there is one alone. */
function votesOf(scene: Scene | null, { mark }: ListFilter): (readonly [value: string, text: string])[] {
  const voted = scene?.instances.some(({ vote }) => vote !== undefined) === true || mark?.startsWith("agreement:") === true;
  const asked = mark?.startsWith(SEEN_BY) === true ? [mark.slice(SEEN_BY.length)] : [];
  const networks = [...new Set([...networksOf(scene), ...asked])];
  return [
    ...(voted ? AGREEMENTS.map((one) => [`agreement:${one}`, t(AGREEMENT_LABELS[one])] as const) : []),
    ...(networks.length > 1 || asked.length > 0 ? networks.map((one) => [`${SEEN_BY}${one}`, t("seenBy", { network: one.split("@")[0] })] as const) : []),
  ];
}

/** The flags that formats know, those that the picture's instances have, and what else can be asked for. */
function marksOf(scene: Scene | null, { mark }: ListFilter): (readonly [value: string, text: string])[] {
  const used = (scene?.instances ?? []).flatMap(({ flags }) => flags ?? []);
  const asked = mark?.startsWith("flag:") === true ? [mark.slice("flag:".length)] : [];
  const own = [...new Set([...used, ...asked])].filter((flag) => !FLAGS.some((one) => one === flag)).sort();
  return [...[...FLAGS, ...own].map((flag) => [`flag:${flag}`, flagName(flag)] as const), ...MARKS.map((one) => [one, t(MARK_LABELS[one])] as const)];
}
