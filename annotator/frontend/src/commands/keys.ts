/** One table of commands with their keys: the handler, the tooltips and the "?" sheet all read it. Tools add theirs. */
import type { StringKey } from "../strings";
import type { ToolId } from "../tools/registry";
import { TOOLS } from "../tools/registry";

export type CommandGroup = "review" | "pictures" | "tools" | "edit" | "view";

export interface Command {
  readonly id: string;
  readonly group: CommandGroup;
  /** Chords such as "A", "Ctrl+Z" (Cmd on a Mac) or "Shift+Enter"; the first is shown in tooltips. */
  readonly keys: readonly string[];
  readonly label: StringKey;
  /** Fires again while the key is held down. */
  readonly repeats?: true;
  /** Lasts as long as the key is held. */
  readonly held?: true;
  /** The browser turns the key into an event of its own, which is what is listened to. */
  readonly native?: true;
}

const TABLE = [
  { id: "accept", group: "review", keys: ["A"], label: "cmdAccept" },
  { id: "reject", group: "review", keys: ["D", "Delete"], label: "cmdReject" },
  { id: "relabel", group: "review", keys: ["C"], label: "cmdRelabel" },
  { id: "categories", group: "review", keys: ["Shift+L"], label: "cmdCategories" },
  { id: "adjust", group: "review", keys: ["E"], label: "cmdAdjust" },
  { id: "next", group: "review", keys: ["]", "ArrowRight", "ArrowDown"], label: "cmdNext", repeats: true },
  { id: "previous", group: "review", keys: ["[", "ArrowLeft", "ArrowUp"], label: "cmdPrevious", repeats: true },
  { id: "triage", group: "review", keys: ["T"], label: "cmdTriage" },
  { id: "gallery", group: "review", keys: ["Shift+G"], label: "cmdGallery" },
  { id: "acceptAll", group: "review", keys: ["Enter"], label: "cmdAcceptAll" },
  { id: "bulk", group: "review", keys: ["Shift+A"], label: "cmdBulk" },
  { id: "markReviewed", group: "review", keys: ["Shift+Enter"], label: "cmdMarkReviewed" },
  { id: "notReviewed", group: "review", keys: ["Shift+R"], label: "cmdNotReviewed" },
  { id: "acceptPicture", group: "review", keys: ["Ctrl+Enter"], label: "cmdAcceptPicture" },
  { id: "sendBack", group: "review", keys: ["Ctrl+Backspace"], label: "cmdSendBack" },
  { id: "lowerThreshold", group: "review", keys: [","], label: "cmdLowerThreshold", repeats: true },
  { id: "raiseThreshold", group: "review", keys: ["."], label: "cmdRaiseThreshold", repeats: true },
  { id: "peek", group: "review", keys: ["0"], label: "cmdPeek", held: true },
  { id: "previousPicture", group: "pictures", keys: ["PageUp", "J"], label: "cmdPreviousPicture", repeats: true },
  { id: "nextPicture", group: "pictures", keys: ["PageDown", "K"], label: "cmdNextPicture", repeats: true },
  { id: "search", group: "pictures", keys: ["/"], label: "cmdSearch" },
  { id: "brushSmaller", group: "tools", keys: ["("], label: "cmdBrushSmaller", repeats: true },
  { id: "brushLarger", group: "tools", keys: [")"], label: "cmdBrushLarger", repeats: true },
  { id: "shrinkMask", group: "tools", keys: ["<"], label: "cmdShrinkMask", repeats: true },
  { id: "growMask", group: "tools", keys: [">"], label: "cmdGrowMask", repeats: true },
  { id: "pointBeside", group: "tools", keys: ["Alt+Insert", "Alt+Shift+I"], label: "cmdPointBeside" },
  { id: "pointBox", group: "tools", keys: ["Shift+Insert", "Alt+Shift+B"], label: "cmdPointBox" },
  { id: "cancel", group: "tools", keys: ["Escape"], label: "cmdCancel" },
  { id: "undo", group: "edit", keys: ["Ctrl+Z"], label: "cmdUndo", repeats: true },
  { id: "redo", group: "edit", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], label: "cmdRedo", repeats: true },
  { id: "copy", group: "edit", keys: ["Ctrl+C"], label: "cmdCopy" },
  { id: "paste", group: "edit", keys: ["Ctrl+V"], label: "cmdPaste", native: true },
  { id: "crowd", group: "edit", keys: ["Shift+C"], label: "cmdCrowd" },
  { id: "flags", group: "edit", keys: ["Shift+F"], label: "cmdFlags" },
  { id: "lock", group: "edit", keys: ["Alt+L"], label: "cmdLock" },
  { id: "duplicate", group: "edit", keys: ["Ctrl+D"], label: "cmdDuplicate" },
  { id: "merge", group: "edit", keys: ["U"], label: "cmdMerge" },
  { id: "separate", group: "edit", keys: ["Shift+U"], label: "cmdSeparate" },
  { id: "fillHoles", group: "edit", keys: ["I"], label: "cmdFillHoles" },
  { id: "dropSpecks", group: "edit", keys: ["O"], label: "cmdDropSpecks" },
  { id: "fillBoxes", group: "edit", keys: ["Shift+M"], label: "cmdFillBoxes" },
  { id: "makeHoles", group: "edit", keys: ["Shift+O"], label: "cmdMakeHoles" },
  { id: "makeParts", group: "edit", keys: ["Shift+I"], label: "cmdMakeParts" },
  { id: "makeInstances", group: "edit", keys: ["Alt+I"], label: "cmdMakeInstances" },
  { id: "simplify", group: "edit", keys: ["S"], label: "cmdSimplify" },
  { id: "predict", group: "edit", keys: ["M"], label: "cmdPredict" },
  { id: "nudgeLeft", group: "edit", keys: ["Shift+ArrowLeft"], label: "cmdNudgeLeft", repeats: true },
  { id: "nudgeRight", group: "edit", keys: ["Shift+ArrowRight"], label: "cmdNudgeRight", repeats: true },
  { id: "nudgeUp", group: "edit", keys: ["Shift+ArrowUp"], label: "cmdNudgeUp", repeats: true },
  { id: "nudgeDown", group: "edit", keys: ["Shift+ArrowDown"], label: "cmdNudgeDown", repeats: true },
  { id: "nextVertex", group: "edit", keys: ["N"], label: "cmdNextVertex", repeats: true },
  { id: "previousVertex", group: "edit", keys: ["Shift+N"], label: "cmdPreviousVertex", repeats: true },
  { id: "nextHandle", group: "edit", keys: ["Q"], label: "cmdNextHandle", repeats: true },
  { id: "addVertex", group: "edit", keys: ["Insert", "Ctrl+I"], label: "cmdAddVertex" },
  { id: "deleteVertex", group: "edit", keys: ["Backspace"], label: "cmdDeleteVertex", repeats: true },
  { id: "fit", group: "view", keys: ["F"], label: "cmdFit" },
  { id: "actualSize", group: "view", keys: ["1"], label: "cmdActualSize" },
  { id: "zoomIn", group: "view", keys: ["+", "="], label: "cmdZoomIn", repeats: true },
  { id: "zoomOut", group: "view", keys: ["-"], label: "cmdZoomOut", repeats: true },
  { id: "hideAll", group: "view", keys: ["H"], label: "cmdHideAll" },
  { id: "hideOne", group: "view", keys: ["Alt+H"], label: "cmdHideOne" },
  { id: "isolate", group: "view", keys: ["Shift+H"], label: "cmdIsolate" },
  { id: "showLabels", group: "view", keys: ["L"], label: "cmdShowLabels" },
  { id: "showRejected", group: "view", keys: ["G"], label: "cmdShowRejected" },
  { id: "foldQueue", group: "view", keys: ["Shift+Q"], label: "cmdFoldQueue" },
  { id: "foldPanel", group: "view", keys: ["Shift+P"], label: "cmdFoldPanel" },
  { id: "help", group: "view", keys: ["?"], label: "cmdHelp" },
] as const satisfies readonly Command[];

/** What takes a tool up. */
export type TakeCommand = `tool${Capitalize<ToolId>}`;
export type CommandId = (typeof TABLE)[number]["id"] | TakeCommand;

export function takeCommand(tool: ToolId): TakeCommand {
  return `tool${tool[0].toUpperCase()}${tool.slice(1)}` as TakeCommand;
}

export const COMMANDS: readonly (Command & { readonly id: CommandId })[] = [
  ...TOOLS.map(({ id, keys, label }) => ({ id: takeCommand(id), group: "tools", keys, label }) as const),
  ...TABLE,
];

const ENDING: ReadonlySet<CommandGroup> = new Set(["review", "pictures", "edit"]);

/** Whether a command is about instances or pictures: what a tool has begun is kept first, unless it is about to be rejected. */
export function endsWhatWasBegun(id: CommandId): boolean {
  return id !== "reject" && ENDING.has(COMMANDS.find((command) => command.id === id)!.group);
}

/** What was remapped: command -> chords. */
export type KeyMap = Partial<Record<CommandId, readonly string[]>>;

let keyMap: KeyMap = {};

/** Commands under the names that they had when a browser remembered their keys. */
const RENAMED: Readonly<Record<string, CommandId>> = {
  toolCut: "toolLevel",
  cutSmaller: "shrinkMask",
  cutLarger: "growMask",
  split: "separate",
};

export function setKeyMap(map: KeyMap): void {
  keyMap = Object.fromEntries(Object.entries(map).map(([id, keys]) => [RENAMED[id] ?? id, keys]));
}

export function currentKeyMap(): KeyMap {
  return keyMap;
}

/** Commands that press with the pointer that the arrow keys move, and what each is to it. */
const PRESSES: Partial<Record<CommandId, string>> = { addVertex: "Insert", pointBeside: "Alt+Insert", pointBox: "Shift+Insert" };

/** The chord as that pointer knows it, whichever key a person gave the command. */
export function pressOf(chord: string): string {
  const command = commandFor(chord);
  return (command === null ? undefined : PRESSES[command.id]) ?? chord;
}

export function keysOf(id: CommandId): readonly string[] {
  return keyMap[id] ?? COMMANDS.find((command) => command.id === id)!.keys;
}

/** The key that texts name; "" where a command has lost all of its keys. */
export function keyOf(id: CommandId): string {
  return keysOf(id)[0] ?? "";
}

/** The key of each command under the command's name, for texts that name keys. */
export function keyValues(): Readonly<Record<string, string>> {
  return Object.fromEntries(COMMANDS.map(({ id }) => [id, keyOf(id)]));
}

/** A key that a person gave to a command is that command's, also where a later version uses it for something else. */
export function commandFor(chord: string): (Command & { readonly id: CommandId }) | null {
  const given = COMMANDS.find(({ id }) => keyMap[id]?.includes(chord));
  return given ?? COMMANDS.find(({ id }) => keysOf(id).includes(chord)) ?? null;
}

/** The map with one key for a command; whichever command had that key loses it. */
export function remapped(map: KeyMap, id: CommandId, chord: string): KeyMap {
  const taken = COMMANDS.filter((command) => (map[command.id] ?? command.keys).includes(chord) && command.id !== id);
  const without = taken.map((command) => [command.id, (map[command.id] ?? command.keys).filter((one) => one !== chord)]);
  return { ...map, ...Object.fromEntries(without), [id]: [chord] };
}

interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** Letters, and marks that are typed like letters, of a script that is not Latin; one key may print several. */
const OTHER_SCRIPT = /^(?!.*\p{Script=Latin})[\p{L}\p{M}]+$/u;

/** What lies on a place of a US keyboard that is no letter: alone and with Shift. */
const SIGNS: Readonly<Record<string, string>> = {
  Comma: ",<", Period: ".>", Slash: "/?", Semicolon: ";:", Quote: "'\"", BracketLeft: "[{", BracketRight: "]}", Minus: "-_", Equal: "=+",
  Digit1: "1!", Digit2: "2@", Digit3: "3#", Digit4: "4$", Digit5: "5%", Digit6: "6^", Digit7: "7&", Digit8: "8*", Digit9: "9(", Digit0: "0)",
};

/** What a US keyboard prints at a key's place; null where that is neither a letter nor a sign. */
function printedAt({ code, shiftKey }: KeyPress): string | null {
  const letter = /^Key([A-Z])$/.exec(code);
  return letter === null ? (SIGNS[code]?.[shiftKey ? 1 : 0] ?? null) : letter[1];
}

/** A print as the same sign of ASCII: Turkish letters i, digits of other scripts, signs of full width. */
function asAscii(key: string): string {
  if (key === "ı" || key === "İ") return "i";
  const code = key.codePointAt(0)!;
  if (key.length === 1 && code >= 0xff01 && code <= 0xff5e) return String.fromCodePoint(code - 0xfee0);
  if (!/^\p{Nd}$/u.test(key)) return key;
  // The ten digits of a script follow one another.
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value++;
  return String(value);
}

/**
 * "Ctrl+Shift+Z" and the like, by what the key prints. It goes by its place on the keyboard only where what it prints cannot be
 * meant: a letter of another script, a key that an input method has taken, or what Alt makes of a letter on a Mac, unless
 * that is a sign with a command (a bracket on Hungarian keyboards).
 */
export function chordOf(press: KeyPress): string {
  let key = asAscii(press.key);
  const ofAlt = press.altKey && press.code.startsWith("Key") && !/^[a-z]$/i.test(key) && commandFor(key) === null;
  if (OTHER_SCRIPT.test(key) || key === "Process" || ofAlt) key = printedAt(press) ?? key;
  const isLetter = /^[a-z]$/i.test(key);
  const named = key.length > 1;
  // Some keyboards print a bracket only with Alt, and a digit only with Shift: the sign is what is meant.
  const isSign = !named && !isLetter && key !== " ";
  const modifiers = [
    press.ctrlKey || press.metaKey ? "Ctrl+" : "",
    press.altKey && !isSign ? "Alt+" : "",
    press.shiftKey && (isLetter || named) ? "Shift+" : "",
  ];
  return modifiers.join("") + (isLetter ? key.toUpperCase() : key === " " ? "Space" : key);
}

/** The digits from 1 on give categories. */
export function isDigit(chord: string): boolean {
  return /^[1-9]$/.test(chord);
}

const SYMBOLS: Readonly<Record<string, string>> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  PageUp: "Page ↑",
  PageDown: "Page ↓",
  Escape: "Esc",
  Backspace: "⌫",
  Delete: "Del",
};

/** A chord as people read it, key by key. */
export function keycaps(chord: string): string[] {
  const keys = chord === "+" ? ["+"] : chord.split("+");
  return keys.map((key) => SYMBOLS[key] ?? key);
}

const TEXT_INPUTS = new Set(["text", "search", "number", "email", "password", "url", "tel", "date", "time"]);

/**
 * Whether a key press belongs to the element it was made in: text being typed, a slider moved, a button pressed.
 * pressed: the element has the focus from a pointer alone, so that a button needs no Enter of its own.
 */
export function belongsToField(target: Element | null, key: string, pressed = false): boolean {
  if (target === null) return false;
  const field = target.closest("input, textarea, select, [contenteditable='true'], [contenteditable='']");
  if (field instanceof HTMLInputElement) {
    if (field.type === "range") return /^(Arrow|Page|Home|End)/.test(key);
    return TEXT_INPUTS.has(field.type) || key === " " || key === "Enter" || key.startsWith("Arrow");
  }
  if (field !== null) return true;
  if (target.closest("[role='grid'], [role='listbox'], [role='combobox'], [role='dialog'], [role='menu']") !== null) return true;
  return !pressed && (key === "Enter" || key === " ") && target.closest("button, a[href], summary, [role='tab']") !== null;
}
