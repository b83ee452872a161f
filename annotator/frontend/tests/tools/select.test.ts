import { describe, expect, it } from "vitest";
import type { Part } from "../../src/document/geometry";
import { boxOfParts } from "../../src/document/geometry";
import { outlineOf } from "../../src/document/outline";
import { windowOfParts } from "../../src/document/paint";
import { windowToRle } from "../../src/document/rle";
import type { Instance } from "../../src/document/scene";
import { find } from "../../src/document/scene";
import type { Session } from "../../src/session/session";
import { scaledBox } from "../../src/tools/handles";
import { SelectTool } from "../../src/tools/select";
import { settle } from "../harness";
import { SQUARE, at, click, drag, hosted, shapeOf } from "./host";

describe("select", () => {
  it("selects by a click, deselects beside it, and pans by a drag on nothing", async () => {
    const { host, session } = await hosted();
    const tool = new SelectTool(host);
    click(tool, at(15, 15));
    expect(session.view.get().selection).toEqual(["one"]);
    drag(tool, at(30, 30), at(32, 33));
    expect(host.panned).toEqual([[20, 30]]);
    expect(session.view.get().selection).toEqual(["one"]);
    click(tool, at(30, 30));
    expect(session.view.get().selection).toEqual([]);
  });

  it("drags a vertex in one gesture, without drift and not beyond the picture", async () => {
    const { host, session, server } = await hosted();
    const tool = new SelectTool(host);
    session.view.set({ selection: ["one"] });
    drag(tool, at(20, 20), at(25, 22), at(60, 24.123456), at(60, 24.123456));
    expect(shapeOf(session)[0][0][2]).toEqual([40, 24.12]);
    expect(shapeOf(session)[0][0].length).toBe(4);
    await settle();
    expect(server.gestures.map((gesture) => gesture.verb)).toEqual(["edit"]);
    expect(find(session.view.get().scene!, "one")).toMatchObject({ state: "accepted", edited: true });
  });

  it("gives up a drag on Esc", async () => {
    const { host, session } = await hosted();
    const tool = new SelectTool(host);
    session.view.set({ selection: ["one"] });
    tool.down(at(20, 20));
    tool.drag(at(25, 25));
    expect(session.view.get().draft).not.toBeNull();
    expect(tool.cancel()).toBe(true);
    tool.up(at(25, 25));
    expect(session.view.get().draft).toBeNull();
    expect(session.view.get().history.past).toEqual([]);
  });

  it("adds a vertex by a click on an edge, and takes one away with Alt or Backspace", async () => {
    const { host, session } = await hosted();
    const tool = new SelectTool(host);
    session.view.set({ selection: ["one"] });
    click(tool, at(13, 10.2));
    expect(shapeOf(session)[0][0]).toEqual([[10, 10], [13, 10], [20, 10], [20, 20], [10, 20]]);
    tool.hover(at(13, 10));
    expect(tool.command("deleteVertex")).toBe(true);
    expect(shapeOf(session)[0][0]).toEqual(SQUARE[0][0]);
    tool.down(at(20, 20, { alt: true }));
    tool.up(at(20, 20, { alt: true }));
    expect(shapeOf(session)[0][0]).toHaveLength(3);
  });

  it("moves an edge with Ctrl, both of its ends", async () => {
    const { host, session } = await hosted();
    const tool = new SelectTool(host);
    session.view.set({ selection: ["one"] });
    drag(tool, at(13, 10, { ctrl: true }), at(13, 8, { ctrl: true }), at(14, 7, { ctrl: true }));
    expect(shapeOf(session)[0][0]).toEqual([[11, 7], [21, 7], [20, 20], [10, 20]]);
  });

  it("never leaves less than a pixel: the last triangle stays", async () => {
    const { host, session } = await hosted([[[[10, 10], [20, 10], [20, 20]]]]);
    const tool = new SelectTool(host);
    session.view.set({ selection: ["one"] });
    tool.down(at(20, 20, { alt: true }));
    expect(session.view.get().history.past).toEqual([]);
    expect(shapeOf(session)[0][0]).toHaveLength(3);
  });

  it("moves the selected by a drag inside, stopped at the picture's edge", async () => {
    const { host, session } = await hosted();
    const tool = new SelectTool(host);
    session.view.set({ selection: ["one"] });
    drag(tool, at(15, 15), at(14, 15), at(-30, 18));
    expect(boxOfParts(shapeOf(session))).toEqual({ x0: 0, y0: 13, x1: 10, y1: 23 });
  });

  it("moves a model's mask by whole pixels, and as it is", async () => {
    const { host, session } = await hosted(null);
    const tool = new SelectTool(host);
    session.view.set({ selection: ["one"] });
    drag(tool, at(10, 6), at(10.3, 6), at(12.7, 9.4));
    const { mask } = find(session.view.get().scene!, "one")!;
    const square = [[[11, 7], [15, 7], [15, 11], [11, 11]]] as const;
    expect(mask).toEqual({ rle: windowToRle(windowOfParts([square]), 40, 40), parts: null, height: 40 });
    drag(tool, at(13, 9), at(13, 9.2), at(13.4, 9.4));
    expect(find(session.view.get().scene!, "one")!.mask).toBe(mask);
    expect(session.view.get()).toMatchObject({ draft: null, history: { past: { length: 1 } } });
  });

  it("scales a mask with its hole by a handle of its box", async () => {
    const ring: Part = [[[10, 10], [20, 10], [20, 20], [10, 20]], [[13, 13], [16, 13], [16, 16], [13, 16]]];
    const { host, session } = await hosted([ring]);
    const tool = new SelectTool(host);
    session.view.set({ selection: ["one"] });
    drag(tool, at(21, 15), at(26, 15), at(31, 15));
    expect(shapeOf(session)[0][1]).toEqual([[16, 13], [22, 13], [22, 16], [16, 16]]);
  });

  it("turns a model's mask into polygons at the first change, and leaves what is not touched", async () => {
    const { host, session } = await hosted(null);
    const tool = new SelectTool(host);
    session.view.set({ selection: ["one"] });
    const before = outlineOf(find(session.view.get().scene!, "one")!.mask).box;
    expect(before).toEqual({ x0: 8, y0: 4, x1: 12, y1: 8 });
    drag(tool, at(12, 8), at(13, 9));
    expect(shapeOf(session)[0][0]).toContainEqual([13, 9]);
    expect(shapeOf(session)[0][0]).toContainEqual([8, 4]);
  });

  it("adds to the selection with Shift", async () => {
    const { host, session } = await hosted();
    const tool = new SelectTool(host);
    click(tool, at(15, 15, { shift: true }));
    expect(session.view.get().selection).toEqual(["one"]);
    click(tool, at(15, 15, { shift: true }));
    expect(session.view.get().selection).toEqual([]);
  });

  it("peeks below the threshold: a click there accepts, and what was peeked at is gone with the key", async () => {
    const { host, session, server } = await hosted();
    const tool = new SelectTool(host);
    session.setThreshold(0.95);
    click(tool, at(15, 15));
    expect(session.view.get()).toMatchObject({ selection: [], hover: null });
    session.view.set({ peek: true });
    tool.hover(at(15, 15));
    expect(session.view.get().hover).toBe("one");
    click(tool, at(15, 15));
    expect(find(session.view.get().scene!, "one")).toMatchObject({ state: "accepted" });
    expect(session.view.get().selection).toEqual(["one"]);
    await settle();
    expect(server.gestures.map((gesture) => gesture.verb)).toEqual(["accept"]);
    await session.undo();
    session.view.set({ peek: false });
    tool.hover(at(15, 15));
    expect(session.view.get().hover).toBeNull();
  });

  it("gives up a drag where its shape was undone, decided about or replaced under it", async () => {
    const changes: ((session: Session, one: Instance) => unknown)[] = [
      (session) => session.undo(),
      (session, before) => session.commit("reject", [{ before, after: { ...before, state: "rejected" } }]),
      (session, before) => session.commit("delete", [{ before, after: null }]),
      (session) => session.view.set({ scene: { ...session.view.get().scene!, instances: [] } }),
    ];
    for (const change of changes) {
      const { host, session } = await hosted();
      const tool = new SelectTool(host);
      session.view.set({ selection: ["one"] });
      drag(tool, at(10, 10), at(8, 8));
      tool.down(at(20, 20));
      tool.drag(at(25, 25));
      await change(session, find(session.view.get().scene!, "one")!);
      const { scene, history } = session.view.get();
      tool.drag(at(30, 30));
      tool.up(at(30, 30));
      expect(session.view.get()).toMatchObject({ scene, history, draft: null });
    }
  });

  it("goes on with a drag while the same shape comes back from the server", async () => {
    const { host, session } = await hosted();
    const tool = new SelectTool(host);
    session.view.set({ selection: ["one"] });
    tool.down(at(20, 20));
    tool.drag(at(25, 25));
    session.view.set({ scene: structuredClone(session.view.get().scene!) });
    tool.up(at(30, 30));
    expect(shapeOf(session)[0][0][2]).toEqual([30, 30]);
    await session.undo();
    expect(shapeOf(session)).toEqual(SQUARE);
  });

  it("takes Undo in the middle of a drag for the drag itself", async () => {
    const { host, session } = await hosted();
    const tool = new SelectTool(host);
    session.view.set({ selection: ["one"] });
    tool.down(at(20, 20));
    expect(tool.command("undo")).toBe(false);
    tool.drag(at(25, 25));
    expect(tool.command("undo")).toBe(true);
    tool.up(at(25, 25));
    expect(shapeOf(session)).toEqual(SQUARE);
    expect(tool.command("undo")).toBe(false);
  });

  it.each([
    [0, { x0: 12, y0: 13, x1: 20, y1: 20 }],
    [1, { x0: 10, y0: 13, x1: 20, y1: 20 }],
    [4, { x0: 10, y0: 10, x1: 12, y1: 13 }],
    [7, { x0: 12, y0: 10, x1: 20, y1: 20 }],
  ])("handle %i moves its own sides", (handle, box) => {
    expect(scaledBox({ x0: 10, y0: 10, x1: 20, y1: 20 }, handle, [12, 13])).toEqual(box);
  });
});
