/** The list of pictures: read in stretches, never all of it, and right about what was done a moment ago. */
import { describe, expect, it } from "vitest";
import { acceptVisible } from "../../src/editing/review";
import { Picked, numbersOf } from "../../src/session/picked";
import { settle, start } from "../harness";
import { FakeServer } from "../server";

async function opened(pictures: number, imageId = 1) {
  const server = new FakeServer(Array.from({ length: pictures }, () => 1));
  const harness = start(server);
  const { session } = harness;
  await session.refreshQueue();
  await session.open(imageId);
  const ids = (): number[] => [...session.queue.get().rows].sort(([a], [b]) => a - b).map(([, { id }]) => id);
  return { ...harness, server, ids, list: session.list };
}

describe("the queue", () => {
  it("reads what is in sight and no more", async () => {
    const { list, ids, server } = await opened(1000);
    expect(ids()).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    list.show(450, 460);
    await settle();
    expect(ids().slice(100)).toEqual(Array.from({ length: 100 }, (_, index) => index + 401));
    expect(server.asked).toHaveLength(2);
    list.show(455, 470);
    await settle();
    expect(server.asked).toHaveLength(2);
  });

  it("is not read again while nothing is stored", async () => {
    const { session, server } = await opened(3);
    const { rows } = session.queue.get();
    await session.refreshQueue();
    expect(session.queue.get().rows).toBe(rows);
    server.images.get(2)!.revision++;
    await session.refreshQueue();
    expect(session.queue.get().rows).not.toBe(rows);
  });

  it("goes to the next picture to do, also where its row was never read", async () => {
    const { list, server, session } = await opened(300, 1);
    for (let id = 2; id < 250; id++) server.images.get(id)!.reviewed = true;
    server.images.get(2)!.revision++;
    await session.refreshQueue();
    expect((await list.nextToDo())?.id).toBe(250);
    await session.open(250);
    server.images.get(251)!.reviewed = true;
    expect((await list.nextToDo())?.id).toBe(252);
  });

  it("begins at the top again, and ends where all is reviewed", async () => {
    const { list, session } = await opened(3, 3);
    session.commit("review", [], true);
    expect((await list.nextToDo())?.id).toBe(1);
    for (const id of [1, 2]) {
      await session.open(id);
      session.commit("review", [], true);
    }
    expect(await list.nextToDo()).toBeNull();
  });

  it("says when an order stands that is worked out still", async () => {
    const { list, server } = await opened(3);
    const queue = server.queue.bind(server);
    let ordering = true;
    server.queue = async (request) => {
      const answer = await queue({ ...request, version: "" });
      return "images" in answer ? { ...answer, ordering } : answer;
    };
    await list.ask({ sort: "gain" });
    let stands = false;
    const standing = list.inOrder().then(() => (stands = true));
    await settle();
    expect(stands).toBe(false);
    ordering = false;
    await list.refresh();
    await standing;
    await list.inOrder();
  });

  it("counts what this page did before the server knows", async () => {
    const { session, server, list } = await opened(3);
    server.before = () => {
      throw new TypeError("network");
    };
    acceptVisible(session);
    expect(list.row(1)).toMatchObject({ reviewed: true, accepted: 1, suggested: 0 });
    expect(session.queue.get().reviewed).toBe(1);
    server.images.get(2)!.revision++;
    await session.refreshQueue();
    expect(list.row(1)).toMatchObject({ reviewed: true, accepted: 1 });
    expect(session.queue.get().reviewed).toBe(1);
    session.commit("review", [], false);
    expect(session.queue.get().reviewed).toBe(0);
  });

  it("keeps the open picture in its place when it fits no more, until another is opened", async () => {
    const { session, list, ids } = await opened(3, 2);
    await list.ask({ query: "-reviewed" });
    expect(ids()).toEqual([1, 2, 3]);
    session.commit("review", [], true);
    await settle();
    await session.refreshQueue();
    expect(ids()).toEqual([1, 2, 3]);
    await session.open(3);
    await session.refreshQueue();
    expect(ids()).toEqual([1, 3]);
  });

  it("keeps the last list where an expression cannot be read, and says where", async () => {
    const { session, list, ids } = await opened(3);
    await list.ask({ query: "reviewed" });
    await list.ask({ query: "bad" });
    expect(ids()).toEqual([]);
    expect(session.queue.get()).toMatchObject({ asked: { query: "reviewed" }, trouble: { query: "bad", at: 0, words: ["good"] } });
    await list.ask({ query: "" });
    expect(session.queue.get().trouble).toBeNull();
    expect(ids()).toEqual([1, 2, 3]);
  });

  it("shows the answer to what was asked last, whichever comes last", async () => {
    const { list, server, session, ids } = await opened(3);
    const { queue } = server;
    let release = (): void => {};
    const late = new Promise<void>((resolve) => (release = resolve));
    server.queue = async (request) => {
      if (request.asked.query === "reviewed") await late;
      return queue.call(server, request);
    };
    const first = list.ask({ query: "reviewed" });
    await list.ask({ query: "-reviewed" });
    release();
    await first;
    expect(session.queue.get().asked.query).toBe("-reviewed");
    expect(ids()).toEqual([1, 2, 3]);
  });

  it("shows what was asked for although the list is read again meanwhile", async () => {
    const { list, server, session } = await opened(3);
    const { queue } = server;
    let release = (): void => {};
    const late = new Promise<void>((resolve) => (release = resolve));
    server.queue = async (request) => {
      if (request.asked.query === "-reviewed") await late;
      return queue.call(server, request);
    };
    const asked = list.ask({ query: "-reviewed" });
    const again = session.refreshQueue();
    await settle();
    release();
    await Promise.all([asked, again]);
    expect(session.queue.get().asked.query).toBe("-reviewed");
  });

  it("finds a picture that was never read, with its neighbours", async () => {
    const { list, session } = await opened(500, 1);
    await session.open(321);
    expect(await list.find(321)).toBe(320);
    expect((await list.neighbour(1))?.id).toBe(322);
    expect(list.neighbourHere(-1)?.id).toBe(320);
    expect(await list.find(999)).toBe(-1);
  });

  it("knows its ends", async () => {
    const { list, session } = await opened(2, 1);
    expect(list.neighbourHere(-1)).toBeNull();
    await session.open(2);
    expect(await list.neighbour(1)).toBeNull();
  });

  it("goes on in a search without a picture to do, and says where it ends", async () => {
    const { session, list, notices, server } = await opened(3, 1);
    for (const image of server.images.values()) image.reviewed = true;
    await list.ask({ query: "reviewed" });
    await session.open(2);
    await session.openNextToDo();
    expect(session.imageId()).toBe(3);
    await session.openNextToDo();
    expect(session.imageId()).toBe(3);
    expect(notices).toEqual(["listEnd"]);
  });
});

/** Answers that were made in time and come when they are let go, in the order that the test wants. */
function held(server: FakeServer) {
  const { queue } = server;
  const waiting: (() => void)[] = [];
  server.queue = async (request) => {
    const answer = queue.call(server, request);
    await new Promise<void>((resolve) => waiting.push(resolve));
    return answer;
  };
  const release = async (place = 0): Promise<void> => {
    waiting.splice(place, 1)[0]();
    await settle();
  };
  const all = async (): Promise<void> => {
    server.queue = queue;
    while (waiting.length > 0) await release();
  };
  return { release, all };
}

describe("answers that come late", () => {
  it("keep a stretch of the order before out of the new one", async () => {
    const { list, server, session } = await opened(300);
    const { release, all } = held(server);
    const asked = list.ask({ descending: true });
    list.show(150, 160);
    await release(0);
    await asked;
    expect(session.queue.get().rows.get(0)?.id).toBe(300);
    list.show(150, 160);
    await all();
    expect(session.queue.get().rows.get(150)?.id).toBe(150);
  });

  it("say where a picture stands now, not where it stood in the order before", async () => {
    const { list, server, session } = await opened(300);
    const { release, all } = held(server);
    const asked = list.ask({ descending: true });
    const found = list.find(290);
    await release(0);
    await asked;
    await all();
    expect(await found).toBe(10);
    expect(session.queue.get().rows.get(10)?.id).toBe(290);
  });

  it("leave what was asked for last together with what was asked for before it", async () => {
    const { list, server, session } = await opened(3);
    const { all } = held(server);
    void list.ask({ descending: true });
    void list.ask({ query: "-reviewed" });
    expect(session.queue.get().wanted).toEqual({ query: "-reviewed", sort: "added", descending: true });
    await all();
    expect(session.queue.get().asked).toEqual({ query: "-reviewed", sort: "added", descending: true });
  });

  it("go by the threshold that they were asked with", async () => {
    const { list, server, session } = await opened(3);
    const { all } = held(server);
    const asked = list.ask({ sort: "doubt" });
    session.setThreshold(0.7);
    await all();
    await asked;
    expect(list.request().threshold).toBe(0.4);
    await session.refreshQueue();
    expect(server.asked.at(-1)).toMatchObject({ threshold: 0.7, version: "" });
    expect(list.request().threshold).toBe(0.7);
  });

  it("never put rows of two versions into one list", async () => {
    const { list, server, session } = await opened(300);
    const { release, all } = held(server);
    list.show(100, 101);
    server.images.delete(1);
    list.show(200, 201);
    await release(1);
    await release(0);
    list.show(100, 201);
    await all();
    const places = [...session.queue.get().rows].map(([place, { id }]) => id - place);
    expect(new Set(places)).toEqual(new Set([2]));
    expect(places.length).toBeGreaterThan(100);
  });

  it("are read again where something was saved while they were on their way", async () => {
    const { list, server, session } = await opened(3, 2);
    const { all } = held(server);
    const asked = list.ask({ descending: true });
    server.images.get(1)!.reviewed = true;
    server.images.get(1)!.revision++;
    list.noteSaved();
    await all();
    await asked;
    await settle();
    expect(list.row(1)?.reviewed).toBe(true);
    expect(session.queue.get().reviewed).toBe(1);
  });

  it("are waited for by whoever goes to a neighbour that is on its way", async () => {
    const { list, server, session } = await opened(300);
    await session.open(100);
    const { all } = held(server);
    list.show(100, 110);
    const neighbour = list.neighbour(1);
    await all();
    expect((await neighbour)?.id).toBe(101);
  });

  it("go to the neighbour in the list that is shown by then", async () => {
    const { list, server, session } = await opened(300);
    await session.open(100);
    const { release, all } = held(server);
    const neighbour = list.neighbour(1);
    const asked = list.ask({ descending: true });
    await release(0);
    await all();
    await asked;
    expect((await neighbour)?.id).toBe(99);
  });

  it("put what was chosen back where none comes, and say so", async () => {
    const { list, server, session, notices, ids } = await opened(3);
    server.queue = () => Promise.reject(new TypeError("network"));
    const asked = list.ask({ descending: true });
    expect(session.queue.get().wanted.descending).toBe(true);
    await asked;
    expect(session.queue.get().wanted.descending).toBe(false);
    expect(ids()).toEqual([1, 2, 3]);
    expect(notices).toEqual(["queueFailed"]);
  });
});

describe("several pictures", () => {
  const pick = async (pictures: number, imageId = 1) => {
    const made = await opened(pictures, imageId);
    const picked = new Picked(made.list, made.server, () => {});
    return { ...made, picked, picks: () => [...picked.view.get().ids].sort((a, b) => a - b) };
  };

  it("are picked one by one, from one to another, or all of them", async () => {
    const { picked, picks, list } = await pick(400);
    picked.toggle(3);
    picked.toggle(7);
    picked.toggle(3);
    expect(picks()).toEqual([7]);
    picked.toggle(5);
    await picked.through(8, 1);
    expect(picks()).toEqual([5, 6, 7, 8, 9]);
    await picked.through(2, 1);
    expect(picks()).toEqual([3, 4, 5]);
    await picked.all();
    expect(picks()).toHaveLength(400);
    expect(picked.isAll()).toBe(true);
    await list.ask({ query: "-reviewed" });
    expect(picks()).toEqual([]);
  });

  it("are those that were pressed, although the list has changed on the server meanwhile", async () => {
    const { picked, picks, server } = await pick(10, 1);
    server.images.delete(2);
    picked.toggle(4);
    await picked.through(5, 1);
    expect(picks()).toEqual([4, 5, 6]);
  });

  it("are what was asked for last, whichever answer comes last", async () => {
    const { list, server } = await opened(6);
    const held: (() => void)[] = [];
    const queueIds: FakeServer["queueIds"] = (...asked) => new Promise((resolve) => held.push(() => resolve(server.queueIds(...asked))));
    const picked = new Picked(list, { queueIds }, () => {});
    const picks = (): number[] => [...picked.view.get().ids].sort((x, y) => x - y);
    const answer = async (index: number): Promise<void> => {
      await settle();
      held[index]!();
      await settle();
    };
    picked.toggle(2);
    void picked.through(3, 1);
    await settle();
    void picked.all();
    await answer(1);
    await answer(0);
    expect(picks()).toEqual([1, 2, 3, 4, 5, 6]);
    void picked.through(2, 1);
    picked.toggle(6);
    await answer(2);
    expect(picks()).toEqual([2, 3, 6]);
    void picked.through(4, 1);
    await settle();
    picked.clear();
    await answer(3);
    expect(picks()).toEqual([]);
  });

  it("begin a range at the open picture", async () => {
    const { picked, picks } = await pick(10, 4);
    await picked.through(6, 4);
    expect(picks()).toEqual([4, 5, 6, 7]);
  });

  it("are written as numbers, neighbours as ranges", () => {
    expect(numbersOf([9])).toBe("#9");
    expect(numbersOf([7, 1, 2, 3, 12, 11])).toBe("#1..3,7,11..12");
  });
});
