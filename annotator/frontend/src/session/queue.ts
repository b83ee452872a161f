/** The pictures of the project as a list that is put in order by the server and read in stretches. */
import type { QueueAsked, QueueImage, QueueRequest, QueueTrouble, WireCategory, WireJob } from "../document/protocol";
import type { Scene } from "../document/scene";
import { withCounts } from "../document/scores";
import type { Api } from "../saving/api";
import { RefusedError } from "../saving/errors";
import { Store } from "./store";

/** Rows in one stretch. */
const STRETCH = 100;
const FIRST: QueueAsked = { query: "", sort: "added", descending: false };
/** Pictures that the server may name as next although they are reviewed here, before one gives up. */
const LATE = 20;
/** How long one waits before an order is asked for again that is being worked out. */
const ORDERING_MS = 1000;

type Answer = Awaited<ReturnType<Api["queue"]>>;
type Stretch = Parameters<Api["queue"]>[0];

export interface QueueView {
  readonly asked: QueueAsked;
  /** What was asked for last: the list is another one until the answer comes. */
  readonly wanted: QueueAsked;
  /** By their place in the list, those rows that were read. */
  readonly rows: ReadonlyMap<number, QueueImage>;
  /** How many pictures the list has; how many there are, and how many of them are reviewed; how many lie in the bin. */
  readonly total: number;
  readonly all: number;
  readonly reviewed: number;
  readonly bin: number;
  readonly job: WireJob | null;
  /** Whether pictures are handed out: then the server says which is next. */
  readonly handout: boolean;
  /** Whether a reviewer accepts what is done. */
  readonly verdicts: boolean;
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
  /** The next picture to do, taken from the server so that nobody else is given it. */
  /** Whether the open picture is a second take of one, which no list has. */
  readonly isTake: () => boolean;
  readonly take: (asked: QueueRequest, after: number | null) => Promise<QueueImage | null>;
}

export class PictureQueue {
  readonly view = new Store<QueueView>({
    asked: FIRST,
    wanted: FIRST,
    rows: new Map(),
    total: 0,
    all: 0,
    reviewed: 0,
    bin: 0,
    job: null,
    handout: false,
    verdicts: false,
    trouble: null,
    loaded: false,
  });
  /** What the rows were asked with, and the project's version then. */
  private list: QueueRequest | null = null;
  private version = "";
  private seen = { first: 0, last: STRETCH - 1 };
  /** Counts the lists that were shown: what was asked about an earlier one says nothing of this one. */
  private turn = 0;
  /** Counts the lists that were asked for: only the newest is waited for. */
  private newest = 0;
  /** Counts what was saved: an answer that was on its way meanwhile may not know of it. */
  private saved = 0;
  /** The stretches of this list that are on their way. */
  private reading = new Map<number, Promise<void>>();
  private asking: Promise<void> = Promise.resolve();
  private refreshing: Promise<void> = Promise.resolve();
  private nextRefresh: Promise<void> | null = null;
  private ordering: ReturnType<typeof setTimeout> | undefined;
  /** Who waits until the list stands in its order. */
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly options: QueueOptions) {}

  // --- reading ---

  /** Another expression or order; where it cannot be read, or no answer comes, the list stays and what is wanted goes back. */
  ask(change: Partial<QueueAsked>): Promise<void> {
    this.asking = this.askNow({ ...this.view.get().wanted, ...change });
    return this.asking;
  }

  private async askNow(wanted: QueueAsked): Promise<void> {
    const mine = ++this.newest;
    this.view.set({ wanted });
    const list = { asked: wanted, threshold: this.options.threshold(), keep: null };
    try {
      const answer = await this.fetch(list, { offset: 0 });
      if (mine !== this.newest || answer.images === undefined) return;
      this.seen = { first: 0, last: STRETCH - 1 };
      this.take(answer, list);
    } catch (error) {
      if (mine !== this.newest) return;
      const trouble = troubleOf(error, wanted.query);
      this.view.set({ wanted: this.view.get().asked, ...(trouble === null ? {} : { trouble }) });
      if (trouble === null) this.options.onFailed(error);
    }
  }

  /** Resolves when nothing is asked for any more whose answer has not come. */
  async answered(): Promise<void> {
    let asking: Promise<void>;
    do await (asking = this.asking);
    while (asking !== this.asking);
  }

  /** Resolves when the list stands in the order that was asked for, which may be worked out still. */
  inOrder(): Promise<void> {
    return this.ordering === undefined ? Promise.resolve() : new Promise((go) => this.waiting.push(go));
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
    await this.answered();
    const mine = ++this.newest;
    const { asked, loaded } = this.view.get();
    const open = this.options.open();
    const stays = asked.query !== "" && open !== null && (open === this.list?.keep || this.placeOf(open) >= 0);
    const list = { asked, threshold: this.options.threshold(), keep: stays ? open : null };
    const offset = stretchOf(this.seen.first) * STRETCH;
    const limit = (stretchOf(this.seen.last) + 1) * STRETCH - offset;
    try {
      const answer = await this.fetch(list, { offset, limit, version: isSame(list, this.list) ? this.version : "" });
      if (mine !== this.newest) return;
      if (answer.images === undefined) this.view.set({ job: answer.job });
      else this.take(answer, list);
    } catch (error) {
      if (!loaded && mine === this.newest) this.options.onFailed(error);
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

  /** A stretch of the list; whoever wants the same one waits for the same answer. */
  private read(stretch: number): Promise<void> {
    const reading = this.reading.get(stretch) ?? this.readNow(stretch);
    this.reading.set(stretch, reading);
    return reading;
  }

  private async readNow(stretch: number): Promise<void> {
    const { turn, reading } = this;
    const list = this.request();
    try {
      const answer = await this.fetch(list, { offset: stretch * STRETCH });
      if (turn === this.turn) this.take(answer, list);
    } catch (error) {
      if (turn === this.turn) this.options.onFailed(error);
    } finally {
      reading.delete(stretch);
    }
  }

  /** What says which list this is. */
  request(): QueueRequest {
    return this.list ?? { asked: this.view.get().asked, threshold: this.options.threshold(), keep: null };
  }

  /** Another list that was shown meanwhile, or a gesture that was saved, may be newer than the answer. */
  private async fetch(list: QueueRequest, stretch: Partial<Stretch>): Promise<Answer> {
    const { turn, saved } = this;
    const answer = await this.options.api.queue({ ...list, offset: 0, limit: STRETCH, around: null, version: "", ...stretch });
    if (turn !== this.turn || saved !== this.saved) void this.refresh();
    return answer;
  }

  /** Rows of another list, or of another version of it, take the place of all that were read. */
  private take(answer: Answer, list: QueueRequest): void {
    if (answer.images === undefined) return;
    const changed = list !== this.list || answer.version !== this.version;
    if (changed) {
      this.turn++;
      this.reading = new Map();
    }
    this.list = list;
    this.version = answer.version;
    const rows = new Map(changed ? [] : this.view.get().rows);
    let reviewed = answer.reviewed;
    answer.images.forEach((image, index) => {
      const row = this.asItStandsHere(image);
      reviewed += Number(row.reviewed) - Number(image.reviewed);
      rows.set(answer.offset + index, row);
    });
    const { total, all, bin, job } = answer;
    const { asked } = list;
    const again = asked === this.view.get().asked ? {} : { asked, wanted: asked, trouble: null };
    this.view.set({ ...again, rows, total, all, bin, job, reviewed, handout: answer.handout === true, verdicts: answer.verdicts === true, loaded: true });
    this.fetchMissing();
    clearTimeout(this.ordering);
    this.ordering = answer.ordering === true ? setTimeout(() => void this.refresh(), ORDERING_MS) : undefined;
    if (this.ordering === undefined) this.waiting.splice(0).forEach((go) => go());
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

  /** A gesture is on the server. */
  noteSaved(): void {
    this.saved++;
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
    const list = this.request();
    try {
      const answer = await this.fetch(list, { around: imageId });
      if (turn !== this.turn) return await this.find(imageId);
      if (answer.images === undefined || answer.place === null) return -1;
      this.take(answer, list);
      return answer.place;
    } catch {
      return -1;
    }
  }

  /** The picture before or behind the open one; null at the list's end. */
  async neighbour(direction: 1 | -1): Promise<QueueImage | null> {
    for (;;) {
      const open = this.options.open();
      const place = open === null ? -1 : await this.find(open);
      const { turn } = this;
      const next = place < 0 && direction < 0 ? null : await this.at(place + direction);
      // Where another list is shown by now, it was a place in the one before.
      if (turn === this.turn) return next;
    }
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
    return here === undefined ? this.nextThere(async (after) => (await this.options.api.nextToDo(this.request(), after)).image) : here;
  }

  /** As `nextToDo`; where pictures are handed out, this page holds it then. Behind a second take it is the next one, begun. */
  takeNext(): Promise<QueueImage | null> {
    return this.view.get().handout || this.options.isTake() ? this.nextThere((after) => this.options.take(this.request(), after)) : this.nextToDo();
  }

  private async nextThere(ask: (after: number | null) => Promise<QueueImage | null>): Promise<QueueImage | null> {
    let after = this.options.open();
    for (let late = 0; late < LATE; late++) {
      const image = await ask(after);
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
      if (!row.reviewed && row.held === undefined) return row;
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

/** Whether both say the same list; the threshold says nothing where all pictures are listed by what they are. */
function isSame(one: QueueRequest, other: QueueRequest | null): boolean {
  const { asked, keep, threshold } = one;
  const counts = asked.query !== "" || asked.sort === "doubt";
  return other !== null && asked === other.asked && keep === other.keep && (!counts || threshold === other.threshold);
}

/** What an answer says about an expression that cannot be read; null where it is another failure. */
export function troubleOf(error: unknown, query: string): QueueTrouble | null {
  if (!(error instanceof RefusedError)) return null;
  const { at, trouble, found, words } = error.answer;
  if (typeof at !== "number" || typeof trouble !== "string") return null;
  return { query, at, kind: trouble, found: typeof found === "string" ? found : "", words: Array.isArray(words) ? words.map(String) : [] };
}
