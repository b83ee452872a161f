import { describe, expect, it } from "vitest";
import { boxOfParts } from "../../src/document/geometry";
import { EllipseTool, ringOfEllipse } from "../../src/tools/ellipse";
import { offer } from "../../src/tools/tool";
import { at, click, drag, hosted } from "./host";

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
