/** Sheets over the page: the keys, and a question before something is lost. */
import { button, h } from "./dom";
import type { CommandGroup, KeyMap } from "./keys";
import { COMMANDS, keycaps, keysOf } from "./keys";
import type { StringKey } from "./strings";
import { t } from "./strings";

const GROUPS: readonly (readonly [CommandGroup, StringKey])[] = [
  ["review", "groupReview"],
  ["pictures", "groupPictures"],
  ["tools", "groupTools"],
  ["edit", "groupEdit"],
  ["view", "groupView"],
];

const MOUSE: readonly (readonly [StringKey, StringKey])[] = [
  ["mouseZoom", "mouseZoomKey"],
  ["mousePan", "mousePanKey"],
  ["mouseCycle", "mouseCycleKey"],
  ["mouseMulti", "mouseMultiKey"],
  ["mouseAddVertex", "mouseAddVertexKey"],
  ["mouseDeleteVertex", "mouseDeleteVertexKey"],
  ["mouseMove", "mouseMoveKey"],
];

export function keySheet(map: KeyMap): HTMLDialogElement {
  const sections = GROUPS.map(([group, title]) => {
    const rows = COMMANDS.filter((command) => command.group === group).map((command) =>
      line(t(command.label), keysOf(command.id, map).map(chord)),
    );
    if (group === "review") rows.splice(3, 0, line(t("cmdRelabelNumber"), [chord("1"), h("span", {}, "…"), chord("9")]));
    return h("section", {}, h("h3", {}, t(title)), h("dl", {}, ...rows));
  });
  const mouse = MOUSE.map(([label, how]) => line(t(label), [h("span", { class: "an-gesture" }, t(how))]));
  sections.push(h("section", {}, h("h3", {}, t("helpMouse")), h("dl", {}, ...mouse)));
  const sheet = dialog("an-sheet", t("helpTitle"));
  const close = button({ icon: "cross", title: t("close"), class: "an-button is-quiet", onClick: () => sheet.close() });
  sheet.append(h("header", {}, h("h2", {}, t("helpTitle")), close), h("div", { class: "an-sheet-body" }, ...sections));
  return sheet;
}

function line(label: string, keys: readonly HTMLElement[]): HTMLElement {
  return h("div", {}, h("dt", {}, label), h("dd", {}, ...keys));
}

function chord(keys: string): HTMLElement {
  return h("span", { class: "an-chord" }, ...keycaps(keys).map((key) => h("kbd", {}, key)));
}

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

function dialog(kind: string, label: string): HTMLDialogElement {
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
