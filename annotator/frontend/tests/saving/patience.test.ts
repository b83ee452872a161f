import { describe, expect, it } from "vitest";
import { RefusedError } from "../../src/saving/errors";
import { patiently } from "../../src/saving/patience";

describe("asking again", () => {
  function failing(times: number, error: Error): { readonly send: () => Promise<string>; readonly tries: () => number } {
    let tries = 0;
    return { send: () => (tries++ < times ? Promise.reject(error) : Promise.resolve("there")), tries: () => tries };
  }
  const waits: number[] = [];
  const wait = (milliseconds: number): Promise<void> => Promise.resolve(void waits.push(milliseconds));
  const away = { reachable: () => Promise.resolve(false), wait };
  const there = { reachable: () => Promise.resolve(true), wait };

  it.each([new TypeError("network"), new RefusedError("HTTP 502", 502), new RefusedError("busy", 429)])(
    "waits for a server that is away, however long that takes: %s",
    async (error) => {
      waits.length = 0;
      expect(await patiently(failing(8, error).send, away)).toBe("there");
      expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 16_000, 16_000, 16_000]);
    },
  );

  it("takes no for an answer", async () => {
    const { send, tries } = failing(1, new RefusedError("is empty", 400));
    await expect(patiently(send, away)).rejects.toThrow("is empty");
    expect(tries()).toBe(1);
  });

  it("gives up what does not get through to a server that is there", async () => {
    const { send, tries } = failing(99, new TypeError("network"));
    await expect(patiently(send, there)).rejects.toThrow("network");
    expect(tries()).toBe(3);
  });

  it("does not ask for ever", async () => {
    const { send, tries } = failing(1000, new TypeError("network"));
    await expect(patiently(send, away)).rejects.toThrow("network");
    expect(tries()).toBe(60);
  });
});
