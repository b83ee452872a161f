/** A server in memory that keeps to the rules of annotator/core/review.py: numbered gestures, revisions, masks. */
import { windowOfParts } from "../src/document/paint";
import type { QueueImage, WireCategory, WireDocument, WireGesture, WireInstance, WireQueue } from "../src/document/protocol";
import { windowToRle } from "../src/document/rle";
import { RefusedError } from "../src/saving/errors";

export const CATEGORIES: readonly WireCategory[] = [
  { id: 1, name: "person", supercategory: "person" },
  { id: 3, name: "car", supercategory: "vehicle" },
  { id: 91, name: "helmet", supercategory: "" },
];

/** What the server answers in a line of its own. */
export function refused(error: string, status: number, more: Record<string, unknown> = {}): RefusedError {
  return new RefusedError(error, status, { error, ...more });
}

interface Stored {
  revision: number;
  reviewed: boolean;
  instances: Map<string, WireInstance>;
  answers: Map<string, number>;
}

/** A 4 x 4 square at a place of a 40 x 40 picture, as runs. */
export function squareRle(column: number): string {
  return SQUARES[column];
}

// Made by pycocotools: mask[4:8, 4 * k : 4 * k + 4] = 1 for k in 0..4 on 40 x 40 pixels.
const SQUARES = ["44T100000l\\1", "T54T100000lW1", "T:4T100000lR1", "T?4T100000lm0", "Td04T100000lh0"];

export function wireInstance(key: string, column: number, changes: Partial<WireInstance> = {}): WireInstance {
  const score = 0.9 - column * 0.15;
  return { key, category: 1, state: "suggested", score, source: "starter@1", edited: false, rle: squareRle(column), parts: null, ...changes };
}

export class FakeServer {
  readonly images = new Map<number, Stored>();
  /** Called before each gesture is taken: throw to lose the request. */
  before: () => void = () => {};
  /** Called after each gesture was taken: throw to lose the answer. */
  after: () => void = () => {};
  readonly gestures: WireGesture[] = [];

  constructor(counts: readonly number[] = [3]) {
    counts.forEach((count, index) => {
      const instances = Array.from({ length: count }, (_, column) => wireInstance(`i${index}k${column}`, column));
      this.images.set(index + 1, {
        revision: 1,
        reviewed: false,
        instances: new Map(instances.map((one) => [one.key, one])),
        answers: new Map(),
      });
    });
  }

  queue(): Promise<WireQueue> {
    const images: QueueImage[] = [...this.images].map(([id, image]) => {
      const count = (state: string): number => [...image.instances.values()].filter((one) => one.state === state).length;
      return {
        id,
        name: `${id}.jpg`,
        width: 40,
        height: 40,
        thumbnail: "",
        reviewed: image.reviewed,
        prelabelled: true,
        accepted: count("accepted"),
        suggested: count("suggested"),
        rejected: count("rejected"),
        scores: "",
      };
    });
    return Promise.resolve({ images, bin: 0, job: null });
  }

  document(id: number): Promise<WireDocument> {
    const image = this.images.get(id);
    if (image === undefined) return Promise.reject(refused("no such image", 404));
    return Promise.resolve({
      image: { id, name: `${id}.jpg`, width: 40, height: 40, url: `pictures/${id}`, reviewed: image.reviewed, prelabelled: true },
      revision: image.revision,
      threshold: 0.4,
      categories: CATEGORIES,
      instances: [...image.instances.values()].filter((one) => one.state !== "deleted"),
    });
  }

  addCategory(name: string): Promise<WireCategory> {
    return Promise.resolve({ id: 92, name, supercategory: "" });
  }

  post(id: number, gesture: WireGesture): Promise<{ revision: number }> {
    try {
      this.before();
      const image = this.images.get(id);
      if (image === undefined) throw refused("no such image", 404);
      const name = `${gesture.client}/${gesture.number}`;
      if (!image.answers.has(name)) {
        if (gesture.revision !== image.revision) throw refused("stale", 409, { revision: image.revision });
        for (const change of gesture.changes) this.apply(image, change);
        if (gesture.reviewed !== undefined) image.reviewed = gesture.reviewed;
        image.revision++;
        image.answers.set(name, image.revision);
        this.gestures.push(gesture);
      }
      this.after();
      return Promise.resolve({ revision: image.answers.get(name)! });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private apply(image: Stored, change: WireGesture["changes"][number]): void {
    const before = image.instances.get(change.key);
    if (before === undefined && change.parts === undefined && change.rle === undefined) throw refused("no mask", 400);
    const base = before ?? wireInstance(change.key, 0, { score: null, source: "manual" });
    const mask =
      change.parts !== undefined
        ? { parts: change.parts, rle: windowToRle(windowOfParts(change.parts), 40, 40) }
        : change.rle !== undefined
          ? { parts: null, rle: change.rle }
          : {};
    image.instances.set(change.key, { ...base, category: change.category, state: change.state, ...(change.crowd === undefined ? {} : { crowd: change.crowd }), ...mask });
  }
}
