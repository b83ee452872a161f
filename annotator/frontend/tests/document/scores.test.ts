import { describe, expect, it } from "vitest";
import type { Instance } from "../../src/document/scene";
import { maskOfRle, passes } from "../../src/document/scene";
import { scoresOf, shownOf } from "../../src/document/scores";

const mask = maskOfRle("", 40);
const CATEGORIES = [
  { id: 1, name: "person", supercategory: "" },
  { id: 3, name: "car", supercategory: "", threshold: 0.3 },
];
const instance = (score: number | null, state: Instance["state"] = "suggested", category = 1): Instance => {
  return { key: `${score}`, category, state, score, source: "m@1", edited: false, mask };
};

describe("the queue's scores", () => {
  it.each([1, 3])("count what any threshold shows, as the picture itself does, of category %i", (category) => {
    const all = [0, 0.004, 0.29, 0.295, 0.3, 0.57, 0.999, 1, null].map((score) => instance(score, "suggested", category));
    const scores = scoresOf([...all, instance(0.9, "accepted")], CATEGORIES);
    for (let hundredth = 0; hundredth <= 100; hundredth++) {
      const threshold = hundredth / 100;
      expect(shownOf(scores, threshold)).toBe(all.filter((one) => passes(one, { threshold, categories: CATEGORIES })).length);
    }
  });
});
