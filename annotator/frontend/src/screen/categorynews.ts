/** Says what became of a category that somebody else merged or removed, as soon as this page learns of it. */
import type { WireCategory } from "../document/protocol";
import type { Session } from "../session/session";
import { t } from "../strings";
import type { Notices } from "./notices";

/** More news than this at once are one line. */
const MOST = 3;

/** own: whether this page is changing the categories itself at present. */
export function tellCategoryNews(session: Session, notices: Pick<Notices, "show">, own: () => boolean): void {
  session.view.subscribe(({ categories }, { categories: before }) => {
    if (categories === before || own()) return;
    const there = new Set(categories.map(({ id }) => id));
    const news = before.filter(({ id }) => !there.has(id)).map((gone) => newsOf(gone, categories));
    if (news.length > 0) notices.show("info", news.slice(0, MOST).join(" ") + (news.length > MOST ? " …" : ""));
  });
}

function newsOf({ id, name }: WireCategory, categories: readonly WireCategory[]): string {
  const into = categories.find(({ also }) => also?.includes(id) === true);
  return into === undefined ? t("categoryGone", { a: name }) : t("categoryBecame", { a: name, b: into.name });
}
