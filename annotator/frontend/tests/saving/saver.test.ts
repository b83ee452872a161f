import { describe, expect, it } from "vitest";
import { find } from "../../src/document/scene";
import { accept, acceptVisible, reject, relabel } from "../../src/editing/review";
import { RefusedError } from "../../src/saving/errors";
import type { SaverOptions } from "../../src/saving/saver";
import { Saver } from "../../src/saving/saver";
import { MemoryOutbox, seen, settle, start, stored } from "../harness";
import { FakeServer, refused, wireInstance } from "../server";

async function opened(server: FakeServer, client: string, outbox?: MemoryOutbox) {
  const harness = start(server, client, outbox);
  await harness.session.open(1);
  const one = (key: string) => [find(harness.session.view.get().scene!, key)!];
  return { ...harness, one };
}

/** A saver without a session; `sent` has the revision that each request was made on. */
function alone(options: Partial<SaverOptions> & Pick<SaverOptions, "post">) {
  const sent: number[] = [];
  const none = (): void => {};
  const saver = new Saver({
    outbox: new MemoryOutbox(),
    client: "a",
    wait: () => Promise.resolve(),
    onStatus: none,
    onConflict: none,
    onRefused: none,
    onClosed: none,
    onSettled: none,
    ...options,
    post: (imageId, gesture) => {
      sent.push(gesture.revision);
      return options.post(imageId, gesture);
    },
  });
  return { saver, sent };
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

  it("sends a gesture on more instances than the server takes at once in pieces, the picture's state last", async () => {
    const server = new FakeServer([0]);
    const image = server.images.get(1)!;
    const states = (): (string | boolean)[] => [image.reviewed, ...new Set([...image.instances.values()].map(({ state }) => state))];
    for (let n = 0; n < 4001; n++) image.instances.set(`k${n}`, wireInstance(`k${n}`, 0));
    const { session, notices, outbox } = await opened(server, "a");
    acceptVisible(session);
    await settle();
    expect(server.gestures.map(({ changes, reviewed }) => [changes.length, reviewed])).toEqual([[2000, undefined], [2000, undefined], [1, true]]);
    expect([states(), notices, outbox.pending()]).toEqual([[true, "accepted"], [], []]);
    await session.undo(); // one step of the person
    await settle();
    expect(states()).toEqual([false, "suggested"]);
  });

  it("keeps what is unsaved in the browser until it is saved", async () => {
    const server = new FakeServer([2]);
    const { session, outbox, one } = await opened(server, "a");
    server.before = () => {
      throw new TypeError("network");
    };
    accept(session, one("i0k0"));
    reject(session, one("i0k1"));
    expect(outbox.pending().map((gesture) => [gesture.number, gesture.body.verb])).toEqual([
      [1, "accept"],
      [2, "reject"],
    ]);
    server.before = () => {};
    await settle();
    expect(outbox.pending()).toEqual([]);
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
    const left = closed.outbox.pending();
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

  it("tells the next tab which revision is the last: only what came after it is sent, on top of it", async () => {
    const server = new FakeServer([3]);
    const closed = await opened(server, "a");
    let taken = 0;
    server.before = () => {
      if (taken++ > 0) throw new TypeError("network");
    };
    for (const key of ["i0k0", "i0k1", "i0k2"]) accept(closed.session, closed.one(key));
    await settle(3);
    const left = closed.outbox.pending();
    expect(left.map(({ number, revision }) => [number, revision])).toEqual([
      [2, 2],
      [3, 1],
    ]);
    server.before = () => {};
    const next = start(server, "b");
    next.session.saver.adopt(left);
    await settle();
    expect(next.session.view.get().conflict).toBeNull();
    expect(server.gestures.map((gesture) => gesture.number)).toEqual([1, 2, 3]);
  });

  it.each([
    ["the disk is full", refused("the disk is full", 507), "the disk is full"],
    ["a proxy finds nothing", new RefusedError("HTTP 404", 404), "HTTP 404"],
    ["signed out", refused("sign in", 401), "sign in"],
    ["not allowed at present", refused("sign in", 403), "sign in"],
    ["a project that is gone", refused("no such project", 404, { gone: "project" }), "no such project"],
    ["too slow", refused("too slow", 408), "too slow"],
    ["too early", refused("starting", 425), "starting"],
    ["too many at once", refused("try again", 429), "try again"],
    ["no network", new TypeError("network"), undefined],
  ])("keeps a gesture that may be taken later, and says why it is not: %s", async (_, error, reason) => {
    const server = new FakeServer([2]);
    const { session, statuses, outbox, one } = await opened(server, "a");
    server.before = () => {
      throw error;
    };
    accept(session, one("i0k0"));
    await settle(3);
    expect(outbox.pending()).toHaveLength(1);
    expect(statuses.at(-1)).toEqual({ kind: "offline", unsaved: 1, reason });
    server.before = () => {};
    await settle();
    expect(statuses.at(-1)).toEqual({ kind: "saved", unsaved: 0 });
    expect(server.gestures).toHaveLength(1);
  });

  it("steps over a picture that is somebody else's, names it, and keeps what was done there until it is theirs", async () => {
    const closed = refused("image 1: this take of it is not yours", 403, { closed: "picture" });
    const server = new FakeServer([2, 2]);
    const post = server.post.bind(server);
    let isTheirs = false;
    server.post = (id, gesture) => (id === 1 && !isTheirs ? Promise.reject(closed) : post(id, gesture));
    const { session, statuses, notices, details, outbox, one } = await opened(server, "a");
    accept(session, one("i0k0"));
    accept(session, one("i0k1"));
    await session.open(2);
    accept(session, one("i1k0"));
    await settle();
    expect(server.gestures.map(({ changes }) => changes[0].key)).toEqual(["i1k0"]);
    expect([notices, details]).toEqual([["pictureClosed"], [`1.jpg, image 1: this take of it is not yours`]]);
    expect(outbox.pending().map(({ imageId, number }) => [imageId, number])).toEqual([[1, 1], [1, 2]]);
    expect(statuses.at(-1)).toEqual({ kind: "closed", unsaved: 2, reason: "image 1: this take of it is not yours" });
    expect(session.saver.unsaved()).toBe(0); // nobody waits for it
    isTheirs = true;
    await session.open(1);
    reject(session, one("i0k1"));
    await settle();
    expect(server.gestures).toHaveLength(4);
    expect([statuses.at(-1), outbox.pending()]).toEqual([{ kind: "saved", unsaved: 0 }, []]);
  });

  it("asks again after longer and longer, and at last every 20 seconds", async () => {
    const waits: number[] = [];
    let left = 9;
    const { saver, sent } = alone({
      post: () => (left-- > 0 ? Promise.reject(new TypeError("network")) : Promise.resolve({ revision: 2 })),
      wait: (milliseconds) => Promise.resolve(void waits.push(milliseconds)),
    });
    saver.push(1, { verb: "accept", changes: [], threshold: 0.5, seconds: 1 });
    await settle();
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000, 20_000]);
    expect(sent).toHaveLength(10);
    expect(saver.unsaved()).toBe(0);
  });

  it("goes on from the latest revision, also where the answer to an older one comes after it", async () => {
    const { saver, sent } = alone({
      post: () => {
        if (sent.length === 1) saver.keepMine(1, 9);
        return Promise.resolve({ revision: sent.length === 1 ? 6 : 10 });
      },
    });
    saver.noteLoaded(1, 5);
    saver.push(1, { verb: "accept", changes: [], threshold: 0.5, seconds: 1 });
    saver.push(1, { verb: "accept", changes: [], threshold: 0.5, seconds: 1 });
    await settle();
    expect(sent).toEqual([5, 9]);
    expect(saver.revision(1)).toBe(10);
  });

  it("drops what the server refuses, says why, and shows what the server has", async () => {
    const server = new FakeServer([2]);
    const { session, notices, one } = await opened(server, "a");
    let refuse = true;
    server.before = () => {
      if (!refuse) return;
      refuse = false;
      throw refused("gesture.changes[0]: no", 400);
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

  it("ask about one picture after the other where several were changed elsewhere", async () => {
    const server = new FakeServer([1, 1, 1]);
    const first = await opened(server, "a");
    const second = await opened(server, "b");
    for (const id of [1, 2, 3]) {
      await second.session.open(id);
      await first.session.open(id);
      relabel(first.session, 3, first.session.view.get().scene!.instances);
      await settle();
      reject(second.session, second.session.view.get().scene!.instances);
    }
    await settle();
    expect(second.statuses.at(-1)).toEqual({ kind: "conflict", unsaved: 3 });
    const asked: (number | null)[] = [];
    for (const choice of ["mine", "theirs", "both"] as const) {
      asked.push(second.session.view.get().conflict);
      await second.session.resolveConflict(choice);
      await settle();
    }
    expect(asked).toEqual([1, 2, 3]);
    expect(second.session.view.get().conflict).toBeNull();
    expect(second.statuses.at(-1)).toEqual({ kind: "saved", unsaved: 0 });
    const states = [...server.images.values()].map((image) => [...image.instances.values()].map((one) => one.state));
    expect(states).toEqual([["rejected"], ["accepted"], ["accepted"]]);
  });

  it("save what was not yet saved of a picture that goes to the bin", async () => {
    const server = new FakeServer([1, 1]);
    const { session, statuses, one } = await opened(server, "a");
    server.before = () => {
      throw new TypeError("network");
    };
    accept(session, one("i0k0"));
    await settle(3);
    session.forget(1);
    server.before = () => {};
    await settle();
    expect(server.gestures).toHaveLength(1);
    expect(statuses.at(-1)).toEqual({ kind: "saved", unsaved: 0 });
  });

  it("keep both: theirs as it is, mine beside it, and what I removed stays theirs", async () => {
    const server = new FakeServer([3]);
    const first = await opened(server, "a");
    const second = await opened(server, "b");
    relabel(first.session, 3, first.one("i0k0"));
    await settle();
    reject(first.session, first.one("i0k1"));
    await settle();
    relabel(second.session, 91, second.one("i0k0"));
    reject(second.session, second.one("i0k1"));
    accept(second.session, second.one("i0k2"));
    await settle();
    expect(second.session.view.get().conflict).toBe(1);
    await second.session.resolveConflict("both");
    await settle();
    expect(second.session.view.get().conflict).toBeNull();
    expect(second.outbox.pending()).toEqual([]);
    const document = await server.document(1);
    const found = document.instances.map(({ category, state, rle }) => [category, state, rle === document.instances[0].rle]);
    expect(found).toEqual([
      [3, "accepted", true],
      [1, "rejected", false],
      [1, "accepted", false], // nobody else touched it
      [91, "accepted", true],
    ]);
    expect(seen(second.session.view.get().scene!)).toEqual(await stored(server, 1));
  });
});
