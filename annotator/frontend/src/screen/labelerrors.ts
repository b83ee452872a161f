/** Likely errors among the accepted instances: looked for when somebody asks, each with its reason and the way there. */
import type { WireDoubt } from "../document/insight";
import { lineOf } from "../saving/errors";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import type { InsightOptions } from "./advising";
import { nameOf } from "./advising";
import { listed } from "./listed";
import { section } from "./statistics";

const REASONS: Readonly<Record<WireDoubt["reason"], StringKey>> = {
  category: "errorCategory",
  place: "errorPlace",
  several: "errorSeveral",
  alone: "errorAlone",
  size: "errorSize",
  ragged: "errorRagged",
};

/** The part of the page. */
export function labelErrors(options: InsightOptions): HTMLElement {
  const place = h("div", { role: "status" });
  const look = button({ text: t("errorsLook"), onClick: () => void find() });
  const find = async (): Promise<void> => {
    look.disabled = true;
    try {
      const found = await options.api.doubts();
      const { instances, total, looked_at: of } = found;
      place.replaceChildren(
        h("p", {}, total === 0 ? t("errorsNone") : t("errorsFound", { n: total, of })),
        ...(total > instances.length ? [h("p", {}, t("errorsFirst", { n: instances.length }))] : []),
        listed(instances, options.session, (one) => told(one, options)),
      );
    } catch (error) {
      place.replaceChildren(h("p", { class: "an-bulk-facts is-wrong", role: "alert" }, lineOf(error)));
    } finally {
      look.disabled = false;
    }
  };
  return section(t("errorsTitle"), null, [h("p", { class: "an-stat-rule" }, t("errorsRule")), h("div", {}, look), place]);
}

function told(one: WireDoubt, { session }: InsightOptions): readonly [string, string] {
  const category = nameOf(session, one.category);
  return [category, t(REASONS[one.reason], { category, other: one.other === null ? "" : nameOf(session, one.other) })];
}
