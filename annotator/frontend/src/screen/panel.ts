/** The list of instances at the right, with what can be done to the selected one. */
import type { Appearance } from "../canvas/render";
import type { CommandId } from "../commands/keys";
import { keyOf, keycaps } from "../commands/keys";
import { outlineOf } from "../document/outline";
import type { Instance, Scene } from "../document/scene";
import { countSuggestions, find, isCrowd } from "../document/scene";
import { accept, likelyCategory, ordered, reject, targets } from "../editing/review";
import type { Session } from "../session/session";
import type { View } from "../session/view";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { button, h, setClass, setText } from "../widgets/dom";
import { icon, setIcon } from "../widgets/icons";
import { VirtualList } from "../widgets/list";
import { ListHead } from "./listhead";

const STATE_ICONS = { accepted: "check", suggested: "dashed", rejected: "cross" } as const;
export interface PanelOptions {
  readonly session: Session;
  readonly appearance: Appearance;
  readonly pickCategory: (anchor: Element) => void;
  readonly showMenu: (anchor: Element) => void;
  readonly acceptAll: () => void;
  readonly reveal: (instance: Instance) => void;
}

class Row {
  readonly swatch = h("span", { class: "an-swatch" });
  readonly state = icon("dashed");
  readonly name = h("span", { class: "an-row-name" });
  readonly detail = h("span", { class: "an-row-detail" });
  readonly accept: HTMLButtonElement;
  readonly reject: HTMLButtonElement;
  readonly element: HTMLElement;
  key = "";

  constructor(onAccept: () => void, onReject: () => void) {
    this.accept = button({ icon: "check", title: t("accept"), class: "an-row-button is-accept", onClick: onAccept });
    this.reject = button({ icon: "cross", title: t("reject"), class: "an-row-button is-reject", onClick: onReject });
    for (const one of [this.accept, this.reject]) one.tabIndex = -1;
    const state = h("span", { class: "an-row-state" }, this.state);
    const text = h("span", { class: "an-row-text" }, this.name, this.detail);
    this.element = h("div", { class: "an-row", role: "option" }, this.swatch, text, state, this.accept, this.reject);
  }
}

export class Panel {
  readonly element: HTMLElement;
  private readonly rows = new Map<HTMLElement, Row>();
  private readonly list: VirtualList<Instance, HTMLElement>;
  private readonly head: ListHead;
  private readonly empty = h("p", { class: "an-panel-empty" });
  private readonly category = h("span", { class: "an-category-name" });
  private readonly categorySwatch = h("span", { class: "an-swatch" });
  private readonly categoryButton: HTMLButtonElement;
  private readonly acceptButton: HTMLButtonElement;
  private readonly rejectButton: HTMLButtonElement;
  private readonly doneButton: HTMLButtonElement;
  private readonly doneText = h("span");
  private readonly doneKey = h("kbd");
  private shown: Instance[] = [];

  constructor(private readonly options: PanelOptions) {
    const { session } = options;
    this.head = new ListHead(session, options.appearance);
    this.list = new VirtualList(
      { height: 38, create: () => this.createRow(), update: (row, item) => this.updateRow(row, item), choose: (item) => this.choose(item) },
      t("instances"),
    );
    this.listen();
    this.categoryButton = button({ title: keyed("cmdRelabel", "relabel"), class: "an-category", onClick: () => options.pickCategory(this.categoryButton) });
    this.categoryButton.append(this.categorySwatch, this.category, icon("chevron"));
    this.acceptButton = button({ icon: "check", text: t("accept"), title: keyed("cmdAccept", "accept"), class: "an-button is-accept", onClick: () => accept(session) });
    this.rejectButton = button({ icon: "cross", text: t("reject"), title: keyed("cmdReject", "reject"), class: "an-button is-reject", onClick: () => reject(session) });
    this.doneButton = button({ icon: "checkAll", title: keyed("cmdAcceptAll", "acceptAll"), class: "an-button is-primary an-done", onClick: options.acceptAll });
    this.doneButton.append(this.doneText, this.doneKey);
    const more = button({ icon: "more", title: t("more"), class: "an-button is-square", onClick: () => options.showMenu(more) });
    this.element = h(
      "aside",
      { class: "an-panel", "aria-label": t("instances") },
      this.head.element,
      h("div", { class: "an-panel-list" }, this.list.element, this.empty),
      h("div", { class: "an-chosen" }, this.categoryButton, h("div", { class: "an-pair has-more" }, this.acceptButton, this.rejectButton, more)),
      this.doneButton,
    );
    session.view.subscribe((now, before) => this.follow(now, before));
    this.render();
  }

  private follow(now: View, before: View): void {
    const listed =
      now.scene !== before.scene ||
      now.threshold !== before.threshold ||
      now.showRejected !== before.showRejected ||
      now.sort !== before.sort ||
      now.filter !== before.filter ||
      now.triage !== before.triage ||
      now.aside !== before.aside ||
      now.categories !== before.categories;
    if (listed) this.render();
    else if (now.display !== before.display) this.list.refresh();
    else if (now.hover !== before.hover) this.markHovered(now.hover);
    if (now.selection !== before.selection) {
      this.list.refresh();
      this.list.reveal(this.shown.findIndex((one) => one.key === now.selection.at(-1)));
    }
    if (listed || now.selection !== before.selection || now.hover !== before.hover || now.category !== before.category) {
      this.renderChosen();
    }
  }

  /** A pointer that moves over a crowd changes this with each frame, and nothing else in the list. */
  private markHovered(key: string | null): void {
    for (const row of this.rows.values()) setClass(row.element, "is-hovered", row.key === key);
  }

  private render(): void {
    const { scene, threshold, filter } = this.options.session.view.get();
    this.shown = ordered(this.options.session);
    this.list.setItems(this.shown);
    this.head.render(this.shown.length);
    this.empty.hidden = scene === null || this.shown.length > 0;
    const filtered = filter.state !== null || filter.category !== null || filter.size !== null;
    const hidden = scene !== null && countSuggestions(scene, threshold).total > 0;
    const hint = filtered ? t("allFiltered") : hidden ? t("allHidden") : nothingFound(scene);
    this.empty.replaceChildren(h("strong", {}, t("noInstances")), h("span", {}, hint));
    const waiting = scene === null ? 0 : countSuggestions(scene, threshold).shown;
    setText(this.doneText, waiting > 0 ? t("acceptAllNext", { n: waiting }) : t("nextOnly"));
    this.doneKey.hidden = keyOf("acceptAll") === "";
    setText(this.doneKey, keycaps(keyOf("acceptAll")).join(" "));
    this.doneButton.disabled = scene === null;
    this.renderChosen();
  }

  private renderChosen(): void {
    const { session, appearance } = this.options;
    const { scene, selection, categories } = session.view.get();
    const chosen = scene === null ? [] : selection.flatMap((key) => find(scene, key) ?? []);
    const same = chosen.every((one) => one.category === chosen[0].category);
    const id = chosen.length === 0 ? likelyCategory(session) : same ? chosen[0].category : null;
    const name = categories.find((one) => one.id === id)?.name;
    setText(this.category, chosen.length > 0 ? (name ?? t("several")) : t("forNew", { name: name ?? t("ask") }));
    this.categorySwatch.style.background = id === null ? "transparent" : appearance.categoryColor(id);
    const about = targets(session);
    this.acceptButton.disabled = !about.some((one) => one.state !== "accepted");
    this.rejectButton.disabled = !about.some((one) => one.state !== "rejected");
    // A pointer between two instances is no reason to write the button anew.
    if (about.length === 0) return;
    const deletes = about.some((one) => one.state === "accepted");
    setText(this.rejectButton.lastElementChild!, deletes ? t("delete") : t("reject"));
    setIcon(this.rejectButton.querySelector("svg")!, deletes ? "trash" : "cross");
  }

  private choose(instance: Instance): void {
    this.options.session.select([instance.key]);
    this.options.reveal(instance);
  }

  private createRow(): HTMLElement {
    const row = new Row(
      () => accept(this.options.session, this.instanceOf(row.element)),
      () => reject(this.options.session, this.instanceOf(row.element)),
    );
    this.rows.set(row.element, row);
    return row.element;
  }

  private updateRow(element: HTMLElement, instance: Instance): void {
    const row = this.rows.get(element)!;
    const { appearance, session } = this.options;
    const { selection, hover, aside } = session.view.get();
    row.key = instance.key;
    row.swatch.style.background = appearance.color(instance);
    setIcon(row.state, STATE_ICONS[instance.state]);
    const selected = selection.includes(instance.key);
    for (const state of ["accepted", "suggested", "rejected"] as const) setClass(element, `is-${state}`, instance.state === state);
    setClass(element, "is-selected", selected);
    setClass(element, "is-hovered", hover === instance.key);
    element.setAttribute("aria-selected", String(selected));
    setText(row.name, appearance.categoryName(instance.category));
    const score = instance.score?.toFixed(2) ?? t(instance.source === "manual" ? "manual" : "imported");
    const later = instance.state === "suggested" && aside.includes(instance.key);
    const notes = [isCrowd(instance) ? t("crowd") : "", instance.edited ? t("edited") : later ? t("aside") : ""];
    setText(row.detail, [score, ...notes.filter((note) => note !== "")].join(" • "));
    element.title = `${t(instance.state)} · ${t("area", { n: Math.round(outlineOf(instance.mask).area) })} · ${instance.source}`;
    row.accept.hidden = instance.state === "accepted";
    row.reject.hidden = instance.state === "rejected";
    row.reject.title = instance.state === "accepted" ? t("delete") : t("reject");
    setIcon(row.reject.querySelector("svg")!, instance.state === "accepted" ? "trash" : "cross");
  }

  private listen(): void {
    const { session } = this.options;
    this.list.element.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.element.addEventListener("click", (event) => {
      if ((event.target as Element).closest("button") !== null) return;
      const [instance] = this.instanceOf(event.target as Element);
      if (instance === undefined) return;
      const { selection } = session.view.get();
      const others = selection.filter((key) => key !== instance.key);
      const adds = event.shiftKey || event.ctrlKey || event.metaKey;
      if (adds) session.select(others.length < selection.length ? others : [...others, instance.key]);
      else session.select([instance.key]);
      this.options.reveal(instance);
    });
    this.list.element.addEventListener("pointerover", (event) => {
      session.view.set({ hover: this.instanceOf(event.target as Element)[0]?.key ?? null });
    });
    this.list.element.addEventListener("pointerleave", () => session.view.set({ hover: null }));
  }

  private instanceOf(target: Element): Instance[] {
    const element = target.closest<HTMLElement>(".an-row");
    const key = element === null ? undefined : this.rows.get(element)?.key;
    return this.shown.filter((one) => one.key === key);
  }
}

/** Without a suggestion, what can be done is another thing where the model has looked already. */
function nothingFound(scene: Scene | null): string {
  const keys = { polygon: keyOf("toolPolygon"), box: keyOf("toolBox"), done: keyOf("acceptAll") };
  return scene?.prelabelled === true ? t("noneFoundHint", keys) : t("noInstancesHint", { key: keys.polygon });
}

/** A tooltip with its key. */
export function keyed(label: StringKey, command: CommandId): string {
  const key = keyOf(command);
  return key === "" ? t(label) : `${t(label)} (${key})`;
}
