import { describe, expect, it } from "vitest";
import type { Point } from "../../src/document/geometry";
import { boxOfParts } from "../../src/document/geometry";
import { KeyPointer } from "../../src/stage/keypointer";
import { BoxTool } from "../../src/tools/box";
import { EllipseTool } from "../../src/tools/ellipse";
import { PolygonTool } from "../../src/tools/polygon";
import { TOOLS } from "../../src/tools/registry";
import type { Tool } from "../../src/tools/tool";
import { hosted } from "../tools/host";

describe("the pointer by keys", () => {
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

  it("draws a box with a tool of points, from one corner to the other", async () => {
    const { host } = await hosted();
    const heard: string[] = [];
    const say = (what: string) => ({ image }: { readonly image: Point }): void => void heard.push(`${what} ${image}`);
    const pointing: Tool = { takesBoxes: true, hover: () => {}, down: say("down"), drag: () => {}, up: say("up"), cancel: () => false };
    const keys = new KeyPointer({
      tool: () => pointing,
      draws: () => "points",
      camera: () => host.view,
      viewSize: () => ({ width: 400, height: 400 }),
      pictureSize: () => ({ width: 40, height: 40 }),
      showPoint: () => {},
      redraw: () => {},
    });
    for (const chord of ["Shift+Insert", "Shift+ArrowRight", "Shift+ArrowDown", "Shift+Insert", "Insert"]) expect(keys.key(chord)).toBe(true);
    expect(heard).toEqual(["down 20,20", "up 30,30", "down 30,30", "up 30,30"]);
  });

  it("presses with Alt where the tool knows what that means", async () => {
    const { host } = await hosted();
    const pressed: [Point, boolean][] = [];
    const pointing: Tool = { takesRightClicks: true, hover: () => {}, down: ({ image, alt }) => pressed.push([image, alt]), drag: () => {}, up: () => {}, cancel: () => false };
    let tool: Tool = pointing;
    const keys = new KeyPointer({
      tool: () => tool,
      draws: () => "points",
      camera: () => host.view,
      viewSize: () => ({ width: 400, height: 400 }),
      pictureSize: () => ({ width: 40, height: 40 }),
      showPoint: () => {},
      redraw: () => {},
    });
    expect(["Insert", "Shift+ArrowRight", "Alt+Insert"].map((chord) => keys.key(chord))).toEqual([true, true, true]);
    expect(pressed).toEqual([[[20, 20], false], [[30, 20], true]]);
    tool = new PolygonTool(host);
    expect(["Alt+Insert", "Shift+Insert"].map((chord) => keys.key(chord))).toEqual([false, false]);
  });
});
