/** Keys of categories: those that were given, and the rest in order. */
import { expect, it } from "vitest";
import { categoriesByDigit, digitsById } from "../../src/document/digits";

const named = (...given: (number | null)[]) => given.map((digit, id) => ({ id, name: `${id}`, supercategory: "", digit }));

it("gives the first nine their keys in order", () => {
  expect([...digitsById(named(...Array<null>(11).fill(null)))]).toEqual(Array.from({ length: 9 }, (_, id) => [id, id + 1]));
});

it("keeps a given key, and lets the others move around it", () => {
  expect([...digitsById(named(null, 1, null, 9))].sort()).toEqual([[0, 2], [1, 1], [2, 3], [3, 9]]);
});

it("gives a key to one only, also where two have it", () => {
  const found = categoriesByDigit(named(5, 5));
  expect([found.get(5)!.id, found.get(1)!.id]).toEqual([0, 1]);
});
