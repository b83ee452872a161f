/** The list of instances at the right, with what can be done to the selected one. */
import type { Pixels } from "../canvas/pixels";
import type { Appearance } from "../canvas/render";
import type { CommandId } from "../commands/keys";
import { keyOf, keycaps } from "../commands/keys";
import type { Instance, Scene } from "../document/scene";
import { countSuggestions, find, isSuggested } from "../document/scene";
import { accept, likelyCategory, ordered, reject, targets } from "../editing/review";
import type { Session } from "../session/session";
import type { View } from "../session/view";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { button, h, setClass, setText } from "../widgets/dom";
import { icon, setIcon } from "../widgets/icons";
import { VirtualList } from "../widgets/list";
import { ClashSigns } from "./clashsigns";
import { ListHead } from "./listhead";
import { ROW_HEIGHT, Row } from "./row";
import { Thumbnails } from "./thumbnails";


const PAINT_AFTER_MS = 40;

export interface PanelOptions {
  readonly session: Session;
  readonly appearance: Appearance;
  readonly pixels: Pixels;
  readonly pickCategory: (anchor: Element) => void;
  readonly showMenu: (anchor: Element) => void;
  readonly acceptAll: () => void;
  readonly reveal: (instance: Instance) => void;
}

export class Panel {
  readonly element: HTMLElement;
  private readonly rows = new Map<HTMLElement, Row>();
  private readonly list: VirtualList<Instance, HTMLElement>;
  private readonly thumbnails: Thumbnails;
  private readonly unpainted = new Map<Row, () => void>();
  private painting: ReturnType<typeof setTimeout> | null = null;
  private readonly clashes = new ClashSigns(() => this.list.refresh());
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
      { height: ROW_HEIGHT, create: () => this.createRow(), update: (row, item) => this.updateRow(row, item), choose: (item) => this.choose(item) },
      t("instances"),
    );
    this.thumbnails = new Thumbnails(options.pixels);
    options.pixels.subscribe(() => this.list.refresh());
    this.listen();
    this.categoryButton = button({ title: keyed("cmdRelabel", "relabel"), class: "an-category", content: [this.categorySwatch, this.category, icon("chevron")], onClick: () => options.pickCategory(this.categoryButton) });
    this.acceptButton = button({ icon: "check", text: t("accept"), title: keyed("cmdAccept", "accept"), class: "an-button is-accept", onClick: () => accept(session) });
    this.rejectButton = button({ icon: "cross", text: t("reject"), title: keyed("cmdReject", "reject"), class: "an-button is-reject", onClick: () => reject(session) });
    this.doneButton = button({ icon: "checkAll", title: keyed("cmdAcceptAll", "acceptAll"), class: "an-button is-primary an-done", content: [this.doneText, this.doneKey], onClick: options.acceptAll });
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
      now.hidden !== before.hidden ||
      now.categories !== before.categories;
    if (listed) this.render();
    else if (now.display !== before.display) this.list.refresh();
    else if (now.hover !== before.hover) this.markHovered(now.hover);
    if (now.selection !== before.selection) this.list.reveal(this.shown.findIndex((one) => one.key === now.selection.at(-1)));
    if (listed || now.selection !== before.selection || now.hover !== before.hover || now.category !== before.category) {
      this.renderChosen();
    }
  }

  /** A pointer that moves over a crowd changes this with each frame, and nothing else in the list. */
  private markHovered(key: string | null): void {
    for (const row of this.rows.values()) setClass(row.element, "is-hovered", row.key === key);
  }

  private render(): void {
    const view = this.options.session.view.get();
    const { scene, filter } = view;
    this.shown = ordered(this.options.session);
    this.list.setItems(this.shown);
    this.head.render(this.shown.length);
    this.clashes.follow(scene, this.options.session.visible());
    this.empty.hidden = scene === null || this.shown.length > 0;
    const filtered = filter.state !== null || filter.category !== null || filter.size !== null || Boolean(filter.mark);
    const hidden = scene !== null && countSuggestions(scene, view).total > 0;
    const hint = filtered ? t("allFiltered") : hidden ? t("allHidden") : nothingFound(scene);
    this.empty.replaceChildren(h("strong", {}, t("noInstances")), h("span", {}, hint));
    const waiting = scene === null ? 0 : countSuggestions(scene, view).shown;
    setText(this.doneText, waiting > 0 ? t("acceptAllNext", { n: waiting }) : t(isEmpty(scene) ? "nextEmpty" : "nextOnly"));
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
    const deletes = about.some((one) => !isSuggested(one));
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
    const { scene, selection, hover, aside, hidden } = session.view.get();
    if (scene === null) return;
    const { key } = instance;
    row.update(instance, appearance, { selected: selection.includes(key), hovered: hover === key, aside: aside.includes(key), hidden: hidden.has(key), clash: this.clashes.of(instance) });
    const paint = row.repaint(this.thumbnails, instance, scene, appearance.color(instance));
    if (paint !== null) this.paintSoon(row, paint);
  }

  /** A moment later: whoever decides or draws does not wait for thumbnails. */
  private paintSoon(row: Row, paint: () => void): void {
    this.unpainted.set(row, paint);
    this.painting ??= setTimeout(() => {
      const due = [...this.unpainted.values()];
      this.unpainted.clear();
      this.painting = null;
      for (const one of due) one();
    }, PAINT_AFTER_MS);
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
  const keys = { point: keyOf("toolPoint"), polygon: keyOf("toolPolygon"), box: keyOf("toolBox"), done: keyOf("acceptAll") };
  if (scene?.blind === true && !scene.reviewed) return t("blindHint", keys);
  return scene?.prelabelled === true ? t("noneFoundHint", keys) : t("noInstancesHint", keys);
}

/** Whether no network has looked at the picture, and no person has drawn in it. */
function isEmpty(scene: Scene | null): boolean {
  return scene !== null && !scene.prelabelled && scene.blind !== true && scene.instances.length === 0;
}

/** A tooltip with its key. */
export function keyed(label: StringKey, command: CommandId): string {
  const key = keyOf(command);
  return key === "" ? t(label) : `${t(label)} (${key})`;
}
