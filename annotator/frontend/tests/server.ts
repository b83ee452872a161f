/** A server in memory that keeps to the rules of annotator/core/review.py: numbered gestures, revisions, masks. */
import { windowOfParts } from "../src/document/paint";
import type { QueueImage, QueueRequest, UnchangedQueue, WireCategories, WireCategory, WireDocument, WireGesture, WireInstance, WireQueue } from "../src/document/protocol";
import { windowToRle } from "../src/document/rle";
import { RefusedError } from "../src/saving/errors";
import type { LeasesApi } from "../src/saving/leases";
import type { Verdict, VerdictsApi } from "../src/saving/verdicts";

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
  prelabelled: boolean;
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

/** Keeps to the rules of annotator/storage/category_manager.py: the last change is undone, and made again, by its id. */
export class FakeCategories {
  now: readonly WireCategory[] = CATEGORIES;
  private done: { id: number; name: string; before: readonly WireCategory[]; after: readonly WireCategory[] }[] = [];
  private undone: typeof this.done = [];
  private changes = 0;

  version(): string {
    return String(this.changes + this.undone.length / 100);
  }

  rename(id: number, name: string): Promise<WireCategories> {
    return this.change(name, this.now.map((one) => (one.id === id ? { ...one, name } : one)));
  }

  merge(id: number, into: number): Promise<WireCategories> {
    const left = this.now.filter((one) => one.id !== id);
    return this.change("merged", left.map((one) => (one.id === into ? { ...one, also: [id] } : one)));
  }

  async add(name: string): Promise<WireCategory & { change: number | null }> {
    const category = { id: 92 + this.changes, name, supercategory: "" };
    return { ...category, change: (await this.change(name, [...this.now, category])).change! };
  }

  list(): Promise<WireCategories> {
    const told = (one: (typeof this.done)[number] | undefined) =>
      one === undefined ? null : ({ id: one.id, verb: "rename", who: "", names: [one.name], count: 1 } as const);
    const categories = this.now.map((one) => ({ ...one, accepted: 0, suggested: 0, rejected: 0 }));
    return Promise.resolve({ categories, version: this.version(), undo: told(this.done.at(-1)), redo: told(this.undone.at(-1)) });
  }

  undo(change: number): Promise<WireCategories> {
    const last = this.done.at(-1);
    if (last?.id !== change) return Promise.reject(refused("something else was changed since", 400));
    [this.now, this.done, this.undone] = [last.before, this.done.slice(0, -1), [...this.undone, last]];
    return this.list();
  }

  redo(change: number): Promise<WireCategories> {
    const last = this.undone.at(-1);
    if (last?.id !== change) return Promise.reject(refused("something else was changed since", 400));
    [this.now, this.undone, this.done] = [last.after, this.undone.slice(0, -1), [...this.done, last]];
    return this.list();
  }

  private async change(name: string, after: readonly WireCategory[]): Promise<WireCategories> {
    const id = ++this.changes;
    [this.done, this.undone] = [[...this.done, { id, name, before: this.now, after }], []];
    this.now = after;
    return { ...(await this.list()), change: id };
  }
}

export class FakeServer {
  readonly images = new Map<number, Stored>();
  /** Called before each gesture is taken: throw to lose the request. */
  before: () => void = () => {};
  /** Called after each gesture was taken: throw to lose the answer. */
  after: () => void = () => {};
  readonly gestures: WireGesture[] = [];
  readonly categories = new FakeCategories();

  /** width: of every picture, whose height is 40. */
  constructor(
    counts: readonly number[] = [3],
    private readonly width = 40,
  ) {
    counts.forEach((count, index) => {
      const instances = Array.from({ length: count }, (_, column) => wireInstance(`i${index}k${column}`, column));
      this.images.set(index + 1, {
        revision: 1,
        reviewed: false,
        prelabelled: true,
        instances: new Map(instances.map((one) => [one.key, one])),
        answers: new Map(),
      });
    });
  }

  /** What was asked of the queue, in order. */
  readonly asked: QueueRequest[] = [];
  private readonly rows = (): QueueImage[] =>
    [...this.images].map(([id, image]) => {
      const count = (state: string): number => [...image.instances.values()].filter((one) => one.state === state).length;
      return {
        id,
        name: `${id}.jpg`,
        width: this.width,
        height: 40,
        thumbnail: "",
        reviewed: image.reviewed,
        prelabelled: image.prelabelled,
        accepted: count("accepted"),
        suggested: count("suggested"),
        rejected: count("rejected"),
        flags: [],
        failure: "",
        scores: String.fromCharCode(...[...image.instances.values()].filter((one) => one.state === "suggested").map(() => 356)),
      };
    });

  /** Knows one expression: `reviewed` or `-reviewed`; `bad` cannot be read. */
  private listed({ asked: { query, descending }, keep }: QueueRequest): QueueImage[] {
    if (query === "bad") throw refused("search", 400, { at: 0, trouble: "unknown_word", found: "bad", words: ["good"] });
    const fits = ({ id, reviewed }: QueueImage): boolean => query === "" || id === keep || reviewed === (query === "reviewed");
    const rows = this.rows().filter(fits);
    return descending ? rows.reverse() : rows;
  }

  queue(request: QueueRequest & { offset: number; limit: number; around: number | null; version: string }): Promise<WireQueue | UnchangedQueue> {
    this.asked.push(request);
    try {
      const rows = this.listed(request);
      const version = JSON.stringify([...this.images].map(([id, { revision, prelabelled }]) => [id, revision, prelabelled]));
      if (version === request.version && request.around === null) return Promise.resolve({ version, job: null });
      const place = rows.findIndex(({ id }) => id === request.around);
      const offset = place < 0 ? request.offset : place - (place % request.limit);
      const all = this.rows();
      const reviewed = all.filter((row) => row.reviewed).length;
      const images = rows.slice(offset, offset + request.limit);
      return Promise.resolve({ version, total: rows.length, offset, place: place < 0 ? null : place, images, all: all.length, reviewed, bin: 0, job: null, handout: this.handout, verdicts: this.reviewed });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  nextToDo(request: QueueRequest, after: number | null): Promise<{ image: QueueImage | null }> {
    const rows = this.listed(request);
    const place = rows.findIndex(({ id }) => id === after);
    const order = [...rows.slice(place + 1), ...rows.slice(0, Math.max(0, place))];
    return Promise.resolve({ image: order.find(({ reviewed }) => !reviewed) ?? null });
  }

  /** Whether pictures are handed out, and the tab that holds each. */
  handout = false;
  readonly holders = new Map<number, string>();
  leases(tab: string): Pick<LeasesApi, "keep" | "next" | "leave"> {
    const isFree = (id: number): boolean => (this.holders.get(id) ?? tab) === tab;
    return {
      keep: (id) => {
        if (isFree(id)) this.holders.set(id, tab);
        const holder = this.holders.get(id)!;
        return Promise.resolve({ mine: holder === tab, name: holder, left_s: 600 });
      },
      next: (asked, after) => {
        const rows = this.listed(asked);
        const place = rows.findIndex(({ id }) => id === after);
        const order = [...rows.slice(place + 1), ...rows.slice(0, Math.max(0, place))];
        const image = order.find(({ id, reviewed }) => !reviewed && isFree(id)) ?? null;
        if (image !== null) this.holders.set(image.id, tab);
        return Promise.resolve({ image });
      },
      leave: () => {},
    };
  }

  /** Whether a reviewer accepts what is done, and what was said of each picture. */
  reviewed = false;
  readonly own = new Set<number>();
  readonly said = new Map<number, { verdict: Verdict; revision: number }[]>();
  readonly verdicts: Pick<VerdictsApi, "of" | "say"> = {
    of: (id) => {
      const { reviewed, revision } = this.images.get(id)!;
      const said = this.said.get(id) ?? [];
      const last = said.at(-1);
      const accepted = last?.verdict === "accepted" && last.revision === revision;
      const stands = reviewed ? (accepted ? "accepted" : "toreview") : last?.verdict === "sentback" ? "sentback" : null;
      return Promise.resolve({ reviews: true, own: this.own.has(id), stands, history: said.map(({ verdict }) => ({ verdict, note: "", who: "", whom: "", at: "" })) });
    },
    say: async (ids, verdict, _note, revision = null) => {
      if (revision !== null && revision !== this.images.get(ids[0])!.revision) throw refused("was changed since", 409);
      const changed: number[] = [];
      for (const id of ids) {
        const { stands } = await this.verdicts.of(id);
        const changes = verdict === "withdrawn" ? stands === "accepted" || stands === "sentback" : verdict === "sentback" ? this.images.get(id)!.reviewed : stands === "toreview";
        if (!changes) continue;
        const image = this.images.get(id)!;
        image.revision++;
        image.reviewed = verdict !== "sentback";
        this.said.set(id, [...(this.said.get(id) ?? []), { verdict, revision: image.revision }]);
        changed.push(id);
      }
      return changed;
    },
  };

  queueIds(request: QueueRequest, first: number, last: number): Promise<readonly number[]> {
    return Promise.resolve(this.listed(request).slice(first, last + 1).map(({ id }) => id));
  }

  document(id: number): Promise<WireDocument> {
    const image = this.images.get(id);
    if (image === undefined) return Promise.reject(refused("no such image", 404));
    return Promise.resolve({
      image: { id, name: `${id}.jpg`, width: this.width, height: 40, url: `pictures/${id}`, reviewed: image.reviewed, prelabelled: image.prelabelled },
      revision: image.revision,
      threshold: 0.4,
      categories: this.categories.now,
      category_version: this.categories.version(),
      instances: [...image.instances.values()].filter((one) => one.state !== "deleted"),
    });
  }

  post(id: number, gesture: WireGesture): Promise<{ revision: number }> {
    try {
      this.before();
      const image = this.images.get(id);
      if (image === undefined) throw refused("no such image", 404);
      const name = `${gesture.client}/${gesture.number}`;
      if (gesture.changes.length > 2000) throw refused("gesture.changes: expected a list of at most 2000", 400);
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
    image.instances.set(change.key, { ...base, category: change.category, state: change.state, ...(change.crowd === undefined ? {} : { crowd: change.crowd }), ...(change.prompt === undefined ? {} : { prompt: change.prompt }), ...mask });
  }
}
