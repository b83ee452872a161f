/** Over a picture that is done, or was sent back: what the reviewer says of it, and the buttons to say it. */
import { MAX_NOTE } from "../editing/flags";
import type { Verdict, VerdictsApi, WireVerdicts } from "../saving/verdicts";
import type { Session } from "../session/session";
import { t } from "../strings";
import { button, h } from "../widgets/dom";

export function createVerdictLine(session: Session, api: VerdictsApi): HTMLElement {
  const line = h("div", { class: "an-banner an-verdict", role: "status", hidden: true });
  let asked = 0;
  const read = async (): Promise<void> => {
    const mine = ++asked;
    const imageId = session.view.get().scene?.imageId ?? null;
    if (imageId === null || !session.queue.get().verdicts) return void (line.hidden = true);
    const found = await api.of(imageId).catch(() => null);
    if (mine === asked) show(imageId, found);
  };
  const say = async (imageId: number, verdict: Verdict, note = ""): Promise<void> => {
    await api.say([imageId], verdict, note).catch(() => undefined);
    await Promise.all([session.revalidate(imageId), session.refreshQueue(), read()]);
  };
  const show = (imageId: number, found: WireVerdicts | null): void => {
    const parts = found === null ? [] : partsOf(found, (verdict, note) => void say(imageId, verdict, note));
    line.hidden = parts.length === 0;
    line.replaceChildren(...parts);
  };
  session.view.subscribe((now, before) => {
    const saved = now.status !== before.status && now.status.kind === "saved";
    if (now.scene?.imageId !== before.scene?.imageId || saved) void read();
  });
  session.queue.subscribe((now, before) => {
    if (now.verdicts !== before.verdicts) void read();
  });
  return line;
}

function partsOf({ stands, reviews, history }: WireVerdicts, say: (verdict: Verdict, note?: string) => void): HTMLElement[] {
  const last = history.at(-1);
  const text = (said: string): HTMLElement => h("span", { class: "an-banner-text" }, said);
  const back = reviews ? [button({ text: t("verdictWithdraw"), class: "an-button", onClick: () => say("withdrawn") })] : [];
  if (stands === "accepted") return [text(t("verdictAccepted", { who: last?.who ?? "" })), ...back];
  if (stands === "sentback") return [text(t("verdictSentBack", { who: last?.who ?? "", note: last?.note ?? "" })), ...back];
  if (stands !== "toreview" || !reviews) return [];
  const note = h("input", { class: "an-input", maxlength: MAX_NOTE, placeholder: t("verdictNote"), "aria-label": t("verdictNote") });
  return [
    text(t("verdictWaits")),
    note,
    button({ text: t("verdictSendBack"), class: "an-button", onClick: () => say("sentback", note.value.trim()) }),
    button({ text: t("verdictAccept"), class: "an-button is-primary", onClick: () => say("accepted") }),
  ];
}
