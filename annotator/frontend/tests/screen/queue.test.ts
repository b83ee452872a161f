/** What the queue says of a picture, and how filters become expressions. */
import { describe, expect, it } from "vitest";
import type { QueueImage } from "../../src/document/protocol";
import { FILTERS, withFilter } from "../../src/screen/queuehead";
import { partsOf } from "../../src/screen/picturename";
import { standOf } from "../../src/screen/pictureflags";
import { countsOf, sayReasons, stateOf } from "../../src/screen/queuerow";

const row = (changes: Partial<QueueImage>, scores: readonly number[] = []): QueueImage => ({
  ...{ id: 1, name: "a.jpg", width: 4, height: 3, thumbnail: "", reviewed: false, prelabelled: true, accepted: 0, rejected: 0, flags: [], failure: "" },
  suggested: scores.length,
  scores: String.fromCharCode(...scores.map((score) => 256 + 100 * score)),
  ...changes,
});

describe("a row of the queue", () => {
  it("says that a picture could not be pre-labelled until somebody decides or a network was there", () => {
    const failed = { prelabelled: false, failure: "cannot be decoded" };
    expect([stateOf(row(failed), 0.5), countsOf(row(failed), 0.5)]).toEqual(["failed", "Could not be pre-labelled"]);
    expect(stateOf(row(failed, [0.75]), 0.5)).toBe("suggested");
    expect(stateOf(row({ ...failed, rejected: 1 }), 0.5)).toBe("started");
    expect(stateOf(row({ ...failed, reviewed: true }), 0.5)).toBe("reviewed");
    expect(stateOf(row({ prelabelled: false }), 0.5)).toBe("untouched");
  });

  it("says that a picture is blind until it is reviewed", () => {
    expect(countsOf(row({ blind: true }), 0.5)).toBe("Blind: draw it");
    expect(countsOf(row({ blind: true, accepted: 2 }), 0.5)).toBe("Blind: 2 drawn");
    expect(countsOf(row({ blind: true, accepted: 2, reviewed: true }), 0.5)).toBe("2 accepted");
  });

  it("says why there is most to gain from it", () => {
    const none = { doubtful: 0, misses: 0, apart: 0, rare: 0, unlike: false };
    expect(sayReasons({ ...none, doubtful: 3, misses: 1 })).toBe("3 doubtful, 1 likely miss");
    expect(sayReasons({ ...none, apart: 2, rare: 1, unlike: true })).toBe("networks differ on 2, 1 of a rare category, unlike the others");
    expect([sayReasons(none), sayReasons(undefined)]).toEqual(["", ""]);
  });

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
    [row({}, [0.25]), "nothing", "1 below the threshold"],
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

describe("a name where there is little room", () => {
  it.each([
    ["a.jpg", ["", "a.jpg", ""]],
    ["IMG_00017.jpg", ["", "IMG_", "00017.jpg"]],
    ["train/batch 3/COCO_000000017.jpg", ["train/batch 3/", "COCO_0000", "00017.jpg"]],
    ["折/🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂", ["折/", "🙂🙂🙂🙂", "🙂🙂🙂🙂🙂🙂🙂🙂🙂"]],
  ])("%s keeps its end", (name, parts) => {
    expect(partsOf(name)).toEqual(parts);
    expect(partsOf(name).join("")).toBe(name);
  });
});

describe("a flag of several pictures", () => {
  const [with_, without] = [row({ flags: ["dark"] }), row({})];
  it.each([
    [[with_, with_], true, false],
    [[without, without], false, false],
    [[with_, without], false, true],
    // Of what is not read here nobody knows.
    [[with_, null], false, true],
  ])("is had by all, none or some of them", (pictures, checked, indeterminate) => {
    expect(standOf("dark", pictures)).toEqual({ checked, indeterminate });
  });
});
