/** What of the figures of a network is shown, and how much of it flatters. */
import { describe, expect, it } from "vitest";
import { most, ownShare } from "../../src/document/evaluation";

describe("the figures of a network", () => {
  it("flatter by the objects whose outline the network suggested", () => {
    expect(ownShare({ origins: { own: 2, adjusted: 1, drawn: 4, other: 1 } })).toBe(0.375);
    expect(ownShare({ origins: { own: 0, adjusted: 0, drawn: 0, other: 0 } })).toBe(0);
  });

  it("name the categories with most objects, in their order", () => {
    const confusion = { categories: ["cat", "dog", "boat"], counts: [[3, 1, 0], [0, 1, 0], [2, 0, 7]], missed: [0, 2, 1], nothing_there: [4, 5, 6] };
    expect(most(confusion, 2)).toEqual({ categories: ["cat", "boat"], counts: [[3, 0], [2, 7]], missed: [0, 1], nothing_there: [4, 6] });
  });
});
