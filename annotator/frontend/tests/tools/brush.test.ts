import { describe, expect, it } from "vitest";
import { outlineOf } from "../../src/document/outline";
import type { Instance, Mask } from "../../src/document/scene";
import { find } from "../../src/document/scene";
import { BrushTool, resizeBrush } from "../../src/tools/brush";
import { offer } from "../../src/tools/tool";
import { settle } from "../harness";
import { at, click, drag, hosted } from "./host";

describe("brush and eraser", () => {
  it("grow and shrink with every step, down to a pixel", async () => {
    const { session } = await hosted();
    session.view.set({ brushSize: 24 });
    const sizes = [24];
    const step = (direction: 1 | -1): number => {
      resizeBrush(session, direction);
      sizes.push(session.view.get().brushSize);
      return sizes.at(-1)!;
    };
    while (sizes.length < 40 && step(-1) > 1);
    expect(sizes.at(-1)).toBe(1);
    expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => b - a));
    expect([step(-1), step(1), step(1), step(1)]).toEqual([1, 2, 3, 4]);
    session.view.set({ brushSize: 599 });
    expect([step(1), step(1)]).toEqual([600, 600]);
  });

  it("add to the selected, cut from it, and Alt turns one into the other", async () => {
    const { host, session, server } = await hosted(null);
    session.view.set({ selection: ["one"], brushSize: 20 });
    const area = (): number => outlineOf(find(session.view.get().scene!, "one")!.mask).area;
    expect(area()).toBe(16);
    drag(new BrushTool(host, "paints"), at(13, 5), at(14, 5));
    const larger = area();
    expect(larger).toBeGreaterThan(18);
    drag(new BrushTool(host, "paints"), at(13, 5, { alt: true }), at(14, 5, { alt: true }));
    expect(area()).toBeLessThan(larger);
    drag(new BrushTool(host, "erases"), at(10, 6));
    await settle();
    expect(server.gestures.map((gesture) => gesture.verb)).toEqual(["edit", "edit", "edit"]);
    expect(server.gestures[0].changes[0].rle).toMatch(/^[0-o]+$/);
    await session.undo();
    await session.undo();
    await session.undo();
    expect(area()).toBe(16);
  });

  it("keep a stroke in the browser before the hand is off: a tab that is closed at once loses none", async () => {
    const { host, session, outbox } = await hosted(null);
    session.view.set({ selection: ["one"], brushSize: 20 });
    drag(new BrushTool(host, "paints"), at(13, 5), at(14, 5));
    const { rle } = find(session.view.get().scene!, "one")!.mask;
    expect(outbox.pending().map(({ body }) => body.changes.map((change) => change.rle))).toEqual([[rle]]);
  });

  it("erase a hole into a mask, and never the whole of it", async () => {
    const { host, session } = await hosted();
    session.view.set({ brushSize: 40 });
    const eraser = new BrushTool(host, "erases");
    click(eraser, at(15, 15));
    expect(session.view.get().selection).toEqual(["one"]);
    const { mask } = find(session.view.get().scene!, "one")!;
    expect(outlineOf(mask).parts[0]).toHaveLength(2);
    session.view.set({ brushSize: 1000 });
    click(eraser, at(15, 15));
    expect(find(session.view.get().scene!, "one")!.mask).toBe(mask);
  });

  it("stay with the instance that the stroke began on, or are given up with it", async () => {
    const { host, session } = await hosted();
    session.view.set({ selection: ["one"], brushSize: 40 });
    const brush = new BrushTool(host, "paints");
    brush.down(at(20, 15));
    brush.drag(at(25, 15));
    session.view.set({ selection: [] });
    brush.up();
    expect(host.added).toEqual([]);
    const one = (): Instance => find(session.view.get().scene!, "one")!;
    expect(outlineOf(one().mask).box.x1).toBeGreaterThan(25);
    session.view.set({ selection: ["one"] });
    brush.down(at(20, 15));
    brush.drag(at(30, 15));
    session.commit("reject", [{ before: one(), after: { ...one(), state: "rejected" } }]);
    brush.up();
    expect(one().state).toBe("rejected");
    brush.down(at(20, 15));
    expect(offer(brush, "undo")).toBe(true);
    expect(offer(brush, "undo")).toBe(false);
  });

  it("begin a new instance where nothing is selected", async () => {
    const { host, session } = await hosted();
    session.view.set({ brushSize: 60 });
    const added: Mask[] = [];
    host.addInstance = (mask) => void added.push(mask);
    drag(new BrushTool(host, "paints"), at(30, 30), at(35, 30));
    expect(outlineOf(added[0]).area).toBeGreaterThan(40);
  });

  it("are as large as they look: half the zoom, twice the mask", async () => {
    const { host, session } = await hosted();
    session.view.set({ brushSize: 40 });
    const added: Mask[] = [];
    host.addInstance = (mask) => void added.push(mask);
    const brush = new BrushTool(host, "paints");
    click(brush, at(20, 20));
    host.view = { scale: 5, x: 0, y: 0 };
    brush.down(at(20, 20));
    // A zoom in the middle of a stroke changes nothing that it lays on.
    host.view = { scale: 2, x: 0, y: 0 };
    brush.up();
    expect(added.map((mask) => outlineOf(mask).box)).toEqual([{ x0: 18, y0: 18, x1: 22, y1: 22 }, { x0: 16, y0: 16, x1: 24, y1: 24 }]);
  });
});
