/** What becomes of a category's instances when it is merged or removed. */
import type { WireCategoryUse } from "../document/protocol";
import { t } from "../strings";
import { dialog, openDialog } from "../widgets/dialogs";
import { button, h } from "../widgets/dom";
import { icon } from "../widgets/icons";

export interface QuestionOptions {
  readonly root: Element;
  readonly kind: "merge" | "remove";
  readonly category: WireCategoryUse;
  readonly others: readonly WireCategoryUse[];
  /** The other category that is proposed. */
  readonly into: number | null;
}

/** Resolves to the id of the category that takes them in, to "remove", or to null where the person gave up. */
export function askWhatBecomes({ root, kind, category, others, into }: QuestionOptions): Promise<number | "remove" | null> {
  return new Promise((resolve) => {
    const { name, accepted, suggested } = category;
    const title = t(kind === "merge" ? "mergeTitle" : "removeCategoryTitle", { name });
    const sheet = dialog("an-question an-category-question", title);
    const counts = { instances: t("instancesCount", { n: accepted }), suggestions: t("suggestionsCount", { n: suggested }) };
    const select = h("select", { class: "an-select", "aria-label": t("otherCategory") });
    // Nothing is chosen beforehand: the first of a long list would be taken by mistake.
    const none = h("option", { value: "", disabled: true }, t("chooseCategory"));
    select.append(none, ...others.map((one) => h("option", { value: one.id }, one.name)));
    select.value = into === null ? "" : String(into);
    const target = h("label", { class: "an-sort" }, select, icon("chevron"));
    const relabel = h("input", { type: "radio", name: "becomes", value: "relabel", checked: others.length > 0, disabled: others.length === 0 });
    const discard = h("input", { type: "radio", name: "becomes", value: "remove", checked: others.length === 0 });
    const choice = (field: HTMLInputElement, text: string, ...beside: HTMLElement[]): HTMLElement =>
      h("div", { class: "an-choice" }, h("label", {}, field, h("span", {}, text)), ...beside);
    const body =
      kind === "merge"
        ? [h("p", {}, t("mergeBody", counts)), target]
        : [h("p", {}, t("removeCategoryBody", counts)), choice(relabel, t("removeRelabel"), target), choice(discard, t("removeInstances"))];
    const agree = button({ text: t(kind === "merge" ? "mergeNow" : "remove"), class: kind === "merge" ? "an-button is-primary" : "an-button is-danger", onClick: () => sheet.close("yes") });
    const judge = (): void => void (agree.disabled = select.value === "" && (kind === "merge" || relabel.checked));
    select.addEventListener("change", () => {
      relabel.checked = true;
      judge();
    });
    for (const field of [relabel, discard]) field.addEventListener("change", judge);
    judge();
    const no = button({ text: t("cancel"), class: "an-button", onClick: () => sheet.close("") });
    sheet.append(h("h2", {}, title), ...body, h("div", { class: "an-pair" }, no, agree));
    sheet.addEventListener("close", () => {
      if (sheet.returnValue !== "yes") resolve(null);
      else resolve(kind === "remove" && discard.checked ? "remove" : Number(select.value));
    });
    openDialog(root, sheet);
    (kind === "merge" ? select : no).focus();
  });
}
