import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Box } from "../../src/document/geometry";
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

  it("is computed while a box is dragged, one after the other, the latest next", async () => {
    const { session } = start(new FakeServer([1]));
    const asked: (number | null)[] = [];
    let answer: () => void = () => {};
    const api = {
      mask: async () => ({ rle: squareRle(0), by: "m", heatmap: null }),
      prepareMask: (_id: number, _model: string, box: Box | null) =>
        new Promise<unknown>((resolve) => {
          asked.push(box?.x1 ?? null);
          answer = () => resolve({});
        }),
    };
    const drawing = new Drawing({ session, api, pickCategory: async () => null, notice: () => {} });
    await session.open(1);
    for (const x1 of [5, 6, 7]) drawing.prepareFor({ x0: 0, y0: 0, x1, y1: 9 });
    expect(asked).toEqual([5]);
    answer();
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toEqual([5, 7]);
    drawing.prepareFor({ x0: 0, y0: 0, x1: 8, y1: 9 });
    await drawing.addFromBox({ x0: 0, y0: 0, x1: 9, y1: 9 });
    answer();
    await vi.advanceTimersByTimeAsync(1);
    // The box itself was asked for: nothing is to be prepared any more.
    expect(asked).toEqual([5, 7]);
  });
});
