import { expect, it } from "vitest";
import { Ahead } from "../../src/saving/ahead";
import { settle } from "../harness";
import { FakeServer } from "../server";

function made() {
  const server = new FakeServer([1, 1, 1, 1, 1, 1]);
  const asked: number[] = [];
  const shown: string[] = [];
  const document = server.document.bind(server);
  server.document = (id) => (asked.push(id), document(id));
  const clock = { now: 0 };
  return { ahead: new Ahead({ api: server, preload: (url) => shown.push(url), now: () => clock.now }), asked, shown, clock };
}

it("a document is fetched once, with its picture, and is fresh for four seconds", async () => {
  const { ahead, asked, shown, clock } = made();
  for (const id of [1, 2, 1]) ahead.fetch(id);
  await settle();
  expect([asked, shown]).toEqual([[1, 2], ["pictures/1", "pictures/2"]]);
  clock.now = 4000;
  expect(ahead.take(1)?.fresh).toBe(true);
  expect(ahead.take(1)).toBeNull();
  clock.now = 4001;
  expect(ahead.take(2)?.fresh).toBe(false);
});

it("four are kept, the latest; what could not be fetched is none", async () => {
  const { ahead } = made();
  for (const id of [1, 2, 3, 4, 5, 99]) ahead.fetch(id);
  await settle();
  expect([1, 2, 3, 4, 5, 99].filter((id) => ahead.take(id) !== null)).toEqual([3, 4, 5]);
});
