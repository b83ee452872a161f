/** Blind pictures: chosen by chance, counted, and looked at once they are reviewed. */
import { lineOf } from "../saving/errors";
import { BlindApi } from "../saving/blind";
import type { WireBlind } from "../saving/blind";
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import type { InsightOptions } from "./advising";
import { percent } from "./advising";
import { listButton } from "./listbutton";
import { section } from "./statistics";

const SHARES = [0, 0.05, 0.1, 0.2, 0.5] as const;

/** The part of the page. `changed` is told when other pictures are blind than before. */
export function blindPictures(options: InsightOptions, changed: () => void): HTMLElement {
  const place = h("div", { class: "an-blind", role: "status" });
  const api = new BlindApi(options.api);
  const fill = async (asked: Promise<WireBlind>): Promise<void> => {
    try {
      place.replaceChildren(...content(await asked));
    } catch (error) {
      place.replaceChildren(h("p", { class: "an-bulk-facts is-wrong", role: "alert" }, lineOf(error)));
    }
  };
  const order = (asked: Promise<WireBlind>): void => void fill(asked).then(changed);
  const list = (ids: readonly number[]): HTMLElement | null => (ids.length === 0 ? null : listButton(options.session, { text: t("blindList"), asked: { query: `#${ids.join(",")}` } }));
  const content = (found: WireBlind): HTMLElement[] => [
    choice(found, (share) => order(api.setShare(share))),
    h("p", {}, t("blindWaiting", { n: found.hidden.length }), " ", list(found.hidden)),
    h("p", {}, t("blindMeasured", { n: found.measured.length }), " ", list(found.measured)),
    ...(found.measured.length === 0 ? [] : [h("p", { class: "is-managers" }, button({ text: t("blindShow"), title: t("blindShowRule"), onClick: () => order(api.show(found.measured)) }))]),
  ];
  void fill(api.read());
  return section(t("blindTitle"), null, [h("p", { class: "an-stat-rule" }, t("blindRule")), place]);
}

function choice({ share }: WireBlind, choose: (share: number) => void): HTMLElement {
  const known: readonly number[] = SHARES;
  const offered = known.includes(share) ? known : [...known, share].toSorted((one, other) => one - other);
  const select = h("select", { class: "an-input" }, ...offered.map((one) => h("option", { value: one, selected: one === share }, one === 0 ? t("blindOff") : percent(one))));
  select.addEventListener("change", () => choose(Number(select.value)));
  return h("label", { class: "an-blind-choice is-managers" }, t("blindShare"), " ", select);
}
