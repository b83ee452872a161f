import { expect, it } from "vitest";
import type { Instance } from "../../src/document/scene";
import { maskOfParts, passes, reshaped, sameInstance } from "../../src/document/scene";

const mask = maskOfParts([[[[0, 0], [9, 0], [9, 9]]]], 40);
const other = maskOfParts([[[[0, 0], [8, 0], [8, 8]]]], 40);
const one: Instance = { key: "k", category: 1, state: "suggested", score: 0.5, source: "starter@1", edited: false, mask };

it("what a model predicted counts as edited once it has another mask, what was drawn by hand never", () => {
  expect(reshaped(one, other)).toEqual({ ...one, mask: other, state: "accepted", edited: true });
  const drawn: Instance = { ...one, source: "manual", score: null, state: "accepted" };
  expect(reshaped(drawn, other)).toEqual({ ...drawn, mask: other });
});

it("two instances are the same decision where state, category, crowd and mask are", () => {
  expect(sameInstance(one, { ...one, mask: maskOfParts(mask.parts!, 40) })).toBe(true);
  expect(sameInstance(one, { ...one, crowd: false })).toBe(true);
  for (const change of [{ state: "accepted" as const }, { category: 2 }, { crowd: true }, { mask: other }]) {
    expect(sameInstance(one, { ...one, ...change }), JSON.stringify(change)).toBe(false);
  }
  expect(sameInstance(null, null)).toBe(true);
  expect(sameInstance(one, null)).toBe(false);
});

it("a suggestion is shown from the threshold on", () => {
  const categories = [] as const;
  expect([0.49, 0.5, 0.51].map((threshold) => passes(one, { threshold, categories }))).toEqual([true, true, false]);
  expect(passes({ ...one, score: null }, { threshold: 1, categories })).toBe(true);
});
