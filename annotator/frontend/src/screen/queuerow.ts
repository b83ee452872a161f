/** One row of the queue: the picture's thumbnail and name, how far it is, what is in it. */
import type { GainReasons, QueueImage } from "../document/protocol";
import { shownOf } from "../document/scores";
import { t } from "../strings";
import { button, h, setClass, setText } from "../widgets/dom";
import { icon, setIcon } from "../widgets/icons";
import { flagName } from "./flags";
import { holder } from "./holdline";
import { showName } from "./picturename";

const STATES = {
  reviewed: { icon: "check", label: "stateReviewed" },
  new: { icon: "warning", label: "stateNew" },
  failed: { icon: "warning", label: "stateFailed" },
  started: { icon: "pencil", label: "stateStarted" },
  suggested: { icon: "dashed", label: "stateSuggested" },
  nothing: { icon: "dashed", label: "stateNothing" },
  untouched: { icon: "clock", label: "stateUntouched" },
} as const;

/** How the row stands on the page beside its picture. */
export interface Standing {
  readonly current: boolean;
  readonly picked: boolean;
  readonly threshold: number;
}

export class QueueRow {
  private readonly thumbnail = h("img", { class: "an-thumbnail", alt: "", loading: "lazy", decoding: "async", draggable: "false" });
  private readonly name = h("span", { class: "an-queue-name" });
  private readonly state = icon("clock");
  private readonly detail = h("span", { class: "an-queue-counts" });
  private readonly flag = h("span", { class: "an-queue-flag", hidden: true }, icon("flag"));
  /** Somebody else holds it. */
  private readonly held = h("span", { class: "an-queue-flag", hidden: true }, icon("M10 10a3 3 0 100-6 3 3 0 000 6z M4 16.5a6 6 0 0112 0"));
  readonly element: HTMLElement;
  image: QueueImage | null = null;
  place = -1;

  constructor(onRemove: () => void) {
    const remove = button({ icon: "trash", title: t("removeImage"), class: "an-row-button is-reject", onClick: onRemove });
    remove.tabIndex = -1;
    const line = h("span", { class: "an-queue-line" }, this.state, this.detail, this.held, this.flag);
    const text = h("span", { class: "an-queue-text" }, this.name, line);
    const shown = h("span", { class: "an-queue-thumbnail" }, this.thumbnail, icon("check"));
    this.element = h("div", { class: "an-queue-row" }, shown, text, remove);
    this.thumbnail.addEventListener("error", () => setClass(this.thumbnail, "is-missing", true));
    this.thumbnail.addEventListener("load", () => setClass(this.thumbnail, "is-missing", false));
  }

  show(image: QueueImage, place: number, { current, picked, threshold }: Standing): void {
    if (this.image?.id !== image.id || this.image.thumbnail !== image.thumbnail) this.thumbnail.src = image.thumbnail;
    this.image = image;
    this.place = place;
    const state = stateOf(image, threshold);
    const { element } = this;
    setClass(element, "is-current", current);
    setClass(element, "is-picked", picked);
    setClass(element, "is-reviewed", state === "reviewed");
    setClass(element, "is-new", state === "new");
    setClass(element, "is-failed", state === "failed");
    element.setAttribute("aria-selected", String(picked || current));
    if (current) element.setAttribute("aria-current", "true");
    else element.removeAttribute("aria-current");
    showName(this.name, image.name);
    setIcon(this.state, STATES[state].icon);
    const isBlind = image.blind === true && !image.reviewed;
    const reasons = isBlind ? "" : sayReasons(image.reasons);
    setText(this.detail, reasons === "" || image.reviewed ? countsOf(image, threshold) : reasons);
    const below = image.suggested - shownOf(image.scores, threshold);
    const hidden = below > 0 ? `\n${t("galleryBelow", { n: below, threshold: threshold.toFixed(2) })}` : "";
    this.flag.hidden = image.flags.length === 0;
    const flags = image.flags.length === 0 ? "" : `\n${t("flags")}: ${image.flags.map(flagName).join(", ")}`;
    this.held.hidden = image.held === undefined || current;
    const held = this.held.hidden ? "" : `\n${holder(image.held!)}`;
    const failure = image.failure === "" ? "" : `\n${t("failedBecause", { reason: image.failure })}`;
    const why = reasons === "" ? "" : `\n${reasons}`;
    element.title = `${image.name} (#${image.id})\n${image.width} × ${image.height}, ${isBlind ? countsOf(image, threshold) : t(STATES[state].label)}${why}${hidden}${flags}${held}${failure}`;
  }
}

/** Why there is much to gain from a picture: "3 doubtful, 1 likely miss"; "" where nothing is known. */
export function sayReasons(reasons: GainReasons | undefined): string {
  if (reasons === undefined) return "";
  const { doubtful, misses, apart, rare, unlike } = reasons;
  const counted = [["gainDoubtful", doubtful], ["gainMisses", misses], ["gainApart", apart], ["gainRare", rare]] as const;
  const said = counted.filter(([, n]) => n > 0).map(([key, n]) => t(key, { n }));
  return [...said, ...(unlike ? [t("gainUnlike")] : [])].join(", ");
}

/** How far a picture is. new: it is reviewed, and holds suggestions that nobody decided about. */
export function stateOf(image: QueueImage, threshold: number): keyof typeof STATES {
  if (image.reviewed) return shownOf(image.scores, threshold) > 0 ? "new" : "reviewed";
  if (image.accepted + image.rejected > 0) return "started";
  if (shownOf(image.scores, threshold) > 0) return "suggested";
  if (image.failure !== "") return "failed";
  return image.prelabelled ? "nothing" : "untouched";
}

/** Suggestions are counted as the threshold shows them; how many there are besides is in the tooltip. */
export function countsOf(image: QueueImage, threshold: number): string {
  const { accepted, rejected, suggested } = image;
  if (image.blind === true && !image.reviewed) return t("countBlind", { n: accepted });
  const state = stateOf(image, threshold);
  const shown = shownOf(image.scores, threshold);
  if (state === "new") return t("countNew", { accepted, n: shown });
  if (state === "started" && shown > 0) return t("countStarted", { accepted: accepted + rejected, left: shown });
  if (state === "suggested") return t("countSuggested", { n: shown });
  if (state === "nothing" && suggested > 0) return t("countBelow", { n: suggested });
  if (accepted === 0 && rejected > 0) return t("countRejected", { n: rejected });
  return accepted > 0 ? t("countAccepted", { n: accepted }) : t(STATES[state].label);
}
