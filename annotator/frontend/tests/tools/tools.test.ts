import { describe, expect, it } from "vitest";
import type { Camera } from "../../src/canvas/camera";
import type { Box, Part, Point } from "../../src/document/geometry";
import { boxOfParts } from "../../src/document/geometry";
import { HitIndex } from "../../src/document/hit";
import { outlineOf } from "../../src/document/outline";
import { windowOfParts } from "../../src/document/paint";
import { windowToRle } from "../../src/document/rle";
import type { Instance, Mask } from "../../src/document/scene";
import { find, maskOfParts } from "../../src/document/scene";
import type { Session } from "../../src/session/session";
import { KeyPointer } from "../../src/stage/keypointer";
import { BoxTool } from "../../src/tools/box";
import { BrushTool } from "../../src/tools/brush";
import { EllipseTool, ringOfEllipse } from "../../src/tools/ellipse";
import { scaledBox } from "../../src/tools/handles";
import { KnifeTool } from "../../src/tools/knife";
import { PolygonTool } from "../../src/tools/polygon";
import { TOOLS } from "../../src/tools/registry";
import { SelectTool } from "../../src/tools/select";
import type { Pointer, Tool, ToolHost } from "../../src/tools/tool";
import { offer } from "../../src/tools/tool";
import { settle, start } from "../harness";
import { FakeServer, wireInstance } from "../server";

class Host implements ToolHost {
  readonly added: (readonly Part[])[] = [];
  readonly boxes: Box[] = [];
  readonly panned: Point[] = [];
  put: "away" | null = null;
  view: Camera = { scale: 10, x: 0, y: 0 };
  constructor(readonly session: Session) {}
  camera = (): Camera => this.view;
  hits = (): HitIndex => new HitIndex(this.session.visible(), 40, 40);
  pan = (dx: number, dy: number): void => void this.panned.push([dx, dy]);
  redraw = (): void => {};
  setCursor = (): void => {};
  addInstance = (mask: Mask): void => void this.added.push(mask.parts!);
  addFromBox = (box: Box): void => void this.boxes.push(box);
  readonly again: [string, Box][] = [];
  findAgain = ({ key }: Instance, box: Box): void => void this.again.push([key, box]);
  prepareBox = (): void => {};
  putAway = (): void => void (this.put = "away");
  showPoint = (): void => {};
  said: string[] = [];
  say = (text: string): void => void this.said.push(text);
  readonly noticed: string[] = [];
  notice = (text: string): void => void this.noticed.push(text);
}

const SQUARE: readonly Part[] = [[[[10, 10], [20, 10], [20, 20], [10, 20]]]];

async function hosted(parts: readonly Part[] | null = SQUARE) {
  const server = new FakeServer([0]);
  const one = wireInstance("one", 0, { parts, rle: parts === null ? wireInstance("", 2).rle : windowToRle(windowOfParts(parts), 40, 40) });
  server.images.get(1)!.instances.set("one", one);
  const { session } = start(server);
  await session.open(1);
  return { host: new Host(session), session, server };
}

/** A pointer at image pixels; the camera shows ten CSS pixels for one. */
function at(x: number, y: number, more: Partial<Pointer> = {}): Pointer {
  return { image: [x, y], view: [x * 10, y * 10], shift: false, alt: false, ctrl: false, coarse: false, ...more };
}

function drag(tool: Tool, ...places: readonly Pointer[]): void {
  tool.hover(places[0]);
  tool.down(places[0]);
  for (const place of places.slice(1)) tool.drag(place);
  tool.up(places.at(-1)!);
}

const click = (tool: Tool, place: Pointer): void => drag(tool, place);
const shapeOf = (session: Session): readonly Part[] => find(session.view.get().scene!, "one")!.mask.parts!;

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
    drag(tool, at(20, 15), at(25, 15), at(30, 15));
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

describe("polygon", () => {
  it("closes at its first point, and takes the last point back", async () => {
    const { host } = await hosted();
    const tool = new PolygonTool(host);
    for (const place of [at(5, 5), at(9, 5), at(30, 30), at(9, 9)]) click(tool, place);
    click(tool, at(2, 2));
    expect(tool.command("deleteVertex")).toBe(true);
    click(tool, at(5.2, 5.2));
    expect(host.added).toEqual([[[[[5, 5], [9, 5], [30, 30], [9, 9]]]]]);
    expect(host.put).toBe("away");
  });

  it("closes by Enter and by a double click, but not with two points", async () => {
    const { host } = await hosted();
    const tool = new PolygonTool(host);
    click(tool, at(5, 5));
    click(tool, at(9, 5));
    expect(tool.command("acceptAll")).toBe(true);
    expect(host.added).toEqual([]);
    click(tool, at(9, 9));
    tool.command("acceptAll");
    expect(host.added).toHaveLength(1);
    for (const place of [at(5, 5), at(15, 5), at(15, 15), at(15, 15)]) click(tool, place);
    tool.doubleClick();
    expect(host.added[1]).toEqual([[[[5, 5], [15, 5], [15, 15]]]]);
  });

  it("loses no more than the press that a second finger ended", async () => {
    const { host } = await hosted();
    const tool = new PolygonTool(host);
    for (const place of [at(5, 5), at(15, 5)]) click(tool, place);
    tool.down(at(30, 30));
    tool.drag(at(20, 20));
    tool.drag(at(21, 22));
    tool.lose();
    tool.drag(at(33, 33));
    click(tool, at(15, 15));
    tool.command("acceptAll");
    expect(host.added).toEqual([[[[[5, 5], [15, 5], [15, 15]]]]]);
  });

  it("leaves Enter to the page while nothing is drawn", async () => {
    const { host } = await hosted();
    expect(new PolygonTool(host).command("acceptAll")).toBe(false);
  });

  it("follows a freehand stroke, with few vertices", async () => {
    const { host } = await hosted();
    const tool = new PolygonTool(host);
    const circle = Array.from({ length: 121 }, (_, n) => at(20 + 10 * Math.cos((n / 60) * Math.PI), 20 + 10 * Math.sin((n / 60) * Math.PI)));
    drag(tool, ...circle);
    expect(host.added).toHaveLength(1);
    const [[ring]] = host.added[0];
    expect(ring.length).toBeGreaterThan(8);
    expect(ring.length).toBeLessThan(60);
  });
});

describe("box", () => {
  it("asks for the mask inside, stays a rectangle with Alt, and is nothing after a click", async () => {
    const { host } = await hosted();
    const tool = new BoxTool(host);
    click(tool, at(5, 5));
    drag(tool, at(35, 30), at(20, 20), at(50, 10));
    expect(host.boxes).toEqual([{ x0: 35, y0: 10, x1: 40, y1: 30 }]);
    expect(host.added).toEqual([]);
    drag(tool, at(35, 30, { alt: true }), at(50, 10, { alt: true }));
    expect(host.added).toEqual([[[[[35, 10], [40, 10], [40, 30], [35, 30]]]]]);
  });
});

describe("box of the selected", () => {
  it("is dragged by its handles, and the mask is found again inside", async () => {
    const { host, session } = await hosted();
    const tool = new BoxTool(host);
    session.view.set({ selection: ["one"] });
    drag(tool, at(20, 15), at(25, 30), at(30, 30));
    expect(host.again).toEqual([["one", { x0: 10, y0: 10, x1: 30, y1: 20 }]]);
    expect([host.boxes, host.added, host.put]).toEqual([[], [], null]);
    tool.down(at(20, 20));
    tool.drag(at(25, 25));
    expect(offer(tool, "undo")).toBe(true);
    tool.up(at(25, 25));
    expect(host.again).toHaveLength(1);
  });
});

describe("brush and eraser", () => {
  it("add to the selected, cut from it, and Alt turns one into the other", async () => {
    const { host, session, server } = await hosted(null);
    session.view.set({ selection: ["one"], brushSize: 2 });
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

  it("erase a hole into a mask, and never the whole of it", async () => {
    const { host, session } = await hosted();
    session.view.set({ brushSize: 4 });
    const eraser = new BrushTool(host, "erases");
    click(eraser, at(15, 15));
    expect(session.view.get().selection).toEqual(["one"]);
    const { mask } = find(session.view.get().scene!, "one")!;
    expect(outlineOf(mask).parts[0]).toHaveLength(2);
    session.view.set({ brushSize: 100 });
    click(eraser, at(15, 15));
    expect(find(session.view.get().scene!, "one")!.mask).toBe(mask);
  });

  it("stay with the instance that the stroke began on, or are given up with it", async () => {
    const { host, session } = await hosted();
    session.view.set({ selection: ["one"], brushSize: 4 });
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

  it("change nothing while everything is hidden", async () => {
    const { host, session } = await hosted();
    session.view.set({ selection: ["one"], brushSize: 4, hideAll: true });
    for (const does of ["paints", "erases"] as const) drag(new BrushTool(host, does), at(20, 15), at(25, 15));
    expect(session.view.get().history.past).toEqual([]);
    expect(host.added).toEqual([]);
  });

  it("begin a new instance where nothing is selected", async () => {
    const { host, session } = await hosted();
    session.view.set({ brushSize: 6 });
    const added: Mask[] = [];
    host.addInstance = (mask) => void added.push(mask);
    drag(new BrushTool(host, "paints"), at(30, 30), at(35, 30));
    expect(outlineOf(added[0]).area).toBeGreaterThan(40);
  });
});

describe("ellipse", () => {
  it("fills the box that is dragged, within the picture and to half a pixel", async () => {
    const { host, session } = await hosted();
    const tool = new EllipseTool(host);
    drag(tool, at(4, 30), at(50, 10), at(50, 10));
    const [[[ring]]] = host.added;
    expect(boxOfParts([[ring]])).toEqual({ x0: 4, y0: 10, x1: 40, y1: 30 });
    expect(host.put).toBe("away");
    for (const [index, [x, y]] of ring.entries()) {
      const [nx, ny] = ring[(index + 1) % ring.length];
      for (const [px, py] of [[x, y], [(x + nx) / 2, (y + ny) / 2]]) {
        // How far along its own ray from the middle a point lies inside or outside the ellipse.
        const share = Math.hypot((px - 22) / 18, (py - 20) / 10);
        expect(Math.abs(1 / share - 1) * Math.hypot(px - 22, py - 20)).toBeLessThan(0.5);
      }
    }
    expect(session.view.get().history.past).toEqual([]);
  });

  it.each([10, 100, 5000])("has enough vertices for a radius of %i", (r) => {
    const ring = ringOfEllipse({ x0: 0, y0: 0, x1: 2 * r, y1: 2 * r });
    const [[ax, ay], [bx, by]] = ring;
    expect(r - Math.hypot((ax + bx) / 2 - r, (ay + by) / 2 - r)).toBeLessThan(0.5);
    expect(ring.length).toBeLessThan(24 + 8 * Math.sqrt(r));
  });

  it("is a circle with Shift, as large as the picture allows", async () => {
    const { host } = await hosted();
    const tool = new EllipseTool(host);
    const shift = { shift: true };
    drag(tool, at(10, 10), at(22, 14, shift), at(22, 14, shift));
    drag(tool, at(10, 30), at(2, 2, shift), at(2, 2, shift));
    expect(host.added.map((parts) => boxOfParts(parts))).toEqual([
      { x0: 10, y0: 10, x1: 22, y1: 22 },
      { x0: 0, y0: 20, x1: 10, y1: 30 },
    ]);
  });

  it("leaves nothing behind after a click, a drag of less than a pixel, Esc and undo", async () => {
    const { host, session } = await hosted();
    const tool = new EllipseTool(host);
    click(tool, at(10, 10));
    drag(tool, at(10, 10), at(20, 10.2));
    tool.down(at(10, 10));
    tool.drag(at(20, 20));
    expect(offer(tool, "undo")).toBe(true);
    tool.drag(at(25, 25));
    tool.up(at(25, 25));
    expect(host.added).toEqual([]);
    expect(session.view.get().draft).toBeNull();
  });
});

describe("knife", () => {
  it("cuts what the line runs through in two, as one step, and says where it does not", async () => {
    const { host, session, server } = await hosted(null);
    const tool = new KnifeTool(host);
    drag(tool, at(7, 6), at(9, 6));
    expect(host.noticed).toHaveLength(1);
    click(tool, at(9, 6));
    expect(host.noticed).toHaveLength(1);
    drag(tool, at(10.5, 2), at(10.5, 6), at(10.5, 10));
    const areas = (): number[] => session.view.get().scene!.instances.map((one) => outlineOf(one.mask).area);
    expect(areas()).toEqual([12, 4]);
    expect(host.put).toBe("away");
    await settle();
    expect(server.gestures.map((gesture) => gesture.changes.length)).toEqual([2]);
    await session.undo();
    expect(areas()).toEqual([16]);
  });

  it("leaves alone what is hidden", async () => {
    const { host, session } = await hosted();
    const tool = new KnifeTool(host);
    const cut = (): void => drag(tool, at(15, 5), at(15, 25));
    session.view.set({ hideAll: true });
    cut();
    session.view.set({ selection: ["one"] });
    cut();
    session.view.set({ hideAll: false, threshold: 0.95 });
    cut();
    expect(session.view.get().history.past).toEqual([]);
    session.view.set({ threshold: 0.4 });
    cut();
    expect(session.view.get().history.past).toHaveLength(1);
  });

  it("leaves alone what is not selected, and what has changed under the hand", async () => {
    const { host, session } = await hosted();
    const other = { ...find(session.view.get().scene!, "one")!, key: "two", mask: maskOfParts([[[[30, 10], [38, 10], [38, 20], [30, 20]]]], 40) };
    session.commit("add", [{ before: null, after: other }]);
    session.view.set({ selection: ["two"] });
    const tool = new KnifeTool(host);
    drag(tool, at(15, 5), at(15, 25));
    expect(host.noticed).toHaveLength(1);
    tool.down(at(34, 5));
    tool.drag(at(34, 25));
    await session.undo();
    tool.up(at(34, 25));
    expect(session.view.get().scene!.instances).toHaveLength(1);
    expect(session.view.get().history.past).toEqual([]);
  });
});

describe("the keyboard", () => {
  const walking = async (parts: readonly Part[] = SQUARE) => {
    const made = await hosted(parts);
    const tool = new SelectTool(made.host);
    made.session.view.set({ selection: ["one"] });
    return { ...made, tool };
  };

  it("goes from vertex to vertex and moves one while an arrow is held, in one gesture", async () => {
    const { tool, session, host, server } = await walking();
    expect(tool.key("ArrowRight")).toBe(false);
    tool.command("nextVertex");
    tool.command("nextVertex");
    expect(host.said.at(-1)).toBe("Vertex 2 of 4, 20, 10");
    for (const chord of ["ArrowRight", "ArrowRight", "Shift+ArrowDown", "Alt+ArrowUp"]) expect(tool.key(chord)).toBe(true);
    expect(session.view.get().history.past).toEqual([]);
    tool.settle();
    expect(shapeOf(session)[0][0]).toEqual([[10, 10], [22, 19.9], [20, 20], [10, 20]]);
    await settle();
    expect(server.gestures.map((gesture) => gesture.verb)).toEqual(["edit"]);
    expect(host.said.at(-1)).toBe("Vertex 2 of 4, 22, 20");
  });

  it("adds and deletes vertices, but never the instance while it walks", async () => {
    const { tool, session } = await walking();
    tool.command("previousVertex");
    tool.command("addVertex");
    expect(shapeOf(session)[0][0]).toEqual([[10, 10], [20, 10], [20, 20], [10, 20], [10, 15]]);
    expect(tool.key("Delete")).toBe(true);
    expect(shapeOf(session)[0][0]).toEqual(SQUARE[0][0]);
    expect(tool.cancel()).toBe(true);
    expect(tool.key("Delete")).toBe(false);
  });

  it("resizes the box by its handles", async () => {
    const { tool, session } = await walking();
    for (let n = 0; n < 5; n++) tool.command("nextHandle");
    tool.key("Shift+ArrowRight");
    tool.key("ArrowUp");
    tool.settle();
    expect(boxOfParts(shapeOf(session))).toEqual({ x0: 10, y0: 10, x1: 30, y1: 19 });
  });

  it("lets go of a shape that was undone or deselected under it", async () => {
    const { tool, session } = await walking();
    tool.command("nextVertex");
    tool.key("ArrowLeft");
    session.view.set({ selection: [] });
    tool.settle();
    expect(session.view.get()).toMatchObject({ draft: null, history: { past: [] } });
    expect(tool.key("ArrowLeft")).toBe(false);
  });

  it("draws with a pointer of its own", async () => {
    const { host } = await hosted();
    const tools: Record<string, Tool> = { polygon: new PolygonTool(host), box: new BoxTool(host), ellipse: new EllipseTool(host) };
    let now = "polygon";
    const keys = new KeyPointer({
      tool: () => tools[now],
      draws: () => TOOLS.find(({ id }) => id === now)!.draws,
      camera: () => host.view,
      viewSize: () => ({ width: 400, height: 400 }),
      pictureSize: () => ({ width: 40, height: 40 }),
      showPoint: () => {},
      redraw: () => {},
    });
    const press = (...chords: string[]): void => chords.forEach((chord) => expect(keys.key(chord)).toBe(true));
    press("Insert", "Shift+ArrowRight", "Insert", "Shift+ArrowDown", "Insert");
    expect(tools["polygon"].command!("acceptAll")).toBe(true);
    expect(host.added).toEqual([[[[[20, 20], [30, 20], [30, 30]]]]]);
    now = "box";
    press("Shift+ArrowLeft", "Insert", "Shift+ArrowLeft", "Shift+ArrowUp", "Enter");
    expect(host.boxes).toEqual([{ x0: 10, y0: 20, x1: 20, y1: 30 }]);
    expect(keys.key("Enter")).toBe(false);
    now = "ellipse";
    press("Insert", "Shift+ArrowRight", "Shift+ArrowDown", "Insert");
    expect(boxOfParts(host.added[1])).toEqual({ x0: 10, y0: 20, x1: 20, y1: 30 });
  });
});
