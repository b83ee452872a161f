/** Pictures that are handed out: each page gets its own, and only looks at what another holds. */
import { describe, expect, it } from "vitest";
import { acceptVisible } from "../../src/editing/review";
import { isHeldElsewhere } from "../../src/session/leasing";
import { settle, start } from "../harness";
import { FakeServer } from "../server";

async function team(pictures = 4) {
  const server = new FakeServer(Array.from({ length: pictures }, () => 1));
  server.handout = true;
  let minutes = 0;
  const page = async (name: string) => {
    const harness = start(server, name, undefined, () => minutes * 60_000);
    await harness.session.refreshQueue();
    return { ...harness, open: () => harness.session.view.get().scene?.imageId };
  };
  return { server, ann: await page("ann"), ben: await page("ben"), wait: (more: number) => (minutes += more) };
}

describe("pictures that are handed out", () => {
  it("go to one page each, also where the rows of the list say nothing of it yet", async () => {
    const { ann, ben, server } = await team();
    await Promise.all([ann.session.openNextToDo(), ben.session.openNextToDo()]);
    expect([ann.open(), ben.open()]).toEqual([1, 2]);
    await ben.session.openNextToDo();
    expect(ben.open()).toBe(3);
    expect(server.holders.get(1)).toBe("ann");
  });

  it("are not given again to a page that finished them while its last gesture is on its way", async () => {
    const { ann, server } = await team(2);
    await ann.session.openNextToDo();
    server.before = () => {
      throw new TypeError("network");
    };
    ann.session.commit("review", [], true);
    await ann.session.openNextToDo();
    expect(ann.open()).toBe(2);
    await ann.session.openNextToDo();
    expect([ann.open(), ann.notices.at(-1)]).toEqual([2, "allReviewed"]);
  });

  it("are only looked at where somebody else holds them", async () => {
    const { ann, ben, server } = await team();
    await ann.session.openNextToDo();
    await ben.session.open(1);
    await settle();
    expect(ben.session.view.get().lease).toMatchObject({ mine: false, name: "ann" });
    acceptVisible(ben.session);
    ben.session.writeNote("mine");
    await settle();
    expect(server.gestures).toEqual([]);
    expect(ben.notices).toContain("heldElsewhere");
    expect(ben.session.view.get().history.past).toEqual([]);
    await ben.session.open(2);
    await settle();
    expect(isHeldElsewhere(ben.session.view.get())).toBe(false);
  });

  it("are lost by whoever was away, who is told, and whose gestures are kept", async () => {
    const { ann, server } = await team();
    await ann.session.openNextToDo();
    await settle();
    acceptVisible(ann.session);
    await settle();
    server.holders.set(1, "ben");
    await ann.session.leasing.beat();
    expect(ann.notices).toEqual(["leaseLost"]);
    expect(isHeldElsewhere(ann.session.view.get())).toBe(true);
    expect(server.gestures).toHaveLength(1);
  });

  it("are not renewed while nobody is at work, and again when somebody is", async () => {
    const { ann, server, wait } = await team();
    await ann.session.openNextToDo();
    await settle();
    server.holders.clear();
    wait(6);
    await ann.session.leasing.beat();
    expect(server.holders.size).toBe(0);
    ann.session.leasing.noteWork();
    await settle();
    expect(server.holders.get(1)).toBe("ann");
  });
});
