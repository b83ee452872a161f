/** Each key of the key sheet, pressed where it has something to do. */
import { describe, expect, it } from "vitest";
import { Commands } from "../../src/commands/commands";
import type { CommandId } from "../../src/commands/keys";
import { COMMANDS, commandFor } from "../../src/commands/keys";
import type { Part } from "../../src/document/geometry";
import { HitIndex } from "../../src/document/hit";
import { windowOfParts } from "../../src/document/paint";
import { windowToRle } from "../../src/document/rle";
import { find } from "../../src/document/scene";
import { Drawing } from "../../src/editing/drawing";
import { Levels } from "../../src/editing/levels";
import { copy } from "../../src/editing/shapes";
import type { Stage } from "../../src/stage/stage";
import { makeTools, toolInHand } from "../../src/tools/registry";
import type { ToolHost } from "../../src/tools/tool";
import { settle, start } from "../harness";
import { FakeServer, squareRle, wireInstance } from "../server";

/** A square with a hole, and a speck beside it. */
const PARTS: readonly Part[] = [
  [[[10, 10], [30, 10], [30, 30], [10, 30]], [[14, 14], [18, 14], [18, 18], [14, 18]]],
  [[[34, 34], [36, 34], [36, 36], [34, 36]]],
];

/** An editor without a screen, with one of three suggestions selected; `told` is what left the session. */
async function bench() {
  const server = new FakeServer([3, 1]);
  server.images.get(1)!.instances.set("one", wireInstance("one", 0, { parts: PARTS, rle: windowToRle(windowOfParts(PARTS), 40, 40) }));
  const { session, notices } = start(server);
  const told: string[] = [];
  const tell = (name: string) => () => void told.push(name);
  const api = { heatmap: async () => null, mask: async () => ({ rle: squareRle(4), by: "m", heatmap: null }), prepareMask: async () => ({}) };
  const levels = new Levels({ session, api, notice: tell("notice"), say: tell("say") });
  const pickCategory = async (): Promise<null> => (tell("category")(), null);
  const drawing = new Drawing({ session, api, pickCategory, notice: tell("notice") });
  const drawn = { camera: () => ({ scale: 10, x: 0, y: 0 }), hits: () => new HitIndex(session.visible(), 40, 40) };
  const shown = Object.fromEntries(["fitPicture", "showActualSize", "zoom", "zoomTo", "reveal", "redraw", "setCursor"].map((name) => [name, tell(name)]));
  const quiet = { showPoint: () => {}, say: tell("say"), placeUnderPointer: () => null, element: { focus: () => {} } };
  const stage = { session, tool: () => tools[toolInHand(session.view.get()).id], ...drawn, ...shown, ...quiet };
  const tools = makeTools(stage as unknown as ToolHost, levels);
  const commands = new Commands({
    session,
    stage: stage as unknown as Stage,
    drawing,
    levels,
    neighbour: () => session.queue.get().images[1],
    pickCategory,
    openSimplify: tell("simplify"),
    showKeys: tell("keys"),
    notice: tell("notice"),
  });
  await session.refreshQueue();
  await session.open(1);
  session.view.set({ selection: ["one"] });
  return { session, commands, told, notices, server };
}

type Bench = Awaited<ReturnType<typeof bench>>;

/** What comes before the key, where it needs more than one selected suggestion. */
const BEFORE: Partial<Record<CommandId, (made: Bench) => void>> = {
  toolSelect: ({ commands }) => commands.run("toolBox"),
  cancel: ({ commands }) => commands.run("toolBox"),
  undo: ({ commands }) => commands.run("fillHoles"),
  redo: ({ commands }) => (commands.run("fillHoles"), commands.run("undo")),
  merge: ({ session }) => session.view.set({ selection: ["one", "i0k1"] }),
  addVertex: ({ commands }) => commands.run("nextVertex"),
  deleteVertex: ({ commands }) => commands.run("nextVertex"),
};

const chords = COMMANDS.flatMap(({ id, keys }) => keys.map((chord) => [chord, id] as const));

describe("a key of the key sheet", () => {
  it.each(chords.filter(([, id]) => id !== "copy"))("%s does something, or says why not (%s)", async (chord, id) => {
    const made = await bench();
    const { session, commands, told, notices } = made;
    if (id === "paste") copy([find(session.view.get().scene!, "one")!]);
    BEFORE[id]?.(made);
    await settle();
    const before = session.view.get();
    told.length = notices.length = 0;
    const command = commandFor(chord);
    expect(command?.id).toBe(id);
    commands.run(command!.id);
    await settle();
    const changed = Object.entries(session.view.get()).filter(([name, value]) => before[name as keyof typeof before] !== value);
    expect([...changed.map(([name]) => name), ...told, ...notices]).not.toEqual([]);
  });

  it("copies what the next paste adds", async () => {
    const { session, commands } = await bench();
    copy([find(session.view.get().scene!, "i0k2")!]);
    commands.run("copy");
    commands.run("paste");
    const [key] = session.view.get().selection;
    expect(find(session.view.get().scene!, key)!.mask.rle).toBe(windowToRle(windowOfParts(PARTS), 40, 40));
  });
});
