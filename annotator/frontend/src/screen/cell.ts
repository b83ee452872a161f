/** One cell of the gallery: the picture of an instance, its score, and how it was decided about. */
import type { Cutout } from "../session/cutouts";
import { t } from "../strings";
import { h, setClass, setText } from "../widgets/dom";
import { icon, setIcon } from "../widgets/icons";
import { AGREEMENT_LABELS, createSign } from "./votes";

export interface Shown {
  /** What the cell shows; undefined while it is on its way. */
  readonly item: Cutout | undefined;
  /** Its state as the person sees it, decisions on their way included. */
  readonly state: Cutout["state"] | null;
  readonly index: number;
  readonly focused: boolean;
  readonly chosen: boolean;
  /** Why it stands here, in words. */
  readonly why: string;
  /** Whether nobody scrolls past. */
  readonly settled: boolean;
}

export class Cell {
  readonly element: HTMLElement;
  index = -1;
  private readonly picture = h("img", { alt: "", draggable: "false", decoding: "async" });
  private readonly score = h("span", { class: "an-cell-score" });
  private readonly vote = createSign();
  private readonly mark = icon("cross");
  private item: Cutout | undefined;

  constructor(id: string) {
    const mark = h("span", { class: "an-cell-mark" }, this.mark);
    const chosen = h("span", { class: "an-cell-chosen" }, icon("check"));
    this.element = h("div", { class: "an-cell", role: "option", id }, this.picture, this.score, this.vote.element, mark, chosen);
    this.picture.addEventListener("load", () => {
      if (this.item?.address === this.picture.getAttribute("src")) this.item.loaded = true;
      setClass(this.element, "is-empty", false);
    });
    this.picture.addEventListener("error", () => setClass(this.element, "is-missing", this.picture.hasAttribute("src")));
  }

  show({ item, state, index, focused, chosen, why, settled }: Shown): void {
    const { element } = this;
    this.item = item;
    this.index = index;
    setClass(element, "is-focused", focused);
    setClass(element, "is-chosen", chosen);
    this.showPicture(item, settled);
    const gone = state === "rejected" || state === "deleted";
    setClass(element, "is-suggested", state === "suggested");
    setClass(element, "is-accepted", state === "accepted");
    setClass(element, "is-rejected", gone);
    setIcon(this.mark, gone ? "cross" : "check");
    element.setAttribute("aria-selected", String(chosen));
    setText(this.score, item === undefined ? "" : item.wire.score === null ? "–" : item.wire.score.toFixed(2));
    const voted = item?.wire.vote;
    this.vote.show(voted, voted ? t(AGREEMENT_LABELS[voted.agreement]) : "");
    if (item === undefined || state === null) return;
    element.setAttribute("aria-label", describe(item, state, why));
    element.title = [item.wire.name, t("area", { n: item.wire.area }), why].filter((one) => one !== "").join(" · ");
  }

  private showPicture(item: Cutout | undefined, settled: boolean): void {
    const address = item?.address ?? null;
    if (this.picture.getAttribute("src") === address) return;
    setClass(this.element, "is-empty", true);
    setClass(this.element, "is-missing", false);
    // While one scrolls past, nothing is asked for that would be gone by the time it comes.
    if (address !== null && (settled || item?.loaded === true)) this.picture.src = address;
    else this.picture.removeAttribute("src");
  }
}

/** For those who do not see it. The score is said by the reason where that has it. */
export function describe({ wire }: Cutout, state: Cutout["state"], why: string): string {
  const score = wire.score?.toFixed(2) ?? "";
  const said = [why.includes(score) ? "" : score, t(state === "deleted" ? "rejected" : state), wire.name, why];
  return said.filter((one) => one !== "").join(", ");
}
