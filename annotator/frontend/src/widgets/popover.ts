/** A small panel over the page that goes when one presses beside it or on Esc. */
import { h, isComposing } from "./dom";

/** What a panel opens beside: an element, or a place of the page. */
export type Anchor = Pick<Element, "getBoundingClientRect">;

export interface Popover {
  readonly element: HTMLElement;
  close(): void;
}

/** Opens above and right-aligned with the anchor, or over the middle of `root`; `onClose` is called once. */
export function openPopover(
  root: HTMLElement,
  anchor: Anchor | null,
  options: { readonly class: string; readonly label: string; readonly onClose?: () => void },
  ...children: readonly Node[]
): Popover {
  const element = h("div", { class: `an-popover ${options.class}`, role: "dialog", "aria-label": options.label, tabindex: "-1" }, ...children);
  const before = document.activeElement;
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    document.removeEventListener("pointerdown", outside, true);
    // Who came by the keyboard goes on from where the panel was opened.
    const returns = element.contains(document.activeElement) && before instanceof HTMLElement && before.isConnected;
    element.remove();
    if (returns) before.focus({ preventScroll: true });
    options.onClose?.();
  };
  const outside = (event: Event): void => {
    if (!element.contains(event.target as Node)) close();
  };
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || isComposing(event)) return;
    event.preventDefault();
    event.stopPropagation();
    close();
  });
  document.addEventListener("pointerdown", outside, true);
  root.append(element);
  place(element, root, anchor);
  element.focus({ preventScroll: true });
  return { element, close };
}

function place(element: HTMLElement, root: HTMLElement, anchor: Anchor | null): void {
  const frame = root.getBoundingClientRect();
  const size = element.getBoundingClientRect();
  const target = (anchor ?? root).getBoundingClientRect();
  const left = anchor === null ? target.left + (target.width - size.width) / 2 : target.right - size.width;
  const above = target.top - size.height - 6;
  // A menu asked for at a place hangs below it, where the hand is; one of a button stands above, where there is room.
  const hangs = target.height === 0 && target.bottom + size.height + 8 < frame.bottom;
  const beside = hangs ? target.bottom + 2 : above < frame.top ? target.bottom + 6 : above;
  const top = anchor === null ? target.top + (target.height - size.height) / 3 : beside;
  const clamp = (value: number, most: number): number => Math.max(8, Math.min(most - 8, value));
  element.style.left = `${clamp(left - frame.left, frame.width - size.width)}px`;
  element.style.top = `${clamp(top - frame.top, frame.height - size.height)}px`;
}
