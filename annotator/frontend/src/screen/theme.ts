/** Light or dark, as the system says or as the person chose: for the page and the editor alike. */
import { openShelf, preference, setPreference } from "../saving/shelf";

export type Theme = "system" | "light" | "dark";

const NAME = "theme";
const CHANGED = "annotator-theme";

export function chosenTheme(): Theme {
  const chosen = preference<unknown>(openShelf(), NAME, "system");
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

export function chooseTheme(theme: Theme): void {
  setPreference(openShelf(), NAME, theme);
  window.dispatchEvent(new CustomEvent(CHANGED, { detail: theme }));
}

/** Gradio says "dark" on the body, by the system's setting or by the page's address; without Gradio the system decides. */
export function followTheme(root: HTMLElement): void {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  let theme = chosenTheme();
  const apply = (): void => {
    const { body } = document;
    const hosted = document.querySelector(".gradio-container") !== null;
    const dark = theme !== "system" ? theme === "dark" : hosted ? body.classList.contains("dark") : system.matches;
    if (hosted && body.classList.contains("dark") !== dark) body.classList.toggle("dark", dark);
    root.classList.toggle("is-dark", dark);
  };
  new MutationObserver(apply).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  system.addEventListener("change", apply);
  window.addEventListener(CHANGED, (event) => {
    theme = (event as CustomEvent<Theme>).detail;
    // Gradio follows the system only when it changes.
    if (theme === "system") document.body.classList.toggle("dark", system.matches);
    apply();
  });
  apply();
}
