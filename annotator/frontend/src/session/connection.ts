/** One project on the server, followed by one tab: what is read, when it is read again, what is remembered. */
import { randomName } from "../document/names";
import type { QueueImage } from "../document/protocol";
import { Api } from "../saving/api";
import { CategoriesApi } from "../saving/categories";
import { browserDatabases } from "../saving/database";
import { LeasesApi } from "../saving/leases";
import { BrowserOutbox } from "../saving/outbox";
import { Saver } from "../saving/saver";
import { openShelf, preference, setPreference, tabStorage } from "../saving/shelf";
import { Tabs } from "../saving/tabs";
import { Tape } from "../saving/tape";
import { VerdictsApi } from "../saving/verdicts";
import type { Notice } from "./notice";
import { Session } from "./session";

/** How often a running job is asked after, at the fastest. */
const POLL_MS = 1500;
/** While pictures arrive the queue is read again this often at most. */
const QUEUE_MS = 1000;
/** After a gesture, a list that goes by what people do is read again so much later. */
const WORK_MS = 300;
const PRELOADED = 6;
/** Of the instances that a browser remembers as hidden; those that were hidden first are shown again. */
const MOST_HIDDEN = 2000;

/** One for the page, whatever projects it shows one after the other. */
const tabs = new Tabs();

export class Connection {
  readonly api: Api;
  readonly session: Session;
  readonly leases: LeasesApi;
  readonly shelf = openShelf();
  private readonly client = randomName();
  private readonly outbox: BrowserOutbox;
  private readonly tape: Tape;
  private readonly preloaded: HTMLImageElement[] = [];
  private readonly stops: (() => void)[] = [];
  private hurry: () => void = () => {};
  private refreshing: Promise<void> = Promise.resolve();
  private nextRefresh: Promise<void> | null = null;
  private polling = 0;
  private queueTimer = 0;
  private workTimer = 0;
  private stopped = false;

  constructor(
    readonly project: string,
    notice: Notice,
    private readonly isSeen: () => boolean,
    /** The picture that the page's address names. */
    private readonly wanted: number | null = null,
  ) {
    this.api = new Api(project);
    this.outbox = new BrowserOutbox({ project, client: this.client, tabs, shelf: this.shelf, factory: browserDatabases() });
    this.tape = new Tape({ project, tabs, factory: browserDatabases(), storage: tabStorage() });
    this.leases = new LeasesApi(this.api, tabs, tabStorage());
    this.session = new Session({
      api: this.api,
      leases: this.leases,
      verdicts: new VerdictsApi(this.api),
      categories: new CategoriesApi(this.api),
      makeSaver: (session) => this.makeSaver(session),
      notice,
      preload: (url) => this.preload(url),
      now: () => performance.now(),
    });
    this.session.chosenThreshold = preference(this.shelf, `threshold:${project}`, null);
    this.session.view.set({ hidden: new Set(preference<readonly string[]>(this.shelf, `hidden:${project}`, [])) });
    this.follow();
  }

  async start(): Promise<void> {
    const { session } = this;
    const [orphans, history] = await Promise.all([this.outbox.takeOrphans(), this.tape.load(), session.refreshQueue()]);
    session.view.set({ history });
    session.saver.adopt(orphans);
    if (this.wanted !== null) await session.open(this.wanted);
    if (session.view.get().scene === null) await this.openFirst();
  }

  /** Reads queue and picture again: after a pre-labelling, an import, another tab's work. */
  refresh(): Promise<void> {
    // A job reports each picture: while one answer is on its way, all later calls share the next one.
    this.nextRefresh ??= this.refreshing.then(() => {
      this.nextRefresh = null;
      this.refreshing = this.readAgain();
      return this.refreshing;
    });
    return this.nextRefresh;
  }

  /** The picture that was open last, else the first to do. */
  async openFirst(): Promise<void> {
    const { list } = this.session;
    const last = preference<number | null>(this.shelf, `picture:${this.project}`, null);
    const free = !this.session.queue.get().handout || (last !== null && (await this.session.leasing.isMine(last)));
    const there = last !== null && free && (await list.find(last)) >= 0;
    const id = there ? last : ((await list.takeNext()) ?? this.session.queue.get().rows.get(0) ?? null)?.id;
    if (id !== undefined) await this.session.open(id);
    else this.session.close();
  }

  /** A picture has arrived: the first one is opened, the queue follows. */
  added(imageId: number): void {
    const { session } = this;
    if (session.imageId() === null) void session.open(imageId);
    if (this.queueTimer !== 0 || session.list.placeOf(imageId) >= 0) return;
    const read = (): void => {
      this.queueTimer = 0;
      void session.refreshQueue();
    };
    this.queueTimer = window.setTimeout(read, session.queue.get().all === 0 ? 0 : QUEUE_MS);
  }

  async addExample(): Promise<void> {
    const { id } = await this.api.addExample();
    await this.session.refreshQueue();
    await this.session.open(id);
  }

  /** Puts pictures into the bin; the next one opens. The ids of those that were not in it. */
  async remove(ids: readonly number[]): Promise<readonly number[]> {
    const { session } = this;
    const open = session.imageId();
    const next = open !== null && ids.includes(open) ? await this.nextBeside(ids) : null;
    const removed = await this.api.removeImages(ids);
    for (const id of ids) session.forget(id);
    await session.refreshQueue();
    if (session.imageId() !== null || open === null) return removed.ids;
    if (next !== null) await session.open(next);
    else await this.openFirst();
    return removed.ids;
  }

  /** The picture behind the open one that is not among these; null where it is not known. */
  private async nextBeside(ids: readonly number[]): Promise<number | null> {
    const { list } = this.session;
    const gone = new Set(ids);
    const { rows, total } = this.session.queue.get();
    const place = list.placeOf(this.session.imageId());
    for (let one = place + 1; place >= 0 && one < total && rows.has(one); one++) {
      if (!gone.has(rows.get(one)!.id)) return rows.get(one)!.id;
    }
    const next = await list.takeNext();
    return next === null || gone.has(next.id) ? null : next.id;
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.polling);
    clearTimeout(this.queueTimer);
    clearTimeout(this.workTimer);
    for (const stop of this.stops) stop();
    this.session.leasing.stop();
    this.hurry();
  }

  private async readAgain(): Promise<void> {
    const { session } = this;
    await session.refreshQueue();
    const { scene } = session.view.get();
    if (scene !== null && !(await session.revalidate(scene.imageId))) session.forget(scene.imageId);
    if (session.imageId() === null) await this.openFirst();
    this.prefetch();
  }

  private makeSaver(session: Session): Saver {
    return new Saver({
      outbox: this.outbox,
      client: this.client,
      post: (imageId, gesture) => this.api.gesture(imageId, gesture),
      wait: (milliseconds) => this.wait(milliseconds),
      onStatus: (status) => session.view.set({ status }),
      onConflict: (imageId) => void session.onConflict(imageId),
      onRefused: (imageId, line) => session.onRefused(imageId, line),
      onClosed: (imageId, line) => session.onClosed(imageId, line),
      onSettled: (imageId) => {
        session.onSettled(imageId);
        session.list.noteSaved();
        if (imageId !== session.imageId()) this.followWork();
      },
    });
  }

  private wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      // Not all pages at once, after a server that was away.
      const timer = setTimeout(resolve, milliseconds * (0.75 + Math.random() / 2));
      this.hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private follow(): void {
    const { session } = this;
    session.queue.subscribe((now, before) => {
      if (now.job?.running === true) this.poll();
      // Whoever read the list when the job had ended: the open picture may be another one than when it was read.
      else if (before.job?.running === true) void this.refresh();
      // While it was on its way, the threshold may have become another one.
      if (now.asked !== before.asked) this.followWork();
    });
    session.view.subscribe((now, before) => {
      this.tape.follow(now.history, before.history);
      if (now.hidden !== before.hidden) setPreference(this.shelf, `hidden:${this.project}`, [...now.hidden].slice(-MOST_HIDDEN));
      if (now.threshold !== before.threshold) {
        setPreference(this.shelf, `threshold:${this.project}`, session.chosenThreshold);
        this.followWork();
      }
      if (now.scene === null || now.scene.imageId === before.scene?.imageId) return;
      setPreference(this.shelf, `picture:${this.project}`, now.scene.imageId);
      this.prefetch();
      this.followWork();
    });
    this.listen("online", () => this.hurry());
    this.listen("focus", () => this.hurry());
    this.listen("pagehide", () => this.tape.leave());
    this.listen("pagehide", () => session.leasing.leave());
    this.listen("pageshow", () => void session.leasing.beat());
    for (const sign of ["pointerdown", "keydown", "wheel"] as const) this.listen(sign, () => session.leasing.noteWork());
  }

  private listen(name: "online" | "focus" | "pagehide" | "pageshow" | "pointerdown" | "keydown" | "wheel", react: () => void): void {
    window.addEventListener(name, react, { passive: true });
    this.stops.push(() => window.removeEventListener(name, react));
  }

  /** A list that goes by what people do is another one after it; what is open stays where it is until another opens. */
  private followWork(): void {
    if (!this.session.list.goesByWork()) return;
    clearTimeout(this.workTimer);
    this.workTimer = window.setTimeout(() => void this.session.refreshQueue(), WORK_MS);
  }

  private prefetch(): void {
    const from = this.session.imageId();
    void this.session.list.nextToDo().then((next) => {
      if (next !== null && this.session.imageId() === from) this.session.prefetch(next.id);
    }).catch(() => {});
  }

  /** The browser keeps what is referred to from here decoded. */
  private preload(url: string): void {
    const image = new Image();
    image.src = url;
    image.decode().catch(() => {});
    this.preloaded.push(image);
    if (this.preloaded.length > PRELOADED) this.preloaded.shift();
  }

  /** While pictures are pre-labelled their counts change; a page that nobody looks at asks less often. */
  private poll(): void {
    clearTimeout(this.polling);
    const delay = this.isSeen() && !document.hidden ? POLL_MS : POLL_MS * 4;
    this.polling = window.setTimeout(() => void this.pollNow(), delay);
  }

  private async pollNow(): Promise<void> {
    if (this.stopped) return;
    const { session } = this;
    const open = session.imageId();
    const state = (image: QueueImage | null): string => (image === null ? "" : `${image.suggested} ${image.prelabelled} ${image.blind}`);
    const before = state(session.list.row(open));
    await session.refreshQueue();
    if (open !== null && open === session.imageId() && state(session.list.row(open)) !== before) await session.revalidate(open);
  }
}
