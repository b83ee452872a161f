import { describe, expect, it } from "vitest";
import type { Instance } from "../../src/document/scene";
import { find, maskOfParts, reshaped } from "../../src/document/scene";
import { toggleFlag, toggleLock, writeNote } from "../../src/editing/flags";
import { accept, acceptVisible, ordered, putAside, reject, relabel, setTriage, step } from "../../src/editing/review";
import type { Session } from "../../src/session/session";
import { seen, settle, start, stored } from "../harness";
import { FakeServer } from "../server";

async function opened(server: FakeServer, imageId = 1, client = "tab") {
  const harness = start(server, client);
  await harness.session.refreshQueue();
  await harness.session.open(imageId);
  return harness;
}

const shape = (x: number): Parameters<typeof maskOfParts>[0] => [[[[x, 1], [x + 5, 1], [x + 5, 6]]]];

function instance(session: Session, key: string): Instance {
  return find(session.view.get().scene!, key)!;
}

function add(session: Session, key: string, x = 10): void {
  const mask = maskOfParts(shape(x), 40);
  const after = { key, category: 3, state: "accepted", score: null, source: "manual", edited: false, mask } as const;
  session.commit("add", [{ before: null, after }]);
}

describe("pre-labelling", () => {
  it("shows what was found in the open picture, whoever read the list first", async () => {
    const server = new FakeServer([2, 0]);
    const picture = server.images.get(1)!;
    const found = picture.instances;
    [picture.instances, picture.prelabelled] = [new Map(), false];
    const { session } = await opened(server);
    const shown = () => session.view.get().scene!.instances.map((one) => one.key);
    expect(shown()).toEqual([]);
    [picture.instances, picture.prelabelled] = [found, true];
    await session.refreshQueue();
    await settle();
    expect(shown()).toEqual(["i0k0", "i0k1"]);
  });
});

describe("deciding", () => {
  it("comes back to what was put aside in triage when the rest is decided", async () => {
    const { session } = await opened(new FakeServer([3]));
    session.setThreshold(0.55);
    setTriage(session, true);
    const asked = (): string | undefined => session.view.get().selection[0];
    const order = ordered(session).map((one) => one.key);
    expect(order).toEqual(["i0k2", "i0k1", "i0k0"]);
    expect(putAside(session)).toBe(true);
    expect(asked()).toBe("i0k1");
    accept(session);
    expect(asked()).toBe("i0k0");
    reject(session);
    expect(asked()).toBe("i0k2");
    // The last one that is left: there is nothing to go on to.
    expect(putAside(session)).toBe(false);
    accept(session);
    expect(asked()).toBeUndefined();
    setTriage(session, false);
    expect(putAside(session)).toBe(false);
  });

  it("lists by state what is to be decided first", async () => {
    const { session } = await opened(new FakeServer([3]));
    session.setThreshold(0);
    accept(session, [instance(session, "i0k0")]);
    session.view.set({ sort: "state" });
    expect(ordered(session).map((one) => one.key)).toEqual(["i0k1", "i0k2", "i0k0"]);
  });

  it("goes on to the next suggestion after each decision about the selected one", async () => {
    const { session } = await opened(new FakeServer([3]));
    session.setThreshold(0);
    step(session, 1);
    expect(session.view.get().selection).toEqual(["i0k0"]);
    accept(session);
    expect(session.view.get().selection).toEqual(["i0k1"]);
    reject(session);
    expect(session.view.get().selection).toEqual(["i0k2"]);
    accept(session);
    expect(session.view.get().selection).toEqual([]);
    expect(session.view.get().scene!.instances.map((one) => one.state)).toEqual(["accepted", "rejected", "accepted"]);
  });

  it("rejects what a model suggested, also once it was accepted, and deletes what a person drew", async () => {
    const server = new FakeServer([2]);
    const { session } = await opened(server);
    accept(session, [instance(session, "i0k0")]);
    reject(session, [instance(session, "i0k0")]);
    reject(session, [instance(session, "i0k1")]);
    add(session, "drawn");
    reject(session, [instance(session, "drawn")]);
    await settle();
    expect(server.gestures.map((one) => [one.verb, one.changes[0].state])).toEqual([
      ["accept", "accepted"],
      ["reject", "rejected"],
      ["reject", "rejected"],
      ["add", "accepted"],
      ["delete", "deleted"],
    ]);
    expect(session.view.get().scene!.instances.map((one) => one.state)).toEqual(["rejected", "rejected"]);
  });

  it("changes nothing of what is locked until it is unlocked, whatever asks for it", async () => {
    const { session } = await opened(new FakeServer([2]));
    const first = () => instance(session, "i0k0");
    toggleLock(session, [first()]);
    const locked = first();
    session.select(["i0k0"]);
    accept(session, [locked]);
    reject(session, [locked]);
    relabel(session, 91, [locked]);
    toggleFlag(session, "occluded", [locked]);
    writeNote(session, "no", [locked]);
    session.commit("edit", [{ before: locked, after: null }, { before: null, after: { ...locked, key: "part", locked: undefined } }]);
    expect(first()).toBe(locked);
    expect(session.view.get().selection).toEqual(["i0k0"]);
    acceptVisible(session);
    expect([first().state, instance(session, "i0k1").state]).toEqual(["suggested", "accepted"]);
    await session.undo();
    await session.undo();
    accept(session, [first()]);
    expect(first().state).toBe("accepted");
  });

  it("sends flags and notes as one change each, and an undo takes each back", async () => {
    const server = new FakeServer([1]);
    const { session } = await opened(server);
    const only = () => instance(session, "i0k0");
    toggleFlag(session, "occluded", [only()]);
    writeNote(session, "why", [only()]);
    session.writeNote("of the picture");
    await settle();
    await session.undo();
    await session.undo();
    await session.undo();
    await settle();
    const key = "i0k0";
    expect(server.gestures.map(({ verb, changes, note }) => [verb, note, changes])).toEqual([
      ["flag", undefined, [{ key, category: 1, state: "accepted", flags: ["occluded"] }]],
      ["note", undefined, [{ key, category: 1, state: "accepted", note: "why" }]],
      ["note", "of the picture", []],
      ["undo", "", []],
      ["undo", undefined, [{ key, category: 1, state: "accepted", note: "" }]],
      ["undo", undefined, [{ key, category: 1, state: "suggested", flags: [] }]],
    ]);
    expect(session.view.get().scene!.note).toBe("");
  });

  it("accepts only what the threshold shows, and marks the picture reviewed in the same gesture", async () => {
    const server = new FakeServer([4]);
    const { session } = await opened(server);
    session.setThreshold(0.7);
    acceptVisible(session);
    await settle();
    const [gesture] = server.gestures;
    expect(gesture.changes.map((change) => change.key)).toEqual(["i0k0", "i0k1"]);
    expect(gesture).toMatchObject({ verb: "accept", reviewed: true, threshold: 0.7 });
  });

  it("sends no mask with a decision, and no score or source ever", async () => {
    const server = new FakeServer([1]);
    const { session } = await opened(server);
    relabel(session, 91, [instance(session, "i0k0")]);
    await settle();
    expect(server.gestures[0].changes).toEqual([{ key: "i0k0", category: 91, state: "accepted" }]);
  });

  it("sends the seconds since the gesture before, five minutes at most: a pause is no work", async () => {
    const server = new FakeServer([3]);
    let now = 1000;
    const { session } = start(server, "tab", undefined, () => now);
    await session.open(1);
    for (const [index, pause] of [1234, 0, 299_960, 3_600_000].entries()) {
      now += pause;
      relabel(session, index % 2 === 0 ? 3 : 91, [instance(session, "i0k0")]);
    }
    await settle();
    expect(server.gestures.map((gesture) => gesture.seconds)).toEqual([1.2, 0, 300, 300]);
  });

  it("tells the tool in hand and the presses with what it draws, or the command that did it", async () => {
    const server = new FakeServer([3]);
    const { session } = await opened(server);
    const redraw = (): void => {
      const before = instance(session, "i0k0");
      session.commit("edit", [{ before, after: { ...before, state: "accepted", edited: !before.edited } }]);
    };
    session.view.set({ tool: "brush" });
    session.effort.press();
    session.effort.press();
    redraw();
    session.effort.press();
    session.effort.give("simplify");
    redraw();
    session.effort.give("zoomIn");
    relabel(session, 91, [instance(session, "i0k0")]);
    await settle();
    expect(server.gestures.map(({ tool, clicks }) => [tool, clicks])).toEqual([["brush", 2], ["simplify", 1], [undefined, undefined]]);
  });

  it("draws the same category after another instance was given a new one", async () => {
    const { session } = await opened(new FakeServer([1]));
    session.view.set({ category: 1 });
    relabel(session, 91, [instance(session, "i0k0")]);
    expect(instance(session, "i0k0").category).toBe(91);
    expect(session.view.get().category).toBe(1);
  });

  it("keeps a chosen threshold for other pictures, until the project's own changes", async () => {
    const server = new FakeServer([1, 1]);
    const { session } = await opened(server);
    session.setThreshold(0.65);
    await session.open(2);
    expect(session.view.get().threshold).toBe(0.65);
    const document = server.document.bind(server);
    server.document = async (id) => ({ ...(await document(id)), threshold: 0.3 });
    await session.open(1);
    expect(session.view.get().threshold).toBe(0.3);
  });
});

describe("undo", () => {
  it("gives a drawn instance back after it was undone and redone, mask and all", async () => {
    const server = new FakeServer([0]);
    const { session } = await opened(server);
    add(session, "new");
    await session.undo();
    expect(session.view.get().scene!.instances).toEqual([]);
    await session.redo();
    await settle();
    expect(server.gestures.map((one) => one.verb)).toEqual(["add", "undo", "redo"]);
    expect(seen(session.view.get().scene!)).toEqual(await stored(server, 1));
  });

  it("restores the model's own runs after an edit", async () => {
    const server = new FakeServer([1]);
    const { session } = await opened(server);
    const before = instance(session, "i0k0");
    session.commit("edit", [{ before, after: reshaped(before, maskOfParts(shape(2), 40)) }]);
    expect(instance(session, "i0k0")).toMatchObject({ edited: true, state: "accepted" });
    await session.undo();
    await settle();
    expect(server.gestures[1].changes).toEqual([{ key: "i0k0", category: 1, state: "suggested", rle: before.mask.rle }]);
    expect(instance(session, "i0k0")).toBe(before);
  });

  it("reaches back to the picture where the gesture was made", async () => {
    const { session } = await opened(new FakeServer([2, 2]));
    acceptVisible(session);
    await session.openNextToDo();
    expect(session.imageId()).toBe(2);
    await session.undo();
    expect(session.imageId()).toBe(1);
    expect(session.view.get().scene!.reviewed).toBe(false);
  });

  it("goes on after a reload, and sends masks only where they had changed", async () => {
    const server = new FakeServer([2]);
    const { session } = await opened(server);
    const before = instance(session, "i0k0");
    accept(session, [before]);
    session.commit("edit", [{ before: instance(session, "i0k0"), after: reshaped(before, maskOfParts(shape(2), 40)) }]);
    await settle();
    const { session: later } = start(server, "after the reload");
    later.view.set({ history: structuredClone(session.view.get().history) });
    await later.open(1);
    await later.undo();
    await later.undo();
    await settle();
    expect(seen(later.view.get().scene!)).toEqual(await stored(server, 1));
    expect(find(later.view.get().scene!, "i0k0")!.state).toBe("suggested");
    expect(server.gestures.slice(2).map((gesture) => "rle" in gesture.changes[0])).toEqual([true, false]);
    await later.redo();
    expect(find(later.view.get().scene!, "i0k0")!.state).toBe("accepted");
  });

  it("leaves alone what somebody else has changed since", async () => {
    const server = new FakeServer([2, 1]);
    const { session, notices } = await opened(server);
    accept(session, [instance(session, "i0k0")]);
    await settle();
    await session.open(2);
    const other = await opened(server, 1, "other tab");
    reject(other.session, [instance(other.session, "i0k0")]);
    await settle();
    await session.undo();
    expect(notices).toContain("undoChanged");
  });
});

describe("the list", () => {
  it("has what its filter lets through, and stepping keeps to it", async () => {
    const { session } = await opened(new FakeServer([3]));
    session.setThreshold(0);
    relabel(session, 3, [instance(session, "i0k1")]);
    session.view.set({ filter: { state: null, category: 3, size: null } });
    expect(ordered(session).map((one) => one.key)).toEqual(["i0k1"]);
    session.view.set({ filter: { state: "suggested", category: null, size: null }, selection: [] });
    expect(ordered(session).map((one) => one.key)).toEqual(["i0k0", "i0k2"]);
    step(session, 1);
    step(session, 1);
    expect(session.view.get().selection).toEqual(["i0k2"]);
  });

  it("has the score nearest to the threshold first, and what is decided last", async () => {
    const { session } = await opened(new FakeServer([4]));
    session.setThreshold(0.45);
    accept(session, [instance(session, "i0k3")]);
    session.view.set({ sort: "doubt" });
    expect(ordered(session).map((one) => one.key)).toEqual(["i0k2", "i0k1", "i0k0", "i0k3"]);
  });
});
