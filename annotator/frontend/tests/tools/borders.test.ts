/** What is drawn or moved beyond the border of a picture that is wider than high. */
import { expect, it } from "vitest";
import { boxOfParts } from "../../src/document/geometry";
import { outlineOf } from "../../src/document/outline";
import { maskOfRle } from "../../src/document/scene";
import { BoxTool } from "../../src/tools/box";
import { BrushTool } from "../../src/tools/brush";
import { EllipseTool } from "../../src/tools/ellipse";
import { PolygonTool } from "../../src/tools/polygon";
import { SelectTool } from "../../src/tools/select";
import { at, click, drag, hosted, shapeOf, SQUARE } from "./host";

const WIDTH = 60;
const wide = () => hosted(SQUARE, WIDTH);

it("a box, an ellipse and a polygon end there", async () => {
  const { host } = await wide();
  drag(new BoxTool(host), at(50, 30), at(80, 80));
  expect(host.boxes).toEqual([{ x0: 50, y0: 30, x1: 60, y1: 40 }]);
  drag(new EllipseTool(host), at(45, 25), at(80, 80));
  const polygon = new PolygonTool(host);
  for (const place of [at(44, 24), at(90, 24), at(90, 70), at(44, 24)]) click(polygon, place);
  expect(host.added.map(boxOfParts)).toEqual([
    { x0: 45, y0: 25, x1: 60, y1: 40 },
    { x0: 44, y0: 24, x1: 60, y1: 40 },
  ]);
});

it("a circle is as large as the picture lets it grow downwards and upwards", async () => {
  const { host } = await wide();
  const shift = { shift: true };
  drag(new EllipseTool(host), at(10, 30), at(55, 39, shift));
  drag(new EllipseTool(host), at(40, 10), at(58, 5, shift));
  expect(host.added.map(boxOfParts)).toEqual([
    { x0: 10, y0: 30, x1: 20, y1: 40 },
    { x0: 40, y0: 0, x1: 50, y1: 10 },
  ]);
});

it("a stroke is cut off there", async () => {
  const { host, session } = await wide();
  const drawn: string[] = [];
  host.addInstance = (mask) => void drawn.push(mask.rle!);
  session.view.set({ brushSize: 60 });
  drag(new BrushTool(host, "paints"), at(30, 39), at(59, 39), at(59, 39));
  expect(outlineOf(maskOfRle(drawn[0], 40)).box).toEqual({ x0: 27, y0: 36, x1: 60, y1: 40 });
});

it("an instance stops there, whole", async () => {
  const { host, session } = await wide();
  session.select(["one"]);
  drag(new SelectTool(host), at(15, 15), at(55, 55), at(75, 75));
  expect(boxOfParts(shapeOf(session))).toEqual({ x0: 50, y0: 30, x1: 60, y1: 40 });
});
