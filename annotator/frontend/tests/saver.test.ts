import { describe, expect, it } from "vitest";
import { RefusedError } from "../src/api";
import { accept, reject, relabel } from "../src/review";
import { find } from "../src/scene";
import { MemoryShelf, seen, settle, start, stored } from "./harness";
import { FakeServer } from "./server";

async function opened(server: FakeServer, client: string, shelf?: MemoryShelf) {
  const harness = start(server, client, shelf);
  await harness.session.open(1);
  const one = (key: string) => [find(harness.session.view.get().scene!, key)!];
  return { ...harness, one };
}

describe("saving", () => {
  it("says saved only after the server has answered with a revision", async () => {
    const server = new FakeServer([2]);
    const { session, statuses, one } = await opened(server, "a");
    const post = server.post.bind(server);
    let answers = 0;
    server.post = async (id, gesture) => {
      const answer = await post(id, gesture);
      // A function of Gradio that failed resolves to undefined: that is no proof.
      return ++answers < 3 ? ({} as { revision: number }) : answer;
    };
    accept(session, one("i0k0"));
    await settle();
    expect(answers).toBe(3);
    expect(server.gestures).toHaveLength(1);
    expect(statuses.map((status) => status.kind)).toEqual(["saving", "offline", "offline", "saved", "saved"]);
  });

  it("keeps what is unsaved on the shelf until it is saved", async () => {
    const server = new FakeServer([2]);
    const { session, shelf, one } = await opened(server, "a");
    server.before = () => {
      throw new TypeError("network");
    };
    accept(session, one("i0k0"));
    reject(session, one("i0k1"));
    expect(shelf.pending("a").map((gesture) => [gesture.number, gesture.body.verb])).toEqual([
      [1, "accept"],
      [2, "reject"],
    ]);
    server.before = () => {};
    await settle();
    expect(shelf.pending("a")).toEqual([]);
    expect(server.gestures.map((gesture) => gesture.number)).toEqual([1, 2]);
  });

  it("sends what a closed tab left behind, each once, also where only the answer was lost", async () => {
    const server = new FakeServer([2]);
    const closed = await opened(server, "a");
    let requests = 0;
    server.after = () => {
      requests++;
      throw new TypeError("network");
    };
    accept(closed.session, closed.one("i0k0"));
    accept(closed.session, closed.one("i0k1"));
    const left = closed.shelf.pending("a");
    expect(left).toHaveLength(2);
    // The closed tab sends nothing more: its server is gone.
    const copy = new FakeServer([2]);
    await copy.post(1, { client: "a", number: 1, revision: 1, ...left[0].body });
    const next = await opened(copy, "b");
    next.session.saver.adopt(left);
    await settle();
    expect(copy.gestures.map((gesture) => [gesture.client, gesture.number])).toEqual([
      ["a", 1],
      ["a", 2],
    ]);
    expect(requests).toBeGreaterThan(0);
    server.after = () => {};
    await settle();
  });

  it("drops what the server refuses, says why, and shows what the server has", async () => {
    const server = new FakeServer([2]);
    const { session, notices, one } = await opened(server, "a");
    let refuse = true;
    server.before = () => {
      if (!refuse) return;
      refuse = false;
      throw new RefusedError("gesture.changes[0]: no", 400);
    };
    accept(session, one("i0k0"));
    accept(session, one("i0k1"));
    await settle();
    expect(notices).toEqual(["refused"]);
    expect(seen(session.view.get().scene!)).toEqual(await stored(server, 1));
    expect(server.gestures).toHaveLength(1);
  });
});

describe("two tabs on one picture", () => {
  it("do not disturb each other where they touch different instances", async () => {
    const server = new FakeServer([3]);
    const first = await opened(server, "a");
    const second = await opened(server, "b");
    accept(first.session, first.one("i0k0"));
    await settle();
    reject(second.session, second.one("i0k1"));
    await settle();
    expect(second.session.view.get().conflict).toBeNull();
    expect(second.session.view.get().scene!.instances.map((one) => one.state)).toEqual(["accepted", "rejected", "suggested"]);
  });

  it.each(["mine", "theirs"] as const)("ask whose answer holds where both changed one instance: %s", async (choice) => {
    const server = new FakeServer([2]);
    const first = await opened(server, "a");
    const second = await opened(server, "b");
    relabel(first.session, 3, first.one("i0k0"));
    await settle();
    reject(second.session, second.one("i0k0"));
    await settle();
    expect(second.session.view.get().conflict).toBe(1);
    expect(second.statuses.at(-1)).toEqual({ kind: "conflict", unsaved: 1 });
    await second.session.resolveConflict(choice);
    await settle();
    expect(second.session.view.get().conflict).toBeNull();
    expect(second.statuses.at(-1)!.kind).toBe("saved");
    expect(second.one("i0k0")[0].state).toBe(choice === "mine" ? "rejected" : "accepted");
    expect(seen(second.session.view.get().scene!)).toEqual(await stored(server, 1));
  });
});
