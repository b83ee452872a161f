/** What the queue says of a picture, and how filters become expressions. */
import { describe, expect, it } from "vitest";
import type { QueueImage } from "../../src/document/protocol";
import { FILTERS, withFilter } from "../../src/screen/queuehead";
import { countsOf, stateOf } from "../../src/screen/queuerow";

const row = (changes: Partial<QueueImage>, scores: readonly number[] = []): QueueImage => ({
  ...{ id: 1, name: "a.jpg", width: 4, height: 3, thumbnail: "", reviewed: false, prelabelled: true, accepted: 0, rejected: 0 },
  suggested: scores.length,
  scores: String.fromCharCode(...scores.map((score) => 256 + 100 * score)),
  ...changes,
});

describe("a row of the queue", () => {
  it("is honest about a reviewed picture that holds undecided suggestions above the threshold", () => {
    const image = row({ reviewed: true, accepted: 7 }, [0.75, 0.25]);
    expect([stateOf(image, 0.5), countsOf(image, 0.5)]).toEqual(["new", "7 accepted, 1 new"]);
    expect([stateOf(image, 0.25), countsOf(image, 0.25)]).toEqual(["new", "7 accepted, 2 new"]);
    expect([stateOf(image, 0.8), countsOf(image, 0.8)]).toEqual(["reviewed", "7 accepted"]);
  });

  it.each([
    [row({ reviewed: true }), "reviewed", "Reviewed"],
    [row({ accepted: 2 }, [0.75]), "started", "2 done, 1 left"],
    [row({ rejected: 2 }), "started", "2 rejected"],
    [row({}, [0.75, 0.75]), "suggested", "2 suggested"],
    [row({}, [0.25]), "suggested", "1 below the threshold"],
    [row({}), "nothing", "Nothing found"],
    [row({ prelabelled: false }), "untouched", "Not pre-labelled yet"],
  ])("says how far a picture is (%#)", (image, state, counts) => {
    expect([stateOf(image, 0.5), countsOf(image, 0.5)]).toEqual([state, counts]);
  });
});

describe("a filter", () => {
  it("takes the place of another one, and leaves the rest of the expression", () => {
    expect(withFilter("", "state:new")).toBe("state:new");
    expect(withFilter("street state:new -night", "disagree:")).toBe("street -night disagree:");
    expect(withFilter("street state:new", "")).toBe("street");
  });

  it("is one expression of its own", () => {
    expect(new Set(FILTERS.map(([expression]) => expression)).size).toBe(FILTERS.length);
  });
});
