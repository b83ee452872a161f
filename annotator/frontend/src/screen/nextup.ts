/** What to review next: the order of most to gain, and looking at the pictures so that it knows what they look like. */
import { lineOf } from "../saving/errors";
import type { WireLooks } from "../saving/looks";
import { LooksApi } from "../saving/looks";
import { t } from "../strings";
import { button, h, setText } from "../widgets/dom";
import type { InsightOptions } from "./advising";
import { listButton } from "./listbutton";
import { section } from "./statistics";

/** The part of the page. */
export function nextUp({ api, session }: InsightOptions): HTMLElement {
  const looks = new LooksApi(api);
  const state = h("p", { role: "status" });
  const copies = h("input", { type: "checkbox" });
  const list = listButton(session, { text: t("nextList"), class: "an-button is-primary", asked: { query: "", sort: "gain", descending: false } });
  const stop = button({ text: t("cancel"), onClick: () => void looks.cancel() });
  const look = button({ text: t("nextLook"), onClick: () => void run() });
  stop.hidden = true;
  const run = async (): Promise<void> => {
    [look.disabled, copies.disabled, stop.hidden] = [true, true, false];
    try {
      tell(await looks.follow(copies.checked, ({ done, total }) => setText(state, t("nextLooking", { done, total }))));
    } catch (error) {
      setText(state, lineOf(error));
    } finally {
      [look.disabled, copies.disabled, stop.hidden] = [false, false, true];
    }
  };
  const tell = ({ pictures, seen, copies: mirrored, run: last }: WireLooks): void =>
    setText(state, [t("nextSeen", { seen, n: pictures, mirrored }), last?.error ?? ""].filter((one) => one !== "").join(" "));
  void looks.status().then((now) => (now.run?.running === true ? run() : tell(now)), () => undefined);
  return section(t("nextTitle"), null, [
    h("p", { class: "an-stat-rule" }, t("nextRule")),
    h("div", {}, list),
    h("p", { class: "an-stat-rule" }, t("nextLookRule")),
    h("div", { class: "an-next-look" }, look, h("label", {}, copies, " ", t("nextCopies")), stop),
    state,
  ]);
}
