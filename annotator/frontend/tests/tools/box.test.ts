import { describe, expect, it } from "vitest";
import { BoxTool } from "../../src/tools/box";
import { offer } from "../../src/tools/tool";
import { at, click, drag, hosted } from "./host";

describe("box", () => {
  it("asks for the mask inside, stays a rectangle with Alt, and is nothing after a click", async () => {
    const { host } = await hosted();
    const tool = new BoxTool(host);
    click(tool, at(5, 5));
    drag(tool, at(5, 5), at(20, 5.9));
    drag(tool, at(5, 5), at(5.9, 20));
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
    drag(tool, at(21, 15), at(26, 30), at(31, 30));
    expect(host.again).toEqual([["one", { x0: 10, y0: 10, x1: 30, y1: 20 }]]);
    expect([host.boxes, host.added, host.put]).toEqual([[], [], null]);
    tool.down(at(21, 21));
    tool.drag(at(25, 25));
    expect(offer(tool, "undo")).toBe(true);
    tool.up(at(25, 25));
    expect(host.again).toHaveLength(1);
  });
});
