/** What is done to several pictures at once, each with its way back. */
import type { Api, Marked } from "../saving/api";
import { BlindApi } from "../saving/blind";
import { lineOf } from "../saving/errors";
import { VerdictsApi } from "../saving/verdicts";
import type { Connection } from "../session/connection";
import type { Picked } from "../session/picked";
import { numbersOf } from "../session/picked";
import type { Session } from "../session/session";
import type { StringKey } from "../strings";
import { t } from "../strings";
import type { Meant } from "./exportform";
import { flagName } from "./flags";
import type { Notices } from "./notices";
import { openPictureFlags } from "./pictureflags";
import type { QueueAction } from "./queueactions";

/** What the page around the editor does for it. */
export interface Page {
  /** Pre-labels these pictures with the network that is chosen there. */
  prelabel(imageIds: readonly number[]): void;
  /** Goes to the export, for these pictures. */
  exportOnly(meant: Meant): void;
}

/** An expression of more characters says nothing any more to who reads it. */
const LONGEST = 200;

export interface ManyOptions {
  readonly root: HTMLElement;
  readonly api: Pick<Api, "root" | "markReviewed" | "restoreImages" | "flagImages">;
  readonly session: Session;
  readonly connection: Connection;
  readonly picked: Picked;
  readonly notices: Notices;
  readonly page: Page;
  /** Asks which instances of the pictures that fit are to be accepted or rejected. */
  readonly decide: (query: string, images?: readonly number[]) => void;
}

export class ManyPictures {
  readonly actions: readonly QueueAction[];

  constructor(private readonly options: ManyOptions) {
    const { page } = options;
    this.actions = [
      { id: "prelabel", icon: "target", label: "pickPrelabel", run: (ids) => page.prelabel(ids) },
      { id: "decide", icon: "checkAll", label: "pickDecide", run: (ids) => this.decide(ids) },
      { id: "review", icon: "check", label: "pickReviewed", run: (ids) => void this.mark(ids, true) },
      { id: "unreview", icon: "undo", label: "pickNotReviewed", run: (ids) => void this.mark(ids, false) },
      { id: "accept", icon: "checkAll", label: "pickAccept", run: (ids) => void this.accept(ids), offered: () => options.session.queue.get().verdicts },
      { id: "blind", icon: "ghost", label: "pickBlind", run: (ids) => void this.makeBlind(ids) },
      { id: "flag", icon: "flag", label: "pickFlag", run: (ids) => this.openFlags(ids) },
      { id: "export", icon: "cloud", label: "pickExport", run: (ids) => this.exportOnly(ids) },
      { id: "remove", icon: "trash", label: "pickRemove", run: (ids) => void this.remove(ids) },
    ];
  }

  /** Into the bin; the next picture opens. */
  async remove(ids: readonly number[]): Promise<void> {
    const { connection, picked } = this.options;
    await this.attempt("removeFailed", async () => {
      const removed = await connection.remove(ids);
      picked.clear();
      if (removed.length > 0) this.offerBack("removed", removed.length, () => void this.restore(removed));
    });
  }

  private async restore(ids: readonly number[]): Promise<void> {
    const { api, session, connection } = this.options;
    await this.attempt("binFailed", async () => {
      await api.restoreImages(ids);
      await connection.refresh();
      await session.open(ids[0]);
    });
  }

  private async mark(ids: readonly number[], reviewed: boolean): Promise<void> {
    await this.attempt("markFailed", async () => {
      const changed = await this.markNow(ids, reviewed);
      if (changed.length === 0) this.options.notices.show("answer", t(reviewed ? "allMarkedAlready" : "noneMarked"));
      else this.offerBack(reviewed ? "markedReviewed" : "markedNotReviewed", changed.length, () => void this.attempt("markFailed", () => this.markNow(changed, !reviewed)));
    });
  }

  private async markNow(ids: readonly number[], reviewed: boolean): Promise<readonly number[]> {
    const { api, connection } = this.options;
    const changed = await api.markReviewed(ids, reviewed);
    await connection.refresh();
    this.tellPassedOver(changed);
    return changed.ids;
  }

  /** As a reviewer, with its way back. */
  private async accept(ids: readonly number[]): Promise<void> {
    const { api, connection, notices } = this.options;
    const verdicts = new VerdictsApi(api);
    await this.attempt("markFailed", async () => {
      const changed = await verdicts.say(ids, "accepted");
      await connection.refresh();
      const back = (): void => void this.attempt("markFailed", () => verdicts.say(changed, "withdrawn").then(() => connection.refresh()));
      if (changed.length > 0) this.offerBack("madeAccepted", changed.length, back);
      else notices.show("answer", t("madeAccepted", { n: 0 }));
    });
  }

  private async makeBlind(ids: readonly number[]): Promise<void> {
    const { api, connection, notices } = this.options;
    const blind = new BlindApi(api);
    await this.attempt("blindFailed", async () => {
      const before = new Set((await blind.read()).hidden);
      const now = new Set((await blind.pick(ids)).hidden);
      const made = ids.filter((id) => now.has(id) && !before.has(id));
      await connection.refresh();
      const back = (): void => void this.attempt("blindFailed", () => blind.show(made).then(() => connection.refresh()));
      if (made.length > 0) this.offerBack("madeBlind", made.length, back);
      else notices.show("answer", t("madeBlind", { n: 0 }));
    });
  }

  private openFlags(ids: readonly number[]): void {
    const { root, session } = this.options;
    openPictureFlags({
      root,
      anchor: root.querySelector("[data-action=flag]"),
      chosen: () => ids.map((id) => session.list.row(id)),
      known: () => [...new Set([...session.queue.get().rows.values()].flatMap(({ flags }) => flags))].sort(),
      give: (flag, on) => this.flag(ids, flag, on),
    });
  }

  private async flag(ids: readonly number[], flag: string, on: boolean): Promise<void> {
    await this.attempt("flagFailed", async () => {
      const changed = await this.flagNow(ids, flag, on);
      const back = (): void => void this.attempt("flagFailed", () => this.flagNow(changed, flag, !on));
      if (changed.length > 0) this.offerBack(on ? "picturesFlagged" : "picturesUnflagged", changed.length, back, flagName(flag));
    });
  }

  private async flagNow(ids: readonly number[], flag: string, on: boolean): Promise<readonly number[]> {
    const changed = await this.options.api.flagImages(ids, flag, on);
    await this.options.connection.refresh();
    this.tellPassedOver(changed);
    return changed.ids;
  }

  private tellPassedOver({ gone, closed }: Marked): void {
    const { notices } = this.options;
    if (gone.length > 0) notices.show("info", t("picturesGone", { n: gone.length, names: numbersOf(gone) }));
    if (closed.length > 0) notices.show("info", t("picturesClosed", { n: closed.length, names: numbersOf(closed) }));
  }

  private exportOnly(ids: readonly number[]): void {
    const query = this.searched();
    this.options.page.exportOnly(query === null ? { ids } : { query });
  }

  private decide(ids: readonly number[]): void {
    const expression = this.searched() ?? numbersOf(ids);
    if (expression.length > LONGEST) this.options.decide("", ids);
    else this.options.decide(expression);
  }

  /** The search's own expression where all that it found is picked. */
  private searched(): string | null {
    const { query } = this.options.session.queue.get().asked;
    return this.options.picked.isAll() && query !== "" ? query : null;
  }

  private offerBack(text: StringKey, n: number, back: () => void, flag = ""): void {
    this.options.notices.offer(t(text, { n, flag }), { text: t("takeBack"), run: back });
  }

  private async attempt(failure: StringKey, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.options.notices.show("error", t(failure), lineOf(error));
    }
  }
}
