/** Which network is asked: the one that was chosen, as long as it is there. */
import { afterEach, expect, it, vi } from "vitest";
import { PromptsApi } from "../../src/saving/prompts";

const SAID = { number: 1, points: [] };

function server(known: string) {
  const asked: (string | undefined)[] = [];
  vi.stubGlobal("fetch", async (_address: string, { body }: { body: string }) => {
    const { model } = JSON.parse(body) as { model?: string };
    asked.push(model);
    return model === undefined || model === known ? Response.json({ by: "x@1" }) : Response.json({ error: "not known" }, { status: 400 });
  });
  return asked;
}

function shelf() {
  const kept = new Map<string, string>();
  return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value), removeItem: (key: string) => void kept.delete(key) };
}

afterEach(() => vi.unstubAllGlobals());

it("is the one that was chosen, also on the next day", async () => {
  const asked = server("sam");
  const kept = shelf();
  const today = new PromptsApi({ root: "" }, kept);
  await today.ask(1, SAID);
  today.choose("sam");
  await today.ask(1, SAID);
  await new PromptsApi({ root: "" }, kept).prepare(1);
  expect(asked).toEqual([undefined, "sam", "sam"]);
});

it("is the server's again once the chosen one is gone", async () => {
  const asked = server("");
  const api = new PromptsApi({ root: "" }, shelf());
  api.choose("sam");
  expect((await api.prepare(1)).by).toBe("x@1");
  expect(api.network).toBeNull();
  expect(asked).toEqual(["sam", undefined]);
});
