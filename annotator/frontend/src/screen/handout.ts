/** Whether pictures are handed out, and who holds which at the moment. */
import { lineOf } from "../saving/errors";
import type { WireHandOut } from "../saving/leases";
import { VerdictsApi } from "../saving/verdicts";
import type { WireReviewing } from "../saving/verdicts";
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import type { InsightOptions } from "./advising";
import { holder } from "./holdline";
import { section } from "./statistics";

/** The part of the page. `changed` is told when somebody may hold other pictures than before. */
export function handingOut({ api, leases }: InsightOptions, changed: () => void): HTMLElement {
  const place = h("div", { role: "status" });
  const fill = async (asked: Promise<WireHandOut>): Promise<void> => {
    try {
      place.replaceChildren(...content(await asked));
    } catch (error) {
      place.replaceChildren(h("p", { class: "an-bulk-facts is-wrong", role: "alert" }, lineOf(error)));
    }
  };
  const order = (asked: Promise<WireHandOut>): void => void fill(asked).then(changed);
  const content = (found: WireHandOut): HTMLElement[] => {
    const on = h("input", { type: "checkbox", checked: found.on, disabled: !found.manages });
    on.addEventListener("change", () => order(leases.switch(on.checked)));
    const choice = h("label", { class: "an-blind-choice" }, on, " ", t("handoutSwitch"));
    if (!found.on) return [choice];
    const release = (image: number): HTMLElement => button({ text: t("handoutRelease"), title: t("handoutReleaseHint"), class: "an-button", onClick: () => order(leases.release(image).then(() => leases.read())) });
    const rows = found.leases.map((one) => h("li", {}, h("span", {}, `${one.file}: ${holder(one.name)}`), found.manages ? release(one.image) : null));
    return [choice, rows.length === 0 ? h("p", {}, t("handoutNobody")) : h("ul", { class: "an-held-pictures" }, ...rows)];
  };
  void fill(leases.read());
  return section(t("handoutTitle"), null, [h("p", { class: "an-stat-rule" }, t("handoutRule")), place, reviewing(new VerdictsApi(api), changed)]);
}

/** Whether a second person accepts what is done, and how many pictures stand how. */
function reviewing(api: VerdictsApi, changed: () => void): HTMLElement {
  const place = h("div", { role: "status" });
  const fill = async (asked: Promise<WireReviewing>): Promise<void> => {
    const found = await asked.catch(() => null);
    if (found === null) return;
    const on = h("input", { type: "checkbox", checked: found.on, disabled: !found.manages });
    on.addEventListener("change", () => void fill(api.switch(on.checked)).then(changed));
    const counts = found.counts === null ? null : h("p", {}, t("verdictCounts", { ...found.counts }));
    place.replaceChildren(h("label", { class: "an-blind-choice" }, on, " ", t("verdictSwitch")), ...(counts === null ? [] : [counts]));
  };
  void fill(api.read());
  return h("div", { class: "an-second-person" }, h("p", { class: "an-stat-rule" }, t("verdictRule")), place);
}
