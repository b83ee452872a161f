/** What a page tells of categories that somebody else changed, and of its own steps back and forth. */
import { expect, it } from "vitest";
import { tellCategoryNews } from "../../src/screen/categorynews";
import { start } from "../harness";
import { CATEGORIES, FakeServer } from "../server";

function page() {
  const server = new FakeServer([]);
  const { session } = start(server);
  const told: string[] = [];
  tellCategoryNews(session, { show: (_kind, text) => void told.push(text) });
  session.view.set({ categories: CATEGORIES });
  return { server, session, told };
}

it("says once what a category became or that it is gone", () => {
  const { session, told } = page();
  expect(told).toEqual([]);
  const [person, , helmet] = CATEGORIES;
  session.view.set({ categories: [{ ...person, also: [3] }, helmet] });
  expect(told).toEqual(["Somebody merged “car” into “person”."]);
  session.view.set({ categories: [{ ...person, also: [3] }] });
  expect(told[1]).toBe("Somebody removed “helmet”.");
});

it("says nothing of one's own changes, and what a step back or forth is about", async () => {
  const { server, session, told } = page();
  await session.categories.make(server.categories.merge(3, 1));
  expect(told).toEqual([]);
  await session.undo();
  await session.redo();
  expect(told).toEqual(["Undone: “merged” is now ", "Done again: “merged” is now "]);
});
