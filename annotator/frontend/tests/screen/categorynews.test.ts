/** What a page tells of categories that somebody else changed. */
import { expect, it } from "vitest";
import { tellCategoryNews } from "../../src/screen/categorynews";
import { start } from "../harness";
import { CATEGORIES, FakeServer } from "../server";

it("says once what a category became or that it is gone, and nothing of one's own changes", () => {
  const { session } = start(new FakeServer([]));
  const told: string[] = [];
  let own = false;
  tellCategoryNews(session, { show: (_kind, text) => void told.push(text) }, () => own);
  session.view.set({ categories: CATEGORIES });
  expect(told).toEqual([]);
  const [person, car, helmet] = CATEGORIES;
  session.view.set({ categories: [{ ...person, also: [3] }, helmet] });
  expect(told).toEqual(["Somebody merged “car” into “person”."]);
  session.view.set({ categories: [{ ...person, also: [3] }] });
  expect(told[1]).toBe("Somebody removed “helmet”.");
  session.view.set({ categories: [person, car] });
  own = true;
  session.view.set({ categories: [person] });
  expect(told).toHaveLength(2);
});
