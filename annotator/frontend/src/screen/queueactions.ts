/** Below the queue, while several pictures are picked: what can be done to them together. */
import type { Picked } from "../session/picked";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { button, h, setText } from "../widgets/dom";
import type { Icon } from "../widgets/icons";

/** One thing that can be done to several pictures; another one is one more entry. */
export interface QueueAction {
  readonly id: string;
  readonly icon: Icon;
  readonly label: StringKey;
  readonly run: (ids: readonly number[]) => void;
  /** Asked each time that something is picked; always, where it is left out. */
  readonly offered?: () => boolean;
}

export function createQueueActions(picked: Picked, actions: readonly QueueAction[]): HTMLElement {
  const count = h("strong", { role: "status" });
  const buttons = actions.map(({ id, icon, label, run }) => {
    const made = button({ icon, title: t(label), class: "an-button is-quiet", onClick: () => run([...picked.view.get().ids]) });
    made.dataset["action"] = id;
    return made;
  });
  const clear = button({ icon: "cross", title: t("pickNone"), class: "an-row-button", onClick: () => picked.clear() });
  const element = h(
    "div",
    { class: "an-picked", role: "group", "aria-label": t("pickedActions"), hidden: true },
    h("div", { class: "an-picked-count" }, count, clear),
    h("div", { class: "an-picked-actions" }, ...buttons),
  );
  picked.view.subscribe(({ ids }) => {
    element.hidden = ids.size === 0;
    actions.forEach(({ offered }, index) => (buttons[index].hidden = offered?.() === false));
    setText(count, t("pickedCount", { n: ids.size }));
  });
  return element;
}
