/** A decision about many instances while it is at work, and the news when it has ended, with the way back. */
import type { BulkApi, BulkOrder, BulkRun, BulkStatus } from "../saving/bulk";
import { lineOf } from "../saving/errors";
import type { StringKey } from "../strings";
import { t } from "../strings";
import type { Notices } from "./notices";

const POLL_MS = 300;
const WORK = "bulk at work";

export const DID: Readonly<Record<BulkOrder["verb"], StringKey>> = { accept: "bulkAccepted", reject: "bulkRejected", relabel: "bulkRelabelled", repair: "bulkRepaired", masks: "bulkMasked" };

export interface BulkNews {
  readonly api: BulkApi;
  readonly notices: Pick<Notices, "show" | "offer" | "work" | "withdraw">;
  /** Something was decided: what is shown is read again. */
  readonly changed: () => Promise<void>;
}

/** News of what is done, or taken back, in a part of the page that is read again then, for as long as it is there. */
export function readingAgain(news: BulkNews, part: Node, read: () => unknown): BulkNews {
  const changed = async (): Promise<void> => {
    await news.changed();
    if (part.isConnected) await read();
  };
  return { ...news, changed };
}

/**
 * Resolves when nothing is at work any more, and it was told. Where nobody sees what is told on the way, that is said
 * over the picture, with the way to stop it.
 */
export async function follow(news: BulkNews, told: (run: BulkRun) => unknown, isSeen: () => boolean = () => true): Promise<void> {
  const { api, notices, changed } = news;
  let status = await api.status();
  const cancel = (): void => {
    notices.work(WORK, t("bulkStopping"), stop);
    void api.cancel();
  };
  const stop = { text: t("cancel"), run: cancel };
  try {
    while (status.run?.running === true) {
      told(status.run);
      if (!isSeen()) notices.work(WORK, progressOf(status.run), stop);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      status = await api.status();
    }
  } finally {
    notices.withdraw(WORK);
  }
  await changed();
  tell(status, news);
}

/** What is under way is finished first, which takes its time where a network works on it. */
export function progressOf({ done, total, cancelled }: BulkRun): string {
  return cancelled ? t("bulkStopping") : t("bulkAtWork", { done, total });
}

/** Takes the latest one back, or the rest of it. */
export function takeBack(news: BulkNews): Promise<void> {
  return watch(news, (api) => api.undo());
}

/** Begins something, and says over the picture how far it is, with the way to stop it. */
export async function watch(news: BulkNews, begin: (api: BulkApi) => Promise<BulkStatus>): Promise<void> {
  const { api, notices } = news;
  let looks = 0;
  try {
    await begin(api);
    // What takes no longer than a look has nothing to say on the way.
    await follow(news, () => looks++, () => looks <= 1);
  } catch (error) {
    notices.show("error", t("bulkFailed"), lineOf(error));
  }
}

function tell({ run, last }: BulkStatus, news: BulkNews): void {
  const { notices } = news;
  if (run === null) return;
  if (run.error !== null) return notices.show("error", t("bulkFailed"), run.error);
  if (run.undoes) notices.show("info", t("bulkTakenBack", { n: run.done }));
  else if (last !== null && run.done > 0) notices.offer(t(DID[last.verb], { n: run.done }), { text: t("takeBack"), run: () => void takeBack(news) });
  else if (run.done + run.emptied + run.passed_over + run.removed === 0) notices.show("info", t("bulkChangedNothing"));
  if (run.emptied > 0) notices.show("info", t(run.verb === "masks" ? "boxesLeft" : "bulkEmptied", { n: run.emptied }), run.emptied_names.join(", "));
  if (run.passed_over > 0) notices.show("info", t(run.undoes ? "bulkChangedSince" : "bulkPassedOver", { n: run.passed_over }), run.names.join(", "));
  if (run.removed > 0) notices.show("info", t("bulkRemoved", { n: run.removed }), run.removed_names.join(", "));
}
