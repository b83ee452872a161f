/** What is said of an export before it is written, and how far one is. */
import { describe, expect, it } from "vitest";
import type { ExportOutlook, ExportRun } from "../../src/saving/exports";
import { leftBehind, sizeOf, stageOf } from "../../src/screen/exportreport";

const seen = (changes: Partial<ExportOutlook>): ExportOutlook => ({
  ...{ pictures: 3, instances: 7, undecided: 0, undecided_pictures: 0, unreviewed: 0, threshold: 0.5, unfinished: null },
  ...changes,
});

describe("what stays behind", () => {
  it("is nothing to speak of where all leaves", () => {
    expect(leftBehind(seen({}), false)).toEqual([]);
  });

  it("says why nothing leaves, and by what it would", () => {
    expect(leftBehind(seen({ pictures: 0 }), false)).toEqual(["Nothing to export yet: none of these pictures is marked as reviewed."]);
    expect(leftBehind(seen({ pictures: 0 }), true)).toEqual(["Nothing to export: there are no such pictures."]);
  });

  it("counts pictures and suggestions, one and several", () => {
    expect(leftBehind(seen({ undecided: 4, undecided_pictures: 1, threshold: 0.25 }), false)).toEqual([
      "1 reviewed picture still holds undecided suggestions (4 from the threshold 0.25 up). They are left out; the search state:new finds the picture.",
    ]);
    expect(leftBehind(seen({ unfinished: ["a.json", 3, 9] }), false)).toEqual(["The import of a.json was stopped after 3 of 9 images: import it again to bring the rest."]);
    expect(leftBehind(seen({ unreviewed: 2 }), false)).toEqual(["2 pictures with accepted instances are left out: they are not marked as reviewed."]);
  });
});

describe("an export at work", () => {
  const run = (stage: ExportRun["stage"], done: number, total: number): ExportRun => ({
    ...{ id: "a", cancelled: false, error: null, files: [], lines: [] },
    ...{ stage, done, total },
  });

  it("says how far it is, and that it checks what has nothing to count", () => {
    expect(stageOf(run("waiting", 0, 0))).toBe("Waiting for other exports…");
    expect(stageOf(run("writing", 1, 3))).toBe("Reading and writing the pictures: 33 %");
    expect([stageOf(run("writing", 3, 3)), stageOf(run("writing", 0, 0))]).toEqual(["Writing and checking…", "Writing and checking…"]);
  });
});

it("a size is told in the larger unit that it fills", () => {
  expect([120, 5_400, 2_600_000].map(sizeOf)).toEqual(["1 kB", "5 kB", "3 MB"]);
});
