/** One row of the list of instances: its picture and number, what it is, who suggested it, and what can be done. */
import type { Appearance } from "../canvas/render";
import type { Clashing } from "../document/clashes";
import { outlineOf } from "../document/outline";
import type { Instance, Scene } from "../document/scene";
import { isSuggested } from "../document/scene";
import { t } from "../strings";
import { button, h, setClass, setText } from "../widgets/dom";
import { icon, setIcon } from "../widgets/icons";
import { clashText } from "./clashsigns";
import { saidOf } from "./flags";
import { createSign, toldOf } from "./votes";
import type { Thumbnails } from "./thumbnails";

const STATE_ICONS = { accepted: "check", suggested: "dashed", rejected: "cross" } as const;
/** In CSS pixels. */
const THUMBNAIL = 38;
export const ROW_HEIGHT = 48;

export interface RowState {
  readonly selected: boolean;
  readonly hovered: boolean;
  /** Put aside in triage. */
  readonly aside: boolean;
  /** Listed, and not drawn. */
  readonly hidden: boolean;
  /** With a larger one; null where it does not. */
  readonly clash: Clashing | null;
}

export class Row {
  readonly element: HTMLElement;
  key = "";
  private readonly canvas = h("canvas", { class: "an-row-picture", "aria-hidden": "true" });
  private readonly number = h("span", { class: "an-row-number" });
  private readonly state = icon("dashed");
  private readonly name = h("span", { class: "an-row-name" });
  private readonly detail = h("span", { class: "an-row-detail" });
  private readonly vote = createSign();
  private readonly source = h("span", { class: "an-row-source" });
  private readonly accept: HTMLButtonElement;
  private readonly reject: HTMLButtonElement;
  private painted: readonly unknown[] = [];

  constructor(onAccept: () => void, onReject: () => void) {
    this.accept = button({ icon: "check", title: t("accept"), class: "an-row-button is-accept", onClick: onAccept });
    this.reject = button({ icon: "cross", title: t("reject"), class: "an-row-button is-reject", onClick: onReject });
    for (const one of [this.accept, this.reject]) one.tabIndex = -1;
    const state = h("span", { class: "an-row-state" }, this.state);
    const text = h("span", { class: "an-row-text" }, this.name, this.detail, this.vote.element);
    const lines = h("span", { class: "an-row-lines" }, text, this.source);
    const picture = h("span", { class: "an-row-frame" }, this.canvas, this.number);
    this.element = h("div", { class: "an-row" }, picture, lines, state, this.accept, this.reject);
  }

  update(instance: Instance, appearance: Appearance, { selected, hovered, aside, hidden, clash }: RowState): void {
    const { element } = this;
    this.key = instance.key;
    setIcon(this.state, STATE_ICONS[instance.state]);
    for (const state of ["accepted", "suggested", "rejected"] as const) setClass(element, `is-${state}`, instance.state === state);
    setClass(element, "is-selected", selected);
    setClass(element, "is-hovered", hovered);
    setClass(element, "is-hidden", hidden);
    element.setAttribute("aria-selected", String(selected));
    setText(this.number, String(appearance.number(instance)));
    setText(this.name, appearance.categoryName(instance.category));
    const made = instance.prompt === undefined ? "manual" : instance.prompt.points.length > 0 ? "byClicks" : "byBox";
    const score = instance.score?.toFixed(2) ?? t(instance.source === "manual" ? made : "imported");
    const later = aside && instance.state === "suggested" ? t("aside") : "";
    const clashing = clash === null ? "" : clashText(clash, (other) => appearance.number(other));
    const notes = [clashing, ...saidOf(instance, hidden), instance.edited ? t("edited") : later];
    setClass(element, "is-clashing", clash !== null);
    setText(this.detail, score);
    const voted = toldOf(instance.vote, (id) => appearance.categoryName(id));
    this.vote.show(instance.vote, voted);
    // Beside the score there is no room for a word: “locked” would be its first letter.
    const below = [...notes, networkOf(instance.source), promptOf(instance)];
    setText(this.source, below.filter((one) => one !== null && one !== "").join(" · "));
    element.title = `${t(instance.state)} · ${t("area", { n: Math.round(outlineOf(instance.mask).area) })} · ${[instance.source, ...(instance.prompt === undefined ? [] : [instance.prompt.by]), ...(voted === "" ? [] : [voted]), ...(clashing === "" ? [] : [clashing]), ...saidOf(instance, hidden)].join(" · ")}${instance.note ? `\n${instance.note}` : ""}`;
    this.accept.hidden = instance.state === "accepted";
    this.reject.hidden = instance.state === "rejected";
    const deletes = !isSuggested(instance);
    this.reject.title = deletes ? t("delete") : t("reject");
    setIcon(this.reject.querySelector("svg")!, deletes ? "trash" : "cross");
  }

  /** What paints its picture; null where nothing of that has changed: a list is brought up to date with each move of the pointer. */
  repaint(thumbnails: Thumbnails, instance: Instance, scene: Scene, color: string): (() => void) | null {
    const pixels = Math.round(THUMBNAIL * window.devicePixelRatio);
    const now = [instance.mask, thumbnails.source(), color, pixels];
    if (now.every((value, index) => value === this.painted[index])) return null;
    if (now[0] !== this.painted[0]) this.canvas.style.visibility = "hidden";
    this.painted = now;
    this.element.style.setProperty("--own-color", color);
    return () => {
      if (this.canvas.width !== pixels) this.canvas.width = this.canvas.height = pixels;
      thumbnails.paint(this.canvas, instance, scene, color);
      this.canvas.style.visibility = "";
    };
  }
}

/** The network that answered clicks, and how many there were; null where none was asked. */
function promptOf({ prompt }: Instance): string | null {
  if (prompt === undefined || prompt.points.length === 0) return prompt === undefined ? null : networkOf(prompt.by);
  return `${networkOf(prompt.by) ?? ""}, ${t("pointCount", { n: prompt.points.length })}`;
}

/** The network that suggested it, without its version; null where a person or a file did. */
function networkOf(source: string): string | null {
  const [network, version] = source.split("@");
  return version === undefined ? null : network;
}
