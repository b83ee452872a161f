import { describe, expect, it } from "vitest";
import type { Agreement, WireVote } from "../../src/document/protocol";
import { toldOf } from "../../src/screen/votes";

const nameOf = (id: number): string => (id === 18 ? "dog" : "person");
const vote = (agreement: Agreement, more: Partial<WireVote> = {}): WireVote => ({ agreement, by: "security-0002@2023.0", score: 0.71, iou: 0.875, category: 1, ...more });

describe("what a second network says of an instance", () => {
  it.each([
    [null, ""],
    [vote("both"), "security-0002 sees the same: score 0.71, IoU 0.88"],
    [vote("conflict", { category: 18 }), "security-0002 sees “dog” here: score 0.71, IoU 0.88"],
    [vote("one"), "security-0002 is not sure of it: “person”, score 0.71, IoU 0.88"],
    [vote("one", { score: null, iou: null, category: null }), "security-0002 does not see it"],
  ])("is told in words", (said, text) => {
    expect(toldOf(said, nameOf)).toBe(text);
  });

  it("tells silence from disagreement", () => {
    expect(toldOf(vote("silent", { score: null, iou: null, category: null }), nameOf)).toContain("has no say here");
  });
});
