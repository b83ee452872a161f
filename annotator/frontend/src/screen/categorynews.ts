/** Says what became of a category that somebody else merged or removed, and what a step back or forth has changed. */
import type { WireCategory, WireCategoryChange } from "../document/protocol";
import type { Session } from "../session/session";
import type { StringKey } from "../strings";
import { t } from "../strings";
import type { Notices } from "./notices";

/** More news than this at once are one line. */
const MOST = 3;

export function tellCategoryNews(session: Session, notices: Pick<Notices, "show">): void {
  session.view.subscribe(({ categories }, { categories: before }) => {
    if (categories === before || session.categories.isOwn()) return;
    const there = new Set(categories.map(({ id }) => id));
    const news = before.filter(({ id }) => !there.has(id)).map((gone) => newsOf(gone, categories));
    if (news.length > 0) notices.show("info", news.slice(0, MOST).join(" ") + (news.length > MOST ? " …" : ""));
  });
  session.categories.onRetraced((direction, change) => {
    notices.show("info", t(direction === "undo" ? "undoneSaid" : "redoneSaid", { what: textOfChange(change) }));
  });
}

/** What a change was, in a few words. */
export function textOfChange({ names, verb, count }: WireCategoryChange): string {
  const [a = "", b = ""] = names.map((name) => t("quoted", { name }));
  return t(`undo_${verb}` as StringKey, { n: count, a, b });
}

function newsOf({ id, name }: WireCategory, categories: readonly WireCategory[]): string {
  const into = categories.find(({ also }) => also?.includes(id) === true);
  return into === undefined ? t("categoryGone", { a: name }) : t("categoryBecame", { a: name, b: into.name });
}
