/** The pictures of the project at the left: thumbnails, state, filter, progress. */
import type { QueueImage } from "../document/protocol";
import { shownOf } from "../document/scores";
import type { Session } from "../session/session";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { button, h, setClass, setText } from "../widgets/dom";
import { icon, setIcon } from "../widgets/icons";
import { VirtualList } from "../widgets/list";

type Filter = "all" | "toDo" | "reviewed";

const FILTERS: readonly (readonly [Filter, StringKey])[] = [
  ["all", "filterAll"],
  ["toDo", "filterToDo"],
  ["reviewed", "filterReviewed"],
];

const STATES = {
  reviewed: { icon: "check", label: "stateReviewed" },
  started: { icon: "pencil", label: "stateStarted" },
  suggested: { icon: "dashed", label: "stateSuggested" },
  nothing: { icon: "dashed", label: "stateNothing" },
  untouched: { icon: "clock", label: "stateUntouched" },
} as const;

export interface QueueOptions {
  readonly session: Session;
  readonly chooseFiles: () => void;
  readonly chooseFolder: () => void;
  readonly remove: (image: QueueImage) => void;
}

class Row {
  readonly thumbnail = h("img", { class: "an-thumbnail", alt: "", loading: "lazy", decoding: "async", draggable: "false" });
  readonly name = h("span", { class: "an-queue-name" });
  readonly state = icon("clock");
  readonly detail = h("span", { class: "an-queue-counts" });
  readonly remove: HTMLButtonElement;
  readonly element: HTMLElement;
  image: QueueImage | null = null;

  constructor(onRemove: () => void) {
    this.remove = button({ icon: "trash", title: t("removeImage"), class: "an-row-button is-reject", onClick: onRemove });
    this.remove.tabIndex = -1;
    const line = h("span", { class: "an-queue-line" }, this.state, this.detail);
    const text = h("span", { class: "an-queue-text" }, this.name, line);
    this.element = h("div", { class: "an-queue-row" }, this.thumbnail, text, this.remove);
    this.thumbnail.addEventListener("error", () => setClass(this.thumbnail, "is-missing", true));
    this.thumbnail.addEventListener("load", () => setClass(this.thumbnail, "is-missing", false));
  }
}

export class QueuePanel {
  readonly element: HTMLElement;
  private readonly rows = new WeakMap<HTMLElement, Row>();
  private readonly list: VirtualList<QueueImage, HTMLElement>;
  private readonly progress = h("span");
  private readonly bar = h("span", { class: "an-bar-fill" });
  private readonly job = h("div", { class: "an-job" });
  private readonly empty = h("p", { class: "an-queue-empty" }, t("noPicturesInFilter"));
  private readonly filters: readonly HTMLButtonElement[];
  private filter: Filter = "all";
  private shown: readonly QueueImage[] = [];

  constructor(private readonly options: QueueOptions) {
    const { session } = options;
    this.list = new VirtualList(
      {
        height: 64,
        create: () => this.createRow(),
        update: (row, image) => this.updateRow(row, image),
        choose: (image) => void session.open(image.id),
      },
      t("queue"),
    );
    this.list.element.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.element.addEventListener("click", (event) => {
      if ((event.target as Element).closest("button") !== null) return;
      const image = this.imageOf(event.target as Element);
      if (image !== null) void session.open(image.id);
    });
    this.list.element.addEventListener("keydown", (event) => {
      const open = this.shown.find((image) => image.id === session.imageId());
      if (event.key !== "Delete" || open === undefined) return;
      // Over the picture it is the instance that goes.
      event.preventDefault();
      event.stopPropagation();
      options.remove(open);
    });
    this.filters = FILTERS.map(([filter, label]) =>
      button({ text: t(label), class: "an-segment", onClick: () => this.setFilter(filter) }),
    );
    this.element = h(
      "aside",
      { class: "an-queue", "aria-label": t("queue") },
      h(
        "div",
        { class: "an-queue-head" },
        h("div", { class: "an-segments", role: "group", "aria-label": t("queue") }, ...this.filters),
        button({ icon: "images", title: t("addFiles"), class: "an-button is-quiet", onClick: options.chooseFiles }),
        button({ icon: "folder", title: t("addFolder"), class: "an-button is-quiet", onClick: options.chooseFolder }),
      ),
      h("div", { class: "an-queue-list" }, this.list.element, this.empty),
      this.job,
      h("div", { class: "an-progress" }, this.progress, h("span", { class: "an-bar" }, this.bar)),
    );
    session.queue.subscribe(() => this.render());
    session.view.subscribe((now, before) => {
      if (now.threshold !== before.threshold) this.list.refresh();
      if (now.scene?.imageId === before.scene?.imageId && now.opening === before.opening) return;
      this.render();
      this.list.reveal(this.shown.findIndex((image) => image.id === session.imageId()));
    });
    this.setFilter("all");
  }

  /** The neighbour of the open picture among those listed. */
  neighbour(direction: 1 | -1): QueueImage | null {
    const current = this.shown.findIndex((image) => image.id === this.options.session.imageId());
    return this.shown[current + direction] ?? null;
  }

  private setFilter(filter: Filter): void {
    this.filter = filter;
    this.filters.forEach((one, index) => one.setAttribute("aria-pressed", String(FILTERS[index][0] === filter)));
    this.list.element.scrollTop = 0;
    this.render();
  }

  private render(): void {
    const { images, job } = this.options.session.queue.get();
    const current = this.options.session.imageId();
    // The open picture stays in its place until another is opened, so that nothing moves under the pointer.
    const fits = (image: QueueImage): boolean =>
      this.filter === "all" || image.id === current || image.reviewed === (this.filter === "reviewed");
    this.shown = this.filter === "all" ? images : images.filter(fits);
    this.list.setItems(this.shown);
    this.empty.hidden = this.shown.length > 0;
    const reviewed = images.reduce((sum, image) => sum + Number(image.reviewed), 0);
    setText(this.progress, t("progress", { reviewed, total: images.length }));
    this.bar.style.width = `${images.length === 0 ? 0 : (100 * reviewed) / images.length}%`;
    this.job.hidden = job === null || !job.running;
    if (job !== null) setText(this.job, t("prelabelling", { done: job.done, total: job.total }));
  }

  private createRow(): HTMLElement {
    const row = new Row(() => row.image !== null && this.options.remove(row.image));
    this.rows.set(row.element, row);
    return row.element;
  }

  private updateRow(element: HTMLElement, image: QueueImage): void {
    const row = this.rows.get(element)!;
    if (row.image?.id !== image.id || row.image.thumbnail !== image.thumbnail) row.thumbnail.src = image.thumbnail;
    row.image = image;
    const state = stateOf(image);
    const current = this.options.session.imageId() === image.id;
    setClass(element, "is-current", current);
    setClass(element, "is-reviewed", state === "reviewed");
    element.setAttribute("aria-selected", String(current));
    setText(row.name, image.name);
    setIcon(row.state, STATES[state].icon);
    const { threshold } = this.options.session.view.get();
    setText(row.detail, countsOf(image, state, threshold));
    const below = image.suggested - shownOf(image.scores, threshold);
    const hidden = below > 0 ? `\n${t("galleryBelow", { n: below, threshold: threshold.toFixed(2) })}` : "";
    element.title = `${image.name}\n${image.width} × ${image.height}, ${t(STATES[state].label)}${hidden}`;
  }

  private imageOf(target: Element): QueueImage | null {
    const element = target.closest<HTMLElement>(".an-queue-row");
    return element === null ? null : (this.rows.get(element)?.image ?? null);
  }
}

function stateOf(image: QueueImage): keyof typeof STATES {
  if (image.reviewed) return "reviewed";
  if (image.accepted + image.rejected > 0) return "started";
  if (image.suggested > 0) return "suggested";
  return image.prelabelled ? "nothing" : "untouched";
}

/** Suggestions are counted as the threshold shows them; how many there are besides is in the tooltip. */
function countsOf(image: QueueImage, state: keyof typeof STATES, threshold: number): string {
  const { accepted, rejected, suggested } = image;
  const shown = shownOf(image.scores, threshold);
  if (state === "started" && shown > 0) return t("countStarted", { accepted: accepted + rejected, left: shown });
  if (state === "suggested") return shown > 0 ? t("countSuggested", { n: shown }) : t("countBelow", { n: suggested });
  if (accepted === 0 && rejected > 0) return t("countRejected", { n: rejected });
  return accepted > 0 ? t("countAccepted", { n: accepted }) : t(STATES[state].label);
}
