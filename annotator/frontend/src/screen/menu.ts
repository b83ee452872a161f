/** A menu of commands, each with its key. */
import type { CommandId } from "../commands/keys";
import { COMMANDS, keycaps, keysOf } from "../commands/keys";
import { t } from "../strings";
import { h } from "../widgets/dom";
import type { Anchor } from "../widgets/popover";
import { openPopover } from "../widgets/popover";

/** What can be done to a shape beyond deciding about it. */
export const SHAPE_COMMANDS: readonly CommandId[] = [
  "predict",
  "fillBoxes",
  "simplify",
  "fillHoles",
  "dropSpecks",
  "makeHoles",
  "makeParts",
  "makeInstances",
  "crowd",
  "flags",
  "lock",
  "hideOne",
  "merge",
  "separate",
  "duplicate",
  "copy",
  "paste",
];

export function openMenu(
  root: HTMLElement,
  anchor: Anchor,
  ids: readonly CommandId[],
  run: (id: CommandId) => void,
): void {
  const items = ids.map((id) => {
    const { label } = COMMANDS.find((command) => command.id === id)!;
    const keys = keysOf(id).slice(0, 1).flatMap(keycaps).map((key) => h("kbd", {}, key));
    const item = h("button", { type: "button", class: "an-menu-item", role: "menuitem" }, h("span", {}, t(label)), h("span", { class: "an-chord" }, ...keys));
    item.addEventListener("click", () => {
      popover.close();
      run(id);
    });
    return item;
  });
  const menu = h("div", { role: "menu" }, ...items);
  const popover = openPopover(root, anchor, { class: "an-menu", label: t("more") }, menu);
  popover.element.addEventListener("keydown", (event) => {
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    items[(at + step + items.length) % items.length].focus();
  });
}
