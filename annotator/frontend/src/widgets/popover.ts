/** A small panel over the page that goes when one presses beside it or on Esc. */
import { h, isComposing } from "./dom";

/** What a panel opens beside: an element, or a place of the page. */
export type Anchor = Pick<Element, "getBoundingClientRect">;

export interface Popover {
  readonly element: HTMLElement;
  close(): void;
}

/**
 * Opens above and right-aligned with the anchor, or over the middle of `root`, and moves off what is to stay in sight where
 * there is room beside it; `onClose` is called once.
 */
export function openPopover(
  root: HTMLElement,
  anchor: Anchor | null,
  options: { readonly class: string; readonly label: string; readonly inSight?: Anchor | null; readonly onClose?: () => void },
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
  place(element, root, anchor, options.inSight ?? null);
  element.focus({ preventScroll: true });
  return { element, close };
}

function place(element: HTMLElement, root: HTMLElement, anchor: Anchor | null, inSight: Anchor | null): void {
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
  const inFrame = ({ x, y }: Place): Place => ({ x: clamp(x - frame.left, frame.width - size.width) + frame.left, y: clamp(y - frame.top, frame.height - size.height) + frame.top });
  const first = { x: left, y: top };
  const { x, y } = inFrame(inSight === null ? first : freest(first, size, inSight.getBoundingClientRect(), inFrame));
  element.style.left = `${x - frame.left}px`;
  element.style.top = `${y - frame.top}px`;
}

interface Place {
  readonly x: number;
  readonly y: number;
}

/** The first place, or the side of what is to stay in sight, where least of that is covered. */
function freest(first: Place, size: DOMRect, shown: DOMRect, inFrame: (place: Place) => Place): Place {
  const { x, y } = first;
  const places = [first, { x, y: shown.bottom + 8 }, { x, y: shown.top - size.height - 8 }, { x: shown.right + 8, y }, { x: shown.left - size.width - 8, y }];
  const covered = (place: Place): number => {
    const at = inFrame(place);
    const across = Math.min(at.x + size.width, shown.right) - Math.max(at.x, shown.left);
    const down = Math.min(at.y + size.height, shown.bottom) - Math.max(at.y, shown.top);
    return Math.max(0, across) * Math.max(0, down);
  };
  return places.reduce((best, place) => (covered(place) < covered(best) ? place : best));
}
