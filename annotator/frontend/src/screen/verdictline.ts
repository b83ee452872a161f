/** Over a picture that is done, or was sent back: what the reviewer says of it, and the buttons to say it. */
import { MAX_NOTE } from "../editing/flags";
import type { WireVerdicts } from "../saving/verdicts";
import type { Session } from "../session/session";
import { t } from "../strings";
import { button, h, isComposing } from "../widgets/dom";
import { keyed } from "./panel";

export function createVerdictLine(session: Session): HTMLElement {
  const { reviewing } = session;
  // What was written of each picture, for as long as it is not sent.
  const drafts = new Map<number, string>();
  const line = h("div", { class: "an-banner an-verdict", role: "status", hidden: true });
  const show = (found: WireVerdicts | null): void => {
    const parts = found === null ? [] : partsOf(found, session, drafts);
    line.hidden = parts.length === 0;
    line.replaceChildren(...parts);
  };
  reviewing.state.subscribe((now, before) => {
    if (now.found !== before.found) show(now.found);
    if (now.noted !== before.noted) line.querySelector("input")?.focus();
  });
  return line;
}

function partsOf({ stands, reviews, own, history }: WireVerdicts, session: Session, drafts: Map<number, string>): HTMLElement[] {
  const { reviewing } = session;
  const { handout } = session.queue.get();
  const last = history.at(-1);
  const text = (said: string): HTMLElement => h("span", { class: "an-banner-text" }, said);
  const back = reviews ? [button({ text: t("verdictWithdraw"), class: "an-button", onClick: () => void reviewing.withdraw() })] : [];
  if (stands === "accepted") return [text(t("verdictAccepted", { who: last?.who ?? "" })), ...back];
  if (stands === "sentback") {
    const { who = "", note = "", whom = "" } = last ?? {};
    const freed = button({ text: t("verdictFree"), title: t("verdictFreeHint", { whom }), class: "an-button", onClick: () => void reviewing.free() });
    return [text(t("verdictSentBack", { who, note })), ...(reviews && handout && whom !== "" ? [freed] : []), ...back];
  }
  if (stands !== "toreview" || !reviews) return [];
  return own ? [text(t("verdictOwn"))] : [text(t("verdictWaits")), ...asking(session, drafts)];
}

/** The note and the two buttons. */
function asking({ reviewing, view }: Session, drafts: Map<number, string>): HTMLElement[] {
  const imageId = view.get().scene?.imageId ?? 0;
  const note = h("input", { class: "an-input", maxlength: MAX_NOTE, placeholder: t("verdictNote"), "aria-label": t("verdictNote") });
  note.value = drafts.get(imageId) ?? "";
  note.addEventListener("input", () => drafts.set(imageId, note.value));
  const send = (): void => void reviewing.sendBack(note.value.trim()).then((sent) => sent && drafts.delete(imageId));
  note.addEventListener("keydown", (event) => {
    if (isComposing(event) || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    // The keys are the picture's again.
    note.blur();
    if (event.key === "Enter") send();
  });
  return [
    note,
    button({ text: t("verdictSendBack"), title: keyed("cmdSendBack", "sendBack"), class: "an-button", onClick: send }),
    button({ text: t("verdictAccept"), title: keyed("cmdAcceptPicture", "acceptPicture"), class: "an-button is-primary", onClick: () => void reviewing.accept() }),
  ];
}
