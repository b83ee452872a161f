/** The pictures of the project as a list that is put in order by the server and read in stretches. */
import type { QueueAsked, QueueImage, QueueRequest, QueueTrouble, WireCategory, WireJob } from "../document/protocol";
import type { Scene } from "../document/scene";
import { withCounts } from "../document/scores";
import type { Api } from "../saving/api";
import { RefusedError } from "../saving/errors";
import { Store } from "./store";

/** Rows in one stretch. */
const STRETCH = 100;
/** Pictures that the server may name as next although they are reviewed here, before one gives up. */
const LATE = 20;

export interface QueueView {
  readonly asked: QueueAsked;
  /** By their place in the list, those rows that were read. */
  readonly rows: ReadonlyMap<number, QueueImage>;
  /** How many pictures the list has; how many there are, and how many of them are reviewed; how many lie in the bin. */
  readonly total: number;
  readonly all: number;
  readonly reviewed: number;
  readonly bin: number;
  readonly job: WireJob | null;
  /** Why what was asked for last cannot be read; the list is the one before it. */
  readonly trouble: QueueTrouble | null;
  /** False until the first answer, so that an empty project is not announced too early. */
  readonly loaded: boolean;
}

export interface QueueOptions {
  readonly api: Pick<Api, "queue" | "nextToDo">;
  readonly threshold: () => number;
  readonly categories: () => readonly WireCategory[];
  /** The picture that is open, or on its way. */
  readonly open: () => number | null;
  /** A picture with gestures that the server does not know yet. */
  readonly local: (imageId: number) => Scene | undefined;
  readonly onFailed: (error: unknown) => void;
}

export class PictureQueue {
  readonly view = new Store<QueueView>({
    asked: { query: "", sort: "added", descending: false },
    rows: new Map(),
    total: 0,
    all: 0,
    reviewed: 0,
    bin: 0,
    job: null,
    trouble: null,
    loaded: false,
  });
  private version = "";
  /** What the rows were asked with: another one of these makes another list of the same expression. */
  private circumstances = "";
  private keep: number | null = null;
  private seen = { first: 0, last: STRETCH - 1 };
  private readonly fetching = new Set<number>();
  /** Counts the lists that were asked for: a late answer belongs to none. */
  private turn = 0;
  /** What is asked for, which no refresh of the list before may overtake. */
  private asking: Promise<void> = Promise.resolve();
  private refreshing: Promise<void> = Promise.resolve();
  private nextRefresh: Promise<void> | null = null;

  constructor(private readonly options: QueueOptions) {}

  // --- reading ---

  /** Another expression or order; where it cannot be read the list stays, with the trouble beside it. */
  ask(change: Partial<QueueAsked>): Promise<void> {
    this.asking = this.askNow(change);
    return this.asking;
  }

  private async askNow(change: Partial<QueueAsked>): Promise<void> {
    const asked = { ...this.view.get().asked, ...change };
    const turn = ++this.turn;
    try {
      const answer = await this.options.api.queue({ ...this.stretch(0), asked, keep: null });
      if (turn !== this.turn || answer.images === undefined) return;
      this.keep = null;
      this.circumstances = this.circumstancesOf(asked, null);
      this.seen = { first: 0, last: STRETCH - 1 };
      this.view.set({ asked, trouble: null });
      this.take(answer, true);
    } catch (error) {
      if (turn !== this.turn) return;
      const trouble = troubleOf(error, asked.query);
      if (trouble === null) this.options.onFailed(error);
      else this.view.set({ trouble });
    }
  }

  /** Reads again what is in sight; while one answer is on its way, all later calls share the next one. */
  refresh(): Promise<void> {
    this.nextRefresh ??= this.refreshing.then(() => {
      this.nextRefresh = null;
      this.refreshing = this.readAgain();
      return this.refreshing;
    });
    return this.nextRefresh;
  }

  /** The open picture stays listed, although it may fit no more. */
  private async readAgain(): Promise<void> {
    // What is asked for meanwhile comes first too: its answer would be taken for an old one.
    let asking: Promise<void>;
    do await (asking = this.asking);
    while (asking !== this.asking);
    const { asked, loaded } = this.view.get();
    const turn = ++this.turn;
    const open = this.options.open();
    const keep = asked.query !== "" && open !== null && (open === this.keep || this.placeOf(open) >= 0) ? open : null;
    const circumstances = this.circumstancesOf(asked, keep);
    const version = circumstances === this.circumstances ? this.version : "";
    const offset = stretchOf(this.seen.first) * STRETCH;
    const limit = (stretchOf(this.seen.last) + 1) * STRETCH - offset;
    try {
      const answer = await this.options.api.queue({ ...this.stretch(offset, limit), keep, version });
      if (turn !== this.turn) return;
      this.keep = keep;
      this.circumstances = circumstances;
      if (answer.images === undefined) this.view.set({ job: answer.job });
      else this.take(answer, true);
    } catch (error) {
      if (!loaded && turn === this.turn) this.options.onFailed(error);
    }
  }

  /** These places are in sight: what is missing of them is read. */
  show(first: number, last: number): void {
    this.seen = { first: Math.max(0, first), last: Math.max(first, last) };
    this.fetchMissing();
  }

  private fetchMissing(): void {
    const { rows, total } = this.view.get();
    const last = Math.min(this.seen.last, total - 1);
    for (let stretch = stretchOf(this.seen.first); stretch * STRETCH <= last; stretch++) {
      const begin = Math.max(this.seen.first, stretch * STRETCH);
      const end = Math.min(last, (stretch + 1) * STRETCH - 1);
      const missing = (place: number): boolean => !rows.has(place);
      if (range(begin, end).some(missing)) void this.read(stretch);
    }
  }

  private async read(stretch: number): Promise<void> {
    if (this.fetching.has(stretch)) return;
    this.fetching.add(stretch);
    const { turn } = this;
    try {
      const answer = await this.options.api.queue(this.stretch(stretch * STRETCH));
      if (turn === this.turn && answer.images !== undefined) this.take(answer, false);
    } catch (error) {
      if (turn === this.turn) this.options.onFailed(error);
    } finally {
      this.fetching.delete(stretch);
    }
    if (turn !== this.turn) this.fetchMissing();
  }

  /** What says which list this is. */
  request(): QueueRequest {
    return { asked: this.view.get().asked, threshold: this.options.threshold(), keep: this.keep };
  }

  private stretch(offset: number, limit: number = STRETCH) {
    return { ...this.request(), offset, limit, around: null, version: "" } as const;
  }

  private circumstancesOf({ query, sort }: QueueAsked, keep: number | null): string {
    return `${keep} ${query !== "" || sort === "doubt" ? this.options.threshold() : ""}`;
  }

  /** fresh: what was read before is another list's. */
  private take(answer: Awaited<ReturnType<Api["queue"]>>, fresh: boolean): void {
    if (answer.images === undefined) return;
    const changed = fresh || answer.version !== this.version;
    this.version = answer.version;
    const rows = new Map(changed ? [] : this.view.get().rows);
    let reviewed = answer.reviewed;
    answer.images.forEach((image, index) => {
      const row = this.asItStandsHere(image);
      reviewed += Number(row.reviewed) - Number(image.reviewed);
      rows.set(answer.offset + index, row);
    });
    const { total, all, bin, job } = answer;
    this.view.set({ rows, total, all, bin, job, reviewed, loaded: true });
    this.fetchMissing();
  }

  private asItStandsHere(image: QueueImage): QueueImage {
    const scene = this.options.local(image.id);
    return scene === undefined ? image : withCounts(image, scene, this.options.categories());
  }

  /** Whether gestures change which pictures are listed, or their order. */
  goesByWork(): boolean {
    const { query, sort } = this.view.get().asked;
    return query !== "" || (sort !== "added" && sort !== "name");
  }

  // --- what changed here ---

  /** A picture as a gesture of this page left it. */
  patch(scene: Scene): void {
    const place = this.placeOf(scene.imageId);
    const before = this.view.get().rows.get(place);
    if (before === undefined) return;
    const after = withCounts(before, scene, this.options.categories());
    const reviewed = this.view.get().reviewed + Number(after.reviewed) - Number(before.reviewed);
    this.view.set({ rows: new Map(this.view.get().rows).set(place, after), reviewed });
  }

  // --- finding ---

  /** Where a picture stands in the list; -1 where its row was not read, or is not there. */
  placeOf(imageId: number | null): number {
    if (imageId === null) return -1;
    for (const [place, { id }] of this.view.get().rows) if (id === imageId) return place;
    return -1;
  }

  row(imageId: number | null): QueueImage | null {
    return this.view.get().rows.get(this.placeOf(imageId)) ?? null;
  }

  /** As `placeOf`, but the server is asked where the row was not read; its neighbours are read then too. */
  async find(imageId: number): Promise<number> {
    const known = this.placeOf(imageId);
    if (known >= 0 || !this.view.get().loaded) return known;
    const { turn } = this;
    try {
      const answer = await this.options.api.queue({ ...this.stretch(0), around: imageId });
      if (turn !== this.turn || answer.images === undefined) return -1;
      if (answer.place !== null) this.take(answer, false);
      return answer.place ?? -1;
    } catch {
      return -1;
    }
  }

  /** The picture before or behind the open one; null at the list's end. */
  async neighbour(direction: 1 | -1): Promise<QueueImage | null> {
    const open = this.options.open();
    const place = open === null ? -1 : await this.find(open);
    if (place < 0 && direction < 0) return null;
    return this.at(place + direction);
  }

  /** As `neighbour`, where no answer need be waited for; undefined where one must. */
  neighbourHere(direction: 1 | -1): QueueImage | null | undefined {
    const place = this.placeOf(this.options.open());
    if (place < 0) return undefined;
    const next = place + direction;
    return next < 0 || next >= this.view.get().total ? null : this.view.get().rows.get(next);
  }

  private async at(place: number): Promise<QueueImage | null> {
    if (place < 0 || place >= this.view.get().total) return null;
    if (!this.view.get().rows.has(place)) await this.read(stretchOf(place));
    return this.view.get().rows.get(place) ?? null;
  }

  /** The next picture of the list that is not reviewed, from the top again at the end; null where none is left. */
  async nextToDo(): Promise<QueueImage | null> {
    const here = this.nextHere();
    if (here !== undefined) return here;
    let after = this.options.open();
    for (let late = 0; late < LATE; late++) {
      const { image } = await this.options.api.nextToDo(this.request(), after);
      if (image === null || image.id === this.options.open()) return null;
      if (!this.asItStandsHere(image).reviewed) return image;
      after = image.id;
    }
    return null;
  }

  /** The same among the rows that were read; undefined where that does not say it. */
  private nextHere(): QueueImage | null | undefined {
    const { rows, total, loaded } = this.view.get();
    const open = this.options.open();
    const place = this.placeOf(open);
    if (!loaded || (place < 0 && open !== null)) return undefined;
    const order = place < 0 ? range(0, total - 1) : [...range(place + 1, total - 1), ...range(0, place - 1)];
    for (const one of order) {
      const row = rows.get(one);
      if (row === undefined) return undefined;
      if (!row.reviewed) return row;
    }
    return null;
  }
}

function stretchOf(place: number): number {
  return Math.floor(place / STRETCH);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

/** What an answer says about an expression that cannot be read; null where it is another failure. */
function troubleOf(error: unknown, query: string): QueueTrouble | null {
  if (!(error instanceof RefusedError)) return null;
  const { at, trouble, found, words } = error.answer;
  if (typeof at !== "number" || typeof trouble !== "string") return null;
  return { query, at, kind: trouble, found: typeof found === "string" ? found : "", words: Array.isArray(words) ? words.map(String) : [] };
}
