import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Preview } from "../../src/editing/preview";
import { start } from "../harness";
import { SlowPrompts } from "../prompts";
import { FakeServer, squareRle } from "../server";

async function previewing() {
  const { session } = start(new FakeServer([1, 1]));
  const api = new SlowPrompts();
  const preview = new Preview({ session, api });
  await session.open(1);
  session.view.set({ prompts: "ready" });
  return { session, api, preview };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const rest = async (ms = 60): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms));

it("shows the mask where the pointer rests, one question at a time", async () => {
  const { api, preview } = await previewing();
  for (let x = 0; x < 10; x++) preview.move([x, 1]);
  await rest();
  preview.move([20, 1]);
  await rest();
  expect(api.asked.map(({ said }) => said.points)).toEqual([[[9, 1, 1]]]);
  api.next();
  await rest();
  expect(preview.mask!.rle).toBe(squareRle(1));
  expect(api.asked.map(({ said }) => said.points)).toEqual([[[9, 1, 1]], [[20, 1, 1]]]);
  preview.clear();
  api.next();
  await rest();
  expect(preview.mask).toBeNull();
});

it("asks no more of a network that takes long, until another picture comes", async () => {
  const { session, api, preview } = await previewing();
  for (let time = 0; time < 4; time++) {
    preview.move([time, 1]);
    await rest();
    if (api.open === 0) continue;
    await rest(500);
    api.next();
    await rest();
  }
  expect(api.asked).toHaveLength(2);
  await session.open(2);
  session.view.set({ prompts: "ready" });
  preview.move([1, 1]);
  await rest();
  expect(api.asked).toHaveLength(3);
});

it("asks nothing of a picture that is not looked at, nor about an instance that is selected", async () => {
  const { session, api, preview } = await previewing();
  session.view.set({ prompts: "preparing" });
  preview.move([1, 1]);
  await rest();
  session.view.set({ prompts: "ready", selection: ["i0k0"] });
  preview.move([2, 1]);
  await rest();
  expect(api.asked).toEqual([]);
});
