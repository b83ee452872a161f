/** Over a picture that somebody else holds: who, until when, and what one can do instead. */
import type { LeasesApi } from "../saving/leases";
import { isHeldElsewhere } from "../session/leasing";
import type { Session } from "../session/session";
import type { View } from "../session/view";
import { t } from "../strings";
import { button, h, setText } from "../widgets/dom";

export function createHoldLine(session: Session, leases: LeasesApi): HTMLElement {
  const text = h("span", { class: "an-banner-text" });
  const next = button({ text: t("heldNext"), class: "an-button is-primary", onClick: () => void session.openNextToDo() });
  const take = button({ text: t("heldTake"), title: t("handoutReleaseHint"), class: "an-button", onClick: () => void takeOver() });
  const line = h("div", { class: "an-banner an-held", role: "status", hidden: true }, text, take, next);
  const takeOver = async (): Promise<void> => {
    const { lease } = session.view.get();
    if (lease !== null) await leases.release(lease.imageId).catch(() => undefined);
    await session.leasing.beat();
    await session.refreshQueue();
  };
  const offer = async (): Promise<void> => {
    take.hidden = true;
    take.hidden = (await leases.read().catch(() => null))?.manages !== true;
  };
  session.view.subscribe((now, before) => {
    if (now.lease === before.lease && now.scene?.imageId === before.scene?.imageId) return;
    const held = isHeldElsewhere(now);
    if (held && line.hidden) void offer();
    line.hidden = !held;
    if (held) setText(text, said(now));
  });
  return line;
}

function said({ lease }: View): string {
  const time = new Date(lease!.until).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return t("heldUntil", { who: holder(lease!.name), time });
}

/** "Mia has this picture". */
export function holder(name: string): string {
  return name === "" ? t("heldByWindow") : t("heldBy", { name });
}
