import { describe, expect, it } from "vitest";
import { t } from "../../src/strings";
import { PolygonTool } from "../../src/tools/polygon";
import { at, click, drag, hosted } from "./host";

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
    expect(host.noticed).toEqual([t("polygonShort")]);
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
