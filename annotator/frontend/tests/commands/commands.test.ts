/** Each key of the key sheet, pressed where it has something to do, and where it has nothing. */
import { describe, expect, it } from "vitest";
import { Commands } from "../../src/commands/commands";
import type { CommandId } from "../../src/commands/keys";
import { COMMANDS, commandFor } from "../../src/commands/keys";
import type { Part } from "../../src/document/geometry";
import { HitIndex } from "../../src/document/hit";
import { windowOfParts } from "../../src/document/paint";
import { windowToRle } from "../../src/document/rle";
import { find } from "../../src/document/scene";
import { BoxMasks } from "../../src/editing/boxmasks";
import { Drawing } from "../../src/editing/drawing";
import { Levels } from "../../src/editing/levels";
import { Prompting } from "../../src/editing/prompting";
import { copy } from "../../src/editing/shapes";
import type { View } from "../../src/session/view";
import type { Stage } from "../../src/stage/stage";
import { t } from "../../src/strings";
import { makeTools, toolInHand } from "../../src/tools/registry";
import type { ToolHost } from "../../src/tools/tool";
import { settle, start } from "../harness";
import { Prompts } from "../prompts";
import { FakeServer, squareRle, wireInstance } from "../server";

/** A square with a hole, and a speck beside it. */
const PARTS: readonly Part[] = [
  [[[10, 10], [30, 10], [30, 30], [10, 30]], [[14, 14], [18, 14], [18, 18], [14, 18]]],
  [[[34, 34], [36, 34], [36, 36], [34, 36]]],
];

/** An editor without a screen, with one of three suggestions selected; `told` is what left the session. */
async function bench(imageId = 1) {
  const server = new FakeServer([3, 1, 0]);
  server.images.get(1)!.instances.set("one", wireInstance("one", 0, { parts: PARTS, rle: windowToRle(windowOfParts(PARTS), 40, 40) }));
  const { session, notices } = start(server);
  const told: string[] = [];
  const tell = (name: string) => () => void told.push(name);
  const api = { heatmap: async () => null, mask: async () => ({ rle: squareRle(4), by: "m", heatmap: null }), prepareMask: async () => ({}) };
  const levels = new Levels({ session, api, notice: tell("notice"), say: tell("say") });
  const pickCategory = async (): Promise<null> => (tell("category")(), null);
  const drawing = new Drawing({ session, api, pickCategory, notice: tell("notice") });
  const drawn = { camera: () => ({ scale: 10, x: 0, y: 0 }), hits: () => new HitIndex(session.visible(), 40, 40), peeked: () => new HitIndex([], 40, 40) };
  const shown = Object.fromEntries(["fitPicture", "showActualSize", "zoom", "zoomTo", "reveal", "redraw", "setCursor"].map((name) => [name, tell(name)]));
  const quiet = { showPoint: () => {}, say: tell("say"), notice: tell("notice"), pointUnderPointer: () => null, element: { focus: () => {} } };
  const stage = { session, tool: () => tools[toolInHand(session.view.get()).id], ...drawn, ...shown, ...quiet };
  const tools = makeTools(stage as unknown as ToolHost, levels, new Prompting({ session, api: new Prompts(), pickCategory, notice: tell("notice"), offerModels: tell("models") }));
  const commands = new Commands({
    session,
    stage: stage as unknown as Stage,
    drawing,
    levels,
    boxMasks: new BoxMasks({ session, api: new Prompts(), answer: (text) => void told.push(text), carried: async () => false }),
    pickCategory,
    openSimplify: tell("simplify"),
    showCategories: tell("categories"),
    decideAboutMany: tell("bulk"),
    showFlags: tell("flags"),
    showKeys: tell("keys"),
    search: tell("search"),
    fold: tell("fold"),
    answer: (text) => void told.push(text),
  });
  await session.refreshQueue();
  await session.open(imageId);
  session.view.set({ selection: imageId === 1 ? ["one"] : [] });
  return { session, commands, told, notices, server };
}

type Bench = Awaited<ReturnType<typeof bench>>;

/** What comes before the key, where it needs more than one selected suggestion. */
const BEFORE: Partial<Record<CommandId, (made: Bench) => void>> = {
  toolSelect: ({ commands }) => commands.run("toolBox"),
  cancel: ({ commands }) => commands.run("toolBox"),
  peek: ({ session }) => session.setThreshold(0.8),
  undo: ({ commands }) => commands.run("fillHoles"),
  redo: ({ commands }) => (commands.run("fillHoles"), commands.run("undo")),
  merge: ({ session }) => session.view.set({ selection: ["one", "i0k1"] }),
  addVertex: ({ commands }) => commands.run("nextVertex"),
  deleteVertex: ({ commands }) => commands.run("nextVertex"),
};

const chords = COMMANDS.flatMap(({ id, keys }) => keys.map((chord) => [chord, id] as const));

/** What a key did: the names of what it changed, and what was said, asked or moved. */
async function pressed({ session, commands, told, notices }: Bench, id: CommandId): Promise<string[]> {
  const before = session.view.get();
  const done = (): string[] => {
    const changed = Object.entries(session.view.get()).filter(([name, value]) => before[name as keyof typeof before] !== value);
    return [...changed.map(([name]) => name), ...told, ...notices];
  };
  told.length = notices.length = 0;
  commands.run(id);
  if (done().length === 0) await settle();
  return done();
}

describe("a key of the key sheet", () => {
  it.each(chords.filter(([, id]) => id !== "copy"))("%s does something, or says why not (%s)", async (chord, id) => {
    const made = await bench();
    if (id === "paste") copy([find(made.session.view.get().scene!, "one")!]);
    BEFORE[id]?.(made);
    await settle();
    const command = commandFor(chord);
    expect(command?.id).toBe(id);
    expect(await pressed(made, id)).not.toEqual([]);
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

const accepted = (key: string) => ({ session }: Bench) => {
  const one = find(session.view.get().scene!, key)!;
  session.commit("accept", [{ before: one, after: { ...one, state: "accepted" } }]);
};

/** Where a key is pressed: the picture, and what comes before. */
const STATES: Readonly<Record<string, readonly [picture: number, ...before: ((made: Bench) => void)[]]>> = {
  "a selected suggestion": [1],
  "nothing selected": [1, ({ session }) => session.select([])],
  "an accepted instance selected": [1, accepted("one")],
  "a rejected one selected": [1, ({ session }) => session.view.set({ showRejected: true }), ({ commands }) => commands.run("reject"), ({ session }) => session.select(["one"])],
  "several selected": [1, ({ session }) => session.select(["one", "i0k1"])],
  "everything hidden": [1, ({ session }) => session.view.set({ hideAll: true })],
  "everything hidden, nothing selected": [1, ({ session }) => session.view.set({ hideAll: true, selection: [] })],
  "an only instance, on neither the first nor the last picture": [2, ({ session }) => session.select(["i1k0"])],
  "no instance, on the last picture": [3],
  "something to undo": [1, ({ commands }) => commands.run("fillHoles")],
  "something to redo": [1, ({ commands }) => commands.run("fillHoles"), ({ commands }) => commands.run("undo")],
  "the lowest threshold": [1, ({ session }) => session.setThreshold(0)],
  "the highest threshold": [3, ({ session }) => session.setThreshold(1)],
  triage: [1, ({ commands }) => commands.run("triage")],
  "triage with nothing left to decide": [3, ({ commands }) => commands.run("triage")],
  "another tool in hand": [1, ({ commands }) => commands.run("toolPolygon")],
  "a handle of the box chosen": [1, ({ commands }) => commands.run("nextHandle")],
};

/** The only keys that may stay silent, and why. */
const SILENT: Partial<Record<CommandId, string>> = {
  cancel: "there is nothing to give up",
  toolSelect: "it is in hand, as the toolbar shows",
  toolPolygon: "it is in hand, as the toolbar shows",
};

describe.each(Object.entries(STATES))("with %s", (_, [picture, ...before]) => {
  it("no key is silent", async () => {
    copy([]);
    const silent: CommandId[] = [];
    for (const { id } of COMMANDS) {
      const made = await bench(picture);
      before.forEach((step) => step(made));
      if (before.length > 0) await settle();
      if ((await pressed(made, id)).length === 0) silent.push(id);
    }
    expect(silent.filter((id) => SILENT[id] === undefined)).toEqual([]);
  });
});

describe("a key that finds nothing to do", () => {
  const say = async (id: CommandId, selection: readonly string[], more: Partial<View> = {}): Promise<string[]> => {
    const made = await bench();
    made.session.view.set({ selection, ...more });
    return (await pressed(made, id)).filter((text) => text.endsWith("."));
  };

  it.each(["nextVertex", "nextHandle", "addVertex", "deleteVertex", "simplify", "merge", "separate", "fillHoles", "dropSpecks", "predict", "isolate", "growMask"] as const)(
    "asks for a selection (%s)",
    async (id) => expect(await say(id, [])).toEqual([t(id === "merge" ? "selectSeveral" : "selectFirst")]),
  );

  it("says what is missing, and changes nothing", async () => {
    expect(await say("separate", ["one", "i0k1"])).toEqual([t("selectOne")]);
    expect(await say("separate", ["i0k1"])).toEqual([t("onePiece")]);
    expect(await say("fillHoles", ["i0k1"])).toEqual([t("noHoles")]);
    expect(await say("nextVertex", ["one"], { hideAll: true })).toEqual([t("hiddenFirst")]);
    expect(await say("nextVertex", ["one"], { tool: "brush" })).toEqual([t("selectToolFirst", { toolSelect: "V" })]);
    expect(await say("deleteVertex", ["one"])).toEqual([t("vertexFirst", { nextVertex: "N" })]);
    expect(await say("nudgeLeft", ["i0k0"])).toEqual([t("outsidePicture")]);
    expect(await say("copy", ["one", "i0k1"])).toEqual(["2 instances copied."]);
  });

  it("leaves a handle of the box where it is", async () => {
    const made = await bench();
    made.commands.run("nextHandle");
    expect(await pressed(made, "deleteVertex")).toEqual(["notice"]);
    expect(made.session.view.get().history.past).toEqual([]);
  });

  it("is a digit where nothing is selected, or no such category is", async () => {
    const { session, commands, told } = await bench();
    expect(commands.digit(9, false)).toBe(true);
    session.select([]);
    expect(commands.digit(1, true)).toBe(false);
    expect([commands.digit(2, false), commands.digit(9, false)]).toEqual([true, true]);
    expect(told).toEqual([t("noSuchCategory", { n: 9 }), t("selectFirst"), t("noSuchCategory", { n: 9 })]);
    expect(session.view.get().history.past).toEqual([]);
  });
});
