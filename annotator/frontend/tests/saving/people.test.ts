import { afterEach, expect, it, vi } from "vitest";
import type { Role, WirePerson } from "../../src/document/people";
import { PeopleApi } from "../../src/saving/people";

afterEach(() => vi.unstubAllGlobals());

it("a role that is changed again before the list is read anew builds on the first change, and not on another's", async () => {
  const bert: WirePerson = { id: 2, name: "bert", role: "annotate", revision: 1, added_at: "", added_by: "anna", came: true, me: false };
  let stored = bert;
  const change = (role: Role): void => void (stored = { ...stored, role, revision: stored.revision + 1 });
  vi.stubGlobal("fetch", (_address: string, asked: { readonly body: string }) => {
    const { role, revision } = JSON.parse(asked.body) as { role: Role; revision: number };
    if (revision !== stored.revision) return Promise.resolve(Response.json({ error: "bert was changed meanwhile" }, { status: 409 }));
    change(role);
    return Promise.resolve(Response.json({ people: [stored], role: "manage" }));
  });
  const api = new PeopleApi("k");
  await api.setRole(bert, "review");
  await api.setRole(bert, "manage");
  expect(stored.role).toBe("manage");
  change("annotate");
  await expect(api.setRole(bert, "review")).rejects.toThrow("changed meanwhile");
});
