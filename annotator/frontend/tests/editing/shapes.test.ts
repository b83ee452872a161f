import { describe, expect, it } from "vitest";
import type { PictureStep } from "../../src/document/history";
import { outlineOf } from "../../src/document/outline";
import { withoutHoles } from "../../src/document/paint";
import type { Instance } from "../../src/document/scene";
import { find, maskOfParts } from "../../src/document/scene";
import { copy, cutInTwo, duplicate, merge, nudge, paste, reshape, separate } from "../../src/editing/shapes";
import type { Session } from "../../src/session/session";
import { seen, settle, start, stored } from "../harness";
import { FakeServer } from "../server";

async function opened() {
  const server = new FakeServer([3, 1]);
  const { session } = start(server);
  await session.open(1);
  const one = (key: string): Instance => find(session.view.get().scene!, key)!;
  return { server, session, one };
}

const areas = (session: Session): number[] => session.view.get().scene!.instances.map((one) => outlineOf(one.mask).area);

describe("shapes", () => {
  it("merge into the first, in one step that undo takes back", async () => {
    const { session, one, server } = await opened();
    merge(session, [one("i0k0"), one("i0k1")]);
    expect(areas(session)).toEqual([32, 16]);
    expect(outlineOf(one("i0k0").mask).parts).toHaveLength(1);
    await session.undo();
    expect(areas(session)).toEqual([16, 16, 16]);
    await settle();
    expect(seen(session.view.get().scene!)).toEqual(await stored(server, 1));
  });

  it("split into pieces of the same category, the largest under the old name", async () => {
    const { session, one, server } = await opened();
    const larger = maskOfParts([[[[8, 4], [12, 4], [12, 20], [8, 20]]]], 40);
    session.commit("edit", [{ before: one("i0k2"), after: { ...one("i0k2"), mask: larger } }]);
    merge(session, [one("i0k0"), one("i0k2")]);
    separate(session, [one("i0k0")]);
    expect(areas(session)).toEqual([64, 16, 16]);
    expect(new Set(session.view.get().scene!.instances.map((each) => each.key)).size).toBe(3);
    await settle();
    expect(seen(session.view.get().scene!)).toEqual(await stored(server, 1));
  });

  it("fall in two under a line, the smallest of those that it runs through", async () => {
    const { session, one } = await opened();
    const around = maskOfParts([[[[0, 0], [30, 0], [30, 30], [0, 30]]]], 40);
    session.commit("add", [{ before: null, after: { ...one("i0k1"), key: "around", mask: around } }]);
    expect(cutInTwo(session, session.view.get().scene!.instances, [[-1, 6], [31, 6]])).toBe(true);
    expect(areas(session).toSorted((a, b) => a - b)).toEqual([4, 12, 16, 16, 900]);
  });

  it("are pasted into another picture, and a duplicate is cut off at the edge", async () => {
    const { session, one } = await opened();
    copy([one("i0k0"), one("i0k1")]);
    await session.open(2);
    paste(session);
    expect(areas(session)).toEqual([16, 16, 16]);
    expect(session.view.get().selection).toHaveLength(2);
    const corner = maskOfParts([[[[26, 26], [32, 26], [32, 32], [26, 32]]]], 40);
    const added = { ...session.view.get().scene!.instances[0], key: "corner", mask: corner };
    session.commit("add", [{ before: null, after: added }]);
    duplicate(session, [added]);
    expect(areas(session).at(-1)).toBe(4);
    const below = maskOfParts([[[[4, 30], [9, 30], [9, 40], [4, 40]]]], 40);
    duplicate(session, [{ ...added, mask: below }]);
    expect(areas(session)).toEqual([16, 16, 16, 36, 4]);
  });

  it("are nudged pixel by pixel, and stop at the edge of the picture", async () => {
    const { session, one } = await opened();
    nudge(session, [one("i0k0")], 1, 0);
    expect(outlineOf(one("i0k0").mask).box).toEqual({ x0: 1, y0: 4, x1: 5, y1: 8 });
    nudge(session, [one("i0k0")], -1, 0);
    const steps = session.view.get().history.past.length;
    nudge(session, [one("i0k0")], -1, 0);
    expect(session.view.get().history.past).toHaveLength(steps);
    for (const [dx, dy] of [[36, 32], [0, -36]]) nudge(session, [one("i0k0")], dx, dy);
    expect(outlineOf(one("i0k0").mask).box).toEqual({ x0: 36, y0: 0, x1: 40, y1: 4 });
    nudge(session, [one("i0k0")], 0, 37);
    nudge(session, [one("i0k0")], 1, 0);
    expect(outlineOf(one("i0k0").mask).box).toEqual({ x0: 36, y0: 0, x1: 40, y1: 4 });
  });

  it("lose their holes, and stay untouched where there are none", async () => {
    const { session, one } = await opened();
    const ring = maskOfParts([[[[1, 1], [20, 1], [20, 20], [1, 20]], [[5, 5], [9, 5], [9, 9], [5, 9]]]], 40);
    session.commit("edit", [{ before: one("i0k0"), after: { ...one("i0k0"), mask: ring } }]);
    const steps = session.view.get().history.past.length;
    reshape(session, [one("i0k0"), one("i0k1")], withoutHoles);
    expect(areas(session)[0]).toBe(361);
    expect((session.view.get().history.past.at(-1) as PictureStep).edits).toHaveLength(1);
    reshape(session, [one("i0k1")], withoutHoles);
    expect(session.view.get().history.past).toHaveLength(steps + 1);
  });
});
