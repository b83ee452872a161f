import { expect, it } from "vitest";
import type { CutoutFilter, WireCutout } from "../../src/document/protocol";
import { CutoutList } from "../../src/session/cutouts";
import { settle, start } from "../harness";
import { FakeServer } from "../server";

const FILTER: CutoutFilter = { category: 1, state: "suggested", order: "doubt", threshold: 0.5 };
const PAGES = 14;

function wire(n: number): WireCutout {
  return { key: `k${n}`, image: 1, name: "1.jpg", state: "suggested", score: 0.9, area: 16, share: 0.01, box: [0, 0, 4, 4], cutout: "" };
}

it("reads each page once, however many wait for it", async () => {
  const asked: string[] = [];
  const gallery = async (_: CutoutFilter, after: string, limit: number) => {
    asked.push(after);
    await settle(1);
    const page = after === "" ? 0 : Number(after);
    const instances = Array.from({ length: limit }, (_, n) => wire(page * limit + n));
    return { total: PAGES * limit, below: 0, after: page + 1 < PAGES ? String(page + 1) : null, counts: [], usual: null, instances };
  };
  const waiting: Promise<void>[] = [];
  // As the grid does: each page that came makes it ask for what it shows, while the jump still reads.
  const list = new CutoutList(start(new FakeServer()).session, { gallery }, () => void waiting.push(list.require(7000, FILTER)));
  waiting.push(list.require(7000, FILTER), list.require(500, FILTER));
  await waiting[0];
  await Promise.all(waiting);
  expect(asked).toEqual(["", ...Array.from({ length: PAGES - 1 }, (_, page) => String(page + 1))]);
  expect(list.items).toHaveLength(7000);
});
