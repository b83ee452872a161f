/** Elements in one line. Texts go in as text nodes only, so that no file or category name can become markup. */
import type { Icon } from "./icons";
import { icon } from "./icons";

type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;
type Child = Node | string | null | undefined;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function setAttribute(element: Element, name: string, value: Attributes[string]): void {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

export interface ButtonOptions {
  readonly icon?: Icon;
  readonly text?: string;
  /** What names it in the place of a text. */
  readonly content?: readonly Node[];
  /** What it does, for the tooltip and for those who do not see the icon. */
  readonly title?: string;
  readonly class?: string;
  readonly onClick: (event: MouseEvent) => void;
}

/** A button that a mouse press does not focus: Enter and Space stay with the picture. */
export function button(options: ButtonOptions): HTMLButtonElement {
  const element = h(
    "button",
    {
      type: "button",
      class: options.class ?? "an-button",
      title: options.title,
      "aria-label": options.text === undefined && options.content === undefined ? options.title : undefined,
    },
    options.icon === undefined ? null : icon(options.icon),
    options.text === undefined ? null : h("span", {}, options.text),
    ...(options.content ?? []),
  );
  element.addEventListener("mousedown", (event) => event.preventDefault());
  element.addEventListener("click", options.onClick);
  return element;
}

/** Whether a key press belongs to an input method, which is composing a word: its Enter and Escape end that word alone. */
export function isComposing(event: KeyboardEvent): boolean {
  // Safari tells of the Enter that ends the word after the composition, with the code of a key that was handled.
  return event.isComposing || event.keyCode === 229;
}

/** Only touches the page where the text is another. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setClass(element: Element, name: string, on: boolean): void {
  if (element.classList.contains(name) !== on) element.classList.toggle(name, on);
}
