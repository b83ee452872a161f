import { describe, expect, it, vi } from "vitest";
import { areaOfParts } from "../../src/document/geometry";
import { runsAtLevel, unpacked } from "../../src/document/heatmap";
import { maskOfWindow, windowOfMask } from "../../src/document/paint";
import type { WireHeatmap } from "../../src/document/protocol";
import { areaOfRuns, decodeCounts, encodeCounts } from "../../src/document/rle";
import { find, maskOfRle, reshaped } from "../../src/document/scene";
import { Levels } from "../../src/editing/levels";
import { LevelTool } from "../../src/tools/level";
import type { Pointer } from "../../src/tools/tool";
import { settle, start } from "../harness";
import golden from "../heatmaps.golden.json";
import { FakeServer, wireInstance } from "../server";
import { Host } from "../tools/host";

const SIDE = 40;
const cone = golden.find((one) => one.name === "one sample")!;
const WIRE: WireHeatmap = { region: [6, 6, 28, 28], size: cone.size, values: cone.values, half: null };
const heatmap = await unpacked(WIRE);
const cut = (level: number): string => encodeCounts(runsAtLevel(heatmap, level, SIDE, SIDE));
const OWN = cut(50);

async function hosted(wire: WireHeatmap | null = WIRE, source = "starter@1") {
  const server = new FakeServer([0]);
  server.images.get(1)!.instances.set("one", wireInstance("one", 0, { rle: OWN, source }));
  const { session } = start(server);
  const asked: string[] = [];
  const notices: string[] = [];
  let answer = (): Promise<WireHeatmap | null> => Promise.resolve(wire);
  const api = { heatmap: (_image: number, key: string) => (asked.push(key), answer()) };
  const levels = new Levels({ session, api, notice: (text) => notices.push(text), say: () => {} });
  await session.open(1);
  const tool = new LevelTool(Object.assign(new Host(session), { view: { scale: 1, x: 0, y: 0 } }), levels);
  const select = async (): Promise<void> => {
    session.view.set({ selection: ["one"] });
    await known();
  };
  // A heatmap is inflated beside the main thread: how many turns that takes is not known.
  const known = (): Promise<void> => vi.waitFor(() => expect(session.view.get().hasHeatmap).not.toBeNull());
  const one = () => find(session.view.get().scene!, "one")!;
  return { session, server, levels, tool, asked, notices, select, known, one, answerWith: (next: typeof answer) => (answer = next) };
}

/** A pointer at CSS pixels from the middle of the picture, where the instance is. */
const at = (x: number, y: number): Pointer => {
  const place = [20 + x, 20 + y] as const;
  return { image: place, view: place, shift: false, alt: false, ctrl: false, coarse: false };
};

describe("the level", () => {
  it("selects by a press, grows to the right or upwards, and is one gesture and one undo step", async () => {
    const { session, server, tool, known, one } = await hosted();
    tool.down(at(0, 0));
    tool.up(at(0, 0));
    await known();
    expect(session.view.get().selection).toEqual(["one"]);
    tool.down(at(0, 0));
    tool.drag(at(0, -10));
    tool.drag(at(5, -40));
    const { draft } = session.view.get();
    expect(draft!.note).toMatch(/^level 0\.40, IoU with the mask before 0\.\d{3}$/);
    expect(areaOfParts(draft!.parts)).toBe(areaOfRuns(decodeCounts(cut(40))));
    tool.drag(at(9, -19));
    tool.up(at(9, -19));
    await settle();
    expect(one().mask).toMatchObject({ rle: cut(47), level: 47 });
    expect(one()).toMatchObject({ state: "accepted", edited: true });
    expect(server.gestures.map((gesture) => gesture.verb)).toEqual(["edit"]);
    expect(server.gestures[0].changes).toEqual([{ key: "one", category: 1, state: "accepted", rle: cut(47), cut: 47 }]);
    await session.undo();
    expect(one().mask.rle).toBe(OWN);
    expect(one().state).toBe("suggested");
    await session.redo();
    expect(one().mask.rle).toBe(cut(47));
  });

  it("goes on from the level of the mask, also where only its runs are known", async () => {
    const { session, select, levels, one } = await hosted();
    await select();
    session.commit("edit", [{ before: one(), after: reshaped(one(), maskOfRle(cut(63), SIDE)) }]);
    expect(levels.begin()).toBe(true);
    expect(encodeCounts(runsAtLevel(heatmap, levels.from()!, SIDE, SIDE))).toBe(cut(63));
  });

  it("says what is left out of a mask that was changed by hand, and begins at the cut most like it", async () => {
    const { session, select, levels, one } = await hosted();
    await select();
    const brushed = { ...windowOfMask(maskOfRle(cut(30), SIDE)) };
    brushed.pixels.fill(1, 0, brushed.width);
    session.commit("edit", [{ before: one(), after: reshaped(one(), maskOfWindow(brushed, SIDE, SIDE)) }]);
    levels.begin();
    levels.to(levels.from()!);
    expect(session.view.get().draft!.note).toContain("by hand");
    expect(encodeCounts(runsAtLevel(heatmap, levels.from()!, SIDE, SIDE))).toBe(cut(30));
  });

  it("never empties the mask, and stays where it is at the ends", async () => {
    const { select, levels, one } = await hosted();
    await select();
    levels.begin();
    levels.to(500);
    levels.finish();
    expect(areaOfRuns(decodeCounts(one().mask.rle!))).toBeGreaterThan(0);
    levels.begin();
    levels.to(-500);
    levels.finish();
    expect(one().mask.level).toBe(1);
  });

  it("gives up on Escape, and does nothing where nothing changed", async () => {
    const { session, server, select, tool, levels, one } = await hosted();
    await select();
    tool.down(at(0, 0));
    tool.drag(at(40, 0));
    tool.drag(at(80, 0));
    expect(tool.cancel()).toBe(true);
    tool.up(at(80, 0));
    expect(session.view.get().draft).toBeNull();
    levels.begin();
    levels.to(50);
    levels.finish();
    await settle();
    expect([one().mask.rle, server.gestures]).toEqual([OWN, []]);
  });

  it("steps while a key is held, and is one gesture when it is let go", async () => {
    const { server, select, levels, one } = await hosted();
    await select();
    for (let press = 0; press < 5; press++) void levels.step("larger");
    void levels.step("smaller");
    await settle();
    expect(server.gestures).toEqual([]);
    levels.settle();
    await settle();
    expect(server.gestures).toHaveLength(1);
    const larger = [...new Set(Array.from({ length: 50 }, (_, index) => cut(50 - index)))];
    expect(one().mask.rle).toBe(larger[4]);
  });

  it("goes on by one press to the next level that gives another mask", async () => {
    const plateaus = golden.find((one) => one.name === "plateaus at the level itself")!;
    const wire: WireHeatmap = { ...WIRE, size: plateaus.size, values: plateaus.values };
    const steep = await unpacked(wire);
    const at = (level: number): string => encodeCounts(runsAtLevel(steep, level, SIDE, SIDE));
    const flat = Array.from({ length: 40 }, (_, index) => 10 + index).find((level) => at(level) === at(level + 1))!;
    const next = Array.from({ length: 99 - flat }, (_, index) => flat + 1 + index).find((level) => at(level) !== at(flat))!;
    const { session, select, levels, one } = await hosted(wire);
    await select();
    session.commit("edit", [{ before: one(), after: reshaped(one(), { ...maskOfRle(at(flat), SIDE), level: flat }) }]);
    void levels.step("smaller");
    levels.settle();
    await settle();
    expect(one().mask).toMatchObject({ rle: at(next), level: next });
  });

  it("waits for a heatmap on its way, even when the key is up again", async () => {
    const { session, levels, one, answerWith } = await hosted();
    let arrive = (_wire: WireHeatmap): void => {};
    answerWith(() => new Promise((resolve) => (arrive = resolve)));
    session.view.set({ selection: ["one"] });
    void levels.step("larger");
    levels.settle();
    arrive(WIRE);
    await vi.waitFor(() => expect(one().mask.level).toBe(49));
  });

  it("is one gesture of as many levels as presses before the heatmap was there", async () => {
    const { session, server, levels, one, answerWith } = await hosted();
    let arrive = (_wire: WireHeatmap): void => {};
    answerWith(() => new Promise((resolve) => (arrive = resolve)));
    session.view.set({ selection: ["one"] });
    for (let press = 0; press < 5; press++) void levels.step("larger");
    void levels.step("smaller");
    levels.settle();
    arrive(WIRE);
    await vi.waitFor(() => expect(one().mask.level).toBe(46));
    await settle();
    expect(server.gestures).toHaveLength(1);
  });

  it("stays where it is after as many presses to one side as to the other, before the heatmap was there", async () => {
    const { session, server, levels, one, known } = await hosted();
    session.view.set({ selection: ["one"] });
    void levels.step("larger");
    void levels.step("smaller");
    levels.settle();
    await known();
    await settle();
    expect([one().mask.rle, server.gestures]).toEqual([OWN, []]);
  });

  it("asks once for each selected suggestion, and for drawn ones only where they are cut", async () => {
    const { session, asked, select } = await hosted(null, "manual");
    session.view.set({ selection: ["one"] });
    await settle();
    expect(asked).toEqual([]);
    session.view.set({ tool: "level" });
    session.view.set({ selection: [] });
    await select();
    expect(asked).toEqual(["one"]);
    expect(session.view.get().hasHeatmap).toBe(false);
  });

  it("says that nothing is kept where there is no heatmap", async () => {
    const { server, select, levels, tool, notices } = await hosted(null);
    await select();
    void levels.step("larger");
    levels.settle();
    tool.down(at(0, 0));
    tool.drag(at(40, 0));
    tool.up(at(40, 0));
    await settle();
    expect(notices).toHaveLength(1);
    expect(server.gestures).toEqual([]);
  });

  it("cuts what a box found from the heatmap that came with it, and sends that with the new instance", async () => {
    const { session, server, levels, known, asked } = await hosted();
    const mask = { ...maskOfRle(OWN, SIDE), heatmap: WIRE };
    const after = { key: "new", category: 1, state: "accepted", score: null, source: "manual", edited: false, mask } as const;
    session.commit("add", [{ before: null, after }]);
    session.view.set({ selection: ["new"] });
    await known();
    void levels.step("larger");
    levels.settle();
    await settle();
    expect(asked).toEqual([]);
    expect(server.gestures.map(({ changes }) => changes[0])).toEqual([
      { key: "new", category: 1, state: "accepted", rle: OWN, heatmap: WIRE },
      { key: "new", category: 1, state: "accepted", rle: cut(49), cut: 49 },
    ]);
  });

  it("stays where it is while everything is hidden, and moves again afterwards", async () => {
    const { session, levels, known } = await hosted();
    session.view.set({ hideAll: true, selection: ["one"] });
    await settle();
    expect([session.view.get().hasHeatmap, levels.begin()]).toEqual([null, false]);
    session.view.set({ hideAll: false });
    await known();
    expect(levels.begin()).toBe(true);
  });

  it("ends with the selection, and leaves alone what somebody else changed meanwhile", async () => {
    const { session, select, levels, one, server } = await hosted();
    await select();
    levels.begin();
    levels.to(30);
    session.view.set({ selection: [] });
    expect(session.view.get().draft).toBeNull();
    await select();
    levels.begin();
    levels.to(30);
    session.commit("reject", [{ before: one(), after: { ...one(), state: "rejected" } }]);
    levels.finish();
    await settle();
    expect(server.gestures.map((gesture) => gesture.verb)).toEqual(["reject"]);
  });
});
