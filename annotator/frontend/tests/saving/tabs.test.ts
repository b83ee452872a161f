import { describe, expect, it } from "vitest";
import { Tabs } from "../../src/saving/tabs";

/** The part of navigator.locks that is used, without an end of any page. */
function locksOf(held: Set<string>): LockManager {
  return {
    request: async (name: string, _: unknown, callback: (lock: Lock | null) => unknown) => {
      const free = !held.has(name);
      held.add(name);
      void callback(free ? ({ name } as Lock) : null);
    },
  } as unknown as LockManager;
}

const REFUSED = { request: () => Promise.reject(new DOMException("The request was denied.", "SecurityError")) } as unknown as LockManager;

describe.each([
  ["locks", () => ((held) => () => new Tabs(locksOf(held)))(new Set<string>())],
  ["messages, where a page may not use locks", () => () => new Tabs(undefined)],
  ["messages, where the browser refuses locks", () => () => new Tabs(REFUSED, () => new BroadcastChannel("another"))],
])("tabs that know of each other by %s", (_, make) => {
  it("give a name to one of them only", async () => {
    const open = make();
    const [first, second] = [open(), open()];
    expect(await first.claim("a")).toBe(true);
    expect(await second.claim("a")).toBe(false);
    expect(await first.claim("a")).toBe(true);
    expect(await second.claim("b")).toBe(true);
  });
});
