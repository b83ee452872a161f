import { describe, expect, it } from "vitest";
import type { Part, Ring } from "../../src/document/geometry";
import { outlineOf } from "../../src/document/outline";
import { areaOfWindow, windowOfMask, windowOfParts } from "../../src/document/paint";
import { windowToRle } from "../../src/document/rle";
import type { Instance } from "../../src/document/scene";
import { makeHoles, makeInstances, makeParts, partsToHoles } from "../../src/editing/holes";
import type { Session } from "../../src/session/session";
import { seen, settle, start, stored } from "../harness";
import { FakeServer, wireInstance } from "../server";

const square = (x: number, y: number, side: number): Ring => [[x, y], [x + side, y], [x + side, y + side], [x, y + side]];
const OUTER = square(2, 2, 30);
const HOLE = square(6, 6, 8);
const OTHER = square(20, 20, 6);

async function opened(shapes: readonly (readonly Part[])[], traced = false) {
  const server = new FakeServer([0]);
  shapes.forEach((parts, index) => {
    const rle = windowToRle(windowOfParts(parts), 40, 40);
    server.images.get(1)!.instances.set(`k${index}`, wireInstance(`k${index}`, 0, { parts: traced ? null : parts, rle }));
  });
  const { session } = start(server);
  await session.open(1);
  return { server, session };
}

const instances = (session: Session): readonly Instance[] => session.view.get().scene!.instances;
const areas = (session: Session): number[] => instances(session).map((one) => areaOfWindow(windowOfMask(one.mask)));

describe("parts and holes", () => {
  it("become one another and back, one gesture each", async () => {
    const { server, session } = await opened([[[OUTER, HOLE, OTHER]]]);
    expect(makeParts(session, instances(session), null)).toBe(true);
    expect(instances(session)[0].mask.parts).toEqual([[OUTER], [HOLE], [OTHER]]);
    expect(areas(session)).toEqual([900]);
    expect(makeHoles(session, instances(session), null)).toBe(true);
    expect(areas(session)).toEqual([900 - 64 - 36]);
    await settle();
    expect(server.gestures.map((one) => one.verb)).toEqual(["edit", "edit"]);
    await session.undo();
    await session.undo();
    await settle();
    expect(areas(session)).toEqual([800]);
    expect(seen(session.view.get().scene!)).toEqual(await stored(server, 1));
  });

  it("are converted one at a time where the pointer is", async () => {
    const { session } = await opened([[[OUTER, HOLE, OTHER]]]);
    makeParts(session, instances(session), [10, 10]);
    expect(instances(session)[0].mask.parts).toEqual([[OUTER, OTHER], [HOLE]]);
    makeHoles(session, instances(session), [10, 10]);
    expect(instances(session)[0].mask.parts).toEqual([[OUTER, OTHER, HOLE]]);
  });

  it("of a traced mask are filled to the pixel", async () => {
    const { session } = await opened([[[OUTER, HOLE, OTHER]]], true);
    makeParts(session, instances(session), [22, 22]);
    expect(areas(session)).toEqual([900 - 64]);
    expect(instances(session)[0].mask.parts).toBeNull();
    expect(outlineOf(instances(session)[0].mask).parts).toHaveLength(1);
  });

  it("keep an island in a hole as it is, and free one whose part became a hole", () => {
    const island: Part = [square(8, 8, 2)];
    expect(partsToHoles([[OUTER, HOLE], island], null)).toBeNull();
    expect(partsToHoles([[OUTER], [HOLE, square(8, 8, 2)]], null)).toEqual([[OUTER, HOLE], island]);
  });

  it("say so where there is nothing to convert", async () => {
    const { session } = await opened([[[OUTER]]]);
    const all = instances(session);
    expect([makeHoles(session, all, null), makeParts(session, all, null), makeInstances(session, all, null)]).toEqual([false, false, false]);
    expect(session.view.get().history.past).toEqual([]);
  });

  it("make instances of holes, which stay open", async () => {
    const { session } = await opened([[[OUTER, HOLE]]], true);
    makeInstances(session, instances(session), null);
    expect(areas(session)).toEqual([836, 64]);
    expect(instances(session)[1]).toMatchObject({ category: 1, source: "manual", state: "accepted" });
  });

  it("cut smaller instances out of the largest", async () => {
    const { server, session } = await opened([[[HOLE]], [[OUTER]], [[OTHER]]]);
    makeHoles(session, instances(session), null);
    expect(areas(session)).toEqual([800]);
    await settle();
    expect(server.gestures.length).toBe(1);
    await session.undo();
    expect(areas(session).sort((a, b) => b - a)).toEqual([900, 64, 36]);
  });
});
