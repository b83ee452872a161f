/** Pictures are looked at before anybody clicks, for those who use the tool. */
import { describe, expect, it, vi } from "vitest";
import { POINT_TOOL, Readiness } from "../../src/editing/readiness";
import { TOOLS } from "../../src/tools/registry";
import { settle, start } from "../harness";
import { Prompts } from "../prompts";
import { FakeServer } from "../server";

async function ready() {
  const { session } = start(new FakeServer([1, 1, 1]));
  const api = new Prompts();
  const offerModels = vi.fn();
  const readiness = new Readiness({ session, api, offerModels });
  await session.refreshQueue();
  await session.open(1);
  return { session, api, offerModels, readiness };
}

describe("getting ready", () => {
  it("looks at the open picture and then at the next to do, once each", async () => {
    const { session, api, readiness } = await ready();
    readiness.begin();
    readiness.begin();
    expect(session.view.get().prompts).toBe("preparing");
    await settle();
    expect([api.prepared, session.view.get().prompts]).toEqual([[1, 2], "ready"]);
    readiness.begin();
    await settle();
    expect(api.prepared).toEqual([1, 2]);
  });

  it("goes on with each picture that stays open, from the first use of the tool on", async () => {
    vi.useFakeTimers();
    try {
      const { session, api, readiness } = await ready();
      await session.open(2);
      await vi.advanceTimersByTimeAsync(1000);
      expect(api.prepared).toEqual([]);
      readiness.begin();
      await vi.advanceTimersByTimeAsync(0);
      expect(api.prepared).toEqual([2, 3]);
      for (const id of [1, 2, 3]) await session.open(id);
      readiness.begin();
      expect(session.view.get().prompts).toBe("unknown");
      await vi.advanceTimersByTimeAsync(1000);
      expect(api.prepared).toEqual([2, 3, 3, 1]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("offers networks where none is there, to who has the tool in hand", async () => {
    const { session, api, offerModels, readiness } = await ready();
    expect(TOOLS.some(({ id }) => id === POINT_TOOL)).toBe(true);
    api.by = null;
    readiness.begin();
    await settle();
    expect([session.view.get().prompts, readiness.isWithoutNetwork, offerModels.mock.calls.length]).toEqual(["none", true, 0]);
    session.view.set({ tool: POINT_TOOL });
    readiness.begin();
    await settle();
    expect(offerModels).toHaveBeenCalledOnce();
    api.by = "mobile-sam@1";
    readiness.begin();
    await settle();
    expect(session.view.get().prompts).toBe("ready");
  });
});
