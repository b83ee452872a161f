import { afterEach, describe, expect, it, vi } from "vitest";
import { Pixels } from "../../src/canvas/pixels";

interface Made {
  readonly width: number;
  readonly height: number;
  closed: boolean;
}

/** A browser that decodes pictures of one size, and remembers what it made. */
function browser(width: number, height: number): Made[] {
  const made: Made[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    if (url === "gone") throw new Error("gone");
    return { blob: async () => ({}) };
  });
  vi.stubGlobal("createImageBitmap", async (_: unknown, size?: { resizeWidth: number; resizeHeight: number }) => {
    const one = { width: size?.resizeWidth ?? width, height: size?.resizeHeight ?? height, closed: false };
    made.push(one);
    return Object.assign(one, { close: () => void (one.closed = true) });
  });
  return made;
}

afterEach(() => vi.unstubAllGlobals());

describe("pixels of the open picture", () => {
  it("are copies, each half as large, of which the smallest that is sharp is used", async () => {
    const made = browser(6000, 4000);
    const pixels = new Pixels();
    const told = vi.fn();
    pixels.subscribe(told);
    await pixels.take("a", { width: 6000, height: 4000 });
    expect(made.map((one) => one.width)).toEqual([6000, 3000, 1500]);
    expect([0.1, 0.25, 0.26, 0.5, 0.9, 4].map((share) => pixels.copyFor(share)!.bitmap.width)).toEqual([1500, 1500, 3000, 3000, 6000, 6000]);
    expect(pixels.replaces({ width: 6000, height: 4000 })).toBe(true);
    expect(told).toHaveBeenCalledTimes(2);
  });

  it("of a usual picture serve thumbnails alone", async () => {
    browser(640, 480);
    const pixels = new Pixels();
    await pixels.take("a", { width: 640, height: 480 });
    expect(pixels.copyFor(2)!.bitmap.width).toBe(640);
    expect(pixels.replaces({ width: 640, height: 480 })).toBe(false);
  });

  it("go with their picture, also where it was left before they came", async () => {
    const made = browser(6000, 4000);
    const pixels = new Pixels();
    const [first, second] = [pixels.take("a", { width: 6000, height: 4000 }), pixels.take("b", { width: 6000, height: 4000 })];
    await Promise.all([first, second]);
    expect(made.filter((one) => !one.closed).map((one) => one.width)).toEqual([6000, 3000, 1500]);
    await pixels.take(null, { width: 0, height: 0 });
    expect(made.every((one) => one.closed)).toBe(true);
  });

  it("are none of what is too large, or does not come: the browser's own picture stays", async () => {
    const made = browser(9000, 9000);
    const pixels = new Pixels();
    await pixels.take("a", { width: 9000, height: 9000 });
    await pixels.take("gone", { width: 6000, height: 4000 });
    expect(made).toEqual([]);
    expect(pixels.copyFor(1)).toBeNull();
  });
});
