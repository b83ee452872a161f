import { describe, expect, it } from "vitest";
import { actualSize, clampCamera, fit, toImage, toView, zoomAt } from "../../src/canvas/camera";
import { partsContain } from "../../src/document/geometry";
import { HitIndex, nextUnder } from "../../src/document/hit";
import { outlineOf } from "../../src/document/outline";
import type { Instance } from "../../src/document/scene";
import { maskOfParts } from "../../src/document/scene";
import { setLanguage, t } from "../../src/strings";
import { de } from "../../src/strings/de";
import { en } from "../../src/strings/en";
import { es } from "../../src/strings/es";
import { zh } from "../../src/strings/zh";
import { randomOf } from "../random";

const PICTURE = { width: 640, height: 480 };
const VIEW = { width: 1000, height: 500 };

describe("camera", () => {
  it("keeps the place under the cursor while zooming, in and out of all limits", () => {
    const random = randomOf(1);
    let camera = fit(PICTURE, VIEW);
    for (let step = 0; step < 200; step++) {
      const at = [random() * VIEW.width, random() * VIEW.height] as const;
      const before = toImage(camera, ...at);
      camera = zoomAt(camera, 0.3 + random() * 3, at, PICTURE, VIEW);
      const after = toImage(camera, ...at);
      expect(after[0]).toBeCloseTo(before[0], 6);
      expect(after[1]).toBeCloseTo(before[1], 6);
      expect(camera.scale).toBeLessThanOrEqual(64);
    }
  });

  it("fits the whole picture and comes to one pixel for one", () => {
    const camera = fit(PICTURE, VIEW);
    const [x0, y0] = toView(camera, [0, 0]);
    const [x1, y1] = toView(camera, [640, 480]);
    expect([x0 >= 0, y0 >= 0, x1 <= 1000, y1 <= 500]).toEqual([true, true, true, true]);
    expect(actualSize(camera, PICTURE, VIEW).scale).toBe(1);
  });

  it("never loses the picture outside the view", () => {
    const lost = clampCamera({ scale: 1, x: 9000, y: -9000 }, PICTURE, VIEW);
    const [left] = toView(lost, [0, 0]);
    const [, bottom] = toView(lost, [0, 480]);
    expect(left).toBeLessThan(VIEW.width);
    expect(bottom).toBeGreaterThan(0);
  });
});

function square(key: string, x: number, y: number, side: number): Instance {
  const parts = [[[[x, y], [x + side, y], [x + side, y + side], [x, y + side]] as const]];
  const mask = maskOfParts(parts, 480);
  return { key, category: 1, state: "accepted", score: null, source: "manual", edited: false, mask };
}

describe("hits", () => {
  it("come the smallest first, and repeated clicks go through all of them", () => {
    const all = [square("large", 0, 0, 100), square("small", 40, 40, 10), square("middle", 20, 20, 50)];
    const under = new HitIndex(all, 640, 480).at(45, 45, 3);
    expect(under.map((one) => one.key)).toEqual(["small", "middle", "large"]);
    expect(nextUnder(under, "small")?.key).toBe("middle");
    expect(nextUnder(under, "large")?.key).toBe("small");
    expect(nextUnder([], "small")).toBeNull();
  });

  it("take the nearest outline where nothing lies under the pointer", () => {
    const index = new HitIndex([square("a", 0, 0, 10), square("b", 14, 0, 10)], 640, 480);
    expect(index.at(11, 5, 3).map((one) => one.key)).toEqual(["a"]);
    expect(index.at(13.5, 5, 3).map((one) => one.key)).toEqual(["b"]);
    expect(index.at(12, 5, 1)).toEqual([]);
  });

  it("are those that a search without the grid finds", () => {
    const random = randomOf(5);
    const all = Array.from({ length: 200 }, (_, n) => square(`${n}`, random() * 600, random() * 440, 1 + random() * 200));
    const index = new HitIndex(all, 640, 480);
    for (let n = 0; n < 300; n++) {
      const [x, y] = [random() * 640, random() * 480];
      const expected = all.filter((one) => partsContain(outlineOf(one.mask).parts, x, y)).map((one) => one.key);
      expect(index.at(x, y, 0).map((one) => one.key).toSorted()).toEqual(expected.toSorted());
    }
  });

  it("do not count a hole", () => {
    const ring = maskOfParts([[[[0, 0], [30, 0], [30, 30], [0, 30]], [[10, 10], [20, 10], [20, 20], [10, 20]]]], 480);
    const index = new HitIndex([{ ...square("ring", 0, 0, 1), mask: ring }], 640, 480);
    expect(index.at(15, 15, 1)).toEqual([]);
    expect(index.at(5, 5, 1)).toHaveLength(1);
  });
});

describe("strings", () => {
  it("follow the first language that is known, and English otherwise", () => {
    const say = (...languages: string[]): string => {
      setLanguage(languages);
      return t("thresholdShows", { shown: 7, total: 12 });
    };
    expect(say("xx-YY", "de-AT")).toBe("zeigt 7 von 12");
    expect(say("zh-Hans-CN")).toBe("显示 7 / 12");
    expect(say("xx")).toBe("shows 7 of 12");
  });

  it("fill in what a person typed as text", () => {
    expect(t("newCategoryNamed", { name: "<b>{n}</b>" })).toBe("New category “<b>{n}</b>”");
  });

  it.each([["de", de], ["es", es], ["zh", zh]] as const)("%s fills in the same values as English", (_, table) => {
    const values = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(String).toSorted();
    for (const [key, text] of Object.entries(en)) expect([key, values(table[key as keyof typeof en])]).toEqual([key, values(text)]);
  });
});
