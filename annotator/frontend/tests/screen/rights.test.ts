import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followRole, mayManage } from "../../src/screen/rights";

beforeEach(() => void vi.stubGlobal("document", { documentElement: { dataset: {} } }));
afterEach(() => vi.unstubAllGlobals());

describe("what a role does not allow", () => {
  it.each([
    ["annotate", false],
    ["review", false],
    ["manage", true],
  ])("is known to the page by the role that the server says: %s", async (role, manages) => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ people: [], role }), { headers: { "content-type": "application/json" } })));
    await followRole("key");
    expect([document.documentElement.dataset["role"], mayManage()]).toEqual([role, manages]);
  });

  it("is offered where no role is known: the server answers for itself", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
    await followRole("key");
    expect(mayManage()).toBe(true);
  });
});
