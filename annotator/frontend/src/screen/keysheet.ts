/** All keys on one sheet. A press on a key, then another key, changes it; the change is remembered. */
import type { Command, CommandGroup, CommandId, KeyMap } from "../commands/keys";
import { COMMANDS, chordOf, currentKeyMap, keycaps, keysOf, remapped, setKeyMap } from "../commands/keys";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { dialog } from "../widgets/dialogs";
import { button, h } from "../widgets/dom";

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
  ["mouseMoveEdge", "mouseMoveEdgeKey"],
  ["mouseMove", "mouseMoveKey"],
];

export function keySheet(onChange: (map: KeyMap) => void): HTMLDialogElement {
  const sheet = dialog("an-sheet", t("helpTitle"));
  const body = h("div", { class: "an-sheet-body" });
  const close = button({ icon: "cross", title: t("close"), class: "an-button is-quiet", onClick: () => sheet.close() });
  const reset = button({ text: t("keysReset"), class: "an-button", onClick: () => change({}) });
  const note = h("p", { class: "an-sheet-note" }, t("keysAbout"), " ", t("keysNote"));
  sheet.append(h("header", {}, h("h2", {}, t("helpTitle")), note, reset, close), body);

  let listening: HTMLElement | null = null;
  const change = (map: KeyMap): void => {
    setKeyMap(map);
    onChange(map);
    render();
  };
  const listen = (id: CommandId, chord: HTMLElement): void => {
    listening?.classList.remove("is-listening");
    listening = chord;
    chord.classList.add("is-listening");
    chord.dataset["command"] = id;
    chord.replaceChildren(h("kbd", {}, t("pressKey")));
  };
  const render = (): void => {
    listening = null;
    reset.hidden = Object.keys(currentKeyMap()).length === 0;
    body.replaceChildren(...GROUPS.map(([group, title]) => section(group, title, listen)), mouseSection());
  };
  sheet.addEventListener("keydown", (event) => {
    if (listening === null || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    // Esc leaves the key as it was; so the way out can never be lost.
    if (event.key === "Escape") return render();
    change(remapped(currentKeyMap(), listening.dataset["command"] as CommandId, chordOf(event)));
  });
  sheet.addEventListener("cancel", (event) => {
    if (listening !== null) event.preventDefault();
  });
  render();
  return sheet;
}

function section(group: CommandGroup, title: StringKey, listen: (id: CommandId, chord: HTMLElement) => void): HTMLElement {
  const rows = COMMANDS.filter((command) => command.group === group).map((command) =>
    line(t(command.label), chords(command, listen)),
  );
  if (group === "review") rows.splice(3, 0, line(t("cmdRelabelNumber"), [caps("1"), h("span", {}, "…"), caps("9")]));
  return h("section", {}, h("h3", {}, t(title)), h("dl", {}, ...rows));
}

function chords(command: Command & { id: CommandId }, listen: (id: CommandId, chord: HTMLElement) => void): HTMLElement[] {
  if (command.native === true) return keysOf(command.id).map(caps);
  return keysOf(command.id).map((keys) => {
    const chord = h("button", { type: "button", class: "an-chord is-changeable", title: t("changeKey") }, ...caps(keys).childNodes);
    chord.addEventListener("click", () => listen(command.id, chord));
    return chord;
  });
}

function mouseSection(): HTMLElement {
  const rows = MOUSE.map(([label, how]) => line(t(label), [h("span", { class: "an-gesture" }, t(how))]));
  return h("section", {}, h("h3", {}, t("helpMouse")), h("dl", {}, ...rows));
}

function line(label: string, keys: readonly HTMLElement[]): HTMLElement {
  return h("div", {}, h("dt", {}, label), h("dd", {}, ...keys));
}

function caps(keys: string): HTMLElement {
  return h("span", { class: "an-chord" }, ...keycaps(keys).map((key) => h("kbd", {}, key)));
}
