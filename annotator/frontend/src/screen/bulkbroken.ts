/** A decision about many instances, or its undo, that the end of the server broke off: said when the page opens, with the ways on. */
import type { LastBulk } from "../saving/bulk";
import { t } from "../strings";
import type { Notices } from "./notices";
import type { BulkNews } from "./bulkrun";
import { DID, takeBack, watch } from "./bulkrun";

/** Says nothing where all is well; what cannot be asked is asked by the next page. */
export async function tellBroken(news: BulkNews & { readonly notices: Pick<Notices, "ask"> }): Promise<void> {
  const status = await news.api.status().catch(() => null);
  const last = status?.last ?? null;
  if (last === null || status?.run?.running === true || (last.ended && last.undone === 0)) return;
  const undo = { text: undoLabel(last), run: () => void takeBack(news) };
  const goOn = { text: t("bulkGoOn"), run: () => void watch(news, (api) => api.goOn()) };
  news.notices.ask("broken bulk", lastLine(last), last.can_go_on ? [goOn, undo] : [undo]);
}

/** What became of the latest one. */
export function lastLine(last: LastBulk): string {
  const said = { what: t(DID[last.verb], { n: last.done }), query: last.query || "–" };
  if (last.undone > 0) return t("bulkUndoBroken", { ...said, n: last.done - last.undone });
  return t(last.ended ? "bulkLast" : "bulkLastBroken", said);
}

export function undoLabel(last: LastBulk): string {
  return last.undone > 0 ? t("bulkUndoRest", { n: last.done - last.undone }) : t("takeBack");
}
