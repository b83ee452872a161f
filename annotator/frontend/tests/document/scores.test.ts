import { describe, expect, it } from "vitest";
import type { Instance } from "../../src/document/scene";
import { maskOfRle, passes } from "../../src/document/scene";
import { scoresOf, shownOf } from "../../src/document/scores";

const mask = maskOfRle("", 40);
const instance = (score: number | null, state: Instance["state"] = "suggested"): Instance => {
  return { key: `${score}`, category: 1, state, score, source: "m@1", edited: false, mask };
};

describe("the queue's scores", () => {
  it("count what any threshold shows, as the picture itself does", () => {
    const all = [0, 0.004, 0.29, 0.295, 0.3, 0.57, 0.999, 1, null].map((score) => instance(score));
    const scores = scoresOf([...all, instance(0.9, "accepted")]);
    for (let hundredth = 0; hundredth <= 100; hundredth++) {
      const threshold = hundredth / 100;
      expect(shownOf(scores, threshold)).toBe(all.filter((one) => passes(one, threshold)).length);
    }
  });
});
