/** The way from Insight to the pictures that it speaks of: they are listed, and the first of them is open when one gets there. */
import type { QueueAsked } from "../document/protocol";
import type { Session } from "../session/session";
import { t } from "../strings";
import { button, h } from "../widgets/dom";

export interface ListButton {
  readonly text: string;
  readonly asked: Partial<QueueAsked>;
  readonly class?: string;
}

/** A button that says so once it has been pressed. */
export function listButton(session: Session, { text, asked, class: name = "an-button" }: ListButton): HTMLElement {
  const list = async (): Promise<void> => {
    await session.list.ask(asked);
    element.replaceWith(h("span", {}, t("unseenListed")));
    await session.list.inOrder();
    const first = session.list.view.get().rows.get(0);
    if (first !== undefined) await session.open(first.id);
  };
  const element = button({ text, class: name, onClick: () => void list() });
  return element;
}
