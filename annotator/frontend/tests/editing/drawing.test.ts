import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Drawing } from "../../src/editing/drawing";
import { start } from "../harness";
import { FakeServer, squareRle } from "../server";

describe("what a first box waits for", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is computed for a picture that stays open, not for those that are passed by", async () => {
    const { session } = start(new FakeServer([1, 1, 1]));
    const prepared: number[] = [];
    const api = {
      mask: async () => ({ rle: squareRle(0), by: "m", heatmap: null }),
      prepareMask: async (imageId: number) => (prepared.push(imageId), {}),
    };
    const drawing = new Drawing({ session, api, pickCategory: async () => null, notice: () => {} });
    await session.open(1);
    await vi.advanceTimersByTimeAsync(200);
    await session.open(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(prepared).toEqual([2]);
    await session.open(3);
    drawing.prepare();
    await vi.advanceTimersByTimeAsync(1000);
    expect(prepared).toEqual([2, 3]);
    session.close();
    await vi.advanceTimersByTimeAsync(1000);
    expect(prepared).toEqual([2, 3]);
  });
});
