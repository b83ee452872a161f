import { describe, expect, it } from "vitest";
import { HANDLE_GAP, handlePoint, shownHandles, shownVertices, vertexAt } from "../../src/canvas/grips";
import type { Part, Point } from "../../src/document/geometry";
import { draggedBox, gripAt } from "../../src/tools/handles";
import { randomOf } from "../random";

const PICTURE = { width: 400, height: 300 };

/** A ring of `count` vertices around (100, 100). */
function circle(radius: number, count: number): Part[] {
  const point = (_: unknown, n: number): Point => {
    const angle = (2 * Math.PI * n) / count;
    return [100 + radius * Math.cos(angle), 100 + radius * Math.sin(angle)];
  };
  return [[Array.from({ length: count }, point)]];
}

describe("vertices that are shown", () => {
  const closest = (parts: readonly Part[], scale: number): number => {
    const points = shownVertices(parts, scale).map(({ part, ring, vertex }) => parts[part][ring][vertex]);
    const gaps = points.flatMap((a, index) => points.slice(0, index).map((b) => scale * Math.hypot(a[0] - b[0], a[1] - b[1])));
    return Math.min(...gaps);
  };

  it("stand apart at every scale, and are all there once there is room", () => {
    const parts = circle(40, 120);
    for (const scale of [0.4, 1, 2.5]) expect(closest(parts, scale)).toBeGreaterThanOrEqual(12);
    expect(shownVertices(parts, 0.4).length).toBeLessThan(12);
    expect(shownVertices(parts, 8)).toHaveLength(120);
  });

  it("are none on what is tiny", () => {
    expect(shownVertices(circle(6, 30), 2)).toEqual([]);
    expect(shownVertices(circle(6, 30), 12).length).toBeGreaterThan(10);
  });

  it("keep the corners, and show one that lies on a straight edge where there is room", () => {
    const parts: Part[] = [[[[0, 0], [50, 0], [53, 0], [100, 0], [100, 100], [0, 100]]]];
    const seen = (scale: number): number[] => shownVertices(parts, scale).map(({ vertex }) => vertex);
    expect(seen(1)).toEqual([0, 1, 3, 4, 5]);
    expect(seen(5)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("are the only ones that can be held", () => {
    const parts = circle(40, 120);
    const { vertex } = shownVertices(parts, 0.5)[1];
    expect(vertexAt(parts, parts[0][0][vertex], 1, 0.5)).toEqual({ part: 0, ring: 0, vertex });
    expect(vertexAt(parts, parts[0][0][vertex + 1], 1, 0.5)).toBeNull();
  });
});

describe("handles", () => {
  it("stand outside the box, so that a tiny one is free inside", () => {
    const box = { x0: 100, y0: 100, x1: 104, y1: 104 };
    expect(shownHandles(box, 1).map(({ index }) => index)).toEqual([0, 2, 4, 6]);
    expect(shownHandles(box, 20).map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(gripAt(box, [102, 102], 8, 1)).toBeNull();
    expect(gripAt(box, [100 - HANDLE_GAP, 100 - HANDLE_GAP], 8, 1)).toMatchObject({ handle: 0, distance: 0 });
  });

  it("move their side by as much as they are moved, as far as the picture goes", () => {
    const random = randomOf(5);
    const box = { x0: 50, y0: 60, x1: 150, y1: 200 };
    for (let n = 0; n < 200; n++) {
      const scale = 0.2 + 5 * random();
      const [dx, dy] = [Math.round(60 * (random() - 0.5)), Math.round(60 * (random() - 0.5))];
      const [x, y] = handlePoint(box, 4, scale);
      const grip = gripAt(box, [x + 3 / scale, y - 2 / scale], 8 / scale, scale)!;
      const moved = draggedBox(box, grip, [x + 3 / scale + dx, y - 2 / scale + dy], PICTURE);
      expect(moved.x1).toBeCloseTo(150 + dx);
      expect(moved.y1).toBeCloseTo(200 + dy);
    }
    const grip = gripAt(box, handlePoint(box, 4, 1), 8, 1)!;
    expect(draggedBox(box, grip, [9999, 9999], PICTURE)).toEqual({ x0: 50, y0: 60, x1: 400, y1: 300 });
  });
});
