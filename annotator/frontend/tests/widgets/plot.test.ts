/** Charts of bars and of points, as paths in a square of 100. */
import { describe, expect, it } from "vitest";
import { barPath, intervalPath } from "../../src/widgets/plot";

describe("a chart", () => {
  it("stands its bars side by side, each with its share of the width", () => {
    expect(barPath(0.5, 1, 2)).toBe("M55 100V50H95V100Z");
    expect(barPath(0, 0, 10)).toBe("M1 100V100H9V100Z");
  });

  it("draws an interval from its lower to its upper bound", () => {
    expect(intervalPath({ x: 0.25, y: 0.5, low: 0.1, high: 0.9 })).toBe("M25 90V10");
  });
});
