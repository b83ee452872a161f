/** Above the pictures: how many second takes wait for this person, and that the open picture is one. */
import { TwiceApi } from "../saving/twice";
import type { Api } from "../saving/api";
import type { Session } from "../session/session";
import { t } from "../strings";
import { button, h, setText } from "../widgets/dom";

/** Whatever is stored may be somebody's review: it is asked about no more often than this. */
const PAUSE_MS = 20_000;

export function secondTakes(session: Session, api: Pick<Api, "root">): HTMLElement {
  const twice = new TwiceApi(api);
  const line = h("span");
  const begin = button({ text: t("twoBegin"), onClick: () => void open() });
  const element = h("p", { class: "an-two-takes", role: "status", hidden: true }, line, " ", begin);
  let [waiting, asked] = [0, -Infinity];
  const show = (): void => {
    const isTake = session.view.get().scene?.take === true;
    element.hidden = !isTake && waiting === 0;
    begin.hidden = isTake;
    setText(line, isTake ? t("twoHint") : waiting === 0 ? "" : t("twoWaiting", { n: waiting }));
  };
  const ask = async (): Promise<void> => {
    asked = Date.now();
    waiting = (await twice.read().catch(() => null))?.open ?? waiting;
    show();
  };
  const open = async (): Promise<void> => {
    const id = await twice.next().catch(() => null);
    if (id !== null) await session.open(id);
    await ask();
  };
  session.queue.subscribe(() => {
    if (Date.now() - asked >= PAUSE_MS) void ask();
  });
  session.view.subscribe((now, before) => {
    if (now.scene?.imageId === before.scene?.imageId) return;
    if (before.scene?.take === true) void ask();
    show();
  });
  return element;
}
