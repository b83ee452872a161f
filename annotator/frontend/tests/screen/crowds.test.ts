import { describe, expect, it } from "vitest";
import type { Instance } from "../../src/document/scene";
import { find, isCrowd } from "../../src/document/scene";
import { toggleCrowd } from "../../src/editing/review";
import { duplicate, nudge } from "../../src/editing/shapes";
import { askAboutCrowds } from "../../src/screen/crowds";
import { seen, settle, start, stored } from "../harness";
import { FakeServer } from "../server";

async function opened() {
  const server = new FakeServer([2, 1]);
  const { session } = start(server);
  const asked = new Map<string, readonly { readonly text: string; readonly run: () => void }[]>();
  askAboutCrowds(session, {
    ask: (key, _, answers) => void asked.set(key, answers),
    withdraw: (key) => void asked.delete(key),
  });
  await session.open(1);
  const one = (key: string): Instance => find(session.view.get().scene!, key)!;
  toggleCrowd(session, [one("i0k0")]);
  return { server, session, one, asked };
}

describe("a crowd", () => {
  it("is marked, told the server, and a single object again by the same command and by undo", async () => {
    const { server, session, one, asked } = await opened();
    expect(isCrowd(one("i0k0"))).toBe(true);
    expect(one("i0k0").state).toBe("accepted");
    await settle();
    expect(seen(session.view.get().scene!)).toEqual(await stored(server, 1));
    toggleCrowd(session, [one("i0k0")]);
    expect(isCrowd(one("i0k0"))).toBe(false);
    await session.undo();
    expect(isCrowd(one("i0k0"))).toBe(true);
    await settle();
    expect(seen(session.view.get().scene!)).toEqual(await stored(server, 1));
    expect(asked.size).toBe(0);
  });

  it("is asked for once when its mask changes, and stays one unless the answer says otherwise", async () => {
    const { server, session, one, asked } = await opened();
    nudge(session, [one("i0k0")], 1, 0);
    nudge(session, [one("i0k0")], 1, 0);
    expect([...asked.keys()]).toEqual(["i0k0"]);
    expect(isCrowd(one("i0k0"))).toBe(true);
    asked.get("i0k0")![1].run();
    expect(isCrowd(one("i0k0"))).toBe(false);
    await settle();
    expect(seen(session.view.get().scene!)).toEqual(await stored(server, 1));
  });

  it("is no question any more where the change is undone or another picture is open", async () => {
    const { session, one, asked } = await opened();
    nudge(session, [one("i0k0")], 1, 0);
    await session.undo();
    expect(asked.size).toBe(0);
    nudge(session, [one("i0k0")], 1, 0);
    await session.open(2);
    expect(asked.size).toBe(0);
  });

  it("is nothing that an ordinary instance is asked about", async () => {
    const { session, one, asked } = await opened();
    nudge(session, [one("i0k1")], 1, 0);
    duplicate(session, [one("i0k0")]);
    expect(asked.size).toBe(0);
  });
});
