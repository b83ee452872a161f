/** A sheet whose work is under way: it says so, and does nothing twice. */

/** Presses on buttons in it do nothing until the work has ended, but for those that are marked `data-always`. Null where it was busy already. */
export async function whileBusy<T>(sheet: HTMLElement, work: () => Promise<T>): Promise<T | null> {
  if (sheet.getAttribute("aria-busy") === "true") return null;
  const hold = (event: Event): void => {
    if (event.target instanceof Element && event.target.closest("[data-always]") !== null) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  sheet.setAttribute("aria-busy", "true");
  sheet.addEventListener("click", hold, { capture: true });
  try {
    return await work();
  } finally {
    sheet.removeAttribute("aria-busy");
    sheet.removeEventListener("click", hold, { capture: true });
  }
}
