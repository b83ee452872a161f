import { expect, it } from "vitest";
import { Chosen, MOST_CHOSEN, expressionOf } from "../../src/session/chosen";
import type { Cutout, CutoutList } from "../../src/session/cutouts";

const person = { id: 1, name: 'the "tall" one', supercategory: "" };
const filter = { category: 1, state: "suggested", order: "doubt", threshold: 0.5 } as const;

function listOf(loaded: number, total = loaded): CutoutList {
  const made = (index: number): Cutout => ({ wire: { key: `k${index}`, state: "suggested" }, state: "suggested" }) as Cutout;
  const items = Array.from({ length: loaded }, (_, index) => made(index));
  const require = async (count: number): Promise<void> => {
    while (items.length < count) items.push(made(items.length));
  };
  return { items, total, require } as unknown as CutoutList;
}

it("takes a range from the place that was chosen last, and single ones beside it", async () => {
  const chosen = new Chosen(listOf(6), () => {});
  chosen.toggle(3);
  chosen.through(1, 0);
  chosen.toggle(5);
  chosen.toggle(2);
  expect(chosen.count()).toBe(3);
  expect(await chosen.which(filter, [person])).toEqual({ query: "", keys: ["k1", "k3", "k5"] });
});

it("asks for all by the filter, and for all but one by their keys, also those that are not read yet", async () => {
  const chosen = new Chosen(listOf(2, 4), () => {});
  chosen.all();
  expect(chosen.count()).toBe(4);
  expect(await chosen.which(filter, [person])).toEqual({ query: 'category:"the \\"tall\\" one" is:open' });
  chosen.toggle(1);
  expect(chosen.count()).toBe(3);
  expect(await chosen.which(filter, [person])).toEqual({ query: "", keys: ["k0", "k2", "k3"] });
});

it("leaves out of all what has been decided in the gallery since", () => {
  const list = listOf(3);
  const chosen = new Chosen(list, () => {});
  chosen.all();
  list.items[1].state = "rejected";
  expect(chosen.count()).toBe(2);
});

it("takes no more one by one than an order does", async () => {
  const chosen = new Chosen(listOf(1, MOST_CHOSEN + 2), () => {});
  chosen.all();
  chosen.toggle(0);
  expect(await chosen.which(filter, [person])).toBeNull();
});

it("has no expression for a category that another is called like", () => {
  expect(expressionOf(filter, [person, { ...person, id: 2, name: person.name.toUpperCase() }])).toBeNull();
});
