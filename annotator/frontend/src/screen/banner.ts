/** The choice that a person has when a picture was changed somewhere else. */
import type { Connection } from "../session/connection";
import type { Session } from "../session/session";
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import { createHoldLine } from "./holdline";
import { createVerdictLine } from "./verdictline";

/** The lines over the picture. */
export function createBanners(session: Session, { leases }: Pick<Connection, "leases">): HTMLElement[] {
  return [createConflict(session), createHoldLine(session, leases), createVerdictLine(session)];
}

function createConflict(session: Session): HTMLElement {
  const detail = h("span");
  const show = button({ text: t("conflictOpen"), class: "an-button", onClick: () => void open() });
  const mine = button({ text: t("keepMine"), class: "an-button is-primary", onClick: () => void session.resolveConflict("mine") });
  const theirs = button({ text: t("takeTheirs"), class: "an-button", onClick: () => void session.resolveConflict("theirs") });
  const both = button({ text: t("keepBoth"), title: t("keepBothHint"), class: "an-button", onClick: () => void session.resolveConflict("both") });
  const text = h("span", { class: "an-banner-text" }, h("strong", {}, t("conflictTitle")), " ", detail);
  const banner = h("div", { class: "an-banner", role: "alert", hidden: true }, text, show, mine, theirs, both);

  const open = async (): Promise<void> => {
    const { conflict } = session.view.get();
    if (conflict !== null) await session.open(conflict);
  };
  session.view.subscribe((now) => {
    banner.hidden = now.conflict === null;
    if (now.conflict === null) return;
    detail.textContent = t("conflictBody", { n: session.saver.unsaved(now.conflict) });
    show.hidden = now.scene?.imageId === now.conflict;
  });
  return banner;
}
