/** What a reviewer says of the open picture: accepted or sent back, each a step that undo takes back. */
import type { VerdictStep } from "../document/history";
import { forgotten, recorded, redone, undone, withoutVerdicts } from "../document/history";
import { lineOf, RefusedError } from "../saving/errors";
import type { Verdict, VerdictsApi, WireVerdicts } from "../saving/verdicts";
import type { Saver } from "../saving/saver";
import type { Direction } from "./categories";
import type { Leasing } from "./leasing";
import type { Notice } from "./notice";
import type { PictureQueue } from "./queue";
import { Store } from "./store";
import type { View } from "./view";

/** How long a verdict waits for the last gestures: one that comes before them would not stand. */
const SAVING_MS = 3000;

export interface Judged {
  /** What was said of the open picture; null where nobody reviews, and until it is known. */
  readonly found: WireVerdicts | null;
  /** Counts how often a note was asked for. */
  readonly noted: number;
}

/** What is open on the page, and what it can be told. */
interface Page {
  readonly view: Store<View>;
  readonly list: PictureQueue;
  readonly saver: Pick<Saver, "whenSaved" | "revision">;
  readonly leasing: Pick<Leasing, "letGo">;
  open(imageId: number): Promise<void>;
  revalidate(imageId: number): Promise<unknown>;
}

export interface ReviewingOptions {
  readonly page: Page;
  readonly api: Pick<VerdictsApi, "of" | "say">;
  readonly notice: Notice;
}

export class Reviewing {
  readonly state = new Store<Judged>({ found: null, noted: 0 });
  private imageId: number | null = null;
  /** The revision of the picture, as the page had it when `found` was asked for. */
  private revision: number | null = null;
  private readonly judging = new Set<number>();
  private asked = 0;

  constructor(private readonly options: ReviewingOptions) {
    const { view, list } = options.page;
    view.subscribe((now, before) => {
      const saved = now.status !== before.status && now.status.kind === "saved";
      // A picture that is read again may have been judged elsewhere.
      if (now.scene?.imageId !== before.scene?.imageId || saved || (now.scene !== before.scene && !this.isFresh(this.imageId))) void this.read();
    });
    list.view.subscribe((now, before) => {
      if (now.verdicts !== before.verdicts) void this.read();
    });
  }

  /** Whether the open picture is done, and this person may say what they think of it. */
  waits(): boolean {
    const { found } = this.state.get();
    return found?.reviews === true && found.stands === "toreview" && !found.own && this.isOpen();
  }

  /** In a list of those that wait, the next one opens. */
  accept(): Promise<boolean> {
    return this.judge("accepted", "");
  }

  /** The reviewer is to write what is to be done. */
  note(): void {
    if (this.waits()) this.state.set({ noted: this.state.get().noted + 1 });
  }

  /** Whether it was; without a note, whoever did the picture would not know why. */
  async sendBack(note: string): Promise<boolean> {
    if (note.trim() !== "") return this.judge("sentback", note);
    this.options.notice("error", "verdictUnsaid");
    return false;
  }

  /** Takes back what was said last, whoever said it. */
  async withdraw(): Promise<void> {
    const { imageId, options: { page: { view } } } = this;
    if (imageId === null || (await this.say(imageId, "withdrawn")) !== true) return;
    view.set({ history: withoutVerdicts(view.get().history, imageId) });
    await this.readAgain(imageId);
  }

  /** Anybody may do what was sent back to one person. */
  async free(): Promise<void> {
    const { imageId } = this;
    if (imageId !== null && (await this.say(imageId, "free")) !== null) await this.readAgain(imageId);
  }

  /** A verdict of this tab is taken back, or said again, unless somebody else said another one since. */
  async step(direction: Direction, { imageId, verdict, note }: VerdictStep): Promise<void> {
    const { page, api, notice } = this.options;
    const { view } = page;
    if (!view.get().gallery && view.get().scene?.imageId !== imageId) await page.open(imageId);
    const found = await api.of(imageId).catch((error: unknown) => this.tellFailure(error));
    if (found === null) return;
    const stands = found.stands === (direction === "undo" ? verdict : "toreview");
    const done = stands && (await (direction === "undo" ? this.say(imageId, "withdrawn", { seen: false }) : this.say(imageId, verdict, { note, seen: view.get().scene?.imageId === imageId })));
    if (done === null) return;
    const { history } = view.get();
    if (done) view.set({ history: direction === "undo" ? undone(history) : redone(history) });
    else {
      view.set({ history: forgotten(history, imageId) });
      notice("error", "undoChanged");
    }
    await this.readAgain(imageId);
  }

  private async judge(verdict: VerdictStep["verdict"], note: string): Promise<boolean> {
    const { imageId } = this;
    if (imageId === null || !this.waits() || this.judging.has(imageId)) return false;
    this.judging.add(imageId);
    try {
      return (await this.stillWaits(imageId)) && (await this.judgeNow(imageId, verdict, note));
    } finally {
      this.judging.delete(imageId);
    }
  }

  private async judgeNow(imageId: number, verdict: VerdictStep["verdict"], note: string): Promise<boolean> {
    const { page } = this.options;
    const { view, list } = page;
    const next = list.view.get().asked.query.includes("verdict:toreview") ? await list.neighbour(1) : null;
    const done = await this.say(imageId, verdict, { note });
    if (done) view.set({ history: recorded(view.get().history, { imageId, verdict, note }) });
    if (done && next !== null && this.isOpen()) await page.open(next.id);
    if (done !== null) await this.readAgain(imageId);
    return done === true;
  }

  /** Whether nobody judged the picture since the page asked, as far as the page knows its revision; else it is told. */
  private async stillWaits(imageId: number): Promise<boolean> {
    const { api, page } = this.options;
    await page.saver.whenSaved(SAVING_MS);
    if (this.isFresh(imageId)) return true;
    const found = await api.of(imageId).catch((error: unknown) => this.tellFailure(error));
    if (found === null || found.stands === "toreview") return found !== null;
    await this.tellStale(imageId);
    return false;
  }

  /** seen: whether it is about what the page shows. Whether it changed how the picture stands; null where it failed, which was told. */
  private async say(imageId: number, verdict: Verdict, { note = "", seen = true } = {}): Promise<boolean | null> {
    const { api, page } = this.options;
    await page.saver.whenSaved(SAVING_MS);
    try {
      const changed = (await api.say([imageId], verdict, note, seen ? page.saver.revision(imageId) : null)).includes(imageId);
      // Looked at further, it is not kept from whoever is to do it.
      if (changed && verdict === "sentback") page.leasing.letGo(imageId);
      return changed;
    } catch (error) {
      if (!(error instanceof RefusedError && error.status === 409)) return this.tellFailure(error);
      return this.tellStale(imageId);
    }
  }

  private isFresh(imageId: number | null): boolean {
    return imageId !== null && imageId === this.imageId && this.options.page.saver.revision(imageId) === this.revision;
  }

  private async tellStale(imageId: number): Promise<null> {
    await this.readAgain(imageId);
    this.options.notice("error", "verdictStale");
    return null;
  }

  private tellFailure(error: unknown): null {
    this.options.notice("error", "verdictFailed", lineOf(error));
    return null;
  }

  private async readAgain(imageId: number): Promise<void> {
    const { page } = this.options;
    // What is asked of it is asked of the picture that is shown then.
    await Promise.all([page.revalidate(imageId).then(() => this.read()), page.list.refresh()]);
  }

  private isOpen(): boolean {
    return this.imageId !== null && this.imageId === this.options.page.view.get().scene?.imageId;
  }

  private async read(): Promise<void> {
    const mine = ++this.asked;
    const { page: { view, list, saver }, api } = this.options;
    const imageId = list.view.get().verdicts ? (view.get().scene?.imageId ?? null) : null;
    const revision = imageId === null ? null : saver.revision(imageId);
    const found = imageId === null ? null : await api.of(imageId).catch(() => null);
    if (mine !== this.asked) return;
    // What is being written beside it stays where nothing is new.
    const same = imageId === this.imageId && JSON.stringify(found) === JSON.stringify(this.state.get().found);
    this.imageId = imageId;
    this.revision = revision;
    if (!same) this.state.set({ found });
  }
}
