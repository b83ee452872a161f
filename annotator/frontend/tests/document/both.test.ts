import { describe, expect, it } from "vitest";
import { editsForBoth } from "../../src/document/both";
import type { GestureBody, WireChange } from "../../src/document/protocol";
import { sceneOf } from "../../src/document/scene";
import type { Scene } from "../../src/document/scene";
import { UnsavedScenes } from "../../src/saving/unsaved";
import { FakeServer, squareRle } from "../server";

/** Of a picture with the instances i0k0 and i0k1, both suggested. */
const scene = async (): Promise<Scene> => sceneOf(await new FakeServer([2]).document(1));
const gesture = (...changes: WireChange[]): GestureBody => ({ verb: "edit", changes, threshold: 0.4, seconds: 1 });
const of = (key: string, state: WireChange["state"], more: Partial<WireChange> = {}): WireChange => ({ key, category: 3, state, ...more });
const never = (): boolean => false;
const always = (): boolean => true;

describe("mine and theirs", () => {
  it("is mine on what nobody else touched, in its place", async () => {
    const theirs = await scene();
    const [first, second] = theirs.instances;
    const edits = editsForBoth(theirs, theirs, [gesture(of("i0k0", "accepted"), of("i0k1", "deleted"))], never);
    expect(edits).toEqual([
      { before: first, after: { ...first, category: 3, state: "accepted" } },
      { before: second, after: null },
    ]);
  });

  it("is mine beside theirs where both changed one, with the mask that I drew last", async () => {
    const theirs = await scene();
    const gestures = [gesture(of("i0k0", "accepted", { rle: squareRle(3) })), gesture(of("i0k0", "accepted", { rle: squareRle(4) }))];
    const [edit, ...rest] = editsForBoth(theirs, theirs, gestures, always);
    expect(rest).toEqual([]);
    expect(edit.before).toBeNull();
    expect(edit.after).toMatchObject({ category: 3, state: "accepted", source: "manual", score: null, mask: { rle: squareRle(4) } });
    expect(edit.after!.key).not.toBe("i0k0");
  });

  it("is theirs alone where I rejected or deleted what they changed", async () => {
    const theirs = await scene();
    for (const state of ["rejected", "deleted"] as const) {
      expect(editsForBoth(theirs, theirs, [gesture(of("i0k0", state, { rle: squareRle(4) }))], always), state).toEqual([]);
    }
  });

  it("keeps the points that my mask was made by, those said last", async () => {
    const theirs = await scene();
    const said = (x: number) => ({ by: "disks@0123456789ab", points: [[x, 1, 1]] as const, box: null });
    const clicked = (x: number) => gesture(of("i0k0", "accepted", { rle: squareRle(x), prompt: said(x) as never }));
    const [copy] = editsForBoth(theirs, theirs, [clicked(3), clicked(4)], always);
    expect(copy.after).toMatchObject({ mask: { rle: squareRle(4) }, prompt: said(4) });
    const [same] = editsForBoth(theirs, theirs, [clicked(3)], never);
    expect(same.after).toMatchObject({ key: "i0k0", prompt: said(3) });
    const [drawn] = editsForBoth(theirs, theirs, [clicked(3), gesture(of("i0k0", "accepted", { rle: squareRle(2), prompt: null }))], always);
    expect(drawn.after).not.toHaveProperty("prompt");
  });

  it("is a crowd where I said so", async () => {
    const theirs = await scene();
    const [edit] = editsForBoth(theirs, theirs, [gesture(of("i0k0", "accepted", { crowd: true }))], always);
    expect(edit.after).toMatchObject({ crowd: true, mask: { rle: squareRle(0) } });
  });
});

describe("what is unsaved", () => {
  it("clashes with what others made of the same instances since the first of my gestures", async () => {
    const start = await scene();
    const unsaved = new UnsavedScenes();
    const [one] = start.instances;
    const [accepted, moved] = [{ ...one, state: "accepted" as const }, { ...one, state: "accepted" as const, category: 3 }];
    const shown = (after: typeof one): Scene => ({ ...start, instances: [after, start.instances[1]] });
    unsaved.remember(start, shown(accepted), [{ before: one, after: accepted }]);
    unsaved.remember(shown(accepted), shown(moved), [{ before: accepted, after: moved }]);
    expect(unsaved.clashes(start, ["i0k0"])).toBe(false);
    expect(unsaved.clashes(shown(accepted), ["i0k0"])).toBe(true);
    expect(unsaved.clashes({ ...start, instances: [] }, ["i0k0"])).toBe(true);
    // Of what no gesture of mine was about, nothing is known.
    expect(unsaved.clashes(start, ["i0k1"])).toBe(true);
    unsaved.drop(1);
    expect(unsaved.clashes(start, ["i0k0"])).toBe(true);
  });
});
