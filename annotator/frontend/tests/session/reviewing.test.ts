/** A reviewer's verdicts on the open picture, each a step that undo takes back. */
import { describe, expect, it, vi } from "vitest";
import { settle, start } from "../harness";
import { FakeServer } from "../server";

async function review() {
  const server = new FakeServer([1, 1, 1]);
  server.reviewed = true;
  for (const id of [1, 2]) server.images.get(id)!.reviewed = true;
  const harness = start(server);
  const { session } = harness;
  await session.refreshQueue();
  await session.open(1);
  await settle();
  const stands = async (id: number) => (await server.verdicts.of(id)).stands;
  return { ...harness, server, stands, steps: () => session.view.get().history.past.length };
}

describe("a verdict", () => {
  it("is taken back by undo and said again by redo, on its picture", async () => {
    const { session, stands } = await review();
    await session.reviewing.accept();
    await session.open(2);
    await settle();
    await session.reviewing.sendBack("the dog");
    expect([await stands(1), await stands(2)]).toEqual(["accepted", "sentback"]);
    await session.undo();
    expect([await stands(1), await stands(2)]).toEqual(["accepted", "toreview"]);
    await session.undo();
    expect([await stands(1), session.view.get().scene?.imageId]).toEqual(["toreview", 1]);
    await session.redo();
    expect(await stands(1)).toBe("accepted");
  });

  it("is not taken back where another one was said since", async () => {
    const { session, server, stands, notices, steps } = await review();
    await session.reviewing.accept();
    await server.verdicts.say([1], "withdrawn");
    await server.verdicts.say([1], "sentback");
    await session.undo();
    expect([await stands(1), notices.at(-1), steps()]).toEqual(["sentback", "undoChanged", 0]);
  });

  it("comes after what was changed just before, and is said once", async () => {
    const { session, stands, steps, notices } = await review();
    session.writeNote("left wing");
    await Promise.all([session.reviewing.accept(), session.reviewing.accept()]);
    await settle();
    expect([await stands(1), steps(), notices]).toEqual(["accepted", 2, []]);
  });

  it("does not stand on what the reviewer has not seen, who is told and sees it", async () => {
    const { session, server, stands, notices, steps } = await review();
    server.images.get(1)!.revision++;
    await session.reviewing.accept();
    expect([await stands(1), notices.at(-1), steps()]).toEqual(["toreview", "verdictStale", 0]);
    await server.verdicts.say([1], "sentback");
    expect(await session.reviewing.sendBack("the dog")).toBe(false);
    expect([notices.length, server.said.get(1)?.length, session.reviewing.state.get().found?.stands]).toEqual([2, 1, "sentback"]);
    await session.open(2);
    await settle();
    await session.reviewing.accept();
    expect(await stands(2)).toBe("accepted");
  });

  it("does not take the place of another reviewer's, also where the page has read the picture again since", async () => {
    const { session, server, stands, notices } = await review();
    await server.verdicts.say([1], "accepted");
    vi.spyOn(server.verdicts, "of").mockImplementationOnce(() => new Promise(() => undefined));
    await session.revalidate(1);
    expect(session.reviewing.waits()).toBe(true);
    expect(await session.reviewing.sendBack("the dog")).toBe(false);
    expect([await stands(1), notices]).toEqual(["accepted", ["verdictStale"]]);
    await server.verdicts.say([1], "withdrawn");
    await session.revalidate(1);
    await settle();
    expect(session.reviewing.waits()).toBe(true);
  });

  it("sends nothing back without a note, and accepts no work of one's own", async () => {
    const { session, server, stands, notices } = await review();
    expect(await session.reviewing.sendBack(" \t")).toBe(false);
    expect([await stands(1), notices]).toEqual(["toreview", ["verdictUnsaid"]]);
    server.own.add(2);
    await session.open(2);
    await settle();
    expect([session.reviewing.waits(), await session.reviewing.accept(), await stands(2)]).toEqual([false, false, "toreview"]);
  });

  it("leaves what was sent back to whoever is to do it, also while the reviewer looks on", async () => {
    const { session, server } = await review();
    server.handout = true;
    await session.refreshQueue();
    await settle();
    await session.reviewing.sendBack("the dog");
    server.holders.clear();
    await session.leasing.beat();
    expect([server.holders.size, session.view.get().lease]).toEqual([0, null]);
    await session.open(2);
    await settle();
    expect([...server.holders.keys()]).toEqual([2]);
  });

  it("is said only of a picture that waits", async () => {
    const { session, stands, steps } = await review();
    await session.open(3);
    await settle();
    expect(session.reviewing.waits()).toBe(false);
    await session.reviewing.accept();
    expect([await stands(3), steps()]).toEqual([null, 0]);
  });
});
