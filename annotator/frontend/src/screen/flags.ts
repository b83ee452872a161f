/** Flags, note, lock and hiding of what is selected, in a small panel; each press is one step. */
import type { Instance } from "../document/scene";
import { find, isCrowd, isLocked } from "../document/scene";
import { FLAGS, MAX_FLAG, MAX_NOTE, hasFlag, toggleFlag, toggleHidden, toggleLock, writeNote } from "../editing/flags";
import { targets, toggleCrowd } from "../editing/review";
import type { Session } from "../session/session";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { h, isComposing } from "../widgets/dom";
import type { Anchor } from "../widgets/popover";
import { openPopover } from "../widgets/popover";

/** What a flag is called: those that formats know have a word in every language. */
export function flagName(flag: string): string {
  return FLAGS.some((one) => one === flag) ? t(`flag_${flag}` as StringKey) : flag;
}

/** Where somebody writes a flag of their own; Enter takes it. */
export function ownFlagField(take: (flag: string) => void): HTMLInputElement {
  const own = h("input", { type: "text", class: "an-input", placeholder: t("ownFlag"), "aria-label": t("ownFlag"), maxlength: MAX_FLAG, autocomplete: "off", spellcheck: "false" });
  own.addEventListener("keydown", (event) => {
    const flag = own.value.trim();
    if (event.key !== "Enter" || isComposing(event) || flag === "") return;
    event.preventDefault();
    own.value = "";
    take(flag);
  });
  return own;
}

/** What is said of an instance, a word each; a note is told of, not shown. */
export function saidOf(instance: Instance, hidden: boolean): string[] {
  return [
    ...(isCrowd(instance) ? [t("crowd")] : []),
    ...(instance.flags ?? []).map(flagName),
    ...((instance.note ?? "") === "" ? [] : [t("hasNote")]),
    ...(isLocked(instance) ? [t("locked")] : []),
    ...(hidden ? [t("hiddenOne")] : []),
  ];
}

export function openFlags(root: HTMLElement, session: Session, anchor: Anchor | null): void {
  const keys = targets(session).map(({ key }) => key);
  const { scene: opened } = session.view.get();
  if (opened === null || keys.length === 0) return;
  /** As they stand: what was pressed before may have changed them. */
  const chosen = (): Instance[] => {
    const { scene } = session.view.get();
    return scene === null || scene.imageId !== opened.imageId ? [] : keys.flatMap((key) => find(scene, key) ?? []);
  };
  const boxes = h("div", { class: "an-flag-list" });
  const box = (label: string, on: (one: Instance) => boolean, toggle: (all: readonly Instance[]) => void): HTMLElement => {
    const all = chosen();
    const field = h("input", { type: "checkbox", checked: all.every(on), disabled: all.some(isLocked) && on !== isLocked });
    field.indeterminate = !field.checked && all.some(on);
    field.addEventListener("change", () => {
      toggle(chosen());
      render();
    });
    return h("label", { class: "an-flag" }, field, h("span", {}, label));
  };
  const flagBox = (flag: string): HTMLElement => box(flagName(flag), (one) => hasFlag(one, flag), (all) => toggleFlag(session, flag, all));
  const ownFlags = (): string[] => {
    const used = (session.view.get().scene?.instances ?? []).flatMap(({ flags }) => flags ?? []);
    return [...new Set(used)].filter((flag) => !FLAGS.some((one) => one === flag)).sort();
  };
  const isHidden = (one: Instance): boolean => session.view.get().hidden.has(one.key);
  const own = ownFlagField((flag) => {
    if (!chosen().every((one) => hasFlag(one, flag))) toggleFlag(session, flag, chosen());
    render();
  });
  const [first] = chosen();
  const same = chosen().every((one) => (one.note ?? "") === (first.note ?? ""));
  const note = h("textarea", { class: "an-input", rows: 3, maxlength: MAX_NOTE, placeholder: t("note"), "aria-label": t("note") });
  note.value = same ? (first.note ?? "") : "";
  const before = note.value;
  const takeNote = (): void => {
    if (note.value.trim() !== before) writeNote(session, note.value.trim(), chosen());
  };
  const render = (): void => {
    const locked = chosen().some(isLocked);
    own.disabled = note.disabled = locked;
    boxes.replaceChildren(
      box(t("crowdFlag"), isCrowd, (all) => toggleCrowd(session, all)),
      ...FLAGS.map(flagBox),
      ...ownFlags().map(flagBox),
      h("hr", {}),
      box(t("lockOne"), isLocked, (all) => toggleLock(session, all)),
      box(t("hideOne"), isHidden, (all) => toggleHidden(session, all)),
    );
  };
  render();
  openPopover(root, anchor, { class: "an-flags", label: t("cmdFlags"), onClose: takeNote }, h("strong", {}, t("flags")), boxes, own, note);
  boxes.querySelector<HTMLInputElement>("input:not(:disabled)")?.focus({ preventScroll: true });
}
