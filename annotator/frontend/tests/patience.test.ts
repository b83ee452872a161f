import { describe, expect, it } from "vitest";
import { RefusedError } from "../src/api";
import { patiently } from "../src/patience";

describe("asking again", () => {
  const failing = (times: number, error: Error): { send: () => Promise<string>; tries: () => number } => {
    let tries = 0;
    const send = (): Promise<string> => (tries++ < times ? Promise.reject(error) : Promise.resolve("there"));
    return { send, tries: () => tries };
  };
  const waits: number[] = [];
  const wait = (milliseconds: number): Promise<void> => {
    waits.push(milliseconds);
    return Promise.resolve();
  };

  it.each([new TypeError("network"), new RefusedError("HTTP 502", 502), new RefusedError("busy", 429)])("waits for a server that is away: %s", async (error) => {
    waits.length = 0;
    const { send } = failing(3, error);
    expect(await patiently(send, wait)).toBe("there");
    expect(waits).toEqual([1000, 2000, 4000]);
  });

  it("takes no for an answer, and gives up after a minute", async () => {
    const refused = failing(1, new RefusedError("is empty", 400));
    await expect(patiently(refused.send, wait)).rejects.toThrow("is empty");
    expect(refused.tries()).toBe(1);
    const away = failing(99, new TypeError("network"));
    await expect(patiently(away.send, wait)).rejects.toThrow("network");
    expect(away.tries()).toBe(8);
  });
});
