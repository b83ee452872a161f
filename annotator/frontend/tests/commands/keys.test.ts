import { describe, expect, it } from "vitest";
import type { KeyMap } from "../../src/commands/keys";
import { COMMANDS, chordOf, commandFor, keysOf, remapped, setKeyMap } from "../../src/commands/keys";

describe("keys", () => {
  const press = (key: string, more = {}) => ({ key, code: "", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more });

  it("lead each to one command", () => {
    const chords = COMMANDS.flatMap((command) => command.keys);
    expect(new Set(chords).size).toBe(chords.length);
  });

  it.each([
    [press("a"), "accept"],
    [press("A", { shiftKey: true }), undefined],
    [press("z", { ctrlKey: true }), "undo"],
    [press("z", { metaKey: true, shiftKey: true }), "redo"],
    [press("?", { shiftKey: true }), "help"],
    [press("Enter", { shiftKey: true }), "markReviewed"],
    [press("ф", { code: "KeyA" }), "accept"],
    [press("]"), "next"],
  ])("%o", (event, command) => {
    expect(commandFor(chordOf(event))?.id).toBe(command);
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
