/** Curves that have gaps. */
import { describe, expect, it } from "vitest";
import { band, line } from "../../src/widgets/sparkline";

describe("a curve", () => {
  it("is lifted where nothing is known", () => {
    expect(line([null, 1, 0.5, null, 0])).toBe("M25 0L50 50M100 100");
    expect(line([null, null])).toBe("");
  });

  it("has an interval around it in as many pieces", () => {
    expect(band([0, 0.5, null], [1, 1, null])).toBe("M0 0L50 0L50 50L0 100Z");
    expect(band([0, null, 0], [1, null, 1])).toBe("M0 0L0 100ZM100 0L100 100Z");
    expect(band([null], [null])).toBe("");
  });
});
