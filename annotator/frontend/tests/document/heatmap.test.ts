import { describe, expect, it } from "vitest";
import { runsAtLevel, unpacked } from "../../src/document/heatmap";
import { iouOfWindows } from "../../src/document/paint";
import type { WireHeatmap } from "../../src/document/protocol";
import { areaOfRuns, decodeCounts, encodeCounts, iouOfRuns, rleToWindow } from "../../src/document/rle";
import golden from "../heatmaps.golden.json";
import masks from "../masks.golden.json";

const wireOf = ({ region, size, values, half }: (typeof golden)[number]): WireHeatmap => ({
  region: [region[0], region[1], region[2], region[3]],
  size,
  values,
  half,
});

describe("heatmaps that the server has cut", () => {
  it.each(golden)("$name: the very same mask at each level", async (one) => {
    const heatmap = await unpacked(wireOf(one));
    for (const [level, counts] of Object.entries(one.cuts)) {
      expect(encodeCounts(runsAtLevel(heatmap, Number(level), one.width, one.height)), `at ${level}`).toBe(counts);
    }
  });

  it.each(golden)("$name: a higher level's mask lies within a lower one's", async (one) => {
    const heatmap = await unpacked(wireOf(one));
    let before = runsAtLevel(heatmap, 1, one.width, one.height);
    for (let level = 2; level < 100; level++) {
      const runs = runsAtLevel(heatmap, level, one.width, one.height);
      expect(runs.reduce((sum, run) => sum + run, 0)).toBe(one.width * one.height);
      const shared = iouOfRuns(before, runs) * areaOfRuns(before);
      // The golden file's own mask at 0.5 is no cut of its heatmap.
      if (one.half === null && areaOfRuns(before) > 0) expect(shared).toBeCloseTo(areaOfRuns(runs), 6);
      before = runs;
    }
  });

  it("refuses values of another size than it says", async () => {
    await expect(unpacked({ ...wireOf(golden[0]), size: 27 })).rejects.toThrow("heatmap");
  });
});

describe("runs", () => {
  it("measure what the pixels measure", () => {
    for (const a of masks) {
      for (const b of masks.filter((one) => one.width === a.width && one.height === a.height)) {
        const [first, second] = [decodeCounts(a.counts), decodeCounts(b.counts)];
        const expected = iouOfWindows(rleToWindow(a.counts, a.height), rleToWindow(b.counts, b.height));
        expect(iouOfRuns(first, second)).toBeCloseTo(expected, 12);
      }
    }
  });
});
