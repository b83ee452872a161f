/** Which of the two side panels are open: beside the picture where there is room, over it where there is not. */
import type { Shelf } from "../saving/shelf";
import { preference, setPreference } from "../saving/shelf";
import { t } from "../strings";
import type { StringKey } from "../strings";
import { button, setClass } from "../widgets/dom";

export type Side = "queue" | "panel";
/** By the editor's width: both panels beside the picture, one of them, none, or a screen for reviewing alone. */
export type Layout = "wide" | "medium" | "narrow" | "phone";

type Open = Readonly<Record<Side, boolean>>;

const SIDES: readonly Side[] = ["queue", "panel"];
/** In CSS pixels. */
const FROM: readonly (readonly [Layout, number])[] = [["wide", 1100], ["medium", 700], ["narrow", 480], ["phone", 0]];
const AT_FIRST: Readonly<Record<Layout, Open>> = {
  wide: { queue: true, panel: true },
  medium: { queue: false, panel: true },
  narrow: { queue: false, panel: false },
  phone: { queue: false, panel: false },
};
const ICONS = { queue: "M3.5 4h13v12h-13z M8 4v12", panel: "M3.5 4h13v12h-13z M12 4v12" } as const;
const LABELS: Readonly<Record<Side, StringKey>> = { queue: "cmdFoldQueue", panel: "cmdFoldPanel" };

export function layoutOf(width: number): Layout {
  return FROM.find(([, least]) => width >= least)![0];
}

export class Folds {
  readonly buttons: Readonly<Record<Side, HTMLButtonElement>>;
  /** On a phone: shows the tools, which reviewing does not need. */
  readonly moreTools: HTMLButtonElement;
  private layout: Layout | null = null;
  private open: Open = AT_FIRST.wide;
  private readonly observer = new ResizeObserver(() => this.measure());

  constructor(
    private readonly root: HTMLElement,
    private readonly shelf: Shelf | null,
    /** The tooltip of a side's button, with its key. */
    title: (label: StringKey, side: Side) => string,
    private readonly onLayout: (layout: Layout) => void,
  ) {
    const make = (side: Side): HTMLButtonElement =>
      button({ icon: ICONS[side], title: title(LABELS[side], side), class: `an-tool an-fold is-${side}`, onClick: () => this.toggle(side) });
    this.buttons = { queue: make("queue"), panel: make("panel") };
    this.moreTools = button({ icon: "more", title: t("groupTools"), class: "an-tool an-more-tools", onClick: () => this.toggleTools() });
    this.observer.observe(root);
    this.measure();
  }

  toggle(side: Side): void {
    this.show({ ...this.open, [side]: !this.open[side] });
    // What lies over the picture is opened for a moment: only what stands beside it is remembered.
    if (this.layout === "wide" || this.layout === "medium") setPreference(this.shelf, `folds:${this.layout}`, this.open);
  }

  /** Opens a side for something in it that is asked for by a key. */
  reveal(side: Side): void {
    if (!this.open[side]) this.show({ ...this.open, [side]: true });
  }

  /** A picture was chosen, or the stage pressed: what lies over the picture goes. */
  closeDrawers(): void {
    const drawers = SIDES.filter((side) => this.isDrawer(side));
    this.show({ ...this.open, ...Object.fromEntries(drawers.map((side) => [side, false])) });
  }

  private toggleTools(): void {
    const shown = this.root.classList.toggle("has-tools");
    this.moreTools.setAttribute("aria-expanded", String(shown));
  }

  stop(): void {
    this.observer.disconnect();
  }

  private isDrawer(side: Side): boolean {
    return this.layout === "narrow" || this.layout === "phone" || (this.layout === "medium" && side === "queue");
  }

  private measure(): void {
    const { clientWidth } = this.root;
    const layout = layoutOf(clientWidth);
    if (clientWidth === 0 || layout === this.layout) return;
    this.layout = layout;
    this.root.dataset["layout"] = layout;
    const remembered = preference<Partial<Open>>(this.shelf, `folds:${layout}`, {});
    this.show({ ...AT_FIRST[layout], ...remembered });
    this.onLayout(layout);
  }

  private show(open: Open): void {
    this.open = open;
    for (const side of SIDES) {
      setClass(this.root, `has-${side}`, open[side]);
      setClass(this.root, `has-${side}-over`, open[side] && this.isDrawer(side));
      this.buttons[side].setAttribute("aria-expanded", String(open[side]));
    }
  }
}
