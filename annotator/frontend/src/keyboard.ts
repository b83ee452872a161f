/** Listens on the page, because the picture is seldom what has the focus; hidden editors and fields are left alone. */
import type { Commands } from "./commands";
import { belongsToField, chordOf, commandFor } from "./keys";
import type { Stage } from "./stage";

export interface KeyboardOptions {
  readonly root: HTMLElement;
  readonly stage: Stage;
  readonly commands: Commands;
  /** Whether there is a picture to work on. */
  readonly active: () => boolean;
}

export function listenToKeys(options: KeyboardOptions): () => void {
  const { root, stage, commands } = options;
  const onDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || !options.active() || !isShown(root)) return;
    if (root.querySelector("dialog[open]") !== null) return;
    if (belongsToField(event.target instanceof Element ? event.target : null, event.key)) return;
    const chord = chordOf(event);
    if (chord === "Space") {
      stage.holdSpace(true);
      return event.preventDefault();
    }
    if (/^[1-9]$/.test(chord) && commands.digit(Number(chord))) return event.preventDefault();
    const command = commandFor(chord);
    if (command === null || command.native === true) return;
    event.preventDefault();
    if (!event.repeat || command.repeats === true) commands.run(command.id);
  };
  const onUp = (event: KeyboardEvent): void => {
    if (event.key === " ") stage.holdSpace(false);
  };
  const onBlur = (): void => stage.holdSpace(false);
  document.addEventListener("keydown", onDown);
  document.addEventListener("keyup", onUp);
  window.addEventListener("blur", onBlur);
  return () => {
    document.removeEventListener("keydown", onDown);
    document.removeEventListener("keyup", onUp);
    window.removeEventListener("blur", onBlur);
  };
}

/** A tab that is not open has no size. */
export function isShown(root: HTMLElement): boolean {
  return root.isConnected && root.offsetParent !== null && root.clientHeight > 0;
}
