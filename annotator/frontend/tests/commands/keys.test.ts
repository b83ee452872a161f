import { describe, expect, it } from "vitest";
import type { KeyMap } from "../../src/commands/keys";
import { COMMANDS, chordOf, commandFor, keysOf, pressOf, remapped, setKeyMap } from "../../src/commands/keys";
import { LAYOUTS } from "./layouts";

describe("keys", () => {
  const press = (key: string, more = {}) => ({ key, code: "", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more });

  it("lead each to one command", () => {
    const chords = COMMANDS.flatMap((command) => command.keys);
    const twice = chords.filter((chord, index) => chords.indexOf(chord) !== index);
    expect(twice, "chords of several commands; docs/reference/keys.md has all that are taken").toEqual([]);
  });

  it("press with the pointer that the arrow keys move, whichever was given to that", () => {
    const pressed = (...events: ReturnType<typeof press>[]): string[] => events.map((event) => pressOf(chordOf(event)));
    const again = press("i", { code: "KeyI", ctrlKey: true });
    expect(pressed(press("Insert"), again, press("I", { code: "KeyI", altKey: true, shiftKey: true }), press("B", { code: "KeyB", altKey: true, shiftKey: true }))).toEqual(["Insert", "Insert", "Alt+Insert", "Shift+Insert"]);
    setKeyMap(remapped({}, "pointBeside", "Ctrl+I"));
    expect(pressed(again, press("x"))).toEqual(["Alt+Insert", "X"]);
    setKeyMap({});
  });

  it.each([
    [press("a"), "accept"],
    [press("X", { shiftKey: true }), undefined],
    [press("z", { ctrlKey: true }), "undo"],
    [press("z", { metaKey: true, shiftKey: true }), "redo"],
    [press("?", { shiftKey: true }), "help"],
    [press("Enter", { shiftKey: true }), "markReviewed"],
    [press("ф", { code: "KeyA" }), "accept"],
    [press("Process", { code: "KeyA" }), "accept"],
    [press("]"), "next"],
    [press("[", { code: "Digit5", altKey: true }), "previous"],
    [press("1", { code: "Digit1", shiftKey: true }), "actualSize"],
    [press("Dead", { code: "KeyI", altKey: true }), "makeInstances"],
    [press("^", { code: "KeyI", altKey: true }), "makeInstances"],
  ])("%o", (event, command) => {
    expect(commandFor(chordOf(event))?.id).toBe(command);
  });

  it("have 26 letter keys in each layout", () => {
    expect(LAYOUTS.length).toBeGreaterThanOrEqual(12);
    for (const [name, keys] of LAYOUTS) expect(keys.map(({ place }) => place).join(""), name).toBe("QWERTYUIOPASDFGHJKLZXCVBNM");
  });

  it.each(LAYOUTS)("go by what %s prints, and by place for another script alone", (_, keys) => {
    for (const { place, prints } of keys) {
      const latin = /^[a-z]$/.test(prints);
      const foreign = /^[\p{L}\p{M}]+$/u.test(prints) && !/\p{Script=Latin}/u.test(prints);
      const expected = latin ? prints.toUpperCase() : prints === "ı" ? "I" : foreign ? place : prints;
      expect(chordOf(press(prints, { code: `Key${place}` })), `${prints} at ${place}`).toBe(expected);
    }
  });

  it.each([
    ["х", "BracketLeft", {}, "["],
    ["ї", "BracketRight", {}, "]"],
    ["б", "Comma", {}, ","],
    ["Б", "Comma", { shiftKey: true }, "<"],
    ["ץ", "Period", {}, "."],
    ["ภ", "Digit4", {}, "4"],
    ["Process", "Comma", { shiftKey: true }, "<"],
    ["Process", "KeyA", {}, "A"],
    ["Process", "KeyC", { shiftKey: true }, "Shift+C"],
    ["１", "Digit1", {}, "1"],
    ["，", "Comma", {}, ","],
    ["ａ", "KeyA", {}, "A"],
    ["٣", "Digit3", {}, "3"],
    ["۹", "Digit9", {}, "9"],
    ["१", "Digit1", {}, "1"],
    ["๑", "Digit2", { shiftKey: true }, "1"],
    ["ı", "KeyI", {}, "I"],
    ["İ", "Quote", { shiftKey: true }, "Shift+I"],
    ["[", "KeyF", { altKey: true }, "["],
    ["]", "KeyG", { altKey: true }, "]"],
    ["@", "KeyL", { altKey: true }, "Alt+L"],
    ["&", "Digit1", {}, "&"],
    ["ě", "Digit2", {}, "ě"],
    ["²", "Backquote", {}, "²"],
    ["ð", "BracketRight", {}, "ð"],
    ["ğ", "BracketLeft", {}, "ğ"],
  ])("that print %s on %s %o are %s", (key, code, more, chord) => {
    expect(chordOf(press(key, { code, ...more }))).toBe(chord);
  });

  it("leave the mask alone when a comma lies on M", () => {
    expect(commandFor(chordOf(press(",", { code: "KeyM" })))?.id).toBe("lowerThreshold");
    expect(commandFor(chordOf(press("Dead", { code: "KeyY" })))).toBeNull();
    expect(commandFor(chordOf(press("é", { code: "KeyW" })))).toBeNull();
  });

  it("follow what a person has remapped", () => {
    setKeyMap(remapped({}, "accept", "X"));
    expect(commandFor("X")?.id).toBe("accept");
    expect(commandFor("A")).toBeNull();
    expect(keysOf("toolEraser")).toEqual([]);
    setKeyMap(remapped(remapped({}, "accept", "X"), "toolEraser", "X"));
    expect(commandFor("X")?.id).toBe("toolEraser");
    expect(keysOf("reject")).toEqual(["D", "Delete"]);
    setKeyMap({});
  });

  it("are a person's own before a later version's", () => {
    setKeyMap({ showLabels: ["Z"] });
    expect(commandFor("Z")?.id).toBe("showLabels");
    setKeyMap({});
    expect(commandFor("Z")?.id).toBe("toolEllipse");
  });

  it("keep the keys that a person gave them under an earlier name", () => {
    setKeyMap({ toolCut: ["Z"] } as KeyMap);
    expect(commandFor("Z")?.id).toBe("toolLevel");
    expect(commandFor("W")).toBeNull();
    setKeyMap({});
  });
});
