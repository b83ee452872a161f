/** Lists of categories: one that is pasted, and those that files have. */
import { t } from "../strings";
import { dialog, openDialog } from "../widgets/dialogs";
import { button, h } from "../widgets/dom";

/** What a COCO file has beside its categories need not be sent. */
const SMALL_BYTES = 400_000;

/** Resolves to what was pasted, or to null where the person gave up. */
export function askForList(root: Element): Promise<string | null> {
  return new Promise((resolve) => {
    const sheet = dialog("an-question an-category-paste", t("pasteCategories"));
    const text = h("textarea", { class: "an-input", rows: 10, "aria-label": t("pasteCategories"), spellcheck: "false", placeholder: "person\nhelmet, gear\n3, car, vehicle" });
    const agree = button({ text: t("addCategories"), class: "an-button is-primary", onClick: () => sheet.close("yes") });
    const no = button({ text: t("cancel"), class: "an-button", onClick: () => sheet.close("") });
    sheet.append(h("h2", {}, t("pasteCategories")), h("p", {}, t("pasteCategoriesHint")), text, h("div", { class: "an-pair" }, no, agree));
    sheet.addEventListener("close", () => resolve(sheet.returnValue === "yes" && text.value.trim() !== "" ? text.value : null));
    openDialog(root, sheet);
    text.focus();
  });
}

/** A file as the server takes it: of a COCO file the categories alone. Rejects with one line where it cannot be read. */
export async function categoriesOfFile(file: Blob): Promise<string> {
  const text = await file.text();
  if (text.length <= SMALL_BYTES) return text;
  try {
    const { categories } = JSON.parse(text) as { categories?: unknown };
    return JSON.stringify({ categories });
  } catch {
    throw new Error(t("notCoco"));
  }
}
