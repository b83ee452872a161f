/** Sheets over the page, and the question before something is lost. */
import { t } from "../strings";
import { button, h } from "./dom";

/** Resolves to true where the person agrees. */
export function confirmRemoval(root: Element, title: string, body: string, agree: string): Promise<boolean> {
  return new Promise((resolve) => {
    const sheet = dialog("an-question", title);
    const answer = (value: boolean): void => {
      sheet.returnValue = value ? "yes" : "";
      sheet.close();
    };
    const yes = button({ text: agree, class: "an-button is-danger", onClick: () => answer(true) });
    const no = button({ text: t("cancel"), class: "an-button", onClick: () => answer(false) });
    sheet.append(h("h2", {}, title), h("p", {}, body), h("div", { class: "an-pair" }, no, yes));
    sheet.addEventListener("close", () => resolve(sheet.returnValue === "yes"));
    openDialog(root, sheet);
    no.focus();
  });
}

export function dialog(kind: string, label: string): HTMLDialogElement {
  const element = h("dialog", { class: `an-dialog ${kind}`, "aria-label": label });
  // A press on the backdrop hits the dialog itself.
  element.addEventListener("mousedown", (event) => {
    if (event.target === element) element.close();
  });
  return element;
}

export function openDialog(root: Element, element: HTMLDialogElement): void {
  root.append(element);
  element.addEventListener("close", () => element.remove());
  element.showModal();
}
