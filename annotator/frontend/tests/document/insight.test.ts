/** What the decisions say, as the page reads it. */
import { describe, expect, it } from "vitest";
import type { WireAdvice, WireInsight } from "../../src/document/insight";
import { adviceFor, betterThan, savedBy, spoken, stepOf } from "../../src/document/insight";

const nothing = Array<null>(101).fill(null);
const share = { share: nothing, low: nothing, high: nothing, total: Array<number>(101).fill(0) };

export function advice(patch: Partial<WireAdvice>): WireAdvice {
  return { network: "net@1", category: 1, answers: 40, suggestions: 50, advised: 0.3, known_from: 0.1, at_edge: false, precision: share, missed: share, work: nothing, ...patch };
}

describe("advice", () => {
  it("is that of the network with most answers", () => {
    const insight = { advice: [advice({ answers: 5 }), advice({ network: "two@1", answers: 90 }), advice({ category: 7, answers: 99 })] } as unknown as WireInsight;
    expect(adviceFor(insight, 1)?.network).toBe("two@1");
    expect(adviceFor(insight, null)?.category).toBe(7);
    expect(adviceFor(insight, 4)).toBeNull();
  });

  it("says how much work it spares, where that is known", () => {
    const work = nothing.map((_, at) => (at < 20 ? null : 100 + Math.abs(at - 30)));
    expect(savedBy(advice({ work }), 0.5)).toBeCloseTo(20 / 120);
    expect(savedBy(advice({ work }), 0.3)).toBe(0);
    expect(savedBy(advice({ work }), 0.1)).toBeNull();
    expect(savedBy(advice({ work, advised: null }), 0.5)).toBeNull();
    expect([0.5, 0.3, 0.1].map((threshold) => betterThan(advice({ work }), threshold))).toEqual([0.3, null, 0.3]);
  });

  it("knows the step of a threshold", () => {
    expect([0, 0.29, 0.57, 1].map(stepOf)).toEqual([0, 29, 57, 100]);
  });

  it.each([
    [0, "minutes", 0],
    [5, "minutes", 1],
    [35 * 60, "minutes", 35],
    [119 * 60, "minutes", 119],
    [150 * 60, "hours", 2.5],
  ] as const)("says %d seconds as people do", (seconds, unit, n) => {
    expect(spoken(seconds)).toEqual({ unit, n });
  });
});
