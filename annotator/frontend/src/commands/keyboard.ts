/** Listens on the page, because the picture is seldom what has the focus; hidden editors and fields are left alone. */
import type { Stage } from "../stage/stage";
import { isComposing } from "../widgets/dom";
import type { Commands } from "./commands";
import { followPointerFocus } from "./focus";
import { belongsToField, chordOf, commandFor, isDigit, pressOf } from "./keys";

export interface KeyboardOptions {
  readonly root: HTMLElement;
  readonly stage: Stage;
  readonly commands: Commands;
  /** Whether there is a picture to work on. */
  readonly active: () => boolean;
  /** What may lie over the picture and then has the keys first. */
  readonly above: {
    /** Whether keys pressed in this element are its own, although it is a list. */
    owns(target: Element | null): boolean;
    /** True where a key must not reach the picture; where it was used, it is the browser's no more either. */
    capture(event: KeyboardEvent): boolean;
  };
}

export function listenToKeys(options: KeyboardOptions): () => void {
  const { root, stage, commands } = options;
  const pointerFocus = followPointerFocus();
  /** The key that a command lasts with, by its place: with Shift let go first, it prints something else. */
  let held: string | null = null;
  const release = (): void => {
    if (held !== null) commands.release();
    held = null;
  };
  const onDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || !options.active() || !isShown(root)) return;
    // Sheets of the page's header too, which do not stand in the editor.
    if (document.querySelector("dialog[open]") !== null) return;
    const target = event.target instanceof Element ? event.target : null;
    // Over the picture there is nothing to compose: a key that an input method took there goes by its place.
    if (isComposing(event) && (event.isComposing || belongsToField(target, event.key))) return;
    // The lists at the sides take the arrows themselves; all other keys are the picture's there too.
    const listed = target !== null && target.closest(".an-list") !== null;
    if (!listed && !options.above.owns(target) && belongsToField(target, event.key, pointerFocus.has(target))) return;
    if (options.above.capture(event)) return;
    const chord = chordOf(event);
    if (chord === "Space") {
      stage.holdSpace(true);
      return event.preventDefault();
    }
    if (stage.key(chord) || stage.press(pressOf(chord))) return event.preventDefault();
    const command = commandFor(chord);
    if (isDigit(chord) && commands.digit(Number(chord), command !== null)) return event.preventDefault();
    if (command === null || command.native === true) return;
    // Text that is marked on the page is what Ctrl+C is for.
    if (command.id === "copy" && hasMarkedText()) return;
    event.preventDefault();
    if (event.repeat && command.repeats !== true) return;
    if (command.held === true) held = event.code;
    commands.run(command.id);
  };
  const onUp = (event: KeyboardEvent): void => {
    if (event.key === " ") stage.holdSpace(false);
    if (event.code === held) release();
    commands.settle();
  };
  const onBlur = (): void => {
    stage.holdSpace(false);
    release();
    commands.settle();
  };
  document.addEventListener("keydown", onDown);
  document.addEventListener("keyup", onUp);
  window.addEventListener("blur", onBlur);
  return () => {
    pointerFocus.stop();
    document.removeEventListener("keydown", onDown);
    document.removeEventListener("keyup", onUp);
    window.removeEventListener("blur", onBlur);
  };
}

function hasMarkedText(): boolean {
  const selection = document.getSelection();
  return selection !== null && !selection.isCollapsed && selection.toString().trim() !== "";
}

/** A tab that is not open has no size. */
export function isShown(root: HTMLElement): boolean {
  return root.isConnected && root.offsetParent !== null && root.clientHeight > 0;
}
