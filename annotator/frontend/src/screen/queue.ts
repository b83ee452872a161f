/** The pictures of the project at the left: searched, filtered, picked; their state and the progress of all. */
import type { QueueImage } from "../document/protocol";
import type { Picked } from "../session/picked";
import type { Session } from "../session/session";
import { t } from "../strings";
import { h, setText } from "../widgets/dom";
import { VirtualList } from "../widgets/list";
import { QueueHead } from "./queuehead";
import { QueueRow } from "./queuerow";

export interface QueueOptions {
  readonly session: Session;
  readonly picked: Picked;
  readonly chooseFiles: () => void;
  readonly chooseFolder: () => void;
  readonly remove: (imageIds: readonly number[]) => void;
  /** The keys are the picture's again. */
  readonly leave: () => void;
  /** What is done to the pictures that are picked. */
  readonly actions: HTMLElement;
}

export class QueuePanel {
  readonly element: HTMLElement;
  private readonly head: QueueHead;
  private readonly rows = new WeakMap<HTMLElement, QueueRow>();
  private readonly list: VirtualList<QueueImage, HTMLElement>;
  private readonly progress = h("span");
  private readonly bar = h("span", { class: "an-bar-fill" });
  private readonly job = h("div", { class: "an-job" });
  private readonly empty = h("p", { class: "an-queue-empty" }, t("noPicturesInFilter"));

  constructor(private readonly options: QueueOptions) {
    const { session, picked } = options;
    this.head = new QueueHead({ list: session.list, ...options, enter: () => void this.openFound() });
    this.list = new VirtualList(
      {
        height: 64,
        create: () => this.createRow(),
        update: (row, image, place) => this.rows.get(row)!.show(image, place, this.standing(image)),
        choose: (image) => void session.open(image.id),
        show: (first, last) => session.list.show(first, last),
      },
      t("queue"),
    );
    this.list.element.setAttribute("aria-multiselectable", "true");
    this.listen();
    this.element = h(
      "aside",
      { class: "an-queue", "aria-label": t("queue") },
      this.head.element,
      h("div", { class: "an-queue-list" }, this.list.element, this.empty),
      options.actions,
      this.job,
      h("div", { class: "an-progress" }, this.progress, h("span", { class: "an-bar" }, this.bar)),
    );
    session.queue.subscribe((now, before) => {
      // Another list begins at its top.
      if (now.asked !== before.asked) this.list.toTop();
      this.render();
    });
    picked.view.subscribe(() => this.list.refresh());
    session.view.subscribe((now, before) => {
      if (now.threshold !== before.threshold) this.list.refresh();
      if (now.scene?.imageId === before.scene?.imageId && now.opening === before.opening) return;
      this.render();
      void this.reveal();
    });
    this.render();
  }

  /** The search field has the keys. */
  search(): void {
    this.head.focus();
  }

  /** The first picture that a search found opens, unless the open one is among them. */
  private async openFound(): Promise<void> {
    const { session } = this.options;
    if (session.queue.get().trouble !== null) return;
    const open = session.imageId();
    if (open !== null && (await session.list.find(open)) >= 0) return;
    const first = session.queue.get().rows.get(0);
    if (first !== undefined) await session.open(first.id);
  }

  private standing(image: QueueImage) {
    const { session, picked } = this.options;
    return { current: session.imageId() === image.id, picked: picked.view.get().ids.has(image.id), threshold: session.view.get().threshold };
  }

  /** The open picture is in sight, where it is in the list. */
  private async reveal(): Promise<void> {
    const { session } = this.options;
    const open = session.imageId();
    const known = session.list.placeOf(open);
    const place = known >= 0 || open === null ? known : await session.list.find(open);
    if (session.imageId() === open) this.list.reveal(place);
  }

  private render(): void {
    const { rows, total, all, reviewed, job } = this.options.session.queue.get();
    this.list.setItems({ length: total, at: (place) => rows.get(place) });
    this.empty.hidden = total > 0;
    setText(this.progress, t("progress", { reviewed, total: all }));
    this.bar.style.width = `${all === 0 ? 0 : (100 * reviewed) / all}%`;
    this.job.hidden = job === null || !job.running;
    if (job !== null) setText(this.job, t("prelabelling", { done: job.done, total: job.total }));
  }

  private createRow(): HTMLElement {
    const row: QueueRow = new QueueRow(() => row.image !== null && this.options.remove([row.image.id]));
    this.rows.set(row.element, row);
    return row.element;
  }

  private listen(): void {
    const { session, picked } = this.options;
    const { element } = this.list;
    element.addEventListener("mousedown", (event) => event.preventDefault());
    element.addEventListener("click", (event) => {
      const target = event.target as Element;
      const row = target.closest("button") === null ? this.rowOf(target) : null;
      if (row === null || row.image === null) return;
      const more = event.shiftKey || event.ctrlKey || event.metaKey;
      // Whoever picks goes on with Ctrl+A, Delete or Escape, which are the list's then.
      if (more) element.focus({ preventScroll: true });
      if (event.shiftKey) void picked.through(row.place, session.imageId());
      else if (more) picked.toggle(row.image.id);
      else {
        picked.clear();
        void session.open(row.image.id);
      }
    });
    element.addEventListener("keydown", (event) => {
      if (!this.use(event)) return;
      // Over the picture the same keys are about instances.
      event.preventDefault();
      event.stopPropagation();
    });
  }

  /** Whether the key was one of the list's own. */
  private use(event: KeyboardEvent): boolean {
    const { session, picked, remove } = this.options;
    const { ids } = picked.view.get();
    const open = session.list.row(session.imageId());
    if (event.key === "Delete" && ids.size > 0) remove([...ids]);
    else if (event.key === "Delete" && open !== null) remove([open.id]);
    else if (event.key === "Escape" && ids.size > 0) picked.clear();
    else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) void picked.all();
    else if (event.key === " " && event.ctrlKey && open !== null) picked.toggle(open.id);
    else if (event.shiftKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) void this.extend(event.key === "ArrowDown" ? 1 : -1);
    else return false;
    return true;
  }

  /** The range goes on to the next picture, which opens. */
  private async extend(direction: 1 | -1): Promise<void> {
    const { session, picked } = this.options;
    const before = session.imageId();
    const next = await session.list.neighbour(direction);
    if (next === null) return;
    await picked.through(session.list.placeOf(next.id), before);
    await session.open(next.id);
  }

  private rowOf(target: Element): QueueRow | null {
    const element = target.closest<HTMLElement>(".an-queue-row");
    return element === null ? null : (this.rows.get(element) ?? null);
  }
}
