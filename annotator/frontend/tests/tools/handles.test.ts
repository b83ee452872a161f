import { expect, it } from "vitest";
import type { Box } from "../../src/document/geometry";
import { scaledBox } from "../../src/tools/handles";

const BOX: Box = { x0: 10, y0: 20, x1: 30, y1: 50 };

// From the corner at the left above, clockwise.
it.each([
  [0, { x0: 12, y0: 23 }],
  [1, { y0: 23 }],
  [2, { x1: 12, y0: 23 }],
  [3, { x1: 12 }],
  [4, { x1: 12, y1: 23 }],
  [5, { y1: 23 }],
  [6, { x0: 12, y1: 23 }],
  [7, { x0: 12 }],
])("handle %i moves its own sides alone", (handle, moved) => {
  expect(scaledBox(BOX, handle, [12, 23])).toEqual({ ...BOX, ...moved });
});

it("a box keeps a pixel a side", () => {
  expect(scaledBox(BOX, 0, [99, 99])).toEqual({ x0: 29, y0: 49, x1: 30, y1: 50 });
  expect(scaledBox(BOX, 4, [0, 0])).toEqual({ x0: 10, y0: 20, x1: 11, y1: 21 });
});
