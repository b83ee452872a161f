import { describe, expect, it } from "vitest";
import { partsContain } from "../../src/document/geometry";
import { HitIndex, nextUnder } from "../../src/document/hit";
import { outlineOf } from "../../src/document/outline";
import type { Instance } from "../../src/document/scene";
import { maskOfParts } from "../../src/document/scene";
import { randomOf } from "../random";

function square(key: string, x: number, y: number, side: number): Instance {
  const parts = [[[[x, y], [x + side, y], [x + side, y + side], [x, y + side]] as const]];
  const mask = maskOfParts(parts, 480);
  return { key, category: 1, state: "accepted", score: null, source: "manual", edited: false, mask };
}

describe("hits", () => {
  it("come the smallest first, and repeated clicks go through all of them", () => {
    const all = [square("large", 0, 0, 100), square("small", 40, 40, 10), square("middle", 20, 20, 50)];
    const under = new HitIndex(all, 640, 480).at(45, 45, 3);
    expect(under.map((one) => one.key)).toEqual(["small", "middle", "large"]);
    expect(nextUnder(under, "small")?.key).toBe("middle");
    expect(nextUnder(under, "large")?.key).toBe("small");
    expect(nextUnder([], "small")).toBeNull();
  });

  it("take the nearest outline where nothing lies under the pointer", () => {
    const index = new HitIndex([square("a", 0, 0, 10), square("b", 14, 0, 10)], 640, 480);
    expect(index.at(11, 5, 3).map((one) => one.key)).toEqual(["a"]);
    expect(index.at(13.5, 5, 3).map((one) => one.key)).toEqual(["b"]);
    expect(index.at(12, 5, 1)).toEqual([]);
  });

  it("are those that a search without the grid finds", () => {
    const random = randomOf(5);
    const all = Array.from({ length: 200 }, (_, n) => square(`${n}`, random() * 600, random() * 440, 1 + random() * 200));
    const index = new HitIndex(all, 640, 480);
    for (let n = 0; n < 300; n++) {
      const [x, y] = [random() * 640, random() * 480];
      const expected = all.filter((one) => partsContain(outlineOf(one.mask).parts, x, y)).map((one) => one.key);
      expect(index.at(x, y, 0).map((one) => one.key).toSorted()).toEqual(expected.toSorted());
    }
  });

  it("do not count a hole", () => {
    const ring = maskOfParts([[[[0, 0], [30, 0], [30, 30], [0, 30]], [[10, 10], [20, 10], [20, 20], [10, 20]]]], 480);
    const index = new HitIndex([{ ...square("ring", 0, 0, 1), mask: ring }], 640, 480);
    expect(index.at(15, 15, 1)).toEqual([]);
    expect(index.at(5, 5, 1)).toHaveLength(1);
  });
});
