import { describe, expect, it } from "vitest";
import type { Part, Ring } from "../../src/document/geometry";
import { clampPoint, nearestEdge, withRing } from "../../src/document/geometry";

const square = (x: number, side: number): Ring => [[x, x], [x + side, x], [x + side, x + side], [x, x + side]];
const DONUT: Part = [square(0, 9), square(3, 3)];

describe("a ring put into its part", () => {
  it("needs three points: a hole of less goes, an outer ring takes its holes along", () => {
    const triangle = square(3, 2).slice(0, 3);
    expect(withRing([DONUT, [square(20, 4)]], 0, 1, triangle)).toEqual([[DONUT[0], triangle], [square(20, 4)]]);
    expect(withRing([DONUT], 0, 1, triangle.slice(0, 2))).toEqual([[DONUT[0]]]);
    expect(withRing([DONUT], 0, 0, triangle)).toEqual([[triangle, DONUT[1]]]);
    expect(withRing([DONUT, [square(20, 4)]], 0, 0, triangle.slice(0, 2))).toEqual([[square(20, 4)]]);
  });
});

it("an edge is near where it lies within reach, at it too", () => {
  expect(nearestEdge([DONUT], 4.5, 12, 3)).toEqual({ distance: 3, part: 0, ring: 0, vertex: 2, point: [4.5, 9] });
  expect(nearestEdge([DONUT], 4.5, 12, 2.9)).toBeNull();
});

it("a point beyond the picture is at its border", () => {
  expect(clampPoint([70, 50], 60, 40)).toEqual([60, 40]);
  expect(clampPoint([-1, 39], 60, 40)).toEqual([0, 39]);
  expect(clampPoint([59, -1], 60, 40)).toEqual([59, 0]);
});
