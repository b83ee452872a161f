/** Which instances of a picture get in each other's way, by the same rules as in all pictures. */
import { describe, expect, it } from "vitest";
import { clashesOf } from "../../src/document/clashes";
import { maskOfWindow } from "../../src/document/paint";
import type { Instance } from "../../src/document/scene";
import { drawnInstance } from "../../src/document/scene";

const SIDE = 60;

function square(left: number, top: number, width: number, height: number, category = 1): Instance {
  return drawnInstance(category, maskOfWindow({ left, top, width, height, pixels: new Uint8Array(width * height).fill(1) }, SIDE, SIDE));
}

function told(...instances: Instance[]): (readonly [kind: string, share: number, larger: number] | null)[] {
  const found = clashesOf(instances, SIDE);
  return instances.map(({ key }) => {
    const clash = found.get(key);
    return clash === undefined ? null : [clash.kind, Number(clash.share.toFixed(3)), instances.indexOf(clash.larger)];
  });
}

describe("clashes", () => {
  it("are told of the smaller one, the worst where there are several", () => {
    expect(told(square(0, 0, 20, 20), square(0, 0, 19, 19))).toEqual([null, ["duplicate", 0.902, 0]]);
    expect(told(square(0, 0, 20, 20), square(0, 0, 5, 5))).toEqual([null, ["contained", 1, 0]]);
    expect(told(square(0, 0, 20, 20), square(15, 0, 10, 10))).toEqual([null, ["overlap", 0.5, 0]]);
    expect(told(square(0, 0, 20, 20), square(0, 0, 40, 10), square(0, 0, 10, 10))).toEqual([null, ["overlap", 0.5, 0], ["contained", 1, 0]]);
  });

  it("are overlaps where the categories differ, and nothing where little is shared", () => {
    expect(told(square(0, 0, 20, 20), square(0, 0, 20, 20, 2))[1]).toEqual(["overlap", 1, 0]);
    expect(told(square(0, 0, 20, 20), square(19, 0, 20, 19), square(40, 40, 9, 9))).toEqual([null, null, null]);
  });

  it("leave groups out", () => {
    expect(told({ ...square(0, 0, 20, 20), crowd: true }, square(0, 0, 5, 5))).toEqual([null, null]);
  });
});
