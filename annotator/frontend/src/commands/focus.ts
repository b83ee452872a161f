/**
 * Whose Enter it is. A button, a tab or a list of choices that was pressed with a pointer keeps the focus, and would keep the
 * keys: they are the picture's again. Whoever comes to it with Tab presses it with Enter, as everywhere.
 */
export interface PointerFocus {
  /** Whether the element has the focus because a pointer pressed it. */
  has(element: Element | null): boolean;
  stop(): void;
}

export function followPointerFocus(): PointerFocus {
  let pressed = false;
  let focused: EventTarget | null = null;
  const stop = new AbortController();
  const options = { capture: true, signal: stop.signal };
  document.addEventListener("pointerdown", () => (pressed = true), options);
  document.addEventListener("focusin", ({ target }) => (focused = pressed ? target : null), options);
  document.addEventListener("keydown", ({ key }) => (pressed = pressed && key !== "Tab"), options);
  document.addEventListener("keydown", leaveClosedList, { signal: stop.signal });
  return { has: (element) => element !== null && element === focused, stop: () => stop.abort() };
}

/** A list of choices that Escape has closed opens at the next press only if it has lost the focus. */
function leaveClosedList({ key, target }: KeyboardEvent): void {
  const list = key === "Escape" && target instanceof HTMLElement ? target.closest("[role='grid'], [role='listbox'], [role='combobox']") : null;
  if (list instanceof HTMLInputElement) list.blur();
}
