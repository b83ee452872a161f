/** What a second network says of an instance: a sign whose shape tells it, and a sentence. */
import type { Agreement, WireVote } from "../document/protocol";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { h } from "../widgets/dom";
import { icon, setIcon } from "../widgets/icons";

export const AGREEMENT_LABELS: Readonly<Record<Agreement, StringKey>> = { both: "agreementBoth", one: "agreementOne", conflict: "agreementConflict", silent: "agreementSilent" };

export interface Sign {
  readonly element: HTMLElement;
  show(vote: WireVote | null | undefined, told: string): void;
}

export function createSign(): Sign {
  const picture = icon("twoAgree");
  const element = h("span", { class: "an-vote", role: "img", hidden: true }, picture);
  const show = (vote: WireVote | null | undefined, told: string): void => {
    const shape = vote === null || vote === undefined ? null : SHAPES[vote.agreement];
    element.hidden = shape === null;
    if (shape === null || vote === null || vote === undefined) return;
    setIcon(picture, shape);
    element.classList.toggle("is-doubtful", vote.agreement !== "both");
    element.title = told;
    element.setAttribute("aria-label", told);
  };
  return { element, show };
}

const SHAPES = { both: "twoAgree", one: "oneOfTwo", conflict: "warning", silent: null } as const;

/** In words; "" where no second network was asked. */
export function toldOf(vote: WireVote | null | undefined, nameOf: (category: number) => string): string {
  if (vote === null || vote === undefined) return "";
  const { agreement, score, iou, category } = vote;
  const said = { network: vote.by.split("@")[0], score: score?.toFixed(2) ?? "", iou: iou?.toFixed(2) ?? "", category: category === null ? "" : nameOf(category) };
  if (agreement === "one") return t(score === null ? "voteOne" : "voteUnsure", said);
  // What an export tells of a vote is without the other one's category.
  if (agreement === "conflict" && category === null) return t("agreementConflict");
  return t(({ both: "voteBoth", conflict: "voteConflict", silent: "voteSilent" } as const)[agreement], said);
}
