import { describe, expect, it } from "vitest";
import { InstanceColors } from "../../src/canvas/colouring";
import { LIKENESS } from "../../src/canvas/palette";
import { outlineOf } from "../../src/document/outline";
import type { Instance, Scene } from "../../src/document/scene";
import { maskOfParts } from "../../src/document/scene";
import { randomOf } from "../random";

const SIDE = 1000;

function instance(key: string, x: number, y: number, side = 60): Instance {
  const parts = [[[[x, y], [x + side, y], [x + side, y + side], [x, y + side]] as const]];
  return { key, category: 1, state: "suggested", score: 0.9, source: "m@1", edited: false, mask: maskOfParts(parts, SIDE) };
}

const sceneOf = (instances: readonly Instance[], imageId = 1): Scene =>
  ({ imageId, name: "", width: SIDE, height: SIDE, url: "", reviewed: false, prelabelled: true, instances }) as Scene;

/** A grid of touching squares: each has up to eight neighbours. */
const GRID = Array.from({ length: 100 }, (_, n) => instance(`key-${n}`, (n % 10) * 62, Math.floor(n / 10) * 62));
const colorsOf = (scene: Scene, colors = new InstanceColors()): number[] => scene.instances.map((one) => colors.of(one, scene));

describe("colours of instances", () => {
  it("differ between neighbours, and are many", () => {
    const colors = colorsOf(sceneOf(GRID));
    colors.forEach((color, n) => {
      for (const other of [n % 10 < 9 ? n + 1 : n, n + 10, n % 10 < 9 ? n + 11 : n, n % 10 > 0 ? n + 9 : n]) {
        if (other !== n && other < colors.length) expect(color).not.toBe(colors[other]);
      }
    });
    expect(new Set(colors).size).toBeGreaterThanOrEqual(8);
  });

  it("are not even near one another's where two or three stand together", () => {
    for (let n = 0; n < 200; n++) {
      const scene = sceneOf([instance(`a${n}`, 0, 0), instance(`b${n}`, 50, 0), instance(`c${n}`, 0, 50)]);
      const [a, b, c] = colorsOf(scene);
      expect(LIKENESS[a][b] + LIKENESS[b][c] + LIKENESS[a][c]).toBe(0);
    }
  });

  it("are each instance's own where there are few, however far apart", () => {
    for (let n = 0; n < 50; n++) {
      const scene = sceneOf(Array.from({ length: 8 }, (_, place) => instance(`${n}-${place}`, place * 120, (place % 3) * 400, 20)));
      expect(new Set(colorsOf(scene)).size).toBe(8);
    }
  });

  it("are the same at every visit, and whatever the threshold shows", () => {
    expect(colorsOf(sceneOf(GRID))).toEqual(colorsOf(sceneOf(GRID)));
  });

  it("stay while instances are added, decided about, deleted and brought back", () => {
    const random = randomOf(3);
    const colors = new InstanceColors();
    const before = colorsOf(sceneOf(GRID), colors);
    let instances: readonly Instance[] = GRID;
    for (let n = 0; n < 60; n++) {
      const at = Math.floor(random() * instances.length);
      const one = instances[at];
      if (n % 3 === 0) instances = [...instances, instance(`new-${n}`, random() * 900, random() * 900)];
      else if (n % 3 === 1) instances = instances.with(at, { ...one, state: "accepted" });
      else instances = instances.toSpliced(at, 1);
      colorsOf(sceneOf(instances), colors);
    }
    expect(colorsOf(sceneOf(GRID), colors)).toEqual(before);
  });

  it("change for an instance alone that is moved beside one that looks the same", () => {
    // Nine far apart: the palette's eight first colours are all there, and one of them twice.
    const apart = Array.from({ length: 9 }, (_, n) => instance(`apart-${n}`, (n % 3) * 400, Math.floor(n / 3) * 400, 20));
    const colors = new InstanceColors();
    const before = colorsOf(sceneOf(apart), colors);
    const twin = before.indexOf(before[8]);
    const { x0, y0 } = outlineOf(apart[twin].mask).box;
    const moved = { ...apart[8], mask: instance("", x0 + 5, y0 + 5, 20).mask };
    const after = colorsOf(sceneOf(apart.with(8, moved)), colors);
    expect(after.slice(0, 8)).toEqual(before.slice(0, 8));
    expect(after[8]).not.toBe(before[8]);
    const farther = { ...apart[0], mask: instance("", 120, 20, 20).mask };
    expect(colorsOf(sceneOf(apart.with(0, farther)), colors)[0]).toBe(before[0]);
  });

  it("run out late: in a heap of twenty, those that are surely seen differ most", () => {
    const heap = Array.from({ length: 20 }, (_, n) => ({ ...instance(`heap-${n}`, 100 + n, 100), score: n < 10 ? 0.9 : 0.1 }));
    const colors = colorsOf(sceneOf([...heap, { ...instance("drawn", 105, 100), state: "accepted", score: null }]));
    expect(new Set(colors.slice(0, 10)).size).toBe(10);
    expect(colors.slice(0, 10)).not.toContain(colors[20]);
  });
});
