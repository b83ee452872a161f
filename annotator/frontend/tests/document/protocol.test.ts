/** The golden file of what crosses the wire; the server's tests read it too (tests/web/test_protocol.py). */
import { describe, expect, it } from "vitest";
import golden from "../../../../tests/web/golden/wire.json";
import { HALF, LEVELS } from "../../src/document/heatmap";
import type { State, Verb, WireChange, WireDocument, WireGesture, WireHeatmap, WireInstance } from "../../src/document/protocol";
import type { Edit, Instance } from "../../src/document/scene";
import { drawnInstance, find, maskOfParts, maskOfRle, sceneOf } from "../../src/document/scene";
import { scoresOf } from "../../src/document/scores";
import { BUNDLED_MODEL } from "../../src/editing/drawing";
import { GRABCUT } from "../../src/saving/api";
import { MemoryOutbox, start } from "../harness";
import { FakeServer, refused } from "../server";

const document = golden.document as unknown as WireDocument;

/** Every field of a type, or the compiler complains; sorted. */
const fields = <T extends object>(all: Record<keyof T, true>): string[] => Object.keys(all).sort();

const VERBS: Record<Verb, true> = { accept: true, reject: true, edit: true, add: true, delete: true, relabel: true, flag: true, note: true, review: true, undo: true, redo: true };
const STATES: Record<State, true> = { suggested: true, accepted: true, rejected: true, deleted: true };

/** A server that has the golden document, and keeps what it is sent. */
class GoldenServer extends FakeServer {
  readonly sent: WireGesture[] = [];
  override document = (id: number): Promise<WireDocument> => (id === 7 ? Promise.resolve(document) : Promise.reject(refused("no such image", 404)));
  override post = (_id: number, gesture: WireGesture): Promise<{ revision: number }> => {
    this.sent.push(gesture);
    return Promise.resolve({ revision: gesture.revision + 1 });
  };
}

describe("the golden document", () => {
  it("has the fields that the editor knows, and no others", () => {
    const { image, instances, categories } = golden.document;
    expect(Object.keys(golden.document).sort()).toEqual(
      fields<WireDocument>({ image: true, revision: true, threshold: true, categories: true, category_version: true, instances: true }),
    );
    expect(Object.keys(image).sort()).toEqual(
      fields<WireDocument["image"]>({ id: true, name: true, width: true, height: true, url: true, reviewed: true, prelabelled: true, blind: true, take: true, note: true }),
    );
    expect(Object.keys(categories[0]).sort()).toEqual(
      fields<WireDocument["categories"][number]>({ id: true, name: true, supercategory: true, color: true, digit: true, threshold: true, also: true }),
    );
    for (const one of instances) {
      expect(Object.keys(one).sort()).toEqual(
        fields<WireInstance>({ key: true, category: true, state: true, score: true, source: true, edited: true, crowd: true, flags: true, note: true, locked: true, rle: true, parts: true, prompt: true, vote: true }),
      );
    }
  });

  it("is the scene that the editor shows", () => {
    const scene = sceneOf(document);
    expect(scene).toMatchObject({ imageId: 7, name: "straße 7.jpg", width: 40, height: 40, url: "pictures/7", reviewed: false, prelabelled: true });
    expect(scene.instances.map(({ key, state, score }) => [key, state, score])).toEqual([
      ["suggested", "suggested", 0.84],
      ["edited", "accepted", 0.61],
      ["drawn", "accepted", null],
      ["imported", "accepted", null],
      ["rejected", "rejected", 0.42],
    ]);
    expect(find(scene, "edited")).toMatchObject({ category: 1, edited: true, source: "starter-person@3" });
    expect(find(scene, "edited")!.mask.parts).toEqual(document.instances[1].parts);
  });
});

describe("the golden gesture", () => {
  it("is what the editor sends", async () => {
    const server = new GoldenServer([]);
    let now = 0;
    const { session } = start(server, golden.gesture.client, new MemoryOutbox(), () => now);
    await session.open(7);
    now = 1000 * golden.gesture.seconds;
    const scene = session.view.get().scene!;
    const [, edited, , polygons, found] = golden.gesture.changes as unknown as WireChange[];
    const change = (key: string, to: Partial<Instance>): Edit => {
      const before = find(scene, key)!;
      return { before, after: { ...before, ...to } };
    };
    session.effort.press();
    session.commit(
      golden.gesture.verb as Verb,
      [
        change("suggested", { category: 91, state: "accepted", flags: ["occluded", "own"], note: "why", locked: true }),
        change("edited", { mask: { ...maskOfRle(edited.rle!, 40), level: 47 } }),
        { before: find(scene, "drawn"), after: null },
        { before: null, after: { ...drawnInstance(1, maskOfParts(polygons.parts!, 40)), key: "polygons" } },
        { before: null, after: { ...drawnInstance(1, { ...maskOfRle(found.rle!, 40), heatmap: found.heatmap! }), key: "found", prompt: found.prompt! } },
      ],
      true,
    );
    expect(server.sent).toEqual([golden.gesture]);
  });

  it("has only fields that the editor knows", () => {
    const change = fields<WireChange>({ key: true, category: true, state: true, rle: true, parts: true, cut: true, crowd: true, flags: true, note: true, locked: true, prompt: true, heatmap: true });
    for (const one of golden.gesture.changes) expect(change).toEqual(expect.arrayContaining(Object.keys(one)));
    expect(Object.keys(golden.gesture.changes[4].heatmap!).sort()).toEqual(
      fields<WireHeatmap>({ region: true, size: true, values: true, half: true }),
    );
    expect([...Object.keys(golden.gesture), "note"].sort()).toEqual(
      fields<WireGesture>({ client: true, number: true, revision: true, verb: true, changes: true, reviewed: true, note: true, threshold: true, seconds: true, tool: true, clicks: true }),
    );
  });
});

describe("the golden words and numbers", () => {
  it("are those of the editor", () => {
    expect(golden.constants).toEqual({
      verbs: Object.keys(VERBS).sort(),
      states: Object.keys(STATES).sort(),
      bundled_model: BUNDLED_MODEL,
      grabcut: GRABCUT,
      half: HALF,
      lowest_level: LEVELS.lowest,
      highest_level: LEVELS.highest,
      first_score: scoresOf([{ ...sceneOf(document).instances[0], score: 0 }], []).charCodeAt(0),
    });
  });
});
