import { describe, expect, it } from "vitest";
import { actualSize, clampCamera, fit, toImage, toView, zoomAt } from "../../src/canvas/camera";
import { randomOf } from "../random";

const PICTURE = { width: 640, height: 480 };
const VIEW = { width: 1000, height: 500 };

describe("camera", () => {
  it("keeps the place under the cursor while zooming, in and out of all limits", () => {
    const random = randomOf(1);
    let camera = fit(PICTURE, VIEW);
    for (let step = 0; step < 200; step++) {
      const at = [random() * VIEW.width, random() * VIEW.height] as const;
      const before = toImage(camera, ...at);
      camera = zoomAt(camera, 0.3 + random() * 3, at, PICTURE, VIEW);
      const after = toImage(camera, ...at);
      expect(after[0]).toBeCloseTo(before[0], 6);
      expect(after[1]).toBeCloseTo(before[1], 6);
      expect(camera.scale).toBeLessThanOrEqual(64);
    }
  });

  it("fits the whole picture and comes to one pixel for one", () => {
    const camera = fit(PICTURE, VIEW);
    const [x0, y0] = toView(camera, [0, 0]);
    const [x1, y1] = toView(camera, [640, 480]);
    expect([x0 >= 0, y0 >= 0, x1 <= 1000, y1 <= 500]).toEqual([true, true, true, true]);
    expect(actualSize(camera, PICTURE, VIEW).scale).toBe(1);
  });

  it("never loses the picture outside the view", () => {
    const lost = clampCamera({ scale: 1, x: 9000, y: -9000 }, PICTURE, VIEW);
    const [left] = toView(lost, [0, 0]);
    const [, bottom] = toView(lost, [0, 480]);
    expect(left).toBeLessThan(VIEW.width);
    expect(bottom).toBeGreaterThan(0);
  });
});
