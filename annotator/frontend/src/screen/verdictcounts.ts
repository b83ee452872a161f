/** Above the queue, where a reviewer accepts what is done: how many pictures stand how, each a filter. */
import type { VerdictsApi } from "../saving/verdicts";
import type { Session } from "../session/session";
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import { withFilter } from "./queuehead";

/** How long after a change the counts are read again: each reading passes all verdicts. */
const PAUSE_MS = 1500;

const WORDS = [
  ["toreview", "filterToReview"],
  ["sentback", "filterSentBack"],
  ["accepted", "filterAccepted"],
] as const;

export function createVerdictCounts(session: Session, api: Pick<VerdictsApi, "read">): HTMLElement {
  const line = h("div", { class: "an-verdict-counts", hidden: true });
  let timer = 0;
  const search = (word: string): void => {
    const { list } = session;
    void list.ask({ query: withFilter(list.view.get().wanted.query, `verdict:${word}`) });
  };
  const read = async (): Promise<void> => {
    timer = 0;
    const counts = session.queue.get().verdicts ? (await api.read().catch(() => null))?.counts : null;
    line.hidden = counts === null || counts === undefined;
    if (counts === null || counts === undefined) return;
    line.replaceChildren(...WORDS.map(([word, label]) => button({ text: `${t(label)}: ${counts[word]}`, class: "an-link", onClick: () => search(word) })));
  };
  const soon = (pause: number): void => {
    if (timer === 0) timer = window.setTimeout(() => void read(), pause);
  };
  session.queue.subscribe((now, before) => {
    if (now.verdicts !== before.verdicts) soon(0);
    else if (now.verdicts && (now.rows !== before.rows || now.reviewed !== before.reviewed)) soon(PAUSE_MS);
  });
  return line;
}
