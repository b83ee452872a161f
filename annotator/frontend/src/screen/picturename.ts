/** A file name where there is little room: the folder gives way first, then the name's middle, never its end. */
import { h } from "../widgets/dom";

/** Characters at a name's end that stay: its number and its kind. */
const TAIL = 9;

/** The folder with its slash, the name's beginning, and its end. */
export function partsOf(name: string): readonly [folder: string, head: string, tail: string] {
  const slash = name.lastIndexOf("/") + 1;
  const letters = [...name.slice(slash)];
  const cut = letters.length > TAIL + 3 ? letters.length - TAIL : letters.length;
  return [name.slice(0, slash), letters.slice(0, cut).join(""), letters.slice(cut).join("")];
}

/** Fills the element; what it says as a whole is the name. */
export function showName(element: HTMLElement, name: string): void {
  if (element.textContent === name) return;
  const [folder, head, tail] = partsOf(name);
  const parts = [
    ["an-name-folder", folder.slice(0, -1)],
    ["an-name-slash", folder.slice(-1)],
    ["an-name-head", head],
    ["an-name-tail", tail],
  ];
  element.replaceChildren(...parts.filter(([, text]) => text !== "").map(([kind, text]) => h("span", { class: kind }, text)));
}
