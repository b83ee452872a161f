/** Tools and views above the picture, and whether everything is saved. */
import type { Camera } from "../canvas/camera";
import type { CommandId } from "../commands/keys";
import { takeCommand } from "../commands/keys";
import type { SaveStatus } from "../saving/pending";
import type { Session } from "../session/session";
import type { View } from "../session/view";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { TOOLS } from "../tools/registry";
import { button, h, setClass, setText } from "../widgets/dom";
import type { Icon } from "../widgets/icons";
import { icon, setIcon } from "../widgets/icons";
import { keyed } from "./panel";
import { showName } from "./picturename";

interface Item {
  readonly command: CommandId;
  readonly icon: Icon;
  readonly label: StringKey;
  /** When the button is shown as pressed. */
  readonly on?: (view: View) => boolean;
  /** When it is shown to be getting ready. */
  readonly busy?: ((view: View) => boolean) | undefined;
  readonly off?: (view: View) => boolean;
}

const GROUPS: readonly (readonly Item[])[] = [
  TOOLS.map(({ id, icon, label, busy }) => ({ command: takeCommand(id), icon, label, busy, on: (view) => view.tool === id })),
  [
    { command: "triage", icon: "target", label: "cmdTriage", on: (view) => view.triage },
    { command: "gallery", icon: "grid", label: "cmdGallery", on: (view) => view.gallery },
  ],
  [
    { command: "undo", icon: "undo", label: "cmdUndo", off: (view) => view.history.past.length === 0 },
    { command: "redo", icon: "redo", label: "cmdRedo", off: (view) => view.history.future.length === 0 },
  ],
  [
    { command: "fit", icon: "fit", label: "cmdFit" },
    { command: "hideAll", icon: "eye", label: "cmdHideAll", on: (view) => view.hideAll },
    { command: "showLabels", icon: "labels", label: "cmdShowLabels", on: (view) => view.showLabels },
    { command: "showRejected", icon: "ghost", label: "cmdShowRejected", on: (view) => view.showRejected },
  ],
];

const STATUS = { saved: "cloud", saving: "cloud", offline: "cloudOff", conflict: "warning", closed: "warning" } as const;

export class Toolbar {
  readonly element: HTMLElement;
  private readonly buttons = new Map<Item, HTMLButtonElement>();
  private readonly name = h("span", { class: "an-title" });
  private readonly statusIcon = icon("cloud");
  private readonly statusText = h("span");
  private readonly status = h("span", { class: "an-status", role: "status" }, this.statusIcon, this.statusText);
  private readonly scale: HTMLButtonElement;

  constructor(
    private readonly session: Session,
    run: (command: CommandId) => void,
    showDisplay: (anchor: Element) => void,
  ) {
    const groups = GROUPS.map((items) =>
      h(
        "div",
        { class: "an-group", role: "group" },
        ...items.map((item) => {
          const one = button({ icon: item.icon, title: keyed(item.label, item.command), class: "an-tool", onClick: () => run(item.command) });
          this.buttons.set(item, one);
          return one;
        }),
      ),
    );
    this.scale = button({ text: "100 %", title: keyed("actualSizeButton", "actualSize"), class: "an-tool an-scale", onClick: () => run("actualSize") });
    groups[3].prepend(this.scale);
    const display = button({ icon: "sun", title: t("display"), class: "an-tool", onClick: () => showDisplay(display) });
    groups[3].append(display);
    const help = button({ icon: "keyboard", title: keyed("cmdHelp", "help"), class: "an-tool an-help", onClick: () => run("help") });
    this.element = h("div", { class: "an-toolbar", role: "toolbar", "aria-label": t("groupTools") }, h("span", { class: "an-tools" }, ...groups), this.name, this.status, help);
    session.view.subscribe((now, before) => this.follow(now, before));
    // Keys may be remapped: a tooltip says the key of now.
    this.element.addEventListener("pointerenter", () => {
      for (const [item, one] of this.buttons) one.title = keyed(item.label, item.command);
    });
    this.render();
  }

  /** Puts the buttons of the side panels at both ends. */
  addSides(left: readonly HTMLElement[], right: readonly HTMLElement[]): void {
    this.element.prepend(...left);
    this.element.append(...right);
  }

  /** Puts something small before the word on whether all is saved. */
  addBeforeStatus(element: HTMLElement): void {
    this.status.before(element);
  }

  showScale(camera: Camera): void {
    const percent = camera.scale * 100;
    setText(this.scale.lastElementChild!, `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`);
  }

  private follow(now: View, before: View): void {
    const same =
      now.tool === before.tool &&
      now.triage === before.triage &&
      now.gallery === before.gallery &&
      now.history === before.history &&
      now.hideAll === before.hideAll &&
      now.showLabels === before.showLabels &&
      now.showRejected === before.showRejected &&
      now.scene === before.scene &&
      now.prompts === before.prompts &&
      now.status === before.status;
    if (!same) this.render();
  }

  private render(): void {
    const view = this.session.view.get();
    for (const [item, one] of this.buttons) {
      if (item.on !== undefined) one.setAttribute("aria-pressed", String(item.on(view)));
      if (item.busy !== undefined) one.setAttribute("aria-busy", String(item.busy(view)));
      one.disabled = view.scene === null || item.off?.(view) === true;
    }
    this.scale.disabled = view.scene === null;
    showName(this.name, view.scene?.name ?? "");
    this.name.title = view.scene === null ? "" : `${view.scene.name} · ${view.scene.width} × ${view.scene.height}`;
    this.renderStatus(view.status);
  }

  private renderStatus(status: SaveStatus): void {
    const texts: Record<SaveStatus["kind"], string> = {
      saved: t("saved"),
      saving: t("saving"),
      offline: t("offline", { n: status.unsaved }),
      conflict: t("conflictStatus", { n: status.unsaved }),
      closed: t("closedStatus", { n: status.unsaved }),
    };
    setText(this.statusText, texts[status.kind]);
    setIcon(this.statusIcon, STATUS[status.kind]);
    this.status.dataset["kind"] = status.kind;
    this.status.title = status.reason ?? "";
    setClass(this.status, "is-warning", status.kind !== "saved" && status.kind !== "saving");
  }
}
